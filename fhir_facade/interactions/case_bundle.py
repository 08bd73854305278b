"""What a Case bundle that comes in holds, and which ids and references its parts get.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from fhir_facade.errors import FacadeError, Issue, Unprocessable
from fhir_facade.interactions.case import CASE_TYPE, ITEM_ORDER
from fhir_facade.interactions.records import Record
from fhir_facade.rules.draft import Resource
from fhir_facade.rules.text import fhir_id

SHARED: Final = (CASE_TYPE, "CareTeam", "CarePlan", "List")
"""The types that are written into the case's own document."""
DOCUMENT: Final = "DocumentReference"
LOG: Final = "Provenance"
OUTCOME: Final = "Observation"
_TYPES: Final = (*SHARED, *ITEM_ORDER, DOCUMENT, LOG, OUTCOME)


@dataclass(frozen=True)
class Part:
    """One entry of a Case bundle."""

    place: int
    full_url: str
    resource: Resource

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def id(self) -> str:
        return str(self.resource.get("id", ""))

    @property
    def expression(self) -> str:
        return f"Bundle.entry[{self.place}].resource"


def read_parts(bundle: Resource) -> list[Part]:
    """Return the entries of a Case bundle; raise Unprocessable for all that it must not hold."""
    parts = [
        Part(place, entry.get("fullUrl", ""), entry["resource"])
        for place, entry in enumerate(bundle.get("entry", ()))
        if "resource" in entry
    ]
    issues = list(_wrong(bundle, parts))
    if issues:
        raise Unprocessable("no Case bundle", issues=issues)
    return parts


def _wrong(bundle: Resource, parts: Sequence[Part]) -> list[Issue]:
    found = []
    if bundle.get("type") != "collection":
        found.append(_issue("A case is a Bundle of type collection.", "Bundle.type"))
    for part in parts:
        if part.type not in _TYPES:
            known = ", ".join(_TYPES)
            found.append(
                _issue(f"A case holds no {part.type}; it holds: {known}.", part.expression)
            )
    for name in SHARED:
        number = sum(part.type == name for part in parts)
        if number > 1 or (name == CASE_TYPE and number == 0):
            wanted = "one" if name == CASE_TYPE else "at most one"
            found.append(_issue(f"A case has {wanted} {name}.", "Bundle.entry"))
    return found


def _issue(text: str, expression: str) -> Issue:
    return Issue("error", "invalid", text, expression)


def the_part(parts: Sequence[Part], name: str) -> Part | None:
    return next((part for part in parts if part.type == name), None)


def of_types(parts: Sequence[Part], names: Sequence[str]) -> list[Part]:
    return [part for part in parts if part.type in names]


def renamed(parts: Sequence[Part], new_id: Callable[[Part], str], base_url: str) -> list[Part]:
    """Return the parts under new ids, each reference to one of them under its new id too."""
    names: dict[str, str] = {}
    ids = [new_id(part) for part in parts]
    for part, fhir in zip(parts, ids, strict=True):
        if not fhir:
            continue
        new = f"{part.type}/{fhir}"
        for old in (part.full_url, f"{part.type}/{part.id}", f"{base_url}/{part.type}/{part.id}"):
            names[old] = new
    names.pop("", None)
    return [
        replace(part, resource=_identified(_referring(part.resource, names), fhir))
        for part, fhir in zip(parts, ids, strict=True)
    ]


def _identified(resource: Resource, fhir: str) -> Resource:
    others = {name: value for name, value in resource.items() if name != "id"}
    return {**others, "id": fhir} if fhir else others


def _referring(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_referring(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _referring(each, names) for name, each in value.items()}
    reference = found.get("reference")
    if isinstance(reference, str):
        plain = reference.partition("/_history/")[0]
        if plain in names:
            found["reference"] = names[plain]
            _rename_identifier(found, plain, names[plain])
    return found


def _rename_identifier(reference: dict[str, Any], old: str, new: str) -> None:
    """The identifier beside a reference is the id of what it refers to, where it was before."""
    identifier = reference.get("identifier")
    if isinstance(identifier, dict) and identifier.get("value") == old.rpartition("/")[2]:
        reference["identifier"] = {**identifier, "value": new.rpartition("/")[2]}


def at_part(error: FacadeError, part: Part) -> FacadeError:
    """Return an error whose expressions lead through the bundle to the part."""
    issues = []
    for each in error.issues:
        path = (each.expression or "").partition(".")[2]
        issues.append(replace(each, expression=f"{part.expression}.{path}".rstrip(".")))
    return type(error)(str(error), issues=issues, headers=error.headers)


def by_holder(parts: Sequence[Part], case: str, base_url: str) -> dict[str, list[Part]]:
    """Return the documents by the resource they stand in: an interaction that is named, or it."""
    found: dict[str, list[Part]] = {}
    carried = {f"{part.type}/{part.id}" for part in of_types(parts, ["Communication"])}
    for part in of_types(parts, [DOCUMENT]):
        related = part.resource.get("context", {}).get("related", ())
        named = [str(each.get("reference", "")).removeprefix(f"{base_url}/") for each in related]
        inside = next((each for each in named if each in carried), None)
        elsewhere = any(each.startswith("Communication/") for each in named)
        holder = inside or (f"{CASE_TYPE}/{case}" if not elsewhere else named[0])
        found.setdefault(holder, []).append(part)
    return found


_PATIENTS: Final = {CASE_TYPE: "patient", "Task": "for"}


def same_patient(parts: Sequence[Part], base_url: str) -> None:
    """Raise Unprocessable for each part that is about another patient than the case."""

    def of(part: Part) -> str | None:
        reference = part.resource.get(_PATIENTS.get(part.type, "subject"), {})
        literal = reference.get("reference")
        return None if literal is None else str(literal).removeprefix(f"{base_url}/")

    episode = the_part(parts, CASE_TYPE)
    own = None if episode is None else of(episode)
    issues = [
        _issue("A part of a case is about the case's patient.", part.expression)
        for part in parts
        if part.type not in (DOCUMENT, LOG) and own is not None and of(part) not in (None, own)
    ]
    if issues:
        raise Unprocessable("another patient", issues=issues)


@contextmanager
def at_entry(part: Part) -> Iterator[None]:
    """Say of each error in which entry of the bundle it is."""
    try:
        yield
    except FacadeError as error:
        raise at_part(error, part) from error


def left_alone(items: Sequence[Record], parts: Sequence[Part]) -> list[Issue]:
    """Say which work items of a case the bundle does not carry: they stay as they are."""
    named = [f"{each.source.resource}/{fhir_id(each.document.get('_id'))}" for each in items]
    carried = {f"{part.type}/{part.id}" for part in parts}
    names = [name for name in named if name not in carried]
    if not names:
        return []
    shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    text = f"Parts that the bundle does not carry were left alone: {shown}."
    return [Issue("information", "informational", text)]
