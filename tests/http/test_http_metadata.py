"""The CapabilityStatement is valid, and true: what it declares works, the rest is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.searchparameter import SearchParameter

from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED
from tests.http.declared import searchable
from tests.http.serving import BASE, Json, matches, serving, settings
from tests.interactions.validity import problems

CANONICAL = settings().canonical

FROM_THE_PAGE = {
    "Task": "_id _lastUpdated _tag identifier status intent priority code authored-on modified "
    "period patient subject owner focus case employer due",
    "Flag": "_id _lastUpdated _tag identifier status category code date patient subject author "
    "case employer",
    "Goal": "_id _lastUpdated _tag identifier lifecycle-status achievement-status category "
    "start-date target-date patient subject case employer",
    "Communication": "_id _lastUpdated _tag identifier status category medium sent patient "
    "subject sender recipient encounter case employer",
    "DocumentReference": "_id _lastUpdated _tag identifier type date patient subject author "
    "encounter case employer",
    "EpisodeOfCare": "_id _lastUpdated _tag identifier status type date patient organization "
    "care-manager employer origin due",
}
"""What MAPPING names for each type, without the string searches and the lines still to come."""


async def _metadata(store: Store, **given: Any) -> Json:
    async with serving(store, **given) as asking:
        response = await asking.get("/metadata")
    assert response.status_code == 200
    return dict(response.json())


def _declared(statement: Json) -> list[Json]:
    return list(statement["rest"][0]["resource"])


def _of_documents(statement: Json) -> list[Json]:
    """What the platform's documents are served as; artefacts are no documents."""
    return [each for each in searchable(statement) if each["type"] not in PUBLISHED]


@pytest.fixture
async def statement(clean_store: Store) -> Json:
    return await _metadata(clean_store)


async def test_it_is_valid(statement: Json) -> None:
    assert not problems(statement)
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["kind"] == "instance"
    assert statement["implementation"]["url"] == BASE
    assert CapabilityStatement.model_validate(statement).rest[0].mode == "server"


async def test_it_declares_each_type_and_parameter_once(statement: Json) -> None:
    names = [each["type"] for each in _declared(statement)]
    assert len(names) == len(set(names))
    assert "Case" not in names  # no FHIR type: Bundle stands for it
    for each in searchable(statement):
        params = [param["name"] for param in each["searchParam"]]
        assert len(params) == len(set(params))


@pytest.mark.parametrize("type_", FROM_THE_PAGE)
async def test_it_declares_what_was_agreed(statement: Json, type_: str) -> None:
    (declared,) = [each for each in _declared(statement) if each["type"] == type_]
    assert {each["name"] for each in declared["searchParam"]} >= {*FROM_THE_PAGE[type_].split()}


async def test_every_type_finds_its_hidden_records(statement: Json) -> None:
    for each in _of_documents(statement):
        assert "_tag" in {param["name"] for param in each["searchParam"]}, each["type"]


async def test_its_interactions_and_operations_work(recorded_store: Store, statement: Json) -> None:
    async with serving(recorded_store) as asking:
        for resource in searchable(statement):
            codes = {each["code"] for each in resource["interaction"]}
            assert {"read", "search-type"} <= codes
            bundle = (await asking.get(f"/{resource['type']}?_count=1")).json()
            (found,) = matches(bundle)
            response = await asking.get(f"/{resource['type']}/{found['id']}")
            assert response.json() == found


WRITES = {
    "create": ("POST", ""),
    "update": ("PUT", "/nothing"),
    "patch": ("PATCH", "/nothing"),
    "delete": ("DELETE", "/nothing"),
    "history-type": ("GET", "/_history"),
    "history-instance": ("GET", "/nothing/_history"),
}


async def test_what_it_declares_to_write_is_taken_and_nothing_else(
    sqlite_store: Store,
) -> None:
    statement = await _metadata(sqlite_store)
    async with serving(sqlite_store) as asking:
        for resource in searchable(statement):
            codes = {each["code"] for each in resource["interaction"]}
            for code, (method, rest) in WRITES.items():
                sent = {} if method in ("GET", "DELETE") else {"json": {"resourceType": "x"}}
                response = await asking.request(method, f"/{resource['type']}{rest}", **sent)
                taken = "not-supported" not in response.text
                assert taken == (code in codes), (resource["type"], code, response.text)


async def test_the_searches_of_the_system_work(clean_store: Store, statement: Json) -> None:
    (rest,) = statement["rest"]
    codes = [each["code"] for each in rest["interaction"]]
    assert codes == ["search-system", "history-system", "batch", "transaction"]
    assert rest["compartment"] == ["http://hl7.org/fhir/CompartmentDefinition/patient"]
    common = set.intersection(
        *({param["name"] for param in each["searchParam"]} for each in _of_documents(statement))
    )
    assert {each["name"] for each in rest["searchParam"]} == {
        name for name in common if name.startswith("_")
    }
    values = {"date": "ge1900", "token": "x", "uri": "x"}
    async with serving(clean_store) as asking:
        for param in rest["searchParam"]:
            query = f"{param['name']}={values[param['type']]}"
            response = await asking.get(f"?{query}&_count=1")
            assert response.status_code == 200, query
            for modifier in re.findall(r"[\w-]+(?=[,.])", param.get("documentation", "")):
                value = "true" if modifier == "missing" else "x"
                response = await asking.get(f"?{param['name']}:{modifier}={value}&_count=1")
                assert response.status_code == 200, (param, modifier)


async def test_its_own_definitions_are_published(statement: Json, tmp_path: Path) -> None:
    from fhir_facade.derive.artefacts import write
    from fhir_facade.main import build_registry

    write(build_registry(settings()), tmp_path)
    published = {}
    for path in (tmp_path / "capability").glob("SearchParameter-*.json"):
        body = json.loads(path.read_text("utf-8"))
        SearchParameter.model_validate(body)
        published[body["url"]] = body
    for resource in searchable(statement):
        for param in resource["searchParam"]:
            if param["definition"].startswith(CANONICAL):
                definition = published[param["definition"]]
                assert definition["code"] == param["name"]
                assert definition["type"] == param["type"]
                base = "EpisodeOfCare" if resource["type"] == "Bundle" else resource["type"]
                assert definition["base"] == [base]
            else:
                prefixes = (
                    "http://hl7.org/fhir/SearchParameter/",
                    "http://hl7.org/fhir/us/core/SearchParameter/us-core-",
                )
                assert param["definition"].startswith(prefixes)


async def test_it_says_what_a_store_lacks(clean_store: Store, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(clean_store), "transactions", False)
    statement = await _metadata(clean_store)
    assert "no multi-document transactions" in statement["rest"][0]["documentation"]
    monkeypatch.setattr(type(clean_store), "transactions", True)
    statement = await _metadata(clean_store)
    assert "transactions." not in statement["rest"][0]["documentation"]
