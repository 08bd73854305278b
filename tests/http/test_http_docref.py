"""DocumentReference/$docref, by GET and by POST."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.http.serving import Json, all_ids, ids, link, the_issue

PATH = "/DocumentReference/$docref"
JSON = {"Content-Type": "application/fhir+json"}
PATIENT = {"name": "patient", "valueId": "M1"}


def _parameters(*parameters: Any) -> Json:
    return {"resourceType": "Parameters", "parameter": list(parameters)}


async def _post(client: httpx.AsyncClient, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(PATH, content=content, headers={**JSON, **headers})


@pytest.mark.parametrize(
    ("query", "parameters", "found"),
    [
        ("", [], ["d1", "d2"]),
        ("start=2026-01-01", [{"name": "start", "valueDateTime": "2026-01-01"}], ["d1", "d2"]),
        ("end=2025-12-31", [{"name": "end", "valueDateTime": "2025-12-31"}], []),
        (
            "start=2026-01-01&end=2026-12-31",
            [
                {"name": "start", "valueDateTime": "2026-01-01"},
                {"name": "end", "valueDateTime": "2026-12-31"},
            ],
            ["d1", "d2"],
        ),
        (
            "type=letter",
            [{"name": "type", "valueCodeableConcept": {"coding": [{"code": "letter"}]}}],
            ["d1", "d2"],
        ),
        ("type=letter", [{"name": "type", "valueCoding": {"code": "letter"}}], ["d1", "d2"]),
        ("type=letter", [{"name": "type", "valueCode": "letter"}], ["d1", "d2"]),
        (
            "type=http://loinc.org|letter",
            [
                {
                    "name": "type",
                    "valueCodeableConcept": {
                        "coding": [{"system": "http://loinc.org", "code": "letter"}]
                    },
                }
            ],
            [],
        ),
        ("on-demand=false", [{"name": "on-demand", "valueBoolean": False}], ["d1", "d2"]),
        ("on-demand=true", [{"name": "on-demand", "valueBoolean": True}], []),
        ("_count=1", [{"name": "_count", "valueInteger": 1}], ["d1"]),
    ],
)
async def test_get_and_post_find_the_same(
    linked_client: httpx.AsyncClient, query: str, parameters: list[Json], found: list[str]
) -> None:
    got = await linked_client.get(f"{PATH}?patient=M1&{query}")
    posted = await _post(linked_client, _parameters(PATIENT, *parameters))
    assert got.status_code == posted.status_code == 200
    assert [each.partition("/")[2] for each in ids(got.json())] == found
    assert posted.json()["entry" if found else "total"] == got.json()["entry" if found else "total"]


async def test_another_patients_documents_are_not_found(linked_client: httpx.AsyncClient) -> None:
    assert await all_ids(linked_client, f"{PATH}?patient=M2") == ["DocumentReference/d3"]
    assert await all_ids(linked_client, f"{PATH}?patient=nobody") == []


async def test_its_pages_partition(linked_client: httpx.AsyncClient) -> None:
    found = await all_ids(linked_client, f"{PATH}?patient=M1&_count=1")
    assert found == ["DocumentReference/d1", "DocumentReference/d2"]
    first = (await linked_client.get(f"{PATH}?patient=M1&_count=1")).json()
    assert link(first, "self") == f"http://fhir.test/fhir{PATH}?patient=M1&_count=1"
    posted = await _post(linked_client, _parameters(PATIENT, {"name": "_count", "valueInteger": 1}))
    following = await linked_client.get(link(posted.json(), "next") or "")
    assert ids(following.json()) == ["DocumentReference/d2"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "patient=",
        "patient=M1&patient=M2",
        "patient=M1,M2",
        "patient=M1&bogus=1",
        "patient=M1&status=current",
        "patient=M1&_include=*",
        "patient=M1&start=yesterday",
        "patient=M1&start=ge2026",
        "patient=M1&start=2026,2027",
        "patient=M1&end=",
        "patient=M1&type=",
        "patient=M1&on-demand=perhaps",
        "patient=M1&on-demand=",
        "patient=M1&_count=x",
        "patient=M1&_cursor=x",
        "start=2026",
    ],
)
async def test_what_cannot_be_asked(linked_client: httpx.AsyncClient, query: str) -> None:
    for headers in ({}, {"Prefer": "handling=lenient"}):
        response = await linked_client.get(f"{PATH}?{query}", headers=headers)
        assert response.status_code == 400
        assert the_issue(response)["severity"] == "error"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"[]",
        b"1",
        b'"patient"',
        b"[" * 5000,
        b'{"resourceType":"Parameters","parameter":[{"name":"patient","valueId":"\\ud800"}]}',
        b'{"resourceType":"Parameters","parameter":[{"name":"patient","valueId":"a\\u0000b"}]}',
        {},
        {"resourceType": "Parameters"},
        {"resourceType": "Patient", "id": "M1"},
        {"resourceType": None, "parameter": [PATIENT]},
        {"parameter": [PATIENT]},
        {"resourceType": "Parameters", "parameter": None},
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "parameter": PATIENT},
        {"resourceType": "Parameters", "parameter": "patient"},
        _parameters(None),
        _parameters("patient"),
        _parameters([]),
        _parameters({}),
        _parameters({"name": "patient"}),
        _parameters({"valueId": "M1"}),
        _parameters({"name": None, "valueId": "M1"}),
        _parameters({"name": "patient", "valueId": "M1", "valueString": "M2"}),
        _parameters({"name": "patient", "part": [PATIENT]}),
        _parameters({"name": "patient", "resource": {"resourceType": "Patient", "id": "M1"}}),
        _parameters({"name": "patient", "valueReference": {"reference": "Patient/M1"}}),
        _parameters(PATIENT, PATIENT),
        _parameters(PATIENT, {"name": "bogus", "valueString": "x"}),
        _parameters(PATIENT, {"name": "type", "valueCodeableConcept": {}}),
        _parameters(PATIENT, {"name": "type", "valueCodeableConcept": None}),
        _parameters(PATIENT, {"name": "type", "valueCodeableConcept": {"coding": []}}),
        _parameters(PATIENT, {"name": "type", "valueCodeableConcept": {"coding": {}}}),
        _parameters(PATIENT, {"name": "type", "valueCodeableConcept": {"coding": [None]}}),
        _parameters(PATIENT, {"name": "type", "valueCodeableConcept": {"coding": [{}]}}),
        _parameters(PATIENT, {"name": "type", "valueCodeableConcept": {"text": "letter"}}),
        _parameters(PATIENT, {"name": "start", "valueDateTime": None}),
        _parameters(PATIENT, {"name": "start", "valueDateTime": []}),
        _parameters(PATIENT, {"name": "on-demand", "valueString": "yes"}),
    ],
    ids=lambda body: str(body)[:60],
)
async def test_ugly_bodies(linked_client: httpx.AsyncClient, body: Any) -> None:
    response = await _post(linked_client, body)
    assert response.status_code == 400
    assert the_issue(response)["diagnostics"]


async def test_a_wrong_value_finds_nothing(linked_client: httpx.AsyncClient) -> None:
    for value in (True, 1, 1.5, ["M1"], "../../etc"):
        response = await _post(linked_client, _parameters({"name": "patient", "valueId": value}))
        assert response.status_code in (200, 400), value
        if response.status_code == 200:
            assert response.json()["total"] == 0


async def test_parameters_of_the_url_and_of_the_body_join(linked_client: httpx.AsyncClient) -> None:
    response = await linked_client.post(
        f"{PATH}?patient=M1", content=json.dumps(_parameters()), headers=JSON
    )
    assert len(ids(response.json())) == 2


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "application/fhir+xml", ""]
)
async def test_a_body_that_is_no_json(linked_client: httpx.AsyncClient, content_type: str) -> None:
    response = await _post(linked_client, _parameters(PATIENT), **{"Content-Type": content_type})
    assert response.status_code == 415


async def test_json_by_its_plain_name(linked_client: httpx.AsyncClient) -> None:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    assert (await _post(linked_client, _parameters(PATIENT), **kind)).status_code == 200


async def test_a_body_too_long(linked_client: httpx.AsyncClient) -> None:
    response = await _post(linked_client, b" " * 10_000_001)
    assert response.status_code == 413
