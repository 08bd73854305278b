"""Invariants between searches: each way to ask the same gives the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.http.declared import Declared, current, spellings
from tests.spec.live import Json, entries, found, get, names, pages, total, walk
from tests.spec.windows import NAMED, Windows

RECENT = {"_lastUpdated": "ge2026-03-01"}
"""Some of what a type holds that needs no narrowing."""


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
    server: httpx.Client,
    params: list[Declared],
    every: dict[str, dict[str, Json]],
    windows: Windows,
) -> None:
    for param in params:
        if "missing" in param.modifiers:
            name, window = f"{param.name}:missing", windows.of(param.type).query
            parts = [
                total(server, f"/{param.type}", **{name: is_}, **window)
                for is_ in ("true", "false")
            ]
            assert sum(parts) == len(every[param.type]), param


def test_a_code_or_not_is_all(
    server: httpx.Client,
    params: list[Declared],
    every: dict[str, dict[str, Json]],
    windows: Windows,
) -> None:
    for param in _tokens(params):
        window = windows.of(param.type).query
        for code in [*_codes(every, param, 1), "no-such-code"]:
            query = {param.name: code}
            other = {f"{param.name}:not": code}
            parts = [total(server, f"/{param.type}", **each, **window) for each in (query, other)]
            assert sum(parts) == len(every[param.type]), (param, code)


def test_in_a_value_set_or_not_is_all(
    server: httpx.Client,
    params: list[Declared],
    every: dict[str, dict[str, Json]],
    windows: Windows,
) -> None:
    for param in params:
        if "in" not in param.modifiers:
            continue
        refused = server.get(f"/{param.type}", params={f"{param.name}:in": "urn:none"})
        assert refused.status_code == 400
        window = windows.of(param.type).query
        for url in re.findall(r"https?://[^ ,]+/ValueSet/[\w-]+", refused.text):
            parts = [
                total(server, f"/{param.type}", **{f"{param.name}:{each}": url}, **window)
                for each in ("in", "not-in")
            ]
            assert sum(parts) == len(every[param.type]), (param, url)


def test_a_comma_is_or_and_a_repetition_is_and(
    server: httpx.Client,
    params: list[Declared],
    every: dict[str, dict[str, Json]],
    windows: Windows,
) -> None:
    asked = 0
    for param in _tokens(params):
        codes = _codes(every, param, 2)
        if len(codes) < 2 or param.name in ("_id", "identifier"):
            continue
        url, window = f"/{param.type}", windows.of(param.type).query
        one, other = (found(server, url, **{param.name: code}, **window) for code in codes)
        assert found(server, url, **{param.name: ",".join(codes)}, **window) == one | other, param
        assert found(server, url, **{param.name: codes}, **window) == one & other, param
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


def test_includes_add_no_match(
    server: httpx.Client, resources: list[Json], windows: Windows
) -> None:
    """The same matches in the same order, the same total; nothing twice on a page."""
    for resource in resources:
        url = f"/{resource['type']}"
        includes = resource.get("searchInclude", [])[:1]
        revincludes = resource.get("searchRevInclude", [])
        if not includes and not revincludes:
            continue
        query = {"_count": 23, "_total": "accurate", "_sort": "-_lastUpdated"}
        query |= windows.of(resource["type"]).query
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
    server: httpx.Client, every: dict[str, dict[str, Json]], windows: Windows
) -> None:
    for types in (["Task", "Goal", "Flag"], ["EpisodeOfCare", "Provenance"], [*every]):
        asked = [each for each in types if each in every]
        window = windows.common(asked).query
        there = {name for each in asked for name in found(server, f"/{each}", **window)}
        for order in ({}, {"_sort": "-_lastUpdated"}):
            first = walk(server, "", _type=",".join(asked), _count=149, **order, **window)
            assert len(first) == len(set(first)), asked
            assert {*first} == there
            assert total(server, "", _type=",".join(asked), **window) == len(first)


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
            if type_ != "AuditEvent":  # those are searched by their name alone
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
    server: httpx.Client,
    every: dict[str, dict[str, Json]],
    windows: Windows,
    query: dict[str, Any],
) -> None:
    for type_, whole in every.items():
        window = windows.of(type_).query
        for entry in entries(get(server, f"/{type_}", _count=50, **query, **window)):
            part = entry["resource"]
            full = whole[f"{type_}/{part['id']}"]
            # a narrative may be made for the summary alone
            assert {*part} - {"text"} <= {*full}
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
    windows: Windows,
) -> None:
    asked = 0
    for type_, _, name in _links(resources, "searchInclude"):
        (param,) = (each for each in params if (each.type, each.name) == (type_, name))
        for target in {*param.modifiers} & {*every}:
            since = windows.of(target, NAMED).query or RECENT
            (key, value), *_ = since.items()
            there = found(server, f"/{target}", **since)
            ids = ",".join(each.partition("/")[2] for each in sorted(there))
            window = windows.of(type_).query
            two_steps = found(server, f"/{type_}", **{f"{name}:{target}": ids or "none"}, **window)
            chained = {f"{name}:{target}.{key}": value}
            assert found(server, f"/{type_}", **chained, **window) == two_steps, (type_, name)
            asked += bool(two_steps)
    assert asked > 5 or not any(every.values())


def test_has_is_two_steps(
    server: httpx.Client,
    resources: list[Json],
    params: list[Declared],
    every: dict[str, dict[str, Json]],
    windows: Windows,
) -> None:
    asked = 0
    for type_, other, name in _links(resources, "searchRevInclude"):
        (param,) = (each for each in params if (each.type, each.name) == (other, name))
        since = windows.of(other, NAMED).query or RECENT
        (key, value), *_ = since.items()
        there = found(server, f"/{other}", **since)
        named = {
            current(reference.get("reference", ""))
            for each in there
            for reference in param.values(every[other][each])
        }
        two_steps = named & {*every[type_]}
        having = {f"_has:{other}:{name}:{key}": value}
        assert found(server, f"/{type_}", **having, **windows.of(type_).query) == two_steps, (
            other,
            name,
        )
        asked += bool(two_steps)
    assert asked > 5 or not any(every.values())
