"""Invariants between searches: each way to ask the same gives the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.http.declared import Declared, declared, spellings
from tests.spec.live import Json, entries, found, get, names, pages, total, walk

SINCE = {"_lastUpdated": "ge2026-03-01"}


@pytest.fixture(scope="session")
def params(statement: Json) -> list[Declared]:
    return declared(statement)


@pytest.fixture(scope="session")
def every(server: httpx.Client, resources: list[Json]) -> dict[str, dict[str, Json]]:
    """Type → `Type/id` → resource, of all that is served."""
    return {
        type_: {
            f"{type_}/{entry['resource']['id']}": entry["resource"]
            for page in pages(server, f"/{type_}", _count=500)
            for entry in entries(page)
        }
        for type_ in (each["type"] for each in resources)
        if type_ != "Bundle"
    }


def _codes(every: dict[str, dict[str, Json]], param: Declared, most: int) -> list[str]:
    """Some values of a token parameter, out of the resources that have them."""
    texts: dict[str, None] = {}
    for resource in every[param.type].values():
        for value in param.values(resource):
            texts.update(dict.fromkeys(spellings(param, value)[:1]))
            if len(texts) >= most:
                return list(texts)
    return list(texts)


def _tokens(params: list[Declared]) -> Iterator[Declared]:
    return (each for each in params if each.kind == "token" and "not" in each.modifiers)


def test_missing_or_not_is_all(
    server: httpx.Client, params: list[Declared], every: dict[str, dict[str, Json]]
) -> None:
    for param in params:
        if "missing" in param.modifiers:
            name = f"{param.name}:missing"
            parts = [total(server, f"/{param.type}", **{name: is_}) for is_ in ("true", "false")]
            assert sum(parts) == len(every[param.type]), param


def test_a_code_or_not_is_all(
    server: httpx.Client, params: list[Declared], every: dict[str, dict[str, Json]]
) -> None:
    for param in _tokens(params):
        for code in [*_codes(every, param, 1), "no-such-code"]:
            query = {param.name: code}
            other = {f"{param.name}:not": code}
            parts = [total(server, f"/{param.type}", **each) for each in (query, other)]
            assert sum(parts) == len(every[param.type]), (param, code)


def test_in_a_value_set_or_not_is_all(
    server: httpx.Client, params: list[Declared], every: dict[str, dict[str, Json]]
) -> None:
    for param in params:
        if "in" not in param.modifiers:
            continue
        refused = server.get(f"/{param.type}", params={f"{param.name}:in": "urn:none"})
        assert refused.status_code == 400
        for url in re.findall(r"https?://[^ ,]+/ValueSet/[\w-]+", refused.text):
            parts = [
                total(server, f"/{param.type}", **{f"{param.name}:{each}": url})
                for each in ("in", "not-in")
            ]
            assert sum(parts) == len(every[param.type]), (param, url)


def test_a_comma_is_or_and_a_repetition_is_and(
    server: httpx.Client, params: list[Declared], every: dict[str, dict[str, Json]]
) -> None:
    asked = 0
    for param in _tokens(params):
        codes = _codes(every, param, 2)
        if len(codes) < 2 or param.name in ("_id", "identifier"):
            continue
        url = f"/{param.type}"
        one, other = (found(server, url, **{param.name: code}) for code in codes)
        assert found(server, url, **{param.name: ",".join(codes)}) == one | other, param
        assert found(server, url, **{param.name: codes}) == one & other, param
        asked += 1
    assert asked > 10 or not any(every.values())


def test_the_months_are_within_the_year(server: httpx.Client, params: list[Declared]) -> None:
    for param in params:
        if param.kind != "date" or (param.name == "_lastUpdated" and param.type != "Task"):
            continue
        url = f"/{param.type}"
        year = total(server, url, **{param.name: "2026"})
        months = [total(server, url, **{param.name: f"2026-{n:02}"}) for n in range(1, 13)]
        assert sum(months) <= year, param
        if param.name == "_lastUpdated":  # an instant is in one month
            assert sum(months) == year, param


def test_includes_add_no_match(server: httpx.Client, resources: list[Json]) -> None:
    """The same matches in the same order, the same total; nothing twice on a page."""
    for resource in resources:
        url = f"/{resource['type']}"
        includes = resource.get("searchInclude", [])[:1]
        revincludes = resource.get("searchRevInclude", [])
        if not includes and not revincludes:
            continue
        query = {"_count": 23, "_total": "accurate", "_sort": "-_lastUpdated"}
        plain = pages(server, url, **query)
        with_them = pages(server, url, **query, _include=includes, _revinclude=revincludes)
        assert [names(page) for page in plain] == [names(page) for page in with_them], url
        assert {page["total"] for page in [*plain, *with_them]} == {plain[0]["total"]}
        assert plain[0]["total"] == sum(len(names(page)) for page in plain)
        brought = 0
        for page in with_them:
            both = [*names(page), *names(page, "include")]
            assert len(both) == len(set(both)), url
            brought += len(names(page, "include"))
        assert brought or not plain[0]["total"], url


def test_pages_over_several_types_partition(
    server: httpx.Client, every: dict[str, dict[str, Json]]
) -> None:
    for types in (["Task", "Goal", "Flag"], ["EpisodeOfCare", "Provenance"], [*every]):
        for order in ({}, {"_sort": "-_lastUpdated"}):
            first = walk(server, "", _type=",".join(types), _count=149, **order)
            assert len(first) == len(set(first)), types
            assert {*first} == {name for each in types for name in every[each]}
            counted = total(server, "", _type=",".join(types))
            assert counted == len(first)


@pytest.fixture(scope="session")
def patients(params: list[Declared], every: dict[str, dict[str, Json]]) -> list[str]:
    """The ids of a few patients that something is served of."""
    (param,) = (each for each in params if (each.type, each.name) == ("Task", "patient"))
    references = [
        value["reference"]
        for each in every["Task"].values()
        for value in param.values(each)
        if "reference" in value
    ]
    return [each.rpartition("/")[2] for each in dict.fromkeys(references)][:3]


def test_a_compartment_is_the_search_by_patient(
    server: httpx.Client, every: dict[str, dict[str, Json]], patients: list[str]
) -> None:
    assert patients
    for patient in patients:
        union = set()
        for type_ in every:
            within = walk(server, f"/Patient/{patient}/{type_}", _count=7)
            assert within == walk(server, f"/{type_}", patient=patient, _count=200), type_
            assert len(within) == total(server, f"/Patient/{patient}/{type_}")
            union |= {*within}
        for path in ("*", "$everything"):
            whole = walk(server, f"/Patient/{patient}/{path}", _count=5)
            assert len(whole) == len(set(whole))
            assert {*whole} == union, path
            assert whole == walk(server, f"/Patient/{patient}/{path}", _count=200)
        some = found(server, f"/Patient/{patient}/$everything", _type="Task,Goal")
        assert some == {each for each in union if each.startswith(("Task/", "Goal/"))}


MANDATORY = {
    "CarePlan": ("status", "intent", "subject"),
    "Communication": ("status",),
    "DocumentReference": ("status", "content"),
    "EpisodeOfCare": ("status", "patient"),
    "Flag": ("status", "code", "subject"),
    "Goal": ("lifecycleStatus", "description", "subject"),
    "List": ("status", "mode"),
    "Observation": ("status", "code"),
    "Provenance": ("target", "recorded", "agent"),
    "Task": ("status", "intent"),
}


@pytest.mark.parametrize(
    "query", [{"_elements": "identifier"}, {"_summary": "true"}, {"_summary": "text"}]
)
def test_a_part_of_a_resource(
    server: httpx.Client, every: dict[str, dict[str, Json]], query: dict[str, Any]
) -> None:
    for type_, whole in every.items():
        for entry in entries(get(server, f"/{type_}", _count=50, **query)):
            part = entry["resource"]
            full = whole[f"{type_}/{part['id']}"]
            assert {*part} <= {*full}
            for element in MANDATORY.get(type_, ()):
                assert element in part or f"_{element}" in part, (type_, element)
            assert "SUBSETTED" in [each["code"] for each in part["meta"]["tag"]]
            kept = {name for name in part if name in full and part[name] == full[name]}
            assert {"resourceType", "id"} <= kept
            if "_elements" in query and "identifier" in full:
                assert "identifier" in kept
            assert part["meta"]["versionId"] == full["meta"]["versionId"]


def _links(resources: list[Json], which: str) -> Iterator[tuple[str, str, str]]:
    """The searched type and the (type, parameter) of each link between served types."""
    for resource in resources:
        for spelled in resource.get(which, ()):
            if spelled != "*":
                type_, name = spelled.split(":")
                yield resource["type"], type_, name


def test_a_chain_is_two_steps(
    server: httpx.Client,
    resources: list[Json],
    params: list[Declared],
    every: dict[str, dict[str, Json]],
) -> None:
    asked = 0
    for type_, _, name in _links(resources, "searchInclude"):
        (param,) = (each for each in params if (each.type, each.name) == (type_, name))
        for target in {*param.modifiers} & {*every}:
            there = found(server, f"/{target}", **SINCE)
            ids = ",".join(each.partition("/")[2] for each in sorted(there))
            two_steps = found(server, f"/{type_}", **{f"{name}:{target}": ids or "none"})
            (key, value), *_ = SINCE.items()
            assert found(server, f"/{type_}", **{f"{name}:{target}.{key}": value}) == two_steps, (
                type_,
                name,
            )
            asked += bool(two_steps)
    assert asked > 5 or not any(every.values())


def test_has_is_two_steps(
    server: httpx.Client,
    resources: list[Json],
    params: list[Declared],
    every: dict[str, dict[str, Json]],
) -> None:
    asked = 0
    for type_, other, name in _links(resources, "searchRevInclude"):
        (param,) = (each for each in params if (each.type, each.name) == (other, name))
        (key, value), *_ = SINCE.items()
        there = found(server, f"/{other}", **SINCE)
        named = {
            reference.get("reference")
            for each in there
            for reference in param.values(every[other][each])
        }
        two_steps = named & {*every[type_]}
        assert found(server, f"/{type_}", **{f"_has:{other}:{name}:{key}": value}) == two_steps, (
            other,
            name,
        )
        asked += bool(two_steps)
    assert asked > 5 or not any(every.values())
