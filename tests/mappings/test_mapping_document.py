"""DocumentReference: MAPPING's sections 5 and 7."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mappings.serving import (
    BASE,
    extension,
    identifier,
    read,
    records,
    registry,
    serve,
    stored,
)

ROW = {
    "document_id": "d1",
    "document_title": "Care plan",
    "description": "Signed",
    "document_type": "care-plan",
    "bucket": "wnc",
    "path": "/M1/care plan.pdf",
    "updated_on": "2026-01-16T09:30:00Z",
    "updated_by": "U1",
}
CASE = {"_id": "c1", "subject": "M1", "client": "BRAMBLE", "initiatedDate": "2026-01-01"}
CALL = {"_id": "i1", "type": "contact", "subject": "M1", "sent_on": "2026-01-16T09:00:00Z"}
IN_CASE, IN_CALL = 0, 1


def document(parent: dict[str, Any], at: int = IN_CASE, **fields: Any) -> dict[str, Any]:
    return serve("DocumentReference", {**ROW, **fields, "parent": parent, "position": 1}, at=at)


def call_document(**fields: Any) -> dict[str, Any]:
    return document({**CALL, **fields}, IN_CALL)


def test_its_own_fields() -> None:
    found = document(CASE)
    assert found["id"] == "d1"
    assert found["status"] == "current"
    assert found["masterIdentifier"] == identifier("document", "d1")
    assert found["description"] == "Signed"
    assert found["type"] == {
        "coding": [
            {
                "system": f"{BASE}/CodeSystem/document-type",
                "code": "care-plan",
                "display": "care-plan",
            }
        ],
        "text": "care-plan",
    }
    assert found["date"] == found["meta"]["lastUpdated"] == "2026-01-16T09:30:00Z"
    assert [each["reference"] for each in found["author"]] == ["Practitioner/U1"]
    assert found["subject"]["reference"] == "Patient/M1"
    assert [each["valueReference"]["reference"] for each in extension(found, "employer")] == [
        "Organization/BRAMBLE"
    ]


@pytest.mark.parametrize(
    ("path", "url", "content_type"),
    [
        ("M1/a.pdf", "gs://wnc/M1/a.pdf", "application/pdf"),
        ("/M1/care plan.PDF", "gs://wnc/M1/care%20plan.PDF", "application/pdf"),
        ("M1/ünï.png", "gs://wnc/M1/%C3%BCn%C3%AF.png", "image/png"),
        ("M1/noending", "gs://wnc/M1/noending", None),
    ],
)
def test_where_it_is(path: str, url: str, content_type: str | None) -> None:
    (content,) = document(CASE, path=path)["content"]
    assert content["attachment"]["url"] == url
    assert content["attachment"].get("contentType") == content_type
    assert content["attachment"]["title"] == "Care plan"


@pytest.mark.parametrize("fields", [{"path": None}, {"bucket": ""}, {"path": 7}])
def test_without_a_place_it_has_a_title(fields: dict[str, Any]) -> None:
    (content,) = document(CASE, **fields)["content"]
    assert content == {"attachment": {"title": "Care plan"}}


def test_with_nothing_the_content_says_so() -> None:
    (content,) = document(CASE, path=None, document_title="")["content"]
    assert content["attachment"]["extension"][0]["valueCode"] == "unknown"


@pytest.mark.parametrize(
    ("kind", "at", "system", "code"),
    [
        ("clinical-note", IN_CASE, "us-core-documentreference-category", "clinical-note"),
        ("clinical-note", IN_CALL, "us-core-documentreference-category", "clinical-note"),
        ("care-plan", IN_CASE, "document-category", "case-document"),
        ("care-plan", IN_CALL, "document-category", "interaction-document"),
        (None, IN_CASE, "document-category", "case-document"),
    ],
)
def test_category(kind: str | None, at: int, system: str, code: str) -> None:
    (category,) = document(CASE if at == IN_CASE else CALL, at, document_type=kind)["category"]
    (coding,) = category["coding"]
    assert coding["system"].endswith(f"/{system}")
    assert coding["code"] == code


def test_a_documents_case() -> None:
    context = document({**CASE, "closedDate": "2026-02-01"})["context"]
    assert [each["reference"] for each in context["encounter"]] == ["EpisodeOfCare/c1"]
    assert context["period"] == {"start": "2026-01-01", "end": "2026-02-01"}


def test_a_documents_interaction_and_its_cases() -> None:
    links = [{"type": "case", "id": "c1"}]
    context = call_document(linkedModules=links, duration=30)["context"]
    assert [each["reference"] for each in context["related"]] == ["Communication/i1"]
    assert [each["reference"] for each in context["encounter"]] == ["EpisodeOfCare/c1"]
    assert context["period"]["start"] == "2026-01-16T09:00:00Z"
    assert context["period"]["end"] == "2026-01-16T09:30:00.000Z"


def test_an_interaction_ends_in_utc() -> None:
    period = call_document(sent_on="2026-01-16T09:00:00-06:00", duration=1.5)["context"]["period"]
    assert period == {"start": "2026-01-16T09:00:00-06:00", "end": "2026-01-16T15:01:30.000Z"}


@pytest.mark.parametrize("duration", [None, "long", -5, float("inf"), 10**9])
def test_an_interaction_of_unknown_length_has_no_end(duration: Any) -> None:
    period = call_document(duration=duration)["context"]["period"]
    assert period == {"start": "2026-01-16T09:00:00Z"}


def test_an_interaction_on_a_day_has_no_end() -> None:
    context = call_document(sent_on="2026-01-16", duration=30)["context"]
    assert context["period"] == {"start": "2026-01-16"}


def test_an_interaction_at_the_end_of_time() -> None:
    found = call_document(sent_on="9999-12-31T23:59:00Z", duration=30)
    assert found["context"]["period"] == {"start": "9999-12-31T23:59:00Z"}


@pytest.mark.parametrize("key", [None, "", 7, "d" * 65])
def test_without_a_document_id_it_cannot_be_served_alone(key: Any) -> None:
    resource, findings = read("DocumentReference", {**ROW, "document_id": key, "parent": CASE})
    assert resource is None
    assert [each.field for each in findings if each.severity == "unservable"] == ["document_id"]


def test_the_parents_time_stands_in() -> None:
    meta = document({**CASE, "updated": "2026-03-01T00:00:00Z"}, updated_on=None)["meta"]
    assert meta["lastUpdated"] == "2026-03-01T00:00:00Z"


def test_only_objects_are_documents_and_only_of_interactions() -> None:
    in_case, in_call = registry().types["DocumentReference"].sources
    parent = stored({**CASE, "documents": [ROW, None, "d2", [ROW]]})
    assert [each["position"] for each in records(in_case, parent)] == [1]
    assert list(records(in_case, stored({**CASE, "documents": "none"}))) == []
    assert list(records(in_call, stored({**CALL, "type": "task", "documents": [ROW]}))) == []
    assert len(list(records(in_call, stored({**CALL, "documents": [ROW]})))) == 1
