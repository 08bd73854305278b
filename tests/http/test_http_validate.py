"""$validate in all its forms: where it is asked, what it is sent, what it answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import Json, error, serving, the_issue

US_CORE_GOAL = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-goal"
GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "less"},
    "subject": {"reference": "Patient/M1"},
}
PATIENT: Json = {"resourceType": "Patient", "active": True}
FINE = {
    "severity": "information",
    "code": "informational",
    "diagnostics": "No problems were found.",
}
FHIR = {"content-type": "application/fhir+json"}


@pytest.fixture
async def writer(small_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(small_store) as client:
        yield client


def parameters(**given: Any) -> Json:
    """A Parameters resource: profile and mode as their types, other names as resources."""
    types = {"mode": "valueCode", "profile": "valueUri"}
    found = [{"name": name, types.get(name, "resource"): each} for name, each in given.items()]
    return {"resourceType": "Parameters", "parameter": found}


def said(response: httpx.Response) -> list[str]:
    """What an outcome says in short: severity, code, expression."""
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    return [
        " ".join([each["severity"], each["code"], *each.get("expression", ())])
        for each in body["issue"]
    ]


def errors(response: httpx.Response) -> list[str]:
    return [each for each in said(response) if each.startswith("error")]


@pytest.mark.parametrize("url", ["/$validate", "/Encounter/$validate", "/Goal/$validate"])
async def test_a_resource_of_any_type(writer: httpx.AsyncClient, url: str) -> None:
    response = await writer.post(url, json=PATIENT)
    if url == "/$validate":
        assert response.json()["issue"] == [FINE]
    elif url == "/Goal/$validate":
        assert errors(response) == ["error invalid Goal"]
    else:
        assert response.status_code == 404
        assert the_issue(response)["code"] == "not-supported"


@pytest.mark.parametrize("url", ["/$validate", "/Goal/$validate", "/Goal/g1/$validate"])
@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_good_and_a_bad_resource(
    writer: httpx.AsyncClient, url: str, wrapped: bool
) -> None:
    bad = {**GOAL, "lifecycleStatus": "odd", "nonsense": 1}
    for resource, expected in ((GOAL, []), (bad, ["lifecycleStatus", "nonsense"])):
        body = parameters(resource=resource) if wrapped else resource
        response = await writer.post(url, content=json.dumps(body), headers=FHIR)
        found = errors(response)
        assert [each.rpartition(".")[2] for each in found] == expected
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_stored_resource(writer: httpx.AsyncClient, method: str) -> None:
    response = await writer.request(method, "/Goal/g1/$validate")
    assert errors(response) == []
    response = await writer.request(method, "/Goal/g1/$validate", params={"profile": US_CORE_GOAL})
    assert errors(response) == []


async def test_a_stored_resource_with_parameters(writer: httpx.AsyncClient) -> None:
    body = parameters(profile=f"{US_CORE_GOAL}|6.1.0", mode="profile")
    assert errors(await writer.post("/Goal/g1/$validate", json=body)) == []
    body = parameters(profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan")
    response = await writer.post("/Goal/g1/$validate", json=body)
    assert errors(response) == ["error invalid Goal"]


@pytest.mark.parametrize(
    ("id", "status", "code"),
    [("none", 404, "not-found"), ("gone", 410, "deleted"), ("stray", 404, "not-found")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_resource_that_is_not_there(
    writer: httpx.AsyncClient, method: str, id: str, status: int, code: str
) -> None:
    response = await writer.request(method, f"/Task/{id}/$validate")
    assert response.status_code == status
    assert the_issue(response)["code"] == code


async def test_an_artefact(writer: httpx.AsyncClient) -> None:
    own = (await writer.get("/StructureDefinition?name:missing=false&_count=1")).json()
    name = own["entry"][0]["resource"]["id"]
    assert errors(await writer.get(f"/StructureDefinition/{name}/$validate")) == []
    assert (await writer.get("/StructureDefinition/none/$validate")).status_code == 404
    flawed = {"resourceType": "ValueSet", "status": "odd"}
    expected = ["error code-invalid ValueSet.status"]
    assert errors(await writer.post("/ValueSet/$validate", json=flawed)) == expected
    response = await writer.post(
        "/ValueSet/$validate?mode=create", json={"resourceType": "ValueSet", "status": "draft"}
    )
    assert errors(response) == ["error not-supported ValueSet"]
    response = await writer.post(f"/StructureDefinition/{name}/$validate?mode=delete")
    assert errors(response) == ["error not-supported StructureDefinition"]


async def test_profiles_that_are_asked_for(writer: httpx.AsyncClient) -> None:
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan"}
    plan["subject"] = {"reference": "Patient/1"}
    us_core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan"
    assert errors(await writer.post("/$validate", json=plan)) == []
    expected = ["error required CarePlan.category"]
    for url in (f"/$validate?profile={us_core}", f"/CarePlan/$validate?profile={us_core}|6.1.0"):
        assert set(errors(await writer.post(url, json=plan))) == set(expected)
    body = parameters(resource=plan, profile=us_core)
    assert set(errors(await writer.post("/$validate", json=body))) == set(expected)
    claiming = {**plan, "meta": {"profile": [us_core]}}
    assert set(errors(await writer.post("/$validate", json=claiming))) == set(expected)
    two = f"/$validate?profile={us_core}&profile={US_CORE_GOAL}"
    assert set(errors(await writer.post(two, json=plan))) == {*expected, "error invalid CarePlan"}


@pytest.mark.parametrize("profile", ["http://x.test/p", f"{US_CORE_GOAL}|9", "nonsense"])
async def test_a_profile_that_is_not_known(writer: httpx.AsyncClient, profile: str) -> None:
    response = await writer.post("/$validate", json=GOAL, params={"profile": profile})
    assert errors(response) == ["error not-found Goal"]
    (issue,) = [each for each in response.json()["issue"] if each["severity"] == "error"]
    assert US_CORE_GOAL in issue["diagnostics"]
    claiming = {**GOAL, "meta": {"profile": [profile]}}
    found = said(await writer.post("/$validate", json=claiming))
    assert "warning not-found Goal.meta.profile[0]" in found


async def test_our_own_profile_is_always_checked(writer: httpx.AsyncClient) -> None:
    statement = (await writer.get("/StructureDefinition?type=Extension&_count=200")).json()
    (url,) = [
        each["resource"]["url"]
        for each in statement["entry"]
        if each["resource"]["url"].endswith("/case")
    ]
    extended = {**GOAL, "extension": [{"url": url, "valueInteger": 1}]}
    found = errors(await writer.post("/$validate", json=extended))
    assert "error value Goal.extension[0].value" in found


@pytest.mark.parametrize(
    ("method", "url", "content", "status", "text"),
    [
        ("POST", "/$validate", "", 400, "$validate needs a resource, in the body"),
        ("POST", "/Goal/$validate", "", 400, "$validate needs a resource"),
        ("POST", "/Goal/$validate", parameters(mode="create"), 400, "$validate needs a resource"),
        ("POST", "/$validate", "{", 400, "The body is not JSON"),
        ("POST", "/$validate?mode=odd", GOAL, 400, "$validate knows no such mode"),
        ("POST", "/$validate?mode=", GOAL, 400, "$validate got no value of 'mode'."),
        ("POST", "/$validate?profile=", GOAL, 400, "$validate got no value of 'profile'."),
        ("POST", "/$validate?mode=create&mode=update", GOAL, 400, "$validate takes one mode."),
        ("POST", "/$validate?foo=1", GOAL, 400, "$validate has no such parameter here."),
        ("POST", "/$validate?mode=delete", GOAL, 400, "Whether a resource can be deleted"),
        ("POST", "/Goal/$validate?mode=delete", "", 400, "Whether a resource can be deleted"),
        ("GET", "/Goal/$validate", "", 405, "This URL does not take GET"),
        ("GET", "/$validate", "", 405, "This URL does not take GET"),
        ("PUT", "/Goal/g1/$validate", GOAL, 405, "This URL does not take PUT"),
        ("POST", "/Nothing/$validate", GOAL, 404, "This server does not serve that type."),
        ("POST", "/Nothing/1/$validate", GOAL, 404, "This server does not serve that type."),
        ("GET", "/Goal/g1/$validate?_format=xml", "", 406, "_format must be json"),
    ],
)  # fmt: skip
async def test_requests_that_cannot_be_answered(
    writer: httpx.AsyncClient, method: str, url: str, content: Any, status: int, text: str
) -> None:
    body = content if isinstance(content, str) else json.dumps(content)
    response = await writer.request(method, url, content=body, headers=FHIR)
    assert response.status_code == status
    assert the_issue(response)["diagnostics"].startswith(text)


@pytest.mark.parametrize(
    ("given", "expression", "text"),
    [
        ({"parameter": {}}, "Parameters.parameter", "The parameters of Parameters are a list"),
        ({"parameter": [1]}, "Parameters.parameter", "The parameters of Parameters are a list"),
        (
            {"parameter": [{"name": "resource"}]},
            "Parameters.parameter[0]",
            "$validate takes one resource.",
        ),
        (
            {"parameter": [{"name": "resource", "resource": GOAL}] * 2},
            "Parameters.parameter[1]",
            "$validate takes one resource.",
        ),
        ({"parameter": [{"name": "mode"}]}, "Parameters.parameter[0]", "$validate got no value"),
        (
            {"parameter": [{"name": "odd", "valueString": "x"}]},
            "Parameters.parameter[0]",
            "$validate has no such parameter here. It takes resource, mode and profile.",
        ),
        ({"parameter": [{}]}, "Parameters.parameter[0]", "$validate has no such parameter here."),
    ],
)
async def test_parameters_that_cannot_be_read(
    writer: httpx.AsyncClient, given: Json, expression: str, text: str
) -> None:
    response = await writer.post("/$validate", json={"resourceType": "Parameters", **given})
    assert response.status_code == 400
    issue = the_issue(response)
    assert issue["expression"] == [expression]
    assert issue["diagnostics"].startswith(text)


async def test_broken_json_has_a_line_and_a_column(writer: httpx.AsyncClient) -> None:
    response = await writer.post("/$validate", content='{"resourceType":\n "Goal",,}', headers=FHIR)
    assert response.status_code == 400
    assert the_issue(response)["diagnostics"].endswith("(line 2, column 9).")


@pytest.mark.parametrize("body", ["[]", "1", "null", '"x"', "{}"])
async def test_what_is_no_resource(writer: httpx.AsyncClient, body: str) -> None:
    response = await writer.post("/Goal/$validate", content=body, headers=FHIR)
    if body == "null":
        assert response.status_code == 400
    else:
        (found,) = errors(response)
        assert found.split()[1] in ("structure", "required", "invalid")


async def test_another_format(writer: httpx.AsyncClient) -> None:
    response = await writer.post(
        "/$validate", content="<Goal/>", headers={"content-type": "application/fhir+xml"}
    )
    assert response.status_code == 415
    assert response.json() == error(
        "not-supported", "$validate takes FHIR as JSON: send Content-Type: application/fhir+json."
    )


async def test_a_body_that_is_too_long(small_store: Store) -> None:
    async with serving(small_store, max_body=2000) as client:
        response = await client.post("/$validate", json={**GOAL, "note": [{"text": "x" * 3000}]})
    assert response.status_code == 413


async def test_result_parameters_are_passed_over(writer: httpx.AsyncClient) -> None:
    response = await writer.post("/$validate?_pretty=true&_other=1", json=PATIENT)
    assert response.json()["issue"] == [FINE]
    assert b"\n" in response.content


@pytest.mark.parametrize("url", ["Goal/$validate", "$validate"])
async def test_in_a_batch(writer: httpx.AsyncClient, url: str) -> None:
    request = {"method": "POST", "url": f"{url}?profile=http://x.test"}
    entry = {"resource": GOAL, "request": request}
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    (found,) = (await writer.post("/", json=bundle)).json()["entry"]
    assert found["response"]["status"].startswith("200")
    answer = found.get("resource") or found["response"]["outcome"]
    assert answer["resourceType"] == "OperationOutcome"
    assert any(each["code"] == "not-found" for each in answer["issue"])


async def test_nothing_is_quoted(writer: httpx.AsyncClient) -> None:
    marked = {
        "resourceType": "Goal",
        "lifecycleStatus": "Zq7",
        "description": {"text": "Zq7", "coding": [{"system": "Zq7", "code": "Zq7"}]},
        "subject": {"reference": "Zq7/1"},
        "meta": {"profile": ["http://Zq7.test"]},
        "extension": [{"url": "http://Zq7.test", "valueString": "Zq7"}, {"url": "Zq7"}],
        "Zq 7": 1,
    }
    for mode in ("create", "update", "profile"):
        response = await writer.post(
            "/$validate", json=marked, params={"mode": mode, "profile": "http://Zq7.test"}
        )
        assert errors(response)
        assert "Zq7" not in response.text


async def test_a_store_that_is_down(small_store: Store) -> None:
    async with serving(small_store) as client:
        await small_store.close()
        for url in ("/$validate?mode=create", "/Goal/g1/$validate?mode=delete"):
            response = await client.post(url, json=GOAL)
            assert response.status_code == 503
            assert the_issue(response)["code"] == "transient"
        assert errors(await client.post("/$validate", json=GOAL)) == []
