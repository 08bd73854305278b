"""What a search looks for in the parts that are kept beside the stored fields.

Such a part is found by tokens, texts that a write makes of it and a search asks for: `code=c`,
`code=system|c`, `code=|c`, `code=system|`, `owner=Organization/9`, `owner:identifier=system|value`,
and the bare name of the parameter where it has any value.

https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_facade.rules import overlay
from fhir_facade.rules.findings import Findings
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.walk import walker

_LONGEST = 512


def token(name: str, system: str | None, code: str | None) -> str:
    """Return the token that a search for a code, of any system or of one, asks for."""
    if system is None:
        return f"{name}={code or ''}" if code is not None else name
    return f"{name}={system}|{code or ''}"


def reference(name: str, target: Target) -> str:
    """Return the token that a search for a reference asks for."""
    return f"{name}={target.type}/{target.id}" if target.type else f"{name}={target.id}"


def identifier_name(name: str) -> str:
    return f"{name}:identifier"


def of_type(name: str, kind: tuple[str, str], value: str) -> str:
    """Return the token that a search for an identifier of a type asks for."""
    return f"{name}:of-type={kind[0]}|{kind[1]}|{value}"


def disclaimed(name: str, profile: str) -> str:
    """Return the token of a profile that is not claimed because of what is kept."""
    return f"{name}:not={profile}"


def claims(source: Compiled, served: dict[str, Any]) -> list[str]:
    """Return the tokens of the profiles that a resource with kept parts claims, and does not."""
    return [
        (
            token("_profile", None, each.profile)
            if each.fits(served)
            else disclaimed("_profile", each.profile)
        )
        for each in source.claims
    ]


def tokens(source: Compiled, resource: dict[str, Any], parts: Iterable[str]) -> list[str]:
    """Return the tokens of the kept parts of a resource, in the order of the parameters."""
    kept = set(parts)
    found: dict[str, None] = {}
    for name, param in source.params.items():
        if param.kept_path is None:
            continue
        for element in param.elements:
            if part_of(element, source) in kept:
                found.update(dict.fromkeys(_of_element(name, param, element, source, resource)))
    return [each for each in found if len(each) <= _LONGEST]


def current(source: Compiled, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with only the tokens of the parts that are served."""
    findings: Findings = []
    resource = source.encode(document, "", findings)
    overruled = {each.element for each in findings if each.field == overlay.FIELD}
    parts = [each["part"] for each in overlay.elements_of(document, source.resource)]
    valid = [part for part in parts if f"{source.resource}.{part}" not in overruled]
    found = tokens(source, resource or {}, valid)
    own = {"tokens": [*found, *claims(source, resource or {})]}
    return {**document, overlay.FIELD: {**document[overlay.FIELD], source.resource: own}}


def part_of(element: str, source: Compiled) -> str:
    """Return the part that an element stands in."""
    _, _, path = element.partition(".")
    if path.startswith("extension("):
        return f"extension|{source.context.extension(path.split(chr(39))[1])}"
    first, _, rest = path.partition(".")
    return f"meta.{rest.partition('.')[0]}" if first == "meta" else first.partition("[")[0]


def _of_element(
    name: str, param: Param, element: str, source: Compiled, resource: dict[str, Any]
) -> Iterator[str]:
    for value in walker(element, source.context.canonical)(resource):
        made = _of_reference(name, value) if param.type == "reference" else _of_token(name, value)
        for each in made:
            yield name
            yield each


def _of_reference(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    literal = value.get("reference")
    if isinstance(literal, str):
        yield f"{name}={literal}"
        kind, slash, key = literal.partition("/")
        if slash and "/" not in key:
            yield reference(name, Target(kind, key))
            yield reference(name, Target(None, key))
    number = value.get("identifier")
    if isinstance(number, dict):
        yield from _pairs(identifier_name(name), number.get("system"), number.get("value"))


def _of_token(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield token(name, None, "true" if value else "false")
    elif isinstance(value, str):
        yield from _pairs(name, None, value)
    elif isinstance(value, dict):
        for coding in value.get("coding", [value]):
            yield from _pairs(name, coding.get("system"), coding.get("code", coding.get("value")))
        yield from _typed(name, value)


def _typed(name: str, identifier: dict[str, Any]) -> Iterator[str]:
    kind = identifier.get("type")
    if isinstance(kind, dict) and "value" in identifier:
        for coding in kind.get("coding", ()):
            if "system" in coding and "code" in coding:
                yield of_type(name, (coding["system"], coding["code"]), identifier["value"])


def _pairs(name: str, system: Any, code: Any) -> Iterator[str]:
    if isinstance(code, str):
        yield token(name, None, code)
        yield token(name, system or "", code)
    if isinstance(system, str):
        yield token(name, system, None)
