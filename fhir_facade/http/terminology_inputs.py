"""The parameters of a terminology operation: from the URL, and from a Parameters resource.

https://hl7.org/fhir/R4/operations.html#executing
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir_facade.errors import (
    BadRequest,
    TooCostly,
    UnknownParameter,
    Unsupported,
    UnsupportedMediaType,
)
from fhir_facade.http.bodies import apart, checked, content_type
from fhir_facade.http.request import FhirRequest
from fhir_facade.interactions.terminology import MOST, PARAMETER, Input, Inputs, Json
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.text import clean

_JSON: Final = ("application/fhir+json", "application/json", "text/json", "json")
_CONTROL: Final = ("_format", "_pretty")
_TEXTS: Final = frozenset(
    {"valueString", "valueUri", "valueUrl", "valueCanonical", "valueCode", "valueId"}
    | {"valueMarkdown", "valueOid", "valueUuid", "valueDate", "valueDateTime", "valueInstant"}
)
_VALUES: Final = {
    "string": _TEXTS,
    "boolean": frozenset({"valueBoolean"}),
    "integer": frozenset({"valueInteger", "valueUnsignedInt", "valuePositiveInt"}),
    "Coding": frozenset({"valueCoding"}),
    "CodeableConcept": frozenset({"valueCodeableConcept"}),
}
_INTEGER: Final = re.compile("-?[0-9]{1,9}")

Spec = Mapping[str, Input]
Given = tuple[str, Any, str]
"""A parameter's name, its value and where it stands."""


async def inputs_of(request: FhirRequest, spec: Spec, limit: int) -> Inputs:
    """Return the parameters of a request; raise what is wrong with them, or with the body."""
    given = [*_of_url(request, spec)]
    if request.method == "POST":
        given += _of_body(await _posted(request, limit), spec)
    found: dict[str, Any] = {}
    for name, value, place in given:
        if spec[name].repeats:
            found.setdefault(name, []).append(value)
            if len(found[name]) > MOST:
                raise TooCostly(f"'{name}' is given more than {MOST} times.", expression=place)
        elif name in found:
            raise BadRequest(f"'{name}' is given more than once.", expression=place)
        else:
            found[name] = value
    return found


def _of_url(request: FhirRequest, spec: Spec) -> Iterator[Given]:
    for name, text in request.pairs:
        if name in _CONTROL:
            continue
        place = f"http.{name}" if name in spec else "http"
        _check_name(name, spec, place)
        yield name, _read(name, text, spec[name].kind, place), place


def _read(name: str, text: str, kind: str, place: str) -> Any:
    if not text:
        raise BadRequest(f"'{name}' has no value.", expression=place)
    if clean(text) != text:
        raise BadRequest(f"'{name}' has characters that FHIR does not allow.", expression=place)
    if kind == "string":
        return text
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind[0].isupper():
        raise BadRequest(f"'{name}' is a {kind}: POST it, in Parameters.", expression=place)
    raise BadRequest(f"'{name}' is no {kind}.", expression=place)


async def _posted(request: FhirRequest, limit: int) -> Json:
    """Return the Parameters in a body, empty ones where there is no body."""
    body = await request.body(limit)
    if not body:
        return {}
    if content_type(request) not in ("", *_JSON):
        raise UnsupportedMediaType(
            "An operation takes Parameters as JSON: send Content-Type: application/fhir+json."
        )
    return await apart(body, lambda: checked(read_json(body), "Parameters"))


def _of_body(parameters: Json, spec: Spec) -> Iterator[Given]:
    for number, each in enumerate(parameters.get("parameter", ())):
        name, place = each["name"], f"{PARAMETER}[{number}]"
        _check_name(name, spec, place)
        kind = spec[name].kind
        known = [value for value in each if value in _VALUES[kind]]
        if len(known) != 1:
            raise BadRequest(f"'{name}' is a {kind}, given as its value.", expression=place)
        value = each[known[0]]
        yield name, int(value) if kind == "integer" else value, place


def _check_name(name: str, spec: Spec, place: str) -> None:
    """Raise for a name that the operation has not, or that is not supported here."""
    if name in spec and spec[name].taken:
        return
    known = ", ".join(each for each, what in spec.items() if what.taken)
    if name in spec:
        raise Unsupported(
            f"'{name}' is not supported here; the operation takes: {known}.", expression=place
        )
    raise UnknownParameter(
        f"The operation has no such parameter; it takes: {known}.", expression=place
    )
