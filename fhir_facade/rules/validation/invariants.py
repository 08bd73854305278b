"""The invariants of R4: what must hold between the elements of one value.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir_facade.rules.validation.scope import Scope
from fhir_facade.rules.validation.values import after, child, chosen, exists, items, number, text

Holder = dict[str, Any]
Holds = Callable[[Holder, Scope], bool]
_UCUM = "http://unitsofmeasure.org"
_NEVER_WITH_OFFSET = {"C", "CM", "CD", "CV"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One invariant: its key, what it says, and whether a value keeps it."""

    key: str
    text: str
    holds: Holds


def needs(name: str, other: str) -> Holds:
    """Where the first element is, the other must be too."""
    return lambda it, _: not exists(it, name) or exists(it, other)


def excludes(name: str, other: str) -> Holds:
    """The two elements must not both be there."""
    return lambda it, _: not (exists(it, name) and exists(it, other))


def either(name: str, other: str) -> Holds:
    """Exactly one of the two elements must be there."""
    return lambda it, _: exists(it, name) != exists(it, other)


def in_order(first: str, second: str) -> Holds:
    """The first date must not lie after the second."""
    return lambda it, _: not after(it.get(first), it.get(second))


def _not_negative(name: str) -> Holds:
    return lambda it, _: (value := number(it, name)) is None or value >= 0


def _extension(it: Holder, _: Scope) -> bool:
    return exists(it, "extension") != chosen(it, "value")


def _range(it: Holder, _: Scope) -> bool:
    low, high = it.get("low"), it.get("high")
    least, most = number(low, "value"), number(high, "value")
    if least is None or most is None:
        return True
    comparable = all(child(low, each) == child(high, each) for each in ("system", "code", "unit"))
    return not comparable or least <= most


def _ratio(it: Holder, _: Scope) -> bool:
    numerator = exists(it, "numerator")
    both_or_none = numerator == exists(it, "denominator")
    return both_or_none and (numerator or exists(it, "extension"))


def _ucum(it: Holder, _: Scope) -> bool:
    coded = exists(it, "code") or not exists(it, "value")
    return coded and (not exists(it, "system") or it.get("system") == _UCUM)


def _age(it: Holder, scope: Scope) -> bool:
    value = number(it, "value")
    return _ucum(it, scope) and (value is None or value > 0)


def _duration(it: Holder, _: Scope) -> bool:
    return not exists(it, "code") or (it.get("system") == _UCUM and exists(it, "value"))


def _count(it: Holder, scope: Scope) -> bool:
    value = it.get("value")
    whole = not isinstance(value, float | Decimal) or "." not in getattr(value, "text", str(value))
    return _ucum(it, scope) and it.get("code") in (None, "1") and whole


def _offset(it: Holder, _: Scope) -> bool:
    if not exists(it, "offset"):
        return True
    when = items(it, "when")
    return bool(when) and not any(
        isinstance(each, str) and each in _NEVER_WITH_OFFSET for each in when
    )


def _trigger(it: Holder, _: Scope) -> bool:
    kind = text(it, "type") or ""
    if kind == "named-event":
        return exists(it, "name")
    if kind == "periodic":
        return chosen(it, "timing")
    return not kind.startswith("data-") or exists(it, "data")


_QUANTITY = Rule(
    "qty-3",
    "if a code for the unit is present, the system shall also be present",
    needs("code", "system"),
)
_PATH_OR_PARAMETER = "either a path or a searchParam must be provided, but not both"

DATATYPES: dict[str, tuple[Rule, ...]] = {
    "Age": (
        _QUANTITY,
        Rule("age-1", "a value needs a UCUM code for time and must be positive", _age),
    ),
    "Attachment": (
        Rule(
            "att-1", "if there is data, there shall be a contentType", needs("data", "contentType")
        ),
    ),
    "ContactPoint": (
        Rule("cpt-2", "a system is required if a value is provided", needs("value", "system")),
    ),
    "Count": (_QUANTITY, Rule("cnt-3", "a value needs the UCUM code 1 and is whole", _count)),
    "DataRequirement.codeFilter": (
        Rule("drq-1", _PATH_OR_PARAMETER, either("path", "searchParam")),
    ),
    "DataRequirement.dateFilter": (
        Rule("drq-2", _PATH_OR_PARAMETER, either("path", "searchParam")),
    ),
    "Distance": (_QUANTITY, Rule("dis-1", "a value needs a UCUM code for length", _ucum)),
    "Duration": (
        _QUANTITY,
        Rule("drt-1", "a code needs the system UCUM and a value", _duration),
    ),
    "Expression": (
        Rule(
            "exp-1",
            "an expression or a reference must be provided",
            lambda it, _: exists(it, "expression") or exists(it, "reference"),
        ),
    ),
    "Extension": (
        Rule("ext-1", "there must be either extensions or value[x], not both", _extension),
    ),
    "Period": (Rule("per-1", "the start shall not lie after the end", in_order("start", "end")),),
    "Quantity": (_QUANTITY,),
    "Range": (Rule("rng-2", "the low shall not be more than the high", _range),),
    "Ratio": (
        Rule("rat-1", "there must be numerator and denominator, or neither but extensions", _ratio),
    ),
    "Timing.repeat": (
        Rule("tim-1", "a duration needs a durationUnit", needs("duration", "durationUnit")),
        Rule("tim-2", "a period needs a periodUnit", needs("period", "periodUnit")),
        Rule("tim-4", "the duration shall not be negative", _not_negative("duration")),
        Rule("tim-5", "the period shall not be negative", _not_negative("period")),
        Rule("tim-6", "a periodMax needs a period", needs("periodMax", "period")),
        Rule("tim-7", "a durationMax needs a duration", needs("durationMax", "duration")),
        Rule("tim-8", "a countMax needs a count", needs("countMax", "count")),
        Rule("tim-9", "an offset needs a when that is not C, CM, CD or CV", _offset),
        Rule("tim-10", "there may be timeOfDay or when, not both", excludes("timeOfDay", "when")),
    ),
    "TriggerDefinition": (
        Rule(
            "trd-1",
            "there may be timing or data, not both",
            lambda it, _: not (exists(it, "data") and chosen(it, "timing")),
        ),
        Rule("trd-2", "a condition needs data", needs("condition", "data")),
        Rule("trd-3", "the type needs a name, a timing or data", _trigger),
    ),
}
