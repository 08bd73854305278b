"""Whatever comes in, there is an answer, and it does not give away what came in."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_facade.rules.json_text import Number
from fhir_facade.rules.validation import MOST_ISSUES, validate

MARKER = "Zq7secret"
SEEDS: list[dict[str, Any]] = [
    {
        "resourceType": "Task", "id": "a", "status": "requested", "intent": "order",
        "contained": [{"resourceType": "Patient", "id": "p", "name": [{"given": ["x"]}]}],
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
        "for": {"reference": "#p"}, "authoredOn": "2020-01-01", "lastModified": "2020-01-02",
        "_description": {"extension": [{"url": "u", "valueBoolean": True}]},
        "restriction": {"period": {"start": "2020-01-01T00:00:00Z", "end": "2021"}},
        "input": [
            {"type": {"text": "t"}, "valueTiming": {"repeat": {
                "offset": 1, "when": ["MORN"], "period": 1, "periodUnit": "d",
                "boundsRange": {"low": {"value": 1}, "high": {"value": 2}}}}},
            {"type": {"text": "t"}, "valueRatio": {"numerator": {"value": 1}, "denominator": {}}},
            {"type": {"text": "t"}, "valueCount": {"value": 1, "code": "1"}},
            {"type": {"text": "t"}, "valueAge": {"value": 1, "code": "a"}},
            {"type": {"text": "t"}, "valueTriggerDefinition": {"type": "periodic"}},
        ],
    },
    {
        "resourceType": "Bundle", "type": "document", "timestamp": "2020-01-01T00:00:00Z",
        "identifier": {"system": "u", "value": "v"},
        "entry": [
            {"fullUrl": "urn:x", "resource": {"resourceType": "Composition"}, "search": {}},
            {"resource": {
                "resourceType": "Observation", "status": "final", "valueString": "x",
                "code": {"coding": [{"code": "c"}]},
                "component": [{"code": {"coding": [{"code": "c"}]}}]}},
            {"resource": {
                "resourceType": "List", "status": "current", "mode": "working",
                "entry": [{"item": {"display": "x"}, "deleted": True}]}},
            {"resource": {
                "resourceType": "CareTeam",
                "participant": [{"member": {"reference": "#x"}, "onBehalfOf": {"display": "x"}}]}},
        ],
    },
]  # fmt: skip
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.just(Number("1.0")),
    st.just(Decimal("sNaN")), st.just(float("inf")), st.just(MARKER),
    st.sampled_from([f"#{MARKER}", f"<div>{MARKER}", "", "#", "2020-01-01T10", "9999"]),
    st.sampled_from(["0001-01-01", "2020-01-01T00:00:00Z", "Patient/1"]),
    st.text(max_size=8),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "value", "code", "extension", "reference", "resourceType", "url"]
            )
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    pairs = list(value.items()) if isinstance(value, dict) else []
    if isinstance(value, list):
        pairs = list(enumerate(value))
    return [(value, key) for key, _ in pairs] + [
        place for _, each in pairs for place in _places(each)
    ]


def _check(resource: Any) -> None:
    before = copy.deepcopy(resource)
    issues = validate(resource)
    assert resource == before
    assert len(issues) <= MOST_ISSUES
    for each in issues:
        assert MARKER not in each.diagnostics
        assert MARKER not in (each.expression or "")


@given(ANYTHING)
def test_anything(resource: Any) -> None:
    validate(resource)


@settings(max_examples=300)
@given(st.sampled_from(SEEDS), st.data())
def test_mutations(seed: dict[str, Any], data: st.DataObject) -> None:
    resource = copy.deepcopy(seed)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(_places(resource)))
        holder[key] = data.draw(ANYTHING)
        if isinstance(holder[key], str) and data.draw(st.booleans()):
            holder[key] = MARKER
    issues = validate(resource)
    assert len(issues) <= MOST_ISSUES
    assert not [each for each in issues if MARKER in f"{each.diagnostics} {each.expression}"]


def test_a_number_too_long_to_be_written() -> None:
    for name in ("valueInteger", "valueDecimal", "valueString", "valueCount"):
        part: Any = {"value": 10**5000} if name == "valueCount" else 10**5000
        validate({"resourceType": "Task", "input": [{name: part}]})


def test_every_string_is_kept_secret() -> None:
    for seed in SEEDS:
        for at in range(len(_places(seed))):
            resource = copy.deepcopy(seed)
            holder, key = _places(resource)[at]
            holder[key] = MARKER
            _check(resource)
