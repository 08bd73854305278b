"""The invariants of single resources.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from fhir_facade.rules.validation.bindings import model_of
from fhir_facade.rules.validation.bundle_invariants import BUNDLE
from fhir_facade.rules.validation.invariants import DATATYPES, Holder, Rule, excludes, in_order
from fhir_facade.rules.validation.references import pointed
from fhir_facade.rules.validation.scope import Scope
from fhir_facade.rules.validation.values import child, chosen, exists, items, text


def _deleted(it: Holder, _: Scope) -> bool:
    unused = not any(exists(each, "deleted") for each in items(it, "entry"))
    return it.get("mode") == "changes" or unused


def _dated(it: Holder, _: Scope) -> bool:
    unused = not any(exists(each, "date") for each in items(it, "entry"))
    return it.get("mode") == "working" or unused


def _on_behalf(it: Holder, scope: Scope) -> bool:
    member = text(it.get("member"), "reference") or ""
    # only what is contained can be looked up: others pass, as R4's rule has it
    found = pointed(member, scope) if member.startswith("#") else None
    return not exists(it, "onBehalfOf") or found in (None, "Practitioner")


def _absent(it: Holder, _: Scope) -> bool:
    return not (exists(it, "dataAbsentReason") and chosen(it, "value"))


def _component_codes(it: Holder, _: Scope) -> bool:
    codings = items(it.get("code"), "coding")
    if not codings or not chosen(it, "value"):
        return True
    return not any(
        coding in codings
        for component in items(it, "component")
        for coding in items(child(component, "code"), "coding")
    )


def _parameter(it: Holder, _: Scope) -> bool:
    value, resource = chosen(it, "value"), exists(it, "resource")
    if exists(it, "part"):
        return not value and not resource
    return value != resource


def _limits(it: Holder, _: Scope) -> bool:
    return any(exists(it, each) for each in ("low", "high", "text"))


_RESOURCES: dict[str, tuple[Rule, ...]] = {
    "CarePlan.activity": (
        Rule(
            "cpl-3",
            "there may be a reference or a detail, not both",
            excludes("detail", "reference"),
        ),
    ),
    "CareTeam.participant": (
        Rule("ctm-1", "there may be onBehalfOf only if the member is a Practitioner", _on_behalf),
    ),
    "Goal.target": (
        Rule(
            "gol-1",
            "a detail needs a measure",
            lambda it, _: not chosen(it, "detail") or exists(it, "measure"),
        ),
    ),
    "List": (
        Rule(
            "lst-1",
            "a list may have an emptyReason only if it is empty",
            excludes("emptyReason", "entry"),
        ),
        Rule("lst-2", "there may be deleted only if the mode is changes", _deleted),
        Rule("lst-3", "entries may have a date only if the mode is working", _dated),
    ),
    "Observation": (
        Rule("obs-6", "there may be dataAbsentReason only without value[x]", _absent),
        Rule(
            "obs-7",
            "with a value[x], no component may have a code of the Observation",
            _component_codes,
        ),
    ),
    "Observation.referenceRange": (
        Rule("obs-3", "there must be at least a low, a high or a text", _limits),
    ),
    "Parameters.parameter": (
        Rule("inv-1", "there must be exactly one of value[x], resource and part", _parameter),
    ),
    "Task": (
        Rule(
            "inv-1",
            "lastModified must not lie before authoredOn",
            in_order("authoredOn", "lastModified"),
        ),
    ),
}

_BY_MODEL = {
    model_of(path): tuple((f"{path} {each.key}", each) for each in rules)
    for path, rules in (DATATYPES | _RESOURCES | BUNDLE).items()
}
RULE_NAMES = frozenset(name for rules in _BY_MODEL.values() for name, _ in rules)
"""All invariants that are a question to one value: the walk itself knows some more."""


def rules_of(model: str) -> tuple[tuple[str, Rule], ...]:
    """Return the invariants of a model, each with the name that R4 gives it."""
    return _BY_MODEL.get(model, ())
