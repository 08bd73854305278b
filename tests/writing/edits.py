"""Edits of one element, each in the four ways a client has, and what they must make of a resource.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.writing.datatypes import COMPLEX
from tests.writing.exact_json import Json
from tests.writing.primitives import PRIMITIVES
from tests.writing.resources import Element, elements, of_type
from tests.writing.world import FHIR, JSON_PATCH, MERGE_PATCH, World

LEFT_ALONE = ("lifecycleStatus", "context", "lastModified", "authoredOn", "contained")
"""What a business rule or another element ties."""
Edit = tuple[str, Any, str, str]
"""Element, its new value (None: it is taken away), its FHIR type, and the way."""


def _plain(type_: str) -> str:
    return type_.partition(":")[0]


@st.composite
def edits(draw: st.DrawFn, type_: str, before: Json) -> Edit:
    """An edit of one element of a resource."""
    known = [
        each
        for each in elements(type_)
        if each.name not in LEFT_ALONE and f"_{each.name}" not in before
        if not each.name.endswith("[x]") and "'#" not in str(before.get(each.name))
    ]
    element: Element = draw(st.sampled_from(known))
    gone = not element.required and element.name in before and draw(st.integers(0, 3)) == 0
    kind = element.types[0]
    one = of_type(kind)
    value = None
    if not gone:
        value = draw(st.lists(one, min_size=1, max_size=2) if element.many else one)
    ways = ["put", "json-patch", "merge-patch"]
    simple = _plain(kind) in PRIMITIVES or _plain(kind) in COMPLEX
    if simple and not element.many:
        ways.append("fhirpath-patch")
    return element.name, value, _plain(kind), draw(st.sampled_from(ways))


def apply(world: World, before: Json, edit: Edit) -> tuple[Json, Json]:
    """Make an edit; return what must be read then, and what is."""
    name, value, type_, way = edit
    expected = copy.deepcopy(before)
    resource, id = before["resourceType"], before["id"]
    if value is None:
        del expected[name]
    else:
        expected[name] = value
    if way == "put":
        return expected, world.update(id, expected)
    if way == "merge-patch":
        patch = {name: _merge_patch(before.get(name), value)}
        return expected, world.patch(resource, id, patch, MERGE_PATCH)
    if way == "json-patch":
        op = {"op": "remove" if value is None else "add", "path": f"/{name}"}
        operations = [op if value is None else {**op, "value": value}]
        return expected, world.patch(resource, id, operations, JSON_PATCH)
    body = {"resourceType": "Parameters", "parameter": [_operation(before, name, value, type_)]}
    return expected, world.patch(resource, id, body, FHIR)


def _operation(before: Json, name: str, value: Any, type_: str) -> Json:
    resource = before["resourceType"]
    if value is None:
        parts: list[Json] = [_code("delete"), _text("path", f"{resource}.{name}")]
    elif name in before:
        parts = [_code("replace"), _text("path", f"{resource}.{name}"), _value(value, type_)]
    else:
        parts = [_code("add"), _text("path", resource), _text("name", name), _value(value, type_)]
    return {"name": "operation", "part": parts}


def _code(name: str) -> Json:
    return {"name": "type", "valueCode": name}


def _text(name: str, text: str) -> Json:
    return {"name": name, "valueString": text}


def _value(value: Any, type_: str) -> Json:
    return {"name": "value", f"value{type_[0].upper()}{type_[1:]}": value}


def _merge_patch(old: Any, new: Any) -> Any:
    """The merge patch that makes one value of another (RFC 7386)."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    gone = {name: None for name in old if name not in new}
    return {**gone, **{name: _merge_patch(old.get(name), each) for name, each in new.items()}}
