"""Merge patch: the examples of RFC 7386, and FHIR's empty containers."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import BadRequest, Unprocessable
from fhir_facade.rules.json_text import read_json, to_json
from fhir_facade.rules.patch import merge_patch

RFC_7386 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"x": ["a", "b"]}, {"x": ["c", "d"]}, {"x": ["c", "d"]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({"x": [1, 2]}, {"x": {"a": "b", "c": None}}, {"x": {"a": "b"}}),
]

OF_FHIR = [
    ({}, {"a": {"bb": {"ccc": None}}}, {}),
    ({"a": {"b": {"c": 1}}, "d": 1}, {"a": {"b": {"c": None}}}, {"d": 1}),
    ({"a": {"b": 1}}, {"a": {"b": None, "c": 2}}, {"a": {"c": 2}}),
    ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
    ({"a": 1}, {"b": {}, "c": []}, {"a": 1, "b": {}, "c": []}),
    ({"a": 1}, {"b": None}, {"a": 1}),
    (
        {"birthDate": "2000", "_birthDate": {"id": "1"}},
        {"_birthDate": {"id": None}},
        {"birthDate": "2000"},
    ),
    ({"a": 1}, {}, {"a": 1}),
]


@pytest.mark.parametrize(("before", "change", "after"), RFC_7386 + OF_FHIR)
def test_result(before: Any, change: Any, after: Any) -> None:
    typed = {"resourceType": "Task"}
    assert merge_patch({**typed, **before}, change) == {**typed, **after}


def test_digits_stay() -> None:
    resource = read_json(b'{"resourceType":"Goal","a":1.10,"b":1}')
    patched = merge_patch(resource, read_json(b'{"b":{"c":[2.50]}}'))
    assert to_json(patched) == b'{"resourceType":"Goal","a":1.10,"b":{"c":[2.50]}}'


@pytest.mark.parametrize("change", [None, [], "a", 1, True])
def test_malformed(change: Any) -> None:
    with pytest.raises(BadRequest, match="must be a JSON object with the elements to change"):
        merge_patch({"resourceType": "Task"}, change)


@pytest.mark.parametrize("given", [None, "Flag", {"a": 1}])
def test_the_type_stays(given: Any) -> None:
    with pytest.raises(Unprocessable, match="cannot change or remove the resourceType"):
        merge_patch({"resourceType": "Task"}, {"resourceType": given})
    assert merge_patch({"resourceType": "Task"}, {"resourceType": "Task"})
