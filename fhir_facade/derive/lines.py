"""The elements that the mappings give, each with its kind and where it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fhir_facade.rules.elements import fhirpath
from fhir_facade.rules.getting import WHOLE
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.described import Given
from fhir_facade.rules.mapping import LINKED, PARENT, Compiled, Mapping
from fhir_facade.rules.registry import ResourceType

EXTENSION = "extension:"
"""What the step of a path begins with that names an extension of this guide."""

_INDEX = re.compile(r"\[\d*\]")


@dataclass(frozen=True)
class Line:
    """One element that a mapping gives."""

    path: tuple[str, ...]
    """Names of JSON from the resource on, `("target", "dueDate")`."""
    kind: Kind
    fields: tuple[str, ...]
    """Where it is stored, as the mapping says it; nothing where it is made up."""
    source: Compiled

    @property
    def stored(self) -> str:
        """Where it is stored, from the collection on."""
        return ", ".join(
            dict.fromkeys(stored_path(self.source.mapping, path) for path in self.fields)
        )

    @property
    def element(self) -> str:
        """The FHIRPath of it, `Goal.target.dueDate`."""
        return fhirpath(self.source.resource, ".".join(self.path))

    @property
    def in_extension(self) -> bool:
        return any(step.startswith(EXTENSION) for step in self.path)

    @property
    def site(self) -> Site:
        return Site(self.element, self.fields[0] if self.fields else WHOLE, self.source.context)


def lines(resource: ResourceType) -> Iterator[Line]:
    """Yield the lines of a type's tables, and of what their kinds give below their elements."""
    for source in resource.sources:
        for rule in source.mapping.rules:
            if rule.served:
                yield from _given(Line(_steps(rule.element), rule.kind, rule.fields, source))


def parts(line: Line) -> Iterator[tuple[Given, Line]]:
    """Yield the parts of an extension with more than one value, each as a line of its own."""
    for each in line.kind.gives if line.kind.fhir_type == "Extension" else ():
        path = (*line.path, EXTENSION + each.element)
        yield each, Line(path, each.kind, _below(line, each), line.source)


def _given(line: Line) -> Iterator[Line]:
    *parents, last = line.path
    if not last.endswith("*"):
        yield line
    elif not line.kind.gives:
        raise ValueError(f"{line.kind} does not say which elements it gives")
    if line.kind.fhir_type == "Extension" or last.startswith(EXTENSION):
        return
    start = tuple(parents) if last.endswith("*") else line.path
    for each in line.kind.gives:
        path = (*start, *_steps(each.element))
        yield from _given(Line(path, each.kind, _below(line, each), line.source))


def _steps(element: str) -> tuple[str, ...]:
    return tuple(_INDEX.sub("", step) for step in element.split("."))


def _below(line: Line, given: Given) -> tuple[str, ...]:
    """Return the fields of a part of what a line reads; of its own names the usual one counts."""
    if given.fields == ("",):
        return line.fields
    found = []
    for field in line.fields[:1]:
        inside = "" if field == WHOLE else f"{field}[]." if line.kind.many else f"{field}."
        found += [inside + each for each in given.fields]
    return tuple(found)


def stored_path(mapping: Mapping, path: str) -> str:
    """Return a field from the collection on, `patient_case.documents[].bucket`."""
    first, _, rest = path.partition(".")
    if first == LINKED:
        return f"the {rest} documents linked to the case"
    if first == PARENT:
        return f"{mapping.collection}.{rest}"
    place = mapping.collection
    if mapping.unwind is not None:
        place = f"{place}.{mapping.unwind}[]"
    if path == WHOLE:
        return place
    return f"{place} (worked out)" if path in mapping.computed else f"{place}.{path}"
