"""The published artefacts, where a server has them: each is what its URL says, and answers.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.spec.live import Json, found, matches, name_of, not_there

Artefacts = dict[str, list[Json]]


@pytest.fixture(scope="session")
def published(server: httpx.Client, artefacts: list[Json]) -> Artefacts:
    if not artefacts:
        not_there("this server publishes no artefacts")
    return {each["type"]: matches(server, f"/{each['type']}") for each in artefacts}


def _each(published: Artefacts) -> Iterator[Json]:
    return (each for found in published.values() for each in found)


def test_each_says_what_it_is(published: Artefacts) -> None:
    for each in _each(published):
        assert each["status"] in ("draft", "active", "retired", "unknown"), name_of(each)
        assert each["name"], name_of(each)
        if each["resourceType"] != "NamingSystem":
            assert each["url"].startswith(("http://", "https://", "urn:")), name_of(each)
    urls = Counter(each["url"] for each in _each(published) if "url" in each)
    assert [url for url, count in urls.items() if count > 1] == []


def test_each_is_found_by_what_it_says(
    server: httpx.Client, artefacts: list[Json], published: Artefacts
) -> None:
    for declared in artefacts:
        type_ = declared["type"]
        params = {each["name"] for each in declared["searchParam"]}
        for name in ("url", "name", "version", "status", "_id"):
            for each in published[type_][:20] if name in params else ():
                value = each.get(name.removeprefix("_"))
                if value is not None:
                    assert name_of(each) in found(server, f"/{type_}", **{name: value}), name


def test_what_the_statement_names_is_published(statement: Json, published: Artefacts) -> None:
    """Of what lies below the server's own canonical base, nothing is missing."""
    own = statement["url"].rpartition("/CapabilityStatement/")[0] + "/"
    urls = {each.get("url") for each in _each(published)}
    named: set[str] = set()
    for each in statement["rest"][0]["resource"]:
        named |= {each.get("profile", "")} | {*each.get("supportedProfile", ())}
        named |= {param.get("definition", "") for param in each.get("searchParam", ())}
        named |= {operation["definition"] for operation in each.get("operation", ())}
    missing = {each for each in named if each.startswith(own)} - urls
    assert not {each for each in missing if each.split("/")[-2] in published}


def test_what_resources_claim_is_published(
    statement: Json, published: Artefacts, every: dict[str, dict[str, Json]]
) -> None:
    own = statement["url"].rpartition("/CapabilityStatement/")[0] + "/"
    urls = {each["url"] for each in published.get("StructureDefinition", ())}
    claimed = {
        profile.partition("|")[0]
        for resources in every.values()
        for each in resources.values()
        for profile in each["meta"].get("profile", ())
    }
    assert {each for each in claimed if each.startswith(own)} <= urls


def _declares(artefacts: list[Json], type_: str, operation: str) -> bool:
    return any(
        operation in [each["name"] for each in declared.get("operation", ())]
        for declared in artefacts
        if declared["type"] == type_
    )


def test_value_sets_expand(
    server: httpx.Client, artefacts: list[Json], published: Artefacts
) -> None:
    """Each gives its codes, every one of which it then calls valid, or says why it cannot."""
    if not _declares(artefacts, "ValueSet", "expand"):
        not_there("no $expand here")
    expanded = 0
    for each in published["ValueSet"]:
        response = server.get(f"/{name_of(each)}/$expand")
        if response.status_code != 200:
            assert 400 <= response.status_code < 500, name_of(each)
            assert response.json()["resourceType"] == "OperationOutcome"
            continue
        expanded += 1
        for code in response.json()["expansion"].get("contains", [])[:2]:
            query = {"system": code["system"], "code": code["code"]}
            answer = server.get(f"/{name_of(each)}/$validate-code", params=query)
            assert _parameter(answer.json(), "result") is True, (name_of(each), query)
    assert expanded


def _parameter(answer: Json, name: str) -> bool | str | None:
    for each in answer.get("parameter", ()):
        if each["name"] == name:
            return next(value for key, value in each.items() if key.startswith("value"))
    return None


def test_code_systems_are_looked_up(
    server: httpx.Client, artefacts: list[Json], published: Artefacts
) -> None:
    if not _declares(artefacts, "CodeSystem", "lookup"):
        not_there("no $lookup here")
    for each in published["CodeSystem"]:
        for concept in each.get("concept", [])[:2]:
            query = {"system": each["url"], "code": concept["code"]}
            answer = server.get("/CodeSystem/$lookup", params=query)
            assert answer.status_code == 200, query
            assert _parameter(answer.json(), "display") == concept.get("display", concept["code"])


def test_concept_maps_translate(
    server: httpx.Client, artefacts: list[Json], published: Artefacts
) -> None:
    if not _declares(artefacts, "ConceptMap", "translate"):
        not_there("no $translate here")
    for each in published.get("ConceptMap", ()):
        for group in each["group"]:
            element = next((e for e in group["element"] if e.get("target")), None)
            if element is None:
                continue
            query = {"url": each["url"], "system": group["source"], "code": element["code"]}
            answer = server.get("/ConceptMap/$translate", params=query)
            assert answer.status_code == 200, (query, answer.text)
            assert _parameter(answer.json(), "result") is True, query


def test_artefacts_are_read_only(server: httpx.Client, published: Artefacts) -> None:
    """What would change one is refused before it is read; the body is not a resource."""
    for type_, some in published.items():
        for each in some[:1]:
            for method, url in (("POST", f"/{type_}"), ("PUT", f"/{name_of(each)}")):
                response = server.request(method, url, json={"resourceType": type_})
                assert response.status_code == 405, (method, url)
                assert response.json()["resourceType"] == "OperationOutcome"
