"""What is served under a code, an identifier, a tag or a reference is found under it; nothing else.

Brute force: each value that any served resource holds is asked for in each of its forms, and the
filter must match exactly the documents whose served resource holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest

from fhir_facade.demo import generate
from fhir_facade.search.joins import held
from fhir_facade.search.plan import SearchOptions, plan_search
from fhir_facade.store.matching import compile_filter
from tests.mappings.serving import Document, records, registry, stored
from tests.recorded import recorded
from tests.search.served_values import (
    IDENTIFIERS_ONLY,
    REFERENCES,
    TOKENS,
    WORDS_ONLY,
    Resource,
)

BASE_URL = "https://example.org/fhir"
OPTIONS = SearchOptions(registry(), BASE_URL)
EMBEDDED = {"DocumentReference", "Provenance"}
SEEDS = (1, 2)
MEMBERS = 25


class Served(NamedTuple):
    """A document with what is served of it, and whether searches leave it out."""

    document: Document
    resource: Resource
    deleted: bool
    hidden: bool


def _escaped(value: str) -> str:
    return "".join(f"\\{letter}" if letter in ",|$\\" else letter for letter in value)


def _is_marked(document: Document, *names: str) -> bool:
    return any(document.get(name) in (True, 1, "true", "True", "TRUE", "1") for name in names)


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed{seed}")
def served(request: pytest.FixtureRequest) -> dict[str, list[Served]]:
    documents = [*generate(MEMBERS, request.param, dirty=0.5)]
    documents += recorded(documents)
    pairs = [(name, stored(each)) for name, each in documents]
    found: dict[str, list[Served]] = {}
    for each in registry():
        source = each.sources[0]
        found[each.name] = [
            Served(
                document,
                resource,
                _is_marked(document, "is_deleted", "isDeleted"),
                _is_marked(document, "is_hidden", "isHidden"),
            )
            for name, document in pairs
            if name == source.mapping.collection and each.name not in EMBEDDED
            for record in records(source, document)
            if (resource := source.encode(record, "1", [])) is not None
        ]
    return found


def _wrong(
    resource: str, name: str, value: str, pool: list[Served], holds: Iterable[bool]
) -> list[str]:
    plan = plan_search(registry().types[resource], [(name, value)], OPTIONS)
    matches = compile_filter(plan.sources[0].filter)
    shows_hidden = name == "_tag" and value.rpartition("|")[2] == "hidden"
    return [
        f"{resource}?{name}={value} finds={matches(each.document)}: {each.document['_id']}"
        for each, is_held in zip(pool, holds, strict=True)
        if matches(each.document)
        != (is_held and not each.deleted and (shows_hidden or not each.hidden))
    ]


def _params(table: dict[str, dict[str, Callable[..., Any]]]) -> list[tuple[str, str]]:
    return [(resource, name) for resource, names in table.items() for name in names]


@pytest.mark.parametrize(("resource", "name"), _params(TOKENS))
def test_tokens(served: dict[str, list[Served]], resource: str, name: str) -> None:
    pool = served[resource]
    held = [set(TOKENS[resource][name](each.resource)) for each in pool]
    values = set().union(*held)
    assert values or name == "_tag" or name in WORDS_ONLY
    wrong: list[str] = []
    for system, code in sorted(values, key=str):
        asked = _escaped(code)
        wrong += _wrong(resource, name, asked, pool, [code in {c for _, c in h} for h in held])
        if system is not None:
            is_held = [(system, code) in each for each in held]
            wrong += _wrong(resource, name, f"{system}|{asked}", pool, is_held)
            nothing = [False] * len(pool)
            wrong += _wrong(resource, name, f"|{asked}", pool, nothing)
            wrong += _wrong(resource, name, f"http://example.org/other|{asked}", pool, nothing)
    assert wrong == []


@pytest.mark.parametrize(("resource", "name"), _params(TOKENS))
def test_systems(served: dict[str, list[Served]], resource: str, name: str) -> None:
    pool = served[resource]
    held = [{system for system, _ in TOKENS[resource][name](each.resource)} for each in pool]
    wrong: list[str] = []
    for system in sorted(filter(None, set().union(*held))):
        wrong += _wrong(resource, name, f"{system}|", pool, [system in each for each in held])
    assert wrong == []


@pytest.mark.parametrize(("resource", "name"), _params(REFERENCES))
def test_references(served: dict[str, list[Served]], resource: str, name: str) -> None:
    pool = served[resource]
    held = [set(REFERENCES[resource][name](each.resource)) for each in pool]
    values = set().union(*held)
    assert values or (resource, name) in IDENTIFIERS_ONLY
    wrong: list[str] = []
    for to, key in sorted(values):
        bare = [key in {each for _, each in links} for links in held]
        wrong += _wrong(resource, name, key, pool, bare)
        typed = [(to, key) in links for links in held]
        wrong += _wrong(resource, name, f"{to}/{key}", pool, typed)
        wrong += _wrong(resource, name, f"{BASE_URL}/{to}/{key}", pool, typed)
        nothing = [False] * len(pool)
        wrong += _wrong(resource, name, f"https://elsewhere.org/{to}/{key}", pool, nothing)
        wrong += _wrong(resource, name, f"Location/{key}", pool, nothing)
    assert wrong == []


@pytest.mark.parametrize("resource", sorted(TOKENS))
def test_a_search_of_everything_leaves_out_the_deleted_and_the_hidden(
    served: dict[str, list[Served]], resource: str
) -> None:
    plan = plan_search(registry().types[resource], [], OPTIONS)
    matches = compile_filter(plan.sources[0].filter)
    found = [each.document["_id"] for each in served[resource] if matches(each.document)]
    wanted = [
        each.document["_id"] for each in served[resource] if not each.deleted and not each.hidden
    ]
    assert found == wanted


def test_every_token_and_reference_parameter_is_asked() -> None:
    declared = {
        (each.name, name)
        for each in registry()
        for name, param in each.params.items()
        if param.type in ("token", "reference") and each.name not in EMBEDDED
        if held(param) is None  # the other side holds the link: another search tells
    }
    assert declared == set(_params(TOKENS)) | set(_params(REFERENCES))


def test_servable_documents_are_those_the_filter_of_servable_ones_matches() -> None:
    for name, document in generate(40, 3, dirty=0.6):
        as_stored = stored(document)
        for each in registry():
            source = each.sources[0]
            if source.mapping.collection != name or each.name in EMBEDDED:
                continue
            for record in records(source, as_stored):
                findings: list[Any] = []
                resource = source.encode(record, "1", findings)
                by_id = any(finding.element.endswith(".id") for finding in findings)
                counted = not source.servable or compile_filter(source.servable)(record)
                assert counted == (resource is not None) or by_id, (each.name, document["_id"])
