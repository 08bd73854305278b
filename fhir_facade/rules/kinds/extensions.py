"""Complex extensions: several named parts read from one stored object.

https://hl7.org/fhir/R4/extensibility.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.json_text import comparable
from fhir_facade.rules.kinds.base import Kind, Site, wrong_type
from fhir_facade.rules.kinds.described import Given


class Part(NamedTuple):
    """One part of a complex extension."""

    url: str
    fields: tuple[str, ...]
    kind: Kind


def part(url: str, field: str | tuple[str, ...], kind: Kind) -> Part:
    """Declare one part: its url, the stored field (or its old and new names), its kind."""
    return Part(url, (field,) if isinstance(field, str) else field, kind)


def value_name(fhir_type: str) -> str:
    """Return the name of an extension's value element for a datatype, `valueDateTime`."""
    return f"value{fhir_type[0].upper()}{fhir_type[1:]}"


def extension_values(url: str, kind: Kind, encoded: Any) -> list[dict[str, Any]]:
    """Wrap what a kind gives into extensions."""
    values = encoded if kind.many else [encoded]
    if kind.fhir_type == "Extension":
        return [{"url": url, **value} for value in values]
    name = value_name(kind.fhir_type)
    return [{"url": url, name: value} for value in values]


def part_values(value: dict[str, Any], part: Part) -> Any:
    """Return what stands in one part of a complex extension: a value, a list, or None."""
    named = [each for each in value.get("extension", ()) if each.get("url") == part.url]
    if part.kind.fhir_type == "Extension":
        found: list[Any] = named
    else:
        name = value_name(part.kind.fhir_type)
        found = [each[name] for each in named if name in each]
    if not found:
        return None
    return found if part.kind.many else found[0]


@dataclass(frozen=True)
class Complex(Kind):
    """An extension with parts."""

    parts: tuple[Part, ...]

    @property
    def fhir_type(self) -> str:
        return "Extension"

    def encoder(self, site: Site) -> Encode:
        steps = [
            (each, each.kind.encoder(site.at(f"{site.field}.{each.fields[0]}")))
            for each in self.parts
        ]

        def encode(value: Any, findings: Findings) -> Any:
            if not isinstance(value, dict):
                findings.append(site.degraded(wrong_type(value, "an object")))
                return None
            found: list[dict[str, Any]] = []
            for each, encode_part in steps:
                stored = next(
                    (value[name] for name in each.fields if value.get(name) not in (None, "")), None
                )
                encoded = None if stored is None else encode_part(stored, findings)
                if encoded is not None:
                    found += extension_values(each.url, each.kind, encoded)
            return {"extension": found} if found else None

        return encode

    @property
    def gives(self) -> tuple[Given, ...]:
        return tuple(Given(*each) for each in self.parts)

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(name for each in self.parts for name in each.fields)

    def decoder(self, site: Site) -> Decode:
        steps = [
            (each, own, each.kind.encoder(at))
            for each in self.parts
            for at in [site.at(f"{site.field}.{each.fields[0]}")]
            if (own := each.kind.decoder(at)) is not None
        ]

        def changes(value: Any, old: dict[str, Any]) -> dict[str, Any]:
            """Parts that stay as they are served, and those that nobody can read, stay."""
            found = {}
            for each, decode_part, encode_part in steps:
                held = [name for name in each.fields if old.get(name) not in (None, "")]
                name = held[0] if held else each.fields[0]
                served = encode_part(old[name], []) if held else None
                given = part_values(value or {}, each)
                if comparable(given) != comparable(served):
                    found[name] = None if given is None else decode_part(given, old.get(name))
            return found

        def decode(value: Any, old: Any) -> Any:
            known = old if isinstance(old, dict) else {}
            changed = changes(value, known)
            if site.field == "*":
                return changed
            removed = {name for name, each in changed.items() if each is None}
            written = {**known, **changed}
            return {name: written[name] for name in written if name not in removed} or None

        return decode

    def describe(self) -> str:
        return "extension of " + ", ".join(each.url for each in self.parts)
