"""The CapabilityStatement is valid, and true: what it declares works, the rest is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.searchparameter import SearchParameter

from fhir_facade.store.base import Store
from tests.http.serving import BASE, Json, ids, matches, serving, settings
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
    for each in _declared(statement):
        params = [param["name"] for param in each["searchParam"]]
        assert len(params) == len(set(params))


@pytest.mark.parametrize("type_", FROM_THE_PAGE)
async def test_it_declares_what_was_agreed(statement: Json, type_: str) -> None:
    (declared,) = [each for each in _declared(statement) if each["type"] == type_]
    assert {each["name"] for each in declared["searchParam"]} >= {*FROM_THE_PAGE[type_].split()}


async def test_every_type_finds_its_hidden_records(statement: Json) -> None:
    for each in _declared(statement):
        assert "_tag" in {param["name"] for param in each["searchParam"]}, each["type"]


def _values(param: Json) -> tuple[str, str]:
    """A value of the parameter's type that may hit, and one that cannot."""
    return {
        "date": ("ge1900-01-01", "lt1801-01-01"),
        "reference": ("M100001", "Patient/no-such-thing"),
        "token": ("active,completed,ready", "no-such-code"),
    }[param["type"]]


async def test_every_declared_parameter_answers(clean_store: Store, statement: Json) -> None:
    async with serving(clean_store) as asking:
        for resource in _declared(statement):
            for param in resource["searchParam"]:
                hit, miss = _values(param)
                for value in (hit, miss):
                    url = f"/{resource['type']}?{param['name']}={value}&_count=3"
                    response = await asking.get(url)
                    assert response.status_code == 200, url
                    if value == miss:
                        assert not ids(response.json()), url
                    elif param["type"] == "date" and param["name"] == "_lastUpdated":
                        assert ids(response.json()), url


def _tokens(value: Any) -> list[str]:
    """Every way the codes in an element may be asked for."""
    found = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, dict):
            for coding in each.get("coding", [each]):
                code = coding.get("code", coding.get("value"))
                if code is not None:
                    found += [code, f"{coding.get('system', '')}|{code}"]
    return found


def _at(resource: Any, path: list[str]) -> list[Any]:
    """The values at a simple path; `extension('x').value` is followed by its name."""
    if resource is None:
        return []
    if isinstance(resource, list):
        return [value for each in resource for value in _at(each, path)]
    if not path:
        return [resource]
    first, *rest = path
    if first.startswith("extension('"):
        name = first.removeprefix("extension('").removesuffix("')")
        found = [
            each
            for each in resource.get("extension", ())
            if each["url"] == f"{CANONICAL}/StructureDefinition/{name}"
        ]
        values = [value for each in found for key, value in each.items() if key != "url"]
        return _at(values, rest[1:] if rest and rest[0].startswith("value") else rest)
    return _at(resource.get(first), rest) if isinstance(resource, dict) else []


def _path(element: str) -> list[str]:
    return re.sub(r"\[[0-9]*\]", "", element).split(".")[1:]


async def test_a_search_by_what_is_served_finds_it(clean_store: Store, statement: Json) -> None:
    """For every parameter: take a value out of a served resource, and ask for it."""
    silent = []
    async with serving(clean_store) as asking:
        for declared in _declared(statement):
            if declared["type"] == "Bundle":
                continue
            resources = matches((await asking.get(f"/{declared['type']}?_count=200")).json())
            for param in declared["searchParam"]:
                found = await _asked_back(asking, declared["type"], resources, param)
                if not found:
                    silent.append(f"{declared['type']}.{param['name']}")
    never_there = {
        each
        for each in silent
        if each.endswith("._tag") or each in ("Communication.encounter", "EpisodeOfCare.origin")
    }
    assert not set(silent) - never_there


async def _asked_back(
    asking: httpx.AsyncClient, type_: str, resources: list[Json], param: Json
) -> bool:
    """Ask for up to three served values of a parameter; say whether there was one."""
    asked = 0
    for resource in resources:
        for element in param["documentation"].split(", "):
            for value in _at(resource, _path(element))[:1]:
                for text in _texts(param["type"], value)[:2]:
                    escaped = text.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")
                    prefix = "ap" if "eriod" in element else ""  # a Period is more than its start
                    query = {param["name"]: prefix + escaped, "_count": "1000"}
                    answer = (await asking.get(f"/{type_}", params=query)).json()
                    assert f"{type_}/{resource['id']}" in ids(answer), (type_, query)
                    asked += 1
        if asked >= 3:
            return True
    return asked > 0


def _texts(kind: str, value: Any) -> list[str]:
    if kind == "reference":
        found = value.get("reference") if isinstance(value, dict) else None
        return [found, found.rpartition("/")[2]] if found else []
    if kind == "date":
        return [value] if isinstance(value, str) else []
    return _tokens(value)


async def test_what_it_does_not_declare_is_refused(clean_store: Store, statement: Json) -> None:
    names = {param["name"] for each in _declared(statement) for param in each["searchParam"]}
    async with serving(clean_store) as asking:
        for resource in _declared(statement):
            own = {param["name"] for param in resource["searchParam"]}
            for name in names - own:
                response = await asking.get(f"/{resource['type']}?{name}=x")
                assert response.status_code == 400, (resource["type"], name)


async def test_its_interactions_and_operations_work(clean_store: Store, statement: Json) -> None:
    async with serving(clean_store) as asking:
        for resource in _declared(statement):
            codes = {each["code"] for each in resource["interaction"]}
            assert codes == {"read", "search-type"}
            bundle = (await asking.get(f"/{resource['type']}?_count=1")).json()
            (found,) = matches(bundle)
            response = await asking.get(f"/{resource['type']}/{found['id']}")
            assert response.json() == found
            for operation in resource.get("operation", ()):
                url = f"/{resource['type']}/{found['id']}/${operation['name']}"
                assert (await asking.get(url)).status_code == 200
        assert (await asking.post("/Task", json={})).status_code == 405


async def test_its_own_definitions_are_published(statement: Json, tmp_path: Path) -> None:
    from fhir_facade.derive.artefacts import write
    from fhir_facade.main import build_registry

    write(build_registry(settings()), tmp_path)
    published = {}
    for path in (tmp_path / "capability").glob("SearchParameter-*.json"):
        body = json.loads(path.read_text("utf-8"))
        SearchParameter.model_validate(body)
        published[body["url"]] = body
    for resource in _declared(statement):
        for param in resource["searchParam"]:
            if param["definition"].startswith(CANONICAL):
                definition = published[param["definition"]]
                assert definition["code"] == param["name"]
                assert definition["type"] == param["type"]
                base = "EpisodeOfCare" if resource["type"] == "Bundle" else resource["type"]
                assert definition["base"] == [base]
            else:
                prefix = "http://hl7.org/fhir/SearchParameter/"
                assert param["definition"].startswith(prefix)


async def test_it_says_what_a_store_lacks(clean_store: Store, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(clean_store), "transactions", False)
    statement = await _metadata(clean_store)
    assert "no multi-document transactions" in statement["rest"][0]["documentation"]
    monkeypatch.setattr(type(clean_store), "transactions", True)
    statement = await _metadata(clean_store)
    assert "transactions." not in statement["rest"][0]["documentation"].split("searches")[0]
