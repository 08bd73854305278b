"""Whatever is given: an answer or a FacadeError, arguments untouched, and no value in an error."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.errors import FacadeError
from fhir_facade.rules.patch import fhirpath_patch, json_patch, merge_patch
from tests.rules.patch.operations import parameters

SECRET = "Zq secret"
Patch = Callable[[dict[str, Any], Any], dict[str, Any]]

scalars = st.sampled_from([None, True, False, 0, 1, -1, "", SECRET, "draft", "Patient"])
names = st.sampled_from(
    ["a", "b", "text", "note", "_note", "name", "given", "_given", "value", "identifier", ""]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
resources = st.dictionaries(names, values, max_size=5).map(
    lambda found: {"resourceType": "Patient", **found}
)
pointers = st.lists(
    names | st.sampled_from(["0", "1", "-", "01", "~0", "~1", "~2", SECRET, "resourceType"]),
    max_size=4,
).map(lambda steps: "".join(f"/{step}" for step in steps))
json_operations = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]) | scalars,
        "path": pointers | scalars,
        "from": pointers | scalars,
        "value": values,
    },
)
fragments = st.sampled_from(
    [
        "Patient",
        ".",
        "name",
        "given",
        "[0]",
        "[1]",
        "where(",
        "use",
        "=",
        f"'{SECRET}'",
        ")",
        "first()",
        "extension(",
        "identifier",
        "value",
        " and ",
        " or ",
        "(",
        "exists()",
        "as ",
        "ofType(",
        "Quantity",
        "$this",
        "%resource",
        "1",
        "1.10",
        "true",
        "'",
        "\\",
        "{}",
        "@",
        ".startsWith(",
        "!=",
        "`",
        "é",
        "deceased",
        "birthDate",
        "text",
        "not()",
    ]
)
paths = st.sampled_from(
    [
        "Patient",
        "Patient.name",
        "name[0]",
        "name.given",
        "name[0].given[0]",
        "identifier.value",
        f"identifier.where(value = '{SECRET}')",
        "name.where(text.exists()).given",
        "deceased",
    ]
) | st.lists(fragments, max_size=8).map("".join)
given_values = st.fixed_dictionaries(
    {},
    optional={
        "valueString": scalars,
        "_valueString": values,
        "valueBoolean": scalars,
        "valueHumanName": values,
        "valueCode": scalars,
        "resource": values,
        "part": values,
    },
)
known_parts = [
    st.sampled_from(["add", "insert", "delete", "replace", "move"]).map(
        lambda kind: {"name": "type", "valueCode": kind}
    ),
    paths.map(lambda path: {"name": "path", "valueString": path}),
    names.map(lambda name: {"name": "name", "valueString": name}),
    given_values.map(lambda given: {"name": "value", **given}),
    *(
        st.integers(-1, 3).map(lambda number, name=name: {"name": name, "valueInteger": number})
        for name in ("index", "source", "destination")
    ),
]
needed = {
    "add": (0, 1, 2, 3),
    "insert": (0, 1, 3, 4),
    "delete": (0, 1),
    "replace": (0, 1, 3),
    "move": (0, 1, 5, 6),
}
well_formed = st.sampled_from(list(needed)).flatmap(
    lambda kind: st.tuples(
        st.just({"name": "type", "valueCode": kind}),
        *(known_parts[each] for each in needed[kind][1:]),
    ).map(list)
)
operations = st.one_of(
    well_formed.map(lambda found: {"name": "operation", "part": found}),
    st.lists(st.one_of(*known_parts) | values, max_size=5).map(
        lambda found: {"name": "operation", "part": found}
    ),
    values,
)


def outcome(
    patch: Patch, resource: dict[str, Any], change: Any
) -> tuple[FacadeError | None, dict[str, Any]]:
    try:
        return None, patch(resource, change)
    except FacadeError as error:
        return error, {}


def check(patch: Patch, resource: dict[str, Any], change: Any) -> None:
    before = copy.deepcopy((resource, change))
    error, patched = outcome(patch, resource, change)
    if error is None:
        assert patched["resourceType"] == "Patient"
        assert patched is not resource
    else:
        assert error.status in (400, 422)
        assert "secret" not in str(error)
        for issue in error.issues:
            assert "secret" not in f"{issue.diagnostics} {issue.expression}"
            assert issue.diagnostics.endswith(".")
    assert (resource, change) == before


@given(resources, st.lists(json_operations | values, max_size=4) | values)
def test_json_patch(resource: dict[str, Any], change: Any) -> None:
    check(json_patch, resource, change)


@given(resources, values)
def test_merge_patch(resource: dict[str, Any], change: Any) -> None:
    check(merge_patch, resource, change)


@given(resources, st.lists(operations, max_size=3))
def test_fhirpath_patch(resource: dict[str, Any], change: list[Any]) -> None:
    check(fhirpath_patch, resource, parameters(*change))


@given(resources, values)
def test_fhirpath_patch_with_anything(resource: dict[str, Any], change: Any) -> None:
    check(fhirpath_patch, resource, change)
    check(fhirpath_patch, resource, {"resourceType": "Parameters", "parameter": change})
