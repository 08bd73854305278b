"""From /metadata alone: every search parameter, and every modifier of it, hits and misses."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator

import pytest

from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED, SERVED, Asker, asking_of
from tests.http.declared import (
    STORED_NOWHERE,
    Declared,
    at,
    codes,
    current,
    escaped,
    searchable,
    spellings,
    words,
)
from tests.http.serving import ids, serving

MISSES = {
    "composite": "no-such-code$no-such-code",
    "date": "1801-01-01",
    "reference": "Patient/no-such-thing",
    "string": "zzz none",
    "token": "no-such-code",
    "uri": "urn:none",
}
TEXT_ALONE = ("CarePlan?activity-code", "Communication?topic", "Goal?description")
"""CodeableConcepts without a code: `:text` finds them."""
IDENTIFIER_ALONE = ("AuditEvent?source",)
"""References to what is no resource anywhere: `:identifier` finds them."""


@pytest.fixture(params=[*SERVED, *PUBLISHED])
async def type_(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_the_types_are_all_there_are(declared_store: Store) -> None:
    async with serving(declared_store) as client:
        statement = (await client.get("/metadata")).json()
        assert {each["type"] for each in searchable(statement)} == {
            *SERVED,
            *PUBLISHED,
            "Bundle",
        }
        (bundle,) = (each for each in searchable(statement) if each["type"] == "Bundle")
        (case,) = (each for each in searchable(statement) if each["type"] == "EpisodeOfCare")
        assert bundle["searchParam"] == case["searchParam"]


async def test_every_parameter_hits_and_misses(declared_store: Store, type_: str) -> None:
    async with asking_of(declared_store, type_) as asker:
        for param in asker.params:
            assert not await asker.ids(param.name, MISSES[param.kind]), param
            asked = list(_examples(asker, param))
            for id, text in asked:
                assert id in await asker.ids(param.name, text), (str(param), text)
            if param.name in STORED_NOWHERE:
                assert await asker.ids(f"{param.name}:missing", "true") == {*asker.resources}
            elif str(param) not in (*TEXT_ALONE, *IDENTIFIER_ALONE):
                assert asked, param


def _examples(asker: Asker, param: Declared, most: int = 3) -> Iterator[tuple[str, str]]:
    """Values of up to so many resources, each with the resource that has it."""
    asked: set[str] = set()
    for id, resource in asker.resources.items():
        if param.kind == "composite":
            texts = list(_pairs(resource, param))
        else:
            texts = [text for value in param.values(resource) for text in spellings(param, value)]
        if new := [text for text in texts if text not in asked]:
            asked.update(texts)
            yield from ((id, text) for text in new[:4])
            most -= 1
        if not most:
            return


def _pairs(resource: object, param: Declared) -> Iterator[str]:
    first, second = (at(resource, each.split(".")[1:]) for each in param.elements)
    for one, other in zip(first, second, strict=False):
        for _, code in codes(one):
            yield from (f"{escaped(code)}${escaped(value)}" for _, value in codes(other))


async def test_every_modifier_hits_and_misses(declared_store: Store, type_: str) -> None:
    async with asking_of(declared_store, type_) as asker:
        for param in asker.params:
            for modifier in param.modifiers:
                check = _CHECKS.get(modifier, _of_a_type)
                await check(asker, param, modifier)


async def _missing(asker: Asker, param: Declared, modifier: str) -> None:
    having = {id for id, _ in asker.having(param)}
    name = f"{param.name}:{modifier}"
    assert await asker.ids(name, "false") == having, param
    assert await asker.ids(name, "true") == {*asker.resources} - having, param


async def _not(asker: Asker, param: Declared, modifier: str) -> None:
    everything = {*asker.resources}
    name = f"{param.name}:{modifier}"
    assert await asker.ids(name, "no-such-code") == everything, param
    for id, text in _examples(asker, param, 1):
        found = await asker.ids(name, text)
        assert id not in found, (str(param), text)
        assert found == everything - await asker.ids(param.name, text), (str(param), text)


async def _in(asker: Asker, param: Declared, modifier: str) -> None:
    """One of the value sets at least has a code of a resource, and one has none."""
    urls = await _value_sets(asker, param)
    found = {url: await asker.ids(f"{param.name}:in", url) for url in urls}
    assert any(found.values()), param
    assert not all(found.values()), param
    for url in urls:
        others = await asker.ids(f"{param.name}:not-in", url)
        assert others == {*asker.resources} - found[url], (param, modifier, url)


async def _value_sets(asker: Asker, param: Declared) -> list[str]:
    response = await asker.get(f"{param.name}:in", "http://example.org/none")
    assert response.status_code == 400
    issue = response.json()["issue"][0]
    assert issue["code"] == "not-supported"
    found = re.findall(r"https?://[^ ,]+[^ ,.]", issue["diagnostics"])
    assert len(found) > 10
    return found


async def _text(asker: Asker, param: Declared, modifier: str) -> None:
    """The start of a text or of a display, whatever its case."""
    name = f"{param.name}:{modifier}"
    assert not await asker.ids(name, "zzz none"), param
    asked: set[str] = set()
    for id, value in asker.having(param):
        for text in words(value):
            start = escaped(text[:12]).upper()
            if start not in asked and len(asked) < 4:
                assert id in await asker.ids(name, start), (str(param), start)
                asked.add(start)
    if not asked:  # codes without a display: nothing to look into
        assert all(not words(value) for _, value in asker.having(param))


async def _of_type(asker: Asker, param: Declared, modifier: str) -> None:
    name = f"{param.name}:{modifier}"
    id, value = next(asker.having(param))
    assert isinstance(value, dict)
    ((system, code),) = codes(value["type"])
    number = escaped(value["value"])
    assert id in await asker.ids(name, f"{system}|{code}|{number}"), param
    assert not await asker.ids(name, f"{system}|no-such-type|{number}"), param
    assert not await asker.ids(name, f"{system}|{code}|no-such-number"), param


async def _identifier(asker: Asker, param: Declared, modifier: str) -> None:
    name = f"{param.name}:{modifier}"
    id, value = next(
        (id, each)
        for id, each in asker.having(param)
        if isinstance(each, dict) and "system" in each.get("identifier", {})
    )
    system, number = value["identifier"]["system"], escaped(value["identifier"]["value"])
    assert id in await asker.ids(name, f"{system}|{number}"), param
    assert id in await asker.ids(name, number), param
    assert not await asker.ids(name, f"{system}|no-such-number"), param
    assert not await asker.ids(name, f"http://example.org|{number}"), param


async def _of_a_type(asker: Asker, param: Declared, modifier: str) -> None:
    """A reference of a type is found by its id, by that type alone."""
    assert param.kind == "reference", (param, modifier)
    name = f"{param.name}:{modifier}"
    assert not await asker.ids(name, "no-such-id"), param
    for id, value in asker.having(param):
        assert isinstance(value, dict)
        kind, _, number = current(value.get("reference", "")).partition("/")
        if kind == modifier:
            assert id in await asker.ids(name, number), (str(param), value)
            alike = {each.get("type") for each in param.values(asker.resources[id])}
            for other in param.modifiers:
                if other[0].isupper() and other not in alike:
                    assert id not in await asker.ids(f"{param.name}:{other}", number)
            return
    if str(param) not in IDENTIFIER_ALONE:
        pytest.fail(f"{param}: nothing refers to {modifier}")


async def _exact(asker: Asker, param: Declared, modifier: str) -> None:
    name = f"{param.name}:{modifier}"
    id, value = next(
        (id, each)
        for id, each in asker.having(param)
        if isinstance(each, str) and each != each.swapcase()
    )
    assert id in await asker.ids(name, escaped(value)), param
    assert not await asker.ids(name, escaped(value.swapcase())), param
    assert id in await asker.ids(param.name, escaped(value.swapcase())), param


async def _contains(asker: Asker, param: Declared, modifier: str) -> None:
    name = f"{param.name}:{modifier}"
    id, value = next(asker.having(param))
    assert isinstance(value, str)
    assert id in await asker.ids(name, escaped(value[2:9].upper())), param
    assert id not in await asker.ids(param.name, escaped(value[2:9])), param
    assert not await asker.ids(name, "zzz none"), param


async def _below(asker: Asker, param: Declared, modifier: str) -> None:
    name = f"{param.name}:{modifier}"
    assert not await asker.ids(name, "urn:none"), param
    if param.name in STORED_NOWHERE:
        return
    id, value = next(asker.having(param))
    assert isinstance(value, str)
    assert id in await asker.ids(name, escaped(value.rpartition("/")[0])), param
    assert id not in await asker.ids(name, escaped(f"{value}/more")), param


async def _above(asker: Asker, param: Declared, modifier: str) -> None:
    name = f"{param.name}:{modifier}"
    assert not await asker.ids(name, "urn:none"), param
    if param.name in STORED_NOWHERE:
        return
    id, value = next(asker.having(param))
    assert isinstance(value, str)
    assert id in await asker.ids(name, escaped(f"{value}/more")), param
    assert id not in await asker.ids(name, escaped(value.rpartition("/")[0])), param


_CHECKS: dict[str, Callable[[Asker, Declared, str], Awaitable[None]]] = {
    "missing": _missing,
    "not": _not,
    "in": _in,
    "not-in": _in,
    "text": _text,
    "of-type": _of_type,
    "identifier": _identifier,
    "exact": _exact,
    "contains": _contains,
    "below": _below,
    "above": _above,
}


async def test_the_cases_are_searched_alike(declared_store: Store) -> None:
    async with asking_of(declared_store, "EpisodeOfCare") as asker:
        for param in asker.params:
            for _, text in _examples(asker, param, 1):
                query = {param.name: text, "_count": "1000"}
                cases = ids((await asker.client.get("/Bundle", params=query)).json())
                found = ids((await asker.client.get("/EpisodeOfCare", params=query)).json())
                assert [each.partition("/")[2] for each in cases] == [
                    each.partition("/")[2] for each in found
                ], param
