"""A search finds what is kept beside the stored fields, as long as it is served."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import quote

import pytest
from bson import ObjectId

from tests.writing.cases import created, parent, under
from tests.writing.exact_json import Json
from tests.writing.whole import CANONICAL, RICH, SNOMED, local
from tests.writing.world import World

MRN = "http://example.org/mrn|"
SCT = "http://snomed.info/sct|73211009"
_CAT = f"{CANONICAL}/CodeSystem"


def concept(*codings: Json) -> Json:
    return {"coding": list(codings), "text": "Words"}


def ref(to: str) -> Json:
    return {"reference": to}


Row = tuple[str, str, Any, Any, list[str], bool]
"""Type, element, two values, searches that find the first alone, whether they take `:not`."""

EVERY: list[Row] = [
    row
    for type_ in RICH
    for row in (
        (
            type_,
            "identifier",
            [{"system": "http://example.org/mrn", "value": "A 1"}],
            [{"system": "http://example.org/mrn", "value": "B"}],
            ["identifier=A 1", f"identifier={MRN}A 1"],
            True,
        ),
        (
            type_,
            "meta",
            {"tag": [{"system": "http://example.org/t", "code": "x"}]},
            {"tag": [{"system": "http://example.org/t", "code": "y"}]},
            ["_tag=x", "_tag=http://example.org/t|x"],
            True,
        ),
        (
            type_,
            "meta",
            {"security": [{"system": "http://example.org/s", "code": "R"}]},
            None,
            ["_security=R", "_security=http://example.org/s|"],
            True,
        ),
        (
            type_,
            "meta",
            {"profile": ["http://example.org/p|1"]},
            {"profile": ["http://example.org/q"]},
            ["_profile=http://example.org/p|1"],
            False,
        ),
    )
]
OWN: list[Row] = [
    ("Task", "code", concept(SNOMED), concept(local("task-category", "Claim")), [SCT], False),
    (
        "Task",
        "code",
        concept(local("task-category", "Claim"), SNOMED),
        concept(local("task-category", "Claim")),
        ["73211009", SCT, "http://snomed.info/sct|"],
        False,
    ),
    ("Task", "owner", ref("Organization/9"), ref("Practitioner/9"), ["Organization/9"], False),
    ("Task", "for", ref("Group/9"), ref("Patient/9"), [], False),
    ("Task", "focus", ref("Claim/9"), ref("Claim/8"), ["Claim/9"], False),
    (
        "Task",
        "focus",
        ref("http://fhir.test/fhir/Goal/9"),
        ref("https://elsewhere.example/Goal/9"),
        ["Goal/9"],
        False,
    ),
    (
        "Task",
        "owner",
        {"identifier": {"system": "http://npi", "value": "7"}},
        {"identifier": {"system": "http://npi", "value": "8"}},
        [":identifier=http://npi|7"],
        False,
    ),
    ("Flag", "category", [concept(SNOMED)], [concept(local("flag-category", "A"))], [SCT], False),
    ("Flag", "code", concept(SNOMED), concept({"system": "urn:x", "code": "1"}), [SCT], False),
    ("Flag", "author", ref("Organization/9"), ref("Device/9"), ["Organization/9"], False),
    ("Flag", "subject", ref("Group/9"), ref("Patient/9"), ["Group/9"], False),
    ("Goal", "category", [concept(SNOMED)], [{"text": "x"}], [SCT], False),
    (
        "Goal",
        "achievementStatus",
        concept(SNOMED),
        concept({"system": "urn:x", "code": "1"}),
        [f"achievement-status={SCT}"],
        False,
    ),
    ("Goal", "subject", ref("Organization/9"), ref("Patient/9"), ["Organization/9"], False),
    ("Communication", "medium", [concept(SNOMED)], [{"text": "x"}], [SCT], False),
    ("Communication", "recipient", [ref("Patient/1"), ref("Group/9")], None, ["Group/9"], False),
    ("Communication", "sender", ref("Device/9"), ref("Practitioner/9"), ["Device/9"], False),
    ("Communication", "encounter", ref("Encounter/9"), None, ["Encounter/9"], False),
    ("DocumentReference", "type", concept(SNOMED), {"text": "x"}, [SCT], False),
    ("DocumentReference", "category", [concept(SNOMED)], [{"text": "x"}], [SCT], False),
    ("DocumentReference", "author", [ref("Organization/9")], None, ["Organization/9"], False),
]
ROWS = [*EVERY, *OWN]
_MINIMAL: dict[str, Json] = {
    "Task": {"status": "ready", "intent": "order"},
    "Flag": {"status": "inactive", "code": {"text": "x"}, "subject": ref("Patient/1")},
    "Goal": {
        "lifecycleStatus": "active",
        "description": {"text": "x"},
        "subject": ref("Patient/1"),
    },
    "Communication": {"status": "completed"},
    "DocumentReference": {"status": "current", "content": [{"attachment": {"title": "x"}}]},
}


def _query(type_: str, name: str, asked: str) -> str:
    """A search that only some of the resources of this test answer to."""
    if asked.startswith(("identifier=", "_", "achievement-status=")):
        head, _, value = asked.partition("=")
    elif asked.startswith(":"):
        modifier, _, value = asked.partition("=")
        head = f"{name}{modifier}"
    else:
        head, value = name, asked
    return f"{type_}?{head}={quote(value, safe='')}"


def _with(resource: Json, name: str, value: Any) -> Json:
    found = copy.deepcopy(resource)
    if value is None:
        found.pop(name, None)
    else:
        found[name] = value
    return found


@pytest.mark.parametrize(
    ("type_", "name", "value", "other", "asked", "negatable"),
    ROWS,
    ids=[f"{row[0]}.{row[1]}-{at}" for at, row in enumerate(ROWS)],
)
def test_what_is_kept_is_found_until_it_changes(
    world: World, type_: str, name: str, value: Any, other: Any, asked: list[str], negatable: bool
) -> None:
    plain = under({"resourceType": type_, **_MINIMAL[type_]}, parent(world))
    with created(world, _with(plain, name, value)) as first:
        id = first["id"]
        queries = [_query(type_, name, each) for each in asked]
        assert [query for query in queries if id not in world.found(f"{query}&_id={id}")] == []
        world.update(id, _with(plain, name, other))
        assert [query for query in queries if id in world.found(f"{query}&_id={id}")] == []
        world.update(id, _with(plain, name, value))
        assert [query for query in queries if id not in world.found(f"{query}&_id={id}")] == []
        for head, _, text in (query.partition("=") for query in queries if negatable):
            assert id not in world.found(f"{head}:not={text}&_id={id}")


def test_what_a_stored_field_no_longer_says_is_not_found(world: World) -> None:
    """The mapped value that the kept one replaces is not served, so no search finds it."""
    resource = {
        "resourceType": "Task",
        **_MINIMAL["Task"],
        "identifier": [{"system": "http://example.org/mrn", "value": "7"}],
    }
    with created(world, {**resource, "code": {"coding": [SNOMED], "text": "Claim"}}) as got:
        id = got["id"]
        assert world.found(f"Task?_id={id}&code=Claim") == []
        assert world.found(f"Task?_id={id}&code={quote(_CAT + '/task-category|', safe='')}") == []
        assert world.found(f"Task?_id={id}&code=73211009") == [id]


def test_missing_counts_what_is_kept(world: World) -> None:
    resource = {"resourceType": "Task", **_MINIMAL["Task"]}
    with created(world, {**resource, "owner": ref("Organization/9")}) as got:
        id = got["id"]
        assert world.found(f"Task?_id={id}&owner:missing=false") == [id]
        assert world.found(f"Task?_id={id}&owner:missing=true") == []
        assert world.found(f"Task?_id={id}&priority:missing=true") == [id]
        world.update(id, resource)
        assert world.found(f"Task?_id={id}&owner:missing=true") == [id]


def test_other_software_overrules_what_a_search_finds(world: World) -> None:
    resource = {"resourceType": "Task", **_MINIMAL["Task"], "owner": ref("Organization/9")}
    with created(world, resource) as got:
        id = got["id"]
        document = world.stored("work_queue", ObjectId(id))
        world.overwrite("work_queue", {**document, "owner": "U9"})
        assert world.read("Task", id)["owner"]["reference"] == "Practitioner/U9"
        assert world.found(f"Task?_id={id}&owner=Practitioner/U9") == [id]
        assert world.found(f"Task?_id={id}&owner=Organization/9") == []


def test_a_deleted_resource_is_not_found_by_what_it_kept(world: World) -> None:
    resource = {"resourceType": "Task", **_MINIMAL["Task"], "owner": ref("Organization/77")}
    with created(world, resource) as got:
        assert world.found("Task?owner=Organization/77") == [got["id"]]
    assert world.found("Task?owner=Organization/77") == []


def test_mongodb_finds_the_same(mongo_world: World) -> None:
    for row in (row for row in ROWS if row[0] in ("Task", "DocumentReference")):
        test_what_is_kept_is_found_until_it_changes(mongo_world, *row)
