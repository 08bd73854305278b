"""Whether a resource is surely valid: what `validate` would say, quicker, but without a reason.

The checks, bindings and invariants are those of `rules.validation`, bound once to the shape of each
type. What is rare (contained resources, primitives with extensions) is left to `validate`.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import orjson

from fhir_facade.rules.validation import primitives, references, schema, xhtml
from fhir_facade.rules.validation.bindings import RESOURCE_TYPES, ValueSet
from fhir_facade.rules.validation.differences import UNCHECKED
from fhir_facade.rules.validation.resource_invariants import rules_of
from fhir_facade.rules.validation.schema import Element, Shape
from fhir_facade.rules.validation.scope import Scope
from fhir_facade.rules.validation.values import items, text

Holds = Callable[[Any], bool]
Invariant = Callable[[dict[str, Any], Scope], bool]

KEPT: Final = 2000
"""Values of one element that are remembered as valid, before it starts anew."""
_LARGEST_KEPT: Final = 1000
DEEPEST: Final = 12
"""Levels that are looked at here: no more than `validate` allows."""
_REPEATED: Final = frozenset({"canonical", "code", "uri", "url"})
"""Primitives whose few values come again and again."""
_TOLD_APART: Final = frozenset({"CodeableConcept", "Coding", "Extension", "Reference"})
"""Datatypes whose few values come again and again."""
_LEFT_OUT: Final = frozenset({"contained", "modifierExtension"})
_ALONE: Final = Scope("", {})
"""Nothing is contained, so nothing depends on what is around an element."""

_MOMENT: Final = re.compile(
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3})?Z"
).fullmatch
"""A moment as this server writes most, on a day that every month has."""
_WORDS: Final = r"(?:[^<>&\x00-\x1f\ud800-\udfff\ufffe\uffff]++|&(?:amp|lt|gt|quot|\#x27);)++"
_TABLE: Final = re.compile(
    r'<div xmlns="http://www\.w3\.org/1999/xhtml"(?: class="[a-z-]+")?>'
    r"<p><b>[A-Z][a-z ]*</b></p>(?:<table><tbody>"
    rf"(?:<tr><td><b>{_WORDS}</b></td><td>{_WORDS}(?:<br/>{_WORDS})*+</td></tr>)++"
    r"</tbody></table>)?</div>"
)
"""The narratives that this server writes: to look at one as XML takes longer than all the rest."""


def surely_valid(resource: dict[str, Any]) -> bool:
    """Say whether `validate` would find nothing; False where only `validate` can tell."""
    name = resource.get("resourceType")
    if type(name) is not str or name not in RESOURCE_TYPES or name in UNCHECKED:
        return False
    return _resource(name)(resource)


@cache
def _resource(name: str) -> Holds:
    return _object(schema.shape_of_resource(name), 0)


@cache
def _datatype(model: str, depth: int) -> Holds:
    """Return the test of a type, made when it is first needed: a type may hold itself."""
    made: list[Holds] = []

    def holds(value: Any) -> bool:
        if not made:
            made.append(_object(schema.shape_of(model), depth))
        return made[0](value)

    return holds if depth <= DEEPEST else _never


def _never(value: Any) -> bool:
    del value
    return False


def _object(shape: Shape, depth: int) -> Holds:
    tests = {key: _property(each, depth) for key, each in shape.elements.items()}
    if shape.resource:
        tests["resourceType"] = lambda _: True
    if shape.name != "Extension" and "extension" in tests:
        tests["extension"] = _absolute(tests["extension"])
    find, rules = tests.get, _rules(shape)
    groups = [frozenset(each.key for each in group) for _, group in shape.required]
    mandatory = tuple(key for group in groups if len(group) == 1 for key in group)
    one_needed = tuple(group for group in groups if len(group) > 1)
    choices = () if rules == _EXTENSION else _choices(shape)
    spare = len(mandatory) + 1

    def holds(value: Any) -> bool:
        if type(value) is not dict or (len(value) < 2 and (not value or "id" in value)):
            return False
        for key, part in value.items():
            test = find(key)
            if test is None or not test(part):
                return False
        for key in mandatory:
            if key not in value:
                return False
        for group in one_needed:
            if group.isdisjoint(value):
                return False
        if choices and len(value) > spare and not all(_one(keys, value) for keys in choices):
            return False
        for rule in rules:  # noqa: SIM110 - a generator costs more than the rule
            if not rule(value, _ALONE):
                return False
        return True

    return holds


def _absolute(extensions: Holds) -> Holds:
    """Add to a test of extensions that stand in no other that each has an absolute url."""
    return lambda value: extensions(value) and all(":" in each["url"] for each in value)


def _extension(value: dict[str, Any], _: Scope) -> bool:
    """Say whether an Extension, whose parts are valid, has one value or extensions (ext-1)."""
    return len(value) - ("id" in value) == 2


_EXTENSION: Final[tuple[Invariant, ...]] = (_extension,)


def _rules(shape: Shape) -> tuple[Invariant, ...]:
    if shape.name == "Extension":
        return _EXTENSION
    rules = tuple(rule.holds for _, rule in rules_of(shape.name))
    return (_in_order(rules[0]),) if shape.name == "Period" else rules


def _in_order(rule: Invariant) -> Invariant:
    """Compare moments of one zone and precision as texts (per-1), others as `rule` does."""

    def holds(value: dict[str, Any], scope: Scope) -> bool:
        start, end = value.get("start"), value.get("end")
        if start is None or end is None:
            return True
        alike = len(start) == len(end) and start[-1] == end[-1] == "Z"
        return bool(start <= end) if alike else rule(value, scope)

    return holds


def _choices(shape: Shape) -> tuple[frozenset[str], ...]:
    """Return the keys of each choice, of which a value has one at most."""
    groups: dict[str, set[str]] = {}
    for each in shape.elements.values():
        if each.choice:
            groups.setdefault(each.name, set()).add(each.key)
    return tuple(map(frozenset, groups.values()))


def _one(keys: frozenset[str], value: dict[str, Any]) -> bool:
    return sum(key in keys for key in value) <= 1


def _property(element: Element, depth: int) -> Holds:
    if element.key in _LEFT_OUT or element.model == schema.RESOURCE:
        return _never
    one = _primitive(element) if element.primitive else _child(element, depth + 1)
    if not element.many:
        return one

    def many(value: Any) -> bool:
        if type(value) is not list or not value:
            return False
        for each in value:  # noqa: SIM110 - as above
            if not one(each):
                return False
        return True

    return many


def _primitive(element: Element) -> Holds:
    check, linking = element.check, element.linking
    if check is None:
        return _never
    codes = None if element.value_set is None else element.value_set.codes
    if element.primitive == "xhtml":
        return lambda value: (
            check(value) is None
            and (_TABLE.fullmatch(value) is not None or not xhtml.problems(value))
        )
    if check is primitives.CHECKS["string"] and codes is None and not linking:
        return lambda value: (
            (type(value) is str and 0 < len(value) < _LARGEST_KEPT and value.isprintable())
            or check(value) is None
        )
    if element.primitive in ("dateTime", "instant"):
        return lambda value: (
            (type(value) is str and _MOMENT(value) is not None) or check(value) is None
        )
    if element.primitive not in _REPEATED:
        return lambda value: (
            check(value) is None
            and (codes is None or value in codes)
            and not (linking and value[0] == "#")
        )
    known: set[str] = set()

    def repeated(value: Any) -> bool:
        if type(value) is not str or value in known:
            return type(value) is str
        if check(value) is not None or (linking and value[0] == "#"):
            return False
        if codes is not None and value not in codes:
            return False
        _keep(known, value)
        return True

    return repeated


def _child(element: Element, depth: int) -> Holds:
    datatype = _datatype(element.model, depth)
    tests = [datatype, *_in_context(element)]
    whole = datatype if len(tests) == 1 else (lambda value: all(test(value) for test in tests))
    if element.model.rpartition(".")[2] not in _TOLD_APART:
        return whole
    known: set[bytes] = set()

    def told_apart(value: Any) -> bool:
        try:
            data = orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
        except (TypeError, ValueError):  # a number that keeps its digits
            return whole(value)
        if data in known:
            return True
        if not whole(value):
            return False
        if len(data) <= _LARGEST_KEPT:
            _keep(known, data)
        return True

    return told_apart


def _in_context(element: Element) -> list[Holds]:
    """Return what an element demands of its datatype: targets, codes, no comparator."""
    found: list[Holds] = []
    if element.model == schema.REFERENCE:
        targets = element.targets
        found.append(lambda value: _points(value, targets))
    if element.value_set is not None:
        value_set = element.value_set
        found.append(lambda value: _is_bound(value, value_set))
    if element.simple:
        found.append(lambda value: "comparator" not in value)
    return found


def _points(value: dict[str, Any], targets: frozenset[str]) -> bool:
    """Say whether a reference to something outside of the resource may stand here."""
    if value.get("reference", "").startswith("#"):
        return False
    return not any(True for _ in references.problems(value, targets, _ALONE))


def _is_bound(value: dict[str, Any], value_set: ValueSet) -> bool:
    return any(
        text(each, "system") == value_set.system and text(each, "code") in value_set.codes
        for each in items(value, "coding")
    )


def _keep(known: set[Any], value: Any) -> None:
    if len(known) >= KEPT:
        known.clear()
    known.add(value)
