"""What a CapabilityStatement declares, as a client reads it, and the values of it in resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.http.serving import Json

_DOCUMENTATION = re.compile(
    r"(?P<elements>.+?)\.(?: Modifiers: (?P<modifiers>[^.]+)\.)?(?P<sortable> Sortable\.)?"
)
PEOPLE = ("Patient", "Practitioner", "Organization")
"""Types that only references tell of: tests of their own look at them."""
STORED_NOWHERE = ("_security",)
"""Parameters that every resource lacks a value for."""


def _is_of(reference: Json, types: set[str]) -> bool:
    """Whether a reference is to one of some types; an identifier alone may be to any of several."""
    if "type" in reference:
        return reference["type"] in types
    return len(types) > 1 or "reference" in reference


@dataclass(frozen=True)
class Declared:
    """One declared search parameter."""

    type: str
    name: str
    kind: str
    elements: tuple[str, ...]
    modifiers: tuple[str, ...]
    sortable: bool

    def __str__(self) -> str:
        return f"{self.type}?{self.name}"

    def values(self, resource: Json) -> list[Any]:
        """What the parameter looks at in a resource: of references, those to its types."""
        types = {each for each in self.modifiers if each[0].isupper()}
        return [
            {"text": value} if self.kind == "token" and each.endswith(".text") else value
            for each in self.elements
            for value in at(resource, _path(each))
            if not (types and isinstance(value, dict)) or _is_of(value, types)
            if not (isinstance(value, dict) and value.keys() <= {"extension", "type"})
        ]

    @property
    def is_period(self) -> bool:
        return self.kind == "date" and any("eriod" in each for each in self.elements)


def searchable(statement: Json) -> list[Json]:
    """The types with records to be searched; Bundle stands for the cases of EpisodeOfCare."""
    return [
        each
        for each in statement["rest"][0]["resource"]
        if "searchParam" in each and each["type"] not in PEOPLE
    ]


def declared(statement: Json) -> list[Declared]:
    """Every search parameter of every type but Bundle."""
    return [
        _declared(each["type"], param)
        for each in searchable(statement)
        if each["type"] != "Bundle"
        for param in each["searchParam"]
    ]


def _declared(type_: str, param: Json) -> Declared:
    found = _DOCUMENTATION.fullmatch(param["documentation"])
    assert found, param
    return Declared(
        type_,
        param["name"],
        param["type"],
        tuple(found["elements"].split(", ")),
        tuple(found["modifiers"].split(", ")) if found["modifiers"] else (),
        found["sortable"] is not None,
    )


def at(resource: Any, path: list[str]) -> list[Any]:
    """The values at a simple path; `extension('x')` is the value of the extension of that name."""
    if resource is None:
        return []
    if isinstance(resource, list):
        return [value for each in resource for value in at(each, path)]
    if not path:
        return [resource]
    first, *rest = path
    if not isinstance(resource, dict):
        return []
    if first.startswith("extension('"):
        name = first.removeprefix("extension('").removesuffix("')")
        found = [each for each in resource.get("extension", ()) if each["url"].endswith(name)]
        found = [each for each in found if each["url"].rpartition("/")[2] == name]
        if rest and rest[0].startswith("extension('"):
            return at(found, rest)
        values = [value for each in found for key, value in each.items() if key[:5] == "value"]
        return at(values, rest[1:] if rest and rest[0].startswith("value") else rest)
    return at(resource.get(first), rest)


def _path(element: str) -> list[str]:
    return re.sub(r"\[[0-9]*\]", "", element).split(".")[1:]


def escaped(text: str) -> str:
    """A value as a query string spells it."""
    return re.sub(r"([\\,$|])", r"\\\1", text)


def current(reference: str) -> str:
    """A reference without the version that it names."""
    return reference.partition("/_history/")[0]


def spellings(param: Declared, value: Any) -> list[str]:
    """Ways to ask for a value by the parameter without a modifier."""
    if param.kind == "reference" and isinstance(value, str):  # a canonical URL
        return [escaped(value), escaped(value.partition("|")[0])]
    if param.kind == "reference":
        found = value.get("reference") if isinstance(value, dict) else None
        plain = current(found or "")
        return list(dict.fromkeys((found, plain, plain.rpartition("/")[2]))) if found else []
    if param.kind == "token":
        return [text for system, code in codes(value) for text in _tokens(system, code)]
    if param.kind == "date" and isinstance(value, dict):
        return [f"ap{value[end]}" for end in ("start", "end") if end in value]
    if not isinstance(value, str):
        return []
    if param.kind == "date":
        return [f"ap{value}" if param.is_period else value]
    return [escaped(value)]


def _tokens(system: str | None, code: str) -> list[str]:
    plain = escaped(code)
    return [plain] if system is None else [plain, f"{escaped(system)}|{plain}"]


def codes(value: Any) -> Iterator[tuple[str | None, str]]:
    """Every (system, code) in a code, an Identifier, a Coding or a CodeableConcept."""
    if isinstance(value, bool):
        yield None, "true" if value else "false"
    elif isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        for coding in value.get("coding", [value]):
            code = coding.get("code", coding.get("value"))
            if code is not None:
                yield coding.get("system"), code


def words(value: Any) -> list[str]:
    """The texts that `:text` looks at."""
    if not isinstance(value, dict):
        return []
    found = [coding.get("display") for coding in value.get("coding", [])]
    return [each for each in [value.get("text"), *found] if each]
