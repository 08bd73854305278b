"""What the terminology operations refuse: how, and with which reason."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.http.terminology import OPERATIONS
from tests.http.serving import Json, settings, the_issue

CANONICAL = settings().canonical
STATUS = "http://hl7.org/fhir/task-status"
CATEGORY = f"{CANONICAL}/CodeSystem/task-category"
IN_SET = f"url={CANONICAL}/ValueSet/task-status"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("ValueSet/$expand", 400, "invalid"),
        ("ValueSet/$expand?url=urn:x", 404, "not-found"),
        (f"ValueSet/$expand?{IN_SET}|99", 404, "not-found"),
        (f"ValueSet/$expand?{IN_SET}&valueSetVersion=99", 404, "not-found"),
        ("ValueSet/nothing/$expand", 404, "not-found"),
        (f"ValueSet/task-status/$expand?{IN_SET}", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&{IN_SET}", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&nonsense=1", 400, "not-supported"),
        (f"ValueSet/$expand?{IN_SET}&_count=1", 400, "not-supported"),
        (f"ValueSet/$expand?{IN_SET}&date=2020", 422, "not-supported"),
        (f"ValueSet/$expand?{IN_SET}&context=x", 422, "not-supported"),
        (f"ValueSet/$expand?{IN_SET}&displayLanguage=de", 422, "not-supported"),
        (f"ValueSet/$expand?{IN_SET}&displayLanguage=en-GB", 200, ""),
        (f"ValueSet/$expand?{IN_SET}&count=x", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&count=-1", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&offset=-1", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&offset=999999999", 200, ""),
        (f"ValueSet/$expand?{IN_SET}&offset=9999999999", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&activeOnly=yes", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&filter=", 400, "invalid"),
        (f"ValueSet/$expand?{IN_SET}&_format=json&_pretty=true", 200, ""),
        (f"ValueSet/$expand?{IN_SET}&_format=xml", 406, "not-supported"),
        (f"ValueSet/$validate-code?{IN_SET}", 400, "invalid"),
        (f"ValueSet/$validate-code?{IN_SET}&code=ready", 400, "invalid"),
        (f"ValueSet/$validate-code?{IN_SET}&system={STATUS}", 400, "invalid"),
        (f"ValueSet/$validate-code?{IN_SET}&coding=x", 400, "invalid"),
        (f"ValueSet/$validate-code?code=ready&system={STATUS}", 400, "invalid"),
        (f"ValueSet/$validate-code?{IN_SET}&code=a&system=b&context=c", 422, "not-supported"),
        (f"CodeSystem/$validate-code?url={CATEGORY}", 400, "invalid"),
        ("CodeSystem/$validate-code?code=x", 400, "invalid"),
        (f"CodeSystem/task-category/$validate-code?url={CATEGORY}&code=x", 400, "invalid"),
        (f"CodeSystem/$validate-code?url={CATEGORY}&code=x&system=y", 400, "not-supported"),
        ("CodeSystem/$lookup", 400, "invalid"),
        ("CodeSystem/$lookup?code=x", 400, "invalid"),
        (f"CodeSystem/$lookup?code=x&system={CATEGORY}&date=2020", 422, "not-supported"),
        (f"CodeSystem/$lookup?code=x&code=y&system={CATEGORY}", 400, "invalid"),
        (f"CodeSystem/task-category/$lookup?code=x&system={CATEGORY}", 404, "not-found"),
        ("ConceptMap/$translate", 400, "invalid"),
        ("ConceptMap/$translate?code=x", 400, "invalid"),
        ("ConceptMap/$translate?code=x&system=y&url=z", 404, "not-found"),
        ("ConceptMap/$translate?code=x&system=y&conceptMapVersion=1", 400, "invalid"),
        ("ConceptMap/$translate?code=x&system=y&target=a&targetsystem=b", 400, "invalid"),
        ("ConceptMap/$translate?code=x&system=y&dependency=z", 422, "not-supported"),
        ("ConceptMap/$translate?code=x&system=y&reverse=maybe", 400, "invalid"),
        ("ConceptMap/nothing/$translate?code=x&system=y", 404, "not-found"),
        ("ConceptMap/$translate?code=%ff&system=y", 400, "invalid"),
    ],
)
async def test_a_get(client: httpx.AsyncClient, query: str, status: int, code: str) -> None:
    response = await client.get(f"/{query}")
    assert response.status_code == status, response.text
    if code:
        assert the_issue(response)["code"] == code


def _body(*parameters: Any) -> Json:
    return {"resourceType": "Parameters", "parameter": [*parameters]}


URL: Json = {"name": "url", "valueUri": f"{CANONICAL}/ValueSet/task-status"}
FIRST, SECOND = "Parameters.parameter[0]", "Parameters.parameter[1]"


@pytest.mark.parametrize(
    ("body", "status", "code", "expression"),
    [
        ({"resourceType": "Parameters"}, 400, "invalid", "Parameters.parameter"),
        (_body(), 400, "structure", "Parameters.parameter"),
        (_body(URL, URL), 400, "invalid", SECOND),
        (_body({"name": "url"}), 422, "invariant", FIRST),
        (_body({"name": "url", "valueBoolean": True}), 400, "invalid", FIRST),
        (_body({"name": "url", "valueCoding": {"code": "x"}}), 400, "invalid", FIRST),
        (_body(URL, {"name": "count", "valueString": "1"}), 400, "invalid", SECOND),
        (_body(URL, {"name": "count", "valueInteger": 1.5}), 400, None, None),
        (_body(URL, {"name": "activeOnly", "valueString": "true"}), 400, "invalid", SECOND),
        (_body(URL, {"name": "nonsense", "valueString": "x"}), 400, "not-supported", SECOND),
        (
            _body(
                {"name": "valueSet", "resource": {"resourceType": "ValueSet", "status": "draft"}}
            ),
            422,
            "not-supported",
            FIRST,
        ),
        (_body({"valueUri": "x"}), 400, None, None),
        (_body({"name": 7}), 400, None, None),
        (_body("x"), 400, None, None),
        ({"resourceType": "Parameters", "parameter": {}}, 400, None, None),
        ({"resourceType": "ValueSet", "status": "draft"}, 400, "invalid", "Parameters"),
        ([], 400, None, None),
        ("x", 400, None, None),
    ],
)
async def test_a_post(
    client: httpx.AsyncClient, body: Any, status: int, code: str | None, expression: str | None
) -> None:
    response = await client.post("/ValueSet/$expand", json=body)
    assert response.status_code == status, response.text
    if code is not None:
        issue = the_issue(response)
        assert issue["code"] == code
        assert issue.get("expression") == ([expression] if expression else None)
    assert response.json()["resourceType"] == "OperationOutcome"


async def test_a_body_that_is_no_fhir(client: httpx.AsyncClient) -> None:
    for content, kind, status in (
        (b"<x/>", "application/fhir+xml", 415),
        (b"url=x", "application/x-www-form-urlencoded", 415),
        (b"{", "application/fhir+json", 400),
        (b"\xff", "application/fhir+json", 400),
    ):
        headers = {"Content-Type": kind}
        response = await client.post("/ValueSet/$expand", content=content, headers=headers)
        assert response.status_code == status
        the_issue(response)


async def test_url_and_body_go_together(client: httpx.AsyncClient) -> None:
    both = await client.post("/ValueSet/$expand?filter=ready", json=_body(URL))
    assert both.json()["expansion"]["total"] == 1
    twice = await client.post(
        f"/ValueSet/$expand?{IN_SET}", json=_body(URL, {"name": "count", "valueInteger": 1})
    )
    assert twice.status_code == 400
    alone = await client.post(f"/ValueSet/$expand?{IN_SET}")
    assert alone.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        _body({"name": "codeableConcept", "valueCodeableConcept": {"text": "x"}}),
        _body(
            {"name": "coding", "valueCoding": {"code": "x"}},
            {"name": "system", "valueUri": "urn:x"},
        ),
        _body(
            {"name": "coding", "valueCoding": {"code": "x"}},
            {"name": "code", "valueCode": "x"},
        ),
    ],
)
async def test_a_code_comes_in_one_way(client: httpx.AsyncClient, body: Json) -> None:
    response = await client.post("/ConceptMap/$translate", json=body)
    assert response.status_code == 400
    assert the_issue(response)["expression"] == ["Parameters.parameter"]


async def test_too_much_at_once(client: httpx.AsyncClient) -> None:
    codings = [{"system": "urn:x", "code": f"c{number}"} for number in range(101)]
    concept = {"name": "codeableConcept", "valueCodeableConcept": {"coding": codings}}
    systems = [{"name": "exclude-system", "valueUri": f"urn:{number}"} for number in range(101)]
    for url, body in (
        ("ConceptMap/$translate", _body(concept)),
        ("ValueSet/$expand", _body(URL, *systems)),
    ):
        response = await client.post(f"/{url}", json=body)
        assert response.status_code == 422
        assert the_issue(response)["code"] == "too-costly"


async def test_a_coding_without_a_system(client: httpx.AsyncClient) -> None:
    body = _body({"name": "coding", "valueCoding": {"code": "x"}})
    response = await client.post("/CodeSystem/$lookup", json=body)
    assert response.status_code == 400
    assert the_issue(response)["diagnostics"] == "The coding needs a system and a code."


async def test_nothing_of_a_body_is_repeated(client: httpx.AsyncClient) -> None:
    secret = "Jane Roe 1970-01-01"
    coding = {"system": "urn:x", "code": secret, "display": secret}
    for operation in OPERATIONS:
        url = f"/{operation.type}/${operation.name}"
        for name in operation.spec:
            body = _body(URL, {"name": name, "valueCoding": coding})
            assert secret not in (await client.post(url, json=body)).text, (url, name)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods(client: httpx.AsyncClient, method: str) -> None:
    for url in ("ValueSet/$expand", "ValueSet/task-status/$expand", "ConceptMap/$translate"):
        response = await client.request(method, f"/{url}")
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize("query", ["filter=a%00b", "exclude-system=a%20b", "exclude-system=a%0A"])
async def test_what_fhir_cannot_hold_is_not_echoed(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/ValueSet/task-status/$expand?{query}")
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"
