"""General-purpose datatypes.

https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter, scalar
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.kinds.base import Kind, Site, wrong_type
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.primitives import DateTime, Text, same_key, stored_number
from fhir_facade.rules.kinds.quantities import number
from fhir_facade.rules.kinds.references import Reference, label, reference_builder
from fhir_facade.rules.text import clean, fhir_id, is_id, key_text, stored_ids, stored_keys
from fhir_facade.rules.text_match import keys

IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
FILLER = (IDENTIFIER_TYPES, "FILL", "Filler Identifier")
"""The number that this platform gave: (system, code, display) of its type."""
PLACER = (IDENTIFIER_TYPES, "PLAC", "Placer Identifier")
"""The number that another party gave."""


def identifier_type(kind: tuple[str, str, str]) -> dict[str, Any]:
    """Return the type of an Identifier."""
    system, code, display = kind
    return {"coding": [{"system": system, "code": code, "display": display}]}


@dataclass(frozen=True)
class Identifier(Kind):
    """An Identifier from a stored key; `of_record` takes the document's own `_id`."""

    sid: str
    of_record: bool = False

    @property
    def fhir_type(self) -> str:
        return "Identifier"

    @property
    def search_type(self) -> str | None:
        return "token"

    def encoder(self, site: Site) -> Encode:
        system = site.context.identifier_system(self.sid)
        text_of = fhir_id if self.of_record else key_text
        kind = identifier_type(FILLER)

        def encode(value: Any, findings: Findings) -> Any:
            text = text_of(value)
            if text is None:
                if value != "":
                    findings.append(site.degraded(wrong_type(value, "a key")))
                return None
            return {"type": kind, "system": system, "value": text}

        return encode

    @property
    def assigned(self) -> str | None:
        return self.sid if self.of_record else None

    @property
    def gives(self) -> tuple[Given, ...]:
        return (given("system", (), Text("uri")), given("value", "", Text()))

    @property
    def sids(self) -> tuple[str, ...]:
        return (self.sid,)

    def decoder(self, site: Site) -> Decode | None:
        if self.of_record:
            return None
        return lambda value, old: same_key(value["value"], old) if "value" in value else None

    def owns(self, value: Any, context: Context) -> bool:
        system = context.identifier_system(self.sid)
        return isinstance(value, dict) and value.get("system") == system

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("of-type",)

    def present(self, site: Site) -> Filter:
        return self.token(site, None, None)

    def of_type(self, site: Site, kind: tuple[str, str], value: str) -> Filter:
        return self.token(site, None, value) if kind == FILLER[:2] else NOTHING

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        if system not in (None, site.context.identifier_system(self.sid)):
            return NOTHING
        if code is None:
            return EVERYTHING if self.of_record else keys(site.field)
        known = stored_ids(code) if self.of_record else stored_keys(code)
        return scalar(site.field, {"$in": known}) if known else NOTHING


@dataclass(frozen=True)
class Money(Kind):
    """An amount of US dollars."""

    @property
    def fhir_type(self) -> str:
        return "Money"

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> Any:
            amount = number(value)
            if amount is None:
                findings.append(site.degraded(wrong_type(value, "a finite number")))
                return None
            return {"value": amount, "currency": "USD"}

        return encode

    def decoder(self, site: Site) -> Decode:
        del site

        def decode(value: Any, old: Any) -> Any:
            del old
            dollars = "value" in value and value.get("currency", "USD") == "USD"
            return stored_number(value["value"]) if dollars else None

        return decode


_NOTE_TEXT = ("text", "note", "message")
_NOTE_TIME = ("created", "date", "created_at", "createdAt")
_NOTE_AUTHOR = ("created_by", "author", "by", "createdBy")


def _first(value: dict[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        found = value.get(name)
        if found is not None and found != "":
            return found
    return None


def _author_of(note: dict[str, Any]) -> Any:
    return note.get("authorReference"), note.get("authorString")


def _put(value: dict[str, Any], names: tuple[str, ...], stored: Any) -> None:
    """Set a field under the name it has, else the usual one; None removes it."""
    for name in names:
        if value.get(name) not in (None, ""):
            break
    else:
        name = names[0]
    if stored is None:
        value.pop(name, None)
    else:
        value[name] = stored


def author_builder(site: Site) -> Callable[[Any], dict[str, Any]]:
    """Return the function that writes who made a note, as reference or as name."""
    build = reference_builder("Practitioner", "user", site.context)

    def author(value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            key, name = key_text(value.get("id")), label(value)
        else:
            key, name = key_text(value), None
        if key is not None and is_id(key):
            return {"authorReference": build(key, name)}
        text = name or key
        return {"authorString": text} if text is not None else {}

    return author


@dataclass(frozen=True)
class Annotation(Kind):
    """A note: bare text, or an object with a text, a time and an author under their usual names."""

    @property
    def fhir_type(self) -> str:
        return "Annotation"

    def encoder(self, site: Site) -> Encode:
        encode_time = DateTime().encoder(site)
        author = author_builder(site)

        def encode(value: Any, findings: Findings) -> Any:
            if type(value) is str:
                text = clean(value)
                return None if text is None else {"text": text}
            if type(value) is not dict:
                findings.append(site.degraded(wrong_type(value, "a note")))
                return None
            stored = _first(value, _NOTE_TEXT)
            text = clean(stored) if isinstance(stored, str) else None
            if text is None:
                findings.append(site.degraded("a note without text"))
                return None
            note = author(_first(value, _NOTE_AUTHOR))
            time = _first(value, _NOTE_TIME)
            if time is not None and (written := encode_time(time, findings)) is not None:
                note["time"] = written
            note["text"] = text
            return note

        return encode

    def decoder(self, site: Site) -> Decode:
        decode_time = DateTime().decoder(site)
        decode_author = Reference("Practitioner", "user").decoder(site)

        def author(note: dict[str, Any], old: Any) -> Any:
            if "authorReference" in note:
                return decode_author(note["authorReference"], old)
            return {"name": note["authorString"]} if "authorString" in note else None

        encode_note = self.encoder(site)

        def decode(note: dict[str, Any], old: Any) -> Any:
            """Fields that stay as they are served, and those that nobody can read, stay."""
            written = dict(old) if isinstance(old, dict) else {}
            served = encode_note(written, []) or {}
            if note.get("text") != served.get("text"):
                _put(written, _NOTE_TEXT, note.get("text"))
            if note.get("time") != served.get("time"):
                at = _first(written, _NOTE_TIME)
                _put(written, _NOTE_TIME, decode_time(note["time"], at) if "time" in note else None)
            if _author_of(note) != _author_of(served):
                _put(written, _NOTE_AUTHOR, author(note, _first(written, _NOTE_AUTHOR)))
            return written

        return decode

    @property
    def gives(self) -> tuple[Given, ...]:
        return (
            given("authorReference", _NOTE_AUTHOR, Reference("Practitioner", "user")),
            given("authorString", tuple(f"{name}.name" for name in _NOTE_AUTHOR), Text()),
            given("time", _NOTE_TIME, DateTime()),
            given("text", _NOTE_TEXT, Text()),
        )

    @property
    def sids(self) -> tuple[str, ...]:
        return ("user",)

    def key_of(self, value: Any) -> Any:
        """A note is known by its time."""
        return value.get("time") if isinstance(value, dict) else None

    def describe(self) -> str:
        return "Annotation"
