"""From /metadata alone: every include and revinclude brings what it says, every sort sorts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED, SERVED, Asker, asking_of
from tests.http.declared import Declared, current, declared
from tests.http.serving import Json, matches

PEOPLE = ("Patient", "Practitioner", "Organization")
PARTNERS = ("EpisodeOfCare:organization",)
"""Links to organizations that are found only if they are somebody's employer, too."""


@pytest.fixture(params=SERVED)
async def asker(declared_store: Store, request: pytest.FixtureRequest) -> AsyncIterator[Asker]:
    async with asking_of(declared_store, request.param) as asker:
        yield asker


def _included(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in response.json().get("entry", ())
        if entry["search"]["mode"] == "include"
    ]


async def _all(asker: Asker, type_: str) -> dict[str, Json]:
    """Every resource of a type by its reference."""
    found = matches((await asker.client.get(f"/{type_}?_count=1000")).json())
    return {f"{type_}/{each['id']}": each for each in found}


async def _people(asker: Asker) -> dict[str, Json]:
    """Those whom the type's resources refer to, as far as there is something to read of them."""
    found: dict[str, Json] = {}
    for param in declared(asker.statement):
        if param.type == asker.type:
            for name in {each for one in asker.resources.values() for each in _named(param, one)}:
                if name.partition("/")[0] in PEOPLE and name not in found:
                    answer = await asker.client.get(f"/{name}")
                    found |= {name: answer.json()} if answer.status_code == 200 else {}
    return found


def _named(param: Declared, resource: Json) -> set[str]:
    values = [each for each in param.values(resource) if isinstance(each, dict)]
    return {current(each["reference"]) for each in values if "reference" in each}


def _param(asker: Asker, spelled: str) -> Declared:
    type_, name = spelled.split(":")
    (found,) = (
        each for each in declared(asker.statement) if (each.type, each.name) == (type_, name)
    )
    return found


async def test_every_include_brings_what_is_referred_to(asker: Asker) -> None:
    served: dict[str, Json] = {}
    for type_ in SERVED:
        served |= await _all(asker, type_)
    served |= await _people(asker)
    union: set[str] = set()
    listed = asker.declaration.get("searchInclude", [])
    for spelled in listed:
        if spelled == "*":
            continue
        param = _param(asker, spelled)
        assert param.type == asker.type
        own = {f"{asker.type}/{id}" for id in asker.resources}
        expected = {
            name for each in asker.resources.values() for name in _named(param, each) & {*served}
        } - own
        found = _included(await asker.get("_include", spelled))
        assert len(found) == len(set(found)), spelled
        assert {*found} == expected, spelled
        assert expected or spelled in PARTNERS, spelled
        union |= expected
        await _brings_nothing(asker, param, served)
    if listed:
        assert {*_included(await asker.get("_include", "*"))} == union


async def _brings_nothing(asker: Asker, param: Declared, served: dict[str, Json]) -> None:
    """A page that brings nothing: of a resource that refers to nothing, else of none at all."""
    without = [id for id, each in asker.resources.items() if not _named(param, each) & {*served}]
    page = await asker.get(
        "_include", f"{param.type}:{param.name}", _id=next(iter(without), "none")
    )
    assert not _included(page), param
    assert len(matches(page.json())) == len(without[:1])


async def test_every_revinclude_brings_what_refers_to_it(asker: Asker) -> None:
    own = {f"{asker.type}/{id}" for id in asker.resources}
    union: set[str] = set()
    listed = asker.declaration.get("searchRevInclude", [])
    for spelled in listed:
        if spelled == "*":
            continue
        param = _param(asker, spelled)
        others = await _all(asker, param.type)
        expected = {name for name, each in others.items() if _named(param, each) & own} - own
        found = _included(await asker.get("_revinclude", spelled))
        assert len(found) == len(set(found)), spelled
        assert {*found} == expected, spelled
        assert expected or param.type == asker.type, spelled
        union |= expected
        named = {name for each in others.values() for name in _named(param, each)}
        lonely = [name.partition("/")[2] for name in sorted(own - named)]
        page = await asker.get("_revinclude", spelled, _id=next(iter(lonely), "none"))
        assert not _included(page), spelled
        assert len(matches(page.json())) == len(lonely[:1])
    if listed:
        assert "*" in listed
        assert {*_included(await asker.get("_revinclude", "*"))} == union


@pytest.fixture(params=[*SERVED, *PUBLISHED])
async def tidy_asker(tidy_store: Store, request: pytest.FixtureRequest) -> AsyncIterator[Asker]:
    async with asking_of(tidy_store, request.param) as asker:
        yield asker


async def test_every_sort_sorts(tidy_asker: Asker) -> None:
    """Ascending and descending, what has no value first and last."""
    asker = tidy_asker
    for param in asker.params:
        if not param.sortable:
            continue
        up = matches((await asker.get("_sort", param.name)).json())
        down = matches((await asker.get("_sort", f"-{param.name}")).json())
        assert {each["id"] for each in up} == {each["id"] for each in down} == {*asker.resources}
        keys = [_key(param, each) for each in up]
        backwards = [_key(param, each) for each in down]
        missing = keys.count(None)
        assert keys[:missing] == [None] * missing, param
        assert backwards[len(keys) - missing :] == [None] * missing, param
        known, reverse = keys[missing:], backwards[: len(keys) - missing]
        assert _ends(known) == _ends(reverse[::-1]), param
        if param.kind in ("date", "string", "reference"):
            assert known == sorted(known, key=str), param


def _key(param: Declared, resource: Json) -> str | None:
    """What a resource is sorted by: of a period its start."""
    if param.is_period and len(param.elements) == 2:
        param = Declared(param.type, param.name, param.kind, param.elements[:1], (), sortable=True)
    for value in param.values(resource):
        if param.kind == "reference":
            return str(value["reference"])
        return str(value)
    return None


def _ends(keys: list[str | None]) -> list[str | None]:
    """The first key and the last: of equals the id decides, and a code has several spellings."""
    return [*keys[:1], *keys[-1:]]
