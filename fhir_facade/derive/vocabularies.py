"""The codes that served resources hold: which systems, which value sets, which bindings.

https://hl7.org/fhir/R4/terminologies.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from fhir_facade.derive.lines import Line, lines, parts
from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds.concepts import system_url
from fhir_facade.rules.kinds.described import Vocabulary
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.value_sets import value_set_url

Systems = tuple[str, ...]
"""Code systems of one element, as the mappings name them."""


@lru_cache(maxsize=4)
def every_line(registry: Registry) -> tuple[Line, ...]:
    """Return every element that is given, the parts of extensions among them."""
    own = (line for resource in registry for line in lines(resource))
    return tuple(each for line in own for each in _with_parts(line))


def _with_parts(line: Line) -> Iterator[Line]:
    yield line
    for _, each in parts(line):
        yield from _with_parts(each)


def short_name(system: str) -> str:
    """Return what the value set of a code system is called, `task-status`."""
    return system.rsplit("/", 1)[-1].lower()


def is_local(system: str) -> bool:
    return "://" not in system


def value_set_id(systems: Systems) -> str:
    return "-or-".join(map(short_name, systems))


@lru_cache(maxsize=4)
def vocabularies(registry: Registry) -> dict[str, Vocabulary]:
    """Return by system all codes that are given; raise ValueError where two tables share one."""
    found: dict[str, Vocabulary] = {}
    names: dict[str, str] = {}
    for line in every_line(registry):
        for each in line.kind.vocabularies:
            if names.setdefault(short_name(each.system), each.system) != each.system:
                raise ValueError(f"two code systems would give {short_name(each.system)}")
            known = found.get(each.system)
            found[each.system] = each if known is None else _joined(known, each)
    return dict(sorted(found.items(), key=lambda pair: short_name(pair[0])))


def _joined(one: Vocabulary, other: Vocabulary) -> Vocabulary:
    if None not in (one.table, other.table) and one.table is not other.table:
        raise ValueError(f"two code tables for {one.system}")
    return Vocabulary(
        one.system,
        {**one.codes, **other.codes},
        is_open=one.is_open or other.is_open,
        table=one.table or other.table,
    )


def tables(registry: Registry) -> dict[str, Codes]:
    """Return name → code table."""
    known = vocabularies(registry).values()
    return {short_name(each.system): each.table for each in known if each.table is not None}


def systems_of(group: Iterable[Line]) -> Systems:
    """Return the systems that an element's lines give codes of."""
    named = (each.system for line in group for each in line.kind.vocabularies)
    return tuple(dict.fromkeys(named))


def bound_systems(registry: Registry) -> set[Systems]:
    """Return the systems of every element that is bound here, several together.

    R4 itself binds each element that is a code.
    """
    by_element: dict[str, list[Line]] = {}
    for line in every_line(registry):
        if line.in_extension or line.kind.fhir_type != "code":
            by_element.setdefault(line.element, []).append(line)
    return {systems_of(group) for group in by_element.values()} - {()}


def binding(
    group: Sequence[Line], fhir_type: str, context: Context, *, least: str = "preferred"
) -> dict[str, Any] | None:
    """Return the binding of an element to this guide's value set, if its lines give codes.

    Only a CodeableConcept can say in words what no code says; codes that are not known before they
    are stored cannot be checked.
    """
    systems = systems_of(group)
    if not systems or fhir_type not in ("CodeableConcept", "Coding", "code"):
        return None
    known = all(map(_is_known, (each for line in group for each in line.kind.vocabularies)))
    strength = {"CodeableConcept": "extensible", "code": "required"}.get(fhir_type, least)
    return {
        "strength": strength if known else least,
        "valueSet": value_set_url(value_set_id(systems), context),
    }


def _is_known(vocabulary: Vocabulary) -> bool:
    return not vocabulary.is_open


def included(vocabulary: Vocabulary, context: Context) -> dict[str, Any]:
    """Return what a value set includes of a code system."""
    system = {"system": system_url(vocabulary.system, context)}
    known = vocabulary.table.stored if vocabulary.table is not None else vocabulary.codes
    whole = is_local(vocabulary.system) and (vocabulary.table is None or not vocabulary.is_open)
    if whole:
        return system
    return {**system, "concept": [{"code": code} for code in known]}


def platform_name(name: str) -> str:
    """Return what the platform's spellings of a code table are published as."""
    return f"platform-{name}"


@lru_cache(maxsize=4)
def uses(registry: Registry) -> dict[str, list[str]]:
    """Return by system the elements that its codes are given in."""
    found: dict[str, dict[str, None]] = {}
    for line in every_line(registry):
        for each in line.kind.vocabularies:
            found.setdefault(each.system, {})[line.element] = None
    return {system: list(elements) for system, elements in found.items()}
