"""With `unmapped=refuse`, what the stored fields cannot hold is named, and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.writing.cases import created, parent
from tests.writing.equality import CANONICAL, assert_equal
from tests.writing.exact_json import Digits, Json
from tests.writing.test_writing_stored_form import PLAIN
from tests.writing.whole import ALIEN, SNOMED, TEXT, TWIN, local, mapped
from tests.writing.world import World, new_world


@pytest.fixture(scope="module")
def strict() -> Iterator[World]:
    with new_world(unmapped="refuse") as world:
        yield world


def _full(type_: str) -> Json:
    return {"resourceType": type_, **PLAIN[type_][0]}


@pytest.mark.parametrize("type_", PLAIN)
def test_what_the_fields_hold_is_accepted(strict: World, type_: str) -> None:
    with created(strict, _full(type_)) as got:
        wanted = {name: each for name, each in _full(type_).items() if name != "extension"}
        given = {name: each for name, each in got.items() if name in {**wanted, "meta": 0}}
        assert_equal(wanted, given)
        urls = [each["url"] for each in got["extension"]]
        for each in PLAIN[type_][0]["extension"]:
            assert each in got["extension"]
        assert len(urls) == len(set(urls)) or type_ == "Task"
        strict.update(got["id"], got)


def test_a_plain_document_is_accepted(strict: World) -> None:
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "description": "A letter",
        "content": [{"attachment": {"url": "gs://bucket/a/noending", "title": "Letter"}}],
        "context": {"related": [{"reference": f"Communication/{parent(strict)}"}]},
    }
    with created(strict, resource) as got:
        (content,) = got["content"]
        assert content["attachment"] == {"url": "gs://bucket/a/noending", "title": "Letter"}


LOST: list[tuple[str, str, Any, str]] = [
    ("Task", "location", {"reference": "Location/1"}, "Task.location"),
    ("Task", "code", {"coding": [local("task-category", "Claim"), SNOMED]}, "Task.code"),
    ("Task", "authoredOn", "2026-01-01T00:00:00-05:00", "Task.authoredOn"),
    ("Task", "authoredOn", "2026-01-01T00:00:00.0001Z", "Task.authoredOn"),
    ("Task", "_status", TWIN, "Task.status"),
    ("Task", "owner", {"reference": "Organization/1"}, "Task.owner"),
    ("Task", "restriction", {"repetitions": Digits("1")}, "Task.restriction"),
    ("Task", "identifier", [{"system": "urn:x", "value": "1"}], "Task.identifier"),
    ("Task", "text", TEXT, "Task.text"),
    ("Task", "language", "en", "Task.language"),
    ("Task", "meta", {"profile": ["http://example.org/p"]}, "Task.meta.profile"),
    ("Task", "extension", [ALIEN], "Task.extension.where(url = 'http://example.org/a')"),
    ("Flag", "encounter", {"reference": "Encounter/1"}, "Flag.encounter"),
    ("Flag", "period", {"start": "2026-01-01T00:00:00Z"}, "Flag.period"),
    ("Flag", "subject", {"reference": "Group/1"}, "Flag.subject"),
    ("Goal", "statusReason", "why", "Goal.statusReason"),
    ("Goal", "target", [{"measure": {"coding": [SNOMED]}}], "Goal.target"),
    ("Goal", "startCodeableConcept", {"text": "now"}, "Goal.startCodeableConcept"),
    ("Communication", "received", "2026-01-01", "Communication.received"),
    ("Communication", "recipient", [{"reference": "Group/1"}], "Communication.recipient"),
    (
        "Communication",
        "payload",
        [{"contentAttachment": {"contentType": "a/b"}}],
        "Communication.payload",
    ),
    (
        "Communication",
        "extension",
        [{"url": "http://example.org/x", "valueString": "x"}],
        "Communication.extension.where(url = 'http://example.org/x')",
    ),
]


@pytest.mark.parametrize(
    ("type_", "name", "value", "expression"),
    LOST,
    ids=[f"{row[0]}.{row[1]}-{at}" for at, row in enumerate(LOST)],
)
def test_what_they_do_not_hold_is_refused(
    strict: World, type_: str, name: str, value: Any, expression: str
) -> None:
    before = len(strict.documents("work_queue"))
    resource = _full(type_)
    if name == "startCodeableConcept":
        del resource["startDate"]
    response = strict.ask("POST", f"/{type_}", {**resource, name: value})
    assert response.status_code == 422, response.text
    (issue,) = response.json()["issue"]
    assert (issue["severity"], issue["code"]) == ("error", "not-supported")
    assert issue["expression"] == [expression]
    assert len(strict.documents("work_queue")) == before


def test_every_lost_element_is_named_at_once(strict: World) -> None:
    resource = {**_full("Task"), "location": {"display": "x"}, "text": TEXT, "extension": [ALIEN]}
    response = strict.ask("POST", "/Task", resource)
    assert response.status_code == 422
    named = {each["expression"][0] for each in response.json()["issue"]}
    alien = "Task.extension.where(url = 'http://example.org/a')"
    assert named == {"Task.location", "Task.text", alien}


def test_an_update_is_refused_and_changes_nothing(strict: World) -> None:
    with created(strict, _full("Task")) as got:
        put = {**got, "location": {"display": "x"}}
        assert strict.ask("PUT", f"/Task/{got['id']}", put).status_code == 422
        assert strict.read("Task", got["id"]) == got


def test_a_reference_needs_only_what_is_stored_of_it(strict: World) -> None:
    """The type and identifier that this server adds are no content that is lost."""
    resource = {**_full("Task"), "for": {"reference": "Patient/M1", "display": "Ann"}}
    with created(strict, resource) as got:
        assert got["for"] == mapped("Patient", "member", "M1", "Ann")


@pytest.mark.parametrize(
    ("element", "coding"),
    [
        (
            "priority",
            {"system": "http://terminology.hl7.org/CodeSystem/goal-priority", "code": "x"},
        ),
        ("category", {"system": f"{CANONICAL}/CodeSystem/task-category", "code": "Gone"}),
    ],
)
def test_a_code_that_its_system_does_not_have(world: World, element: str, coding: Json) -> None:
    concept: Json = {"coding": [coding], "text": "Words"}
    given = {**_full("Goal"), element: [concept] if element == "category" else concept}
    response = world.ask("POST", "/Goal", given)
    assert response.status_code == 422
    (issue,) = response.json()["issue"]
    assert issue["code"] == "code-invalid"
    at = "[0]" if element == "category" else ""
    assert issue["expression"] == [f"Goal.{element}{at}.coding[0].code"]
    checked = world.ask("POST", "/Goal/$validate", given).json()["issue"]
    assert issue["expression"] in [each.get("expression") for each in checked]
