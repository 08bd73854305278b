"""Goal: what a member wants to reach (`work_queue`, type goal).

https://hl7.org/fhir/R4/goal.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.draft import Draft
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.getting import (
    WHOLE,
)
from fhir_facade.rules.kinds import Boolean, Code, Concept, Date, Integer, Kind, Many, Site, Text
from fhir_facade.rules.kinds.base import wrong_type
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.quantities import (
    number,
    read_quantity,
    read_range,
    read_ratio,
    stored_quantity,
)
from fhir_facade.rules.mapping import (
    Mapping,
    rule,
)
from fhir_facade.rules.text import clean, is_code
from mappings.codes import GOAL_ACHIEVEMENT, GOAL_CATEGORY, GOAL_PRIORITY, GOAL_STATUS
from mappings.common import (
    ASSIGNED,
    CASES,
    CREATED_BY,
    CREATED_ON,
    EMPLOYER,
    MODULES,
    NOT_MARKED,
    NOTES,
    REQUIRED_MEMBER,
    UPDATED_BY,
    WORK_ITEM_ID,
    WRITABLE,
    record,
    work_item,
)
from mappings.us_core import US_CORE_GOAL

_READERS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "quantity": ("detailQuantity", read_quantity),
    "range": ("detailRange", read_range),
    "ratio": ("detailRatio", read_ratio),
}


@dataclass(frozen=True)
class _Detail(Kind):
    """A measure's value in one of its types."""

    @property
    def fhir_type(self) -> str:
        return "*"

    def describe(self) -> str:
        return "a measure of this type"


@dataclass(frozen=True)
class TargetMeasure(Kind):
    """`target_measure` {type, value, system} as `detail[x]`, with the `measure` gol-1 asks for."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    def encoder(self, site: Site) -> Encode:
        site = site.at("target_measure")
        simple = {
            "boolean": ("detailBoolean", Boolean().encoder(site)),
            "integer": ("detailInteger", Integer().encoder(site)),
            "string": ("detailString", Text().encoder(site)),
        }

        def encode(document: Any, findings: Findings) -> Any:
            stored = document.get("target_measure")
            if stored in (None, "", {}):
                return None
            if not isinstance(stored, dict):
                stored = {"value": stored}
            value, system = stored.get("value"), stored.get("system")
            if value in (None, "", {}, []):
                findings.append(site.degraded("a measure without a value"))
                return None
            detail = read(_kind_of(stored.get("type"), value), value, system, findings)
            return None if detail is None else {"measure": _measure(document), **detail}

        def read(kind: str, value: Any, system: Any, findings: Findings) -> Any:
            if kind in _READERS:
                name, reader = _READERS[kind]
                found = reader(value, system)
                if found is not None:
                    return {name: found}
            elif kind == "codeableconcept":
                concept = _concept(value, system)
                if concept is not None and _has_bad_system({"system": system}):
                    findings.append(site.degraded("a system that is no URL; served as text"))
                if concept is not None:
                    return {"detailCodeableConcept": concept}
            elif kind in simple:
                name, encode_simple = simple[kind]
                encoded = encode_simple(_loosened(kind, value), [])
                if encoded is not None:
                    return {name: encoded}
            return as_text(value, findings)

        def as_text(value: Any, findings: Findings) -> Any:
            quantity = None if isinstance(value, str) else read_quantity(value)
            if quantity is not None:
                findings.append(site.degraded("served as quantity: it does not fit its type"))
                return {"detailQuantity": quantity}
            text = clean(value) if isinstance(value, str) else None
            reason = "served as text: it does not read as its measure type"
            findings.append(site.degraded(reason if text else wrong_type(value, "a measure")))
            return None if text is None else {"detailString": text}

        return encode

    @property
    def gives(self) -> tuple[Given, ...]:
        details = (given(name, "target_measure", _Detail()) for name in _STORERS)
        return (given("measure.text", "name", Text()), *details)

    @property
    def reads(self) -> tuple[str, ...]:
        return ("target_measure",)

    def decoder(self, site: Site) -> Decode:
        """Store the detail with its type; `measure` is the goal's name where nothing better is."""
        del site

        def decode(target: Any, document: Any) -> dict[str, Any]:
            old = document.get("target_measure")
            others = old if isinstance(old, dict) else {}
            name = next((each for each in target or () if each in _STORERS), None)
            if name is None:
                return {"target_measure": None}
            kind, stored = _STORERS[name]
            kept = {each: value for each, value in others.items() if each not in _MEASURE_FIELDS}
            value = _with_others(stored(target[name]), others.get("value"))
            return {"target_measure": {**kept, "type": kind, **value} if value else None}

        return decode

    def describe(self) -> str:
        return "measure: quantity, range, ratio, string, boolean, integer or CodeableConcept"


NO_NAME = "Target measure"
_MEASURE_FIELDS = ("type", "value", "system")


_VALUE_FIELDS = (
    "value",
    "comparator",
    "unit",
    "system",
    "code",
    "low",
    "high",
    "numerator",
    "denominator",
)


def _with_others(stored: dict[str, Any], old: Any) -> dict[str, Any]:
    """Add what else the value that is there holds."""
    value = stored.get("value")
    if not isinstance(value, dict) or not isinstance(old, dict):
        return stored
    others = {name: each for name, each in old.items() if name not in _VALUE_FIELDS}
    return {**stored, "value": {**others, **value}}


def _stored_quantity(value: dict[str, Any]) -> dict[str, Any]:
    stored = stored_quantity(value)
    return {} if stored is None else {"value": stored}


def _stored_parts(value: dict[str, Any], *names: str) -> dict[str, Any]:
    parts = {each: stored_quantity(value[each]) for each in names if each in value}
    return {"value": parts} if parts and all(parts.values()) else {}


def _stored_concept(value: dict[str, Any]) -> dict[str, Any]:
    coding = (value.get("coding") or [{}])[0]
    code = coding.get("code") or value.get("text")
    shown = {"display": value["text"]} if "text" in value and "code" in coding else {}
    system = {"system": coding["system"]} if "system" in coding else {}
    return {"value": {"code": code, **shown} if shown else code, **system} if code else {}


_STORERS: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "detailQuantity": ("quantity", _stored_quantity),
    "detailRange": ("range", lambda value: _stored_parts(value, "low", "high")),
    "detailRatio": ("ratio", lambda value: _stored_parts(value, "numerator", "denominator")),
    "detailString": ("string", lambda value: {"value": value}),
    "detailBoolean": ("boolean", lambda value: {"value": value}),
    "detailInteger": ("integer", lambda value: {"value": value} if type(value) is int else {}),
    "detailCodeableConcept": ("codeableconcept", _stored_concept),
}
"""Choice of `target.detail[x]` → the type it is stored under, and what stores its value."""


def _kind_of(stored: Any, value: Any) -> str:
    if isinstance(stored, str) and stored.strip():
        kind = stored.strip().lower()
        return "quantity" if kind in ("number", "decimal") else kind
    by_type = {bool: "boolean", int: "integer", str: "string"}
    if isinstance(value, dict):
        return "range" if {"low", "high"} & value.keys() else "quantity"
    if isinstance(value, str) and read_quantity(value) is not None:
        return "quantity"
    return by_type.get(type(value), "quantity")


def _loosened(kind: str, value: Any) -> Any:
    """A number may be stored as text, and a text as a number."""
    plain = value.get("value") if isinstance(value, dict) else value
    if kind == "integer" and isinstance(plain, str):
        return float(plain) if number(plain) is not None else plain
    if kind == "string" and not isinstance(plain, bool) and isinstance(plain, int | float):
        return str(plain)
    return plain


def _measure(document: dict[str, Any]) -> dict[str, Any]:
    name = document.get("name")
    text = clean(name) if isinstance(name, str) else None
    return {"text": text or NO_NAME}


def _concept(value: Any, system: Any) -> dict[str, Any] | None:
    pair = value if isinstance(value, dict) else {"code": value}
    code, display = pair.get("code", pair.get("value")), pair.get("display", pair.get("text"))
    url = pair.get("system", system)
    concept: dict[str, Any] = {}
    if isinstance(code, str) and is_code(code) and isinstance(url, str) and _is_url(url):
        concept["coding"] = [{"system": url, "code": code}]
    texts = (clean(each) for each in (display, code) if isinstance(each, str))
    text = next((each for each in texts if each is not None), None)
    return {**concept, "text": text} if text is not None else None


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://", "urn:")) and not any(map(str.isspace, text))


def _has_bad_system(value: dict[str, Any]) -> bool:
    system = value.get("system")
    return system not in (None, "") and not (isinstance(system, str) and _is_url(system))


@dataclass(frozen=True)
class Outcome(Kind):
    """An outcome: text, or an object with a code."""

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept"

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> Any:
            if isinstance(value, str):
                text = clean(value)
                return None if text is None else {"text": text}
            found = _outcome_coding(value) if isinstance(value, dict) else None
            if found is None:
                findings.append(site.degraded(wrong_type(value, "an outcome")))
            elif _has_bad_system(value):
                findings.append(
                    site.degraded("a system that is no URL; the code stands without it")
                )
            return found

        return encode

    def decoder(self, site: Site) -> Decode:
        del site
        return lambda value, old: _stored_outcome(value, old)


def _stored_outcome(value: dict[str, Any], old: Any) -> Any:
    """Return a text for words alone, else an object of the first coding, under the names it has."""
    coding = (value.get("coding") or [{}])[0]
    if "code" not in coding:
        return value.get("text")
    known = old if isinstance(old, dict) else {}
    others = {name: each for name, each in known.items() if name not in _OUTCOME_FIELDS}
    code = "value" if "value" in known and "code" not in known else "code"
    display = "text" if "text" in known and "display" not in known else "display"
    named = {"system": "system", code: "code", display: "display"}
    return {**others, **{name: coding[each] for name, each in named.items() if each in coding}}


_OUTCOME_FIELDS = ("system", "code", "display", "value", "text")


def _outcome_coding(value: dict[str, Any]) -> dict[str, Any] | None:
    code, display = value.get("code", value.get("value")), value.get("display", value.get("text"))
    system = value.get("system")
    shown = clean(display) if isinstance(display, str) else None
    coding: dict[str, Any] = {}
    if isinstance(system, str) and _is_url(system):
        coding["system"] = system
    if isinstance(code, str) and is_code(code):
        coding["code"] = code
    if "code" not in coding:
        return None if shown is None else {"text": shown}
    return {"coding": [{**coding, "display": shown} if shown else coding]}


_MOVES: dict[str, tuple[str, ...]] = {
    "proposed": ("planned", "accepted", "active", "completed", "cancelled", "rejected"),
    "planned": ("accepted", "active", "completed", "cancelled", "rejected"),
    "accepted": ("active", "completed", "cancelled", "rejected"),
    "active": ("on-hold", "completed", "cancelled"),
    "on-hold": ("active", "completed", "cancelled"),
}
"""Life cycle status → those it may move to; each may become entered-in-error."""


def without_made_up_measure(goal: dict[str, Any]) -> dict[str, Any]:
    """A measure that only repeats the goal's name is not stored."""
    targets, name = goal.get("target"), goal.get("description", {}).get("text")
    made_up = {"text": name or NO_NAME}
    if not targets or targets[0].get("measure") != made_up:
        return goal
    first = {key: value for key, value in targets[0].items() if key != "measure"}
    return {**goal, "target": [first, *targets[1:]]}


def life_cycle(draft: Draft) -> None:
    """A goal's life cycle moves forward; a deployer may have that said as a warning only."""
    before = (draft.previous or {}).get("lifecycleStatus")
    after = draft.put.get("lifecycleStatus")
    if before in (None, after) or after in (*_MOVES.get(before, ()), "entered-in-error"):
        return
    allowed = ", ".join((*_MOVES.get(before, ()), "entered-in-error"))
    text = f"A goal that is {before} may only become: {allowed}."
    (draft.warn if draft.context.advises else draft.refuse)("Goal.lifecycleStatus", text)


# fmt: off
GOAL = Mapping(
    "Goal",
    collection="work_queue",
    where=work_item("goal"),
    rules=(
        *record(US_CORE_GOAL),
        WORK_ITEM_ID,
        # FHIR element                   stored field          kind                                                              search
        rule("lifecycleStatus",            "life_cycle_status",  Code(GOAL_STATUS, required=True),                                 "lifecycle-status"),
        rule("achievementStatus",          "achievement_status", Concept(codes=(GOAL_ACHIEVEMENT,)),                               "achievement-status"),
        rule("category[]",                 "category",           Many(Concept("goal-category-local", codes=(GOAL_CATEGORY,))),     "category"),
        rule("priority",                   "priority",           Concept(codes=(GOAL_PRIORITY,))),
        rule("description",                "name",               Text(concept=True, required=True),                                "description"),
        rule("subject",                    "subject",            REQUIRED_MEMBER,                                                  "patient subject"),
        rule("startDate",                  "date_start",         Date(),                                                           "start-date"),
        rule("target[0].detail*",          WHOLE,                TargetMeasure()),
        rule("target[0].dueDate",          "target_due_date",    Date(),                                                           "target-date"),
        rule("addresses[0].display",       "addresses",          Text()),
        NOTES,
        rule("outcomeCode[]",              "outcome",            Many(Outcome())),
        rule("extension:display-message",  "message",            Text()),
        EMPLOYER,
        ASSIGNED,
        CASES,
        MODULES,
        CREATED_ON,
        CREATED_BY,
        UPDATED_BY,
    ),
    worklist=("lifecycle-status", "target-date"),
    main_date="start-date",
    writes=WRITABLE,
    creates={"type": "goal", **NOT_MARKED},
    before=(life_cycle,),
    bare=without_made_up_measure,
)
# fmt: on
