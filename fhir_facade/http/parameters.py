"""The parameters of an operation that is POSTed.

https://hl7.org/fhir/R4/operations.html#executing
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from fhir_facade.errors import BadRequest, UnsupportedMediaType
from fhir_facade.http.request import FhirRequest

_TYPES = ("application/fhir+json", "application/json")


async def posted(request: FhirRequest, limit: int) -> list[tuple[str, str]]:
    """Return the parameters of URL and body; raise TooLarge, UnsupportedMediaType, BadRequest."""
    body = await request.body(limit)
    if not body:
        return request.pairs
    kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise UnsupportedMediaType("An operation takes Parameters as application/fhir+json.")
    return request.add_pairs(_parameters(body))


def _parameters(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a Parameters resource; raise BadRequest if it is none."""
    try:
        resource = orjson.loads(body)
        parameters = resource.get("parameter", [])
        if resource["resourceType"] != "Parameters":
            raise ValueError("another resource")
        for each in parameters:
            yield str(each["name"]), _value(each)
    except (ValueError, LookupError, AttributeError, TypeError):
        raise BadRequest(
            "The body is not a Parameters resource whose parameters have a name and a value.",
            expression="Parameters",
        ) from None


def _value(parameter: dict[str, Any]) -> str:
    (name,) = (each for each in parameter if each.startswith("value"))
    value = parameter[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    if name == "valueCodeableConcept":
        value = value["coding"][0]
    if value is None:
        raise ValueError("no value")
    if isinstance(value, dict):
        coding = f"{value['system']}|" if "system" in value else ""
        return coding + str(value["code"])
    return str(value)
