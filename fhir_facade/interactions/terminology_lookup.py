"""CodeSystem/$lookup: what is known of a code.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhir_facade.errors import BadRequest, NotFound
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.terminology import (
    CODING,
    LANGUAGE,
    PARAMETER,
    REFUSED,
    TEXT,
    CodeSystem,
    Concept,
    Input,
    Inputs,
    Json,
    asked_codings,
    check_language,
    parameter,
    parameters,
    require_system,
)

LOOKUP: Final = {
    "code": TEXT,
    "system": TEXT,
    "version": TEXT,
    "coding": CODING,
    "property": Input(repeats=True),
    **LANGUAGE,
    "date": REFUSED,
}

_OPEN: Final = (
    "The code system lists no such code; it is open, so that there may be one: its codes come from "
    "what is stored."
)


def lookup(conformance: Conformance, inputs: Inputs, fhir: str | None) -> Json:
    """Return what is known of a code; raise BadRequest or NotFound."""
    del fhir  # an operation of the type alone
    check_language(inputs)
    (coding,) = asked_codings(inputs, "version", takes_concept=False)
    require_system(inputs)
    if coding.system is None or coding.code is None:
        raise BadRequest("The coding needs a system and a code.", expression=PARAMETER)
    system = CodeSystem(conformance.named("CodeSystem", coding.system, coding.version))
    concept = system.find(coding.code)
    if concept is None:
        raise NotFound(_OPEN if system.is_open else "The code system has no such code.")
    asked = inputs.get("property")
    resource, value = system.resource, concept.value
    return parameters(
        parameter("name", "String", resource.get("title") or resource["name"]),
        parameter("version", "String", system.version),
        parameter("display", "String", value.get("display") or value["code"]),
        *(_designations(value) if asked is None or "designation" in asked else ()),
        *(
            _property(code, kind, each)
            for code, kind, each in _properties(system, concept)
            if asked is None or code in asked
        ),
        *([_property("url", "Uri", system.url)] if asked and "url" in asked else []),
    )


def _designations(concept: Json) -> Iterator[Json]:
    for each in concept.get("designation", ()):
        parts = [
            parameter("language", "Code", each.get("language")),
            parameter("use", "Coding", each.get("use")),
            parameter("value", "String", each["value"]),
        ]
        yield {"name": "designation", "part": [part for part in parts if part is not None]}


def _properties(system: CodeSystem, concept: Concept) -> Iterator[tuple[str, str, object]]:
    """Yield (property, datatype, value)."""
    if "definition" in concept.value:
        yield "definition", "String", concept.value["definition"]
    if concept.parent is not None:
        yield "parent", "Code", concept.parent["code"]
    for child in concept.value.get("concept", ()):
        yield "child", "Code", child["code"]
    for each in concept.value.get("property", ()):
        (name,) = (name for name in each if name.startswith("value"))
        yield each["code"], name.removeprefix("value"), each[name]


def _property(code: str, kind: str, value: object) -> Json:
    parts = [parameter("code", "Code", code), parameter("value", kind, value)]
    return {"name": "property", "part": parts}
