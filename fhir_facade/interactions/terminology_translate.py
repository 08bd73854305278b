"""ConceptMap/$translate: from a stored value to the FHIR code, and back.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhir_facade.errors import BadRequest
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.terminology import (
    CODING,
    CONCEPT,
    FLAG,
    PARAMETER,
    REFUSED,
    TEXT,
    Coding,
    Inputs,
    Json,
    asked_codings,
    one_artefact,
    parameter,
    parameters,
    require_system,
)

TRANSLATE: Final = {
    "url": TEXT,
    "conceptMapVersion": TEXT,
    "code": TEXT,
    "system": TEXT,
    "version": TEXT,
    "coding": CODING,
    "codeableConcept": CONCEPT,
    "source": TEXT,
    "target": TEXT,
    "targetsystem": TEXT,
    "reverse": FLAG,
    "conceptMap": REFUSED,
    "dependency": REFUSED,
}

_NO_MATCH: Final = frozenset({"unmatched", "disjoint"})
_BACKWARDS: Final = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
"""What an equivalence is, read from the target's side; the others are the same from both."""


def translate(conformance: Conformance, inputs: Inputs, fhir: str | None) -> Json:
    """Return the translations of a code; raise BadRequest or NotFound."""
    codings = asked_codings(inputs, "version")
    require_system(inputs)
    if "target" in inputs and "targetsystem" in inputs:
        raise BadRequest("Send 'target' or 'targetsystem', not both.", expression=PARAMETER)
    maps = _maps(conformance, inputs, fhir)
    found = [
        match for each in maps for coding in codings for match in _matches(each, coding, inputs)
    ]
    result = any(match["part"][0]["valueCode"] not in _NO_MATCH for match in found)
    message = None if result else "No translation of the code is published here."
    return parameters(
        parameter("result", "Boolean", result), parameter("message", "String", message), *found
    )


def _maps(conformance: Conformance, inputs: Inputs, fhir: str | None) -> list[Json]:
    """Return the map that is named, or all; then those between the value sets that are named."""
    if fhir is None and "url" not in inputs:
        if "conceptMapVersion" in inputs:
            raise BadRequest("'conceptMapVersion' goes with 'url'.", expression=PARAMETER)
        found = list(conformance.all("ConceptMap"))
    else:
        found = [one_artefact(conformance, "ConceptMap", inputs, fhir, "conceptMapVersion")]
    source, target = ("target", "source") if inputs.get("reverse") else ("source", "target")
    return [
        each
        for each in found
        if _is_between(each, "source", inputs.get(source))
        and _is_between(each, "target", inputs.get(target))
    ]


def _is_between(concept_map: Json, end: str, asked: str | None) -> bool:
    """Say whether one end of a ConceptMap is the value set that is asked for, of any version."""
    own = concept_map.get(f"{end}Canonical") or concept_map.get(f"{end}Uri") or ""
    if asked is None:
        return True
    url, _, version = asked.partition("|")
    known = own.partition("|")[2] or concept_map["version"]
    return own.partition("|")[0] == url and version in ("", known)


def _matches(concept_map: Json, coding: Coding, inputs: Inputs) -> Iterator[Json]:
    rows = (
        _backwards(concept_map, coding) if inputs.get("reverse") else _onwards(concept_map, coding)
    )
    for equivalence, concept in rows:
        if inputs.get("targetsystem") in (None, concept.get("system")):
            yield _match(equivalence, concept, concept_map["url"])


def _match(equivalence: str, concept: Json, url: str) -> Json:
    parts = [
        parameter("equivalence", "Code", equivalence),
        parameter("concept", "Coding", concept if "code" in concept else None),
        parameter("source", "Uri", url),
    ]
    return {"name": "match", "part": [part for part in parts if part is not None]}


def _onwards(concept_map: Json, coding: Coding) -> Iterator[tuple[str, Json]]:
    """Yield (equivalence, coding) of the targets of a code."""
    for group in concept_map.get("group", ()):
        if not _is_of(coding, group, "source"):
            continue
        elements = [each for each in group["element"] if each.get("code") == coding.code]
        for element in elements:
            for each in element.get("target", ()):
                yield each["equivalence"], _coding(group, "target", each)
        if not elements:
            yield from _unmapped(group, coding)


def _unmapped(group: Json, coding: Coding) -> Iterator[tuple[str, Json]]:
    """Yield what becomes of the codes that a group does not name."""
    unmapped = group.get("unmapped", {})
    if unmapped.get("mode") == "fixed":
        yield "inexact", _coding(group, "target", unmapped)
    elif unmapped.get("mode") == "provided":
        yield "equal", _coding(group, "target", {"code": coding.code})


def _backwards(concept_map: Json, coding: Coding) -> Iterator[tuple[str, Json]]:
    """Yield (equivalence, coding) of the codes that a code is a target of."""
    for group in concept_map.get("group", ()):
        if not _is_of(coding, group, "target"):
            continue
        for element in group["element"]:
            for each in element.get("target", ()):
                if each.get("code") == coding.code:
                    equivalence = each["equivalence"]
                    yield (
                        _BACKWARDS.get(equivalence, equivalence),
                        _coding(group, "source", element),
                    )


def _is_of(coding: Coding, group: Json, end: str) -> bool:
    version = group.get(f"{end}Version")
    if coding.version is not None and version is not None and coding.version != version:
        return False
    return coding.code is not None and coding.system == group.get(end)


def _coding(group: Json, end: str, concept: Json) -> Json:
    found = {
        "system": group.get(end),
        "version": group.get(f"{end}Version"),
        "code": concept.get("code"),
        "display": concept.get("display"),
    }
    return {name: value for name, value in found.items() if value is not None}
