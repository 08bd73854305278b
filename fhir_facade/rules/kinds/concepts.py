"""Codes and CodeableConcepts.

https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import (
    EMPTY,
    EVERYTHING,
    NOTHING,
    Filter,
    all_of,
    any_of,
    scalar,
)
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.kinds.base import Kind, Site, data_absent, wrong_type
from fhir_facade.rules.kinds.described import Vocabulary, of_table
from fhir_facade.rules.text import LEGAL_CODE, clean, is_code
from fhir_facade.rules.text_match import SOME_TEXT, TextMatch, texts

UNKNOWN_SPELLING = "not a spelling the code table knows"


def system_url(system: str, context: Context) -> str:
    return system if "://" in system else context.code_system(system)


def _stored(readings: Mapping[str, str], code: str | None) -> list[str]:
    return [spelling for spelling, each in readings.items() if code in (None, each)]


@dataclass(frozen=True)
class Code(Kind):
    """A `code` with a required binding, read through a code table.

    `otherwise` is the code for an absent or unreadable value; `required` without it makes such a
    document unservable.
    """

    codes: Codes
    required: bool = False
    otherwise: str | None = None
    otherwise_system: str | None = None
    """The system of `otherwise`, where it is not the code table's."""
    absent_is_servable: bool = False
    """Another rule of the mapping gives the code where nothing is stored."""

    @property
    def fhir_type(self) -> str:
        return "code"

    @property
    def search_type(self) -> str | None:
        return "token"

    @property
    def total(self) -> bool:
        return self.required

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        found = of_table(self.codes)
        if self.otherwise is None or self.otherwise in found.codes:
            return (found,)
        system = self.otherwise_system or self.codes.system
        return found, Vocabulary(system, {self.otherwise: self.otherwise})

    def _readings(self, site: Site) -> dict[str, str]:
        strays = site.context.stray_codes.get(site.element)
        return self.codes.readings(strays, *([self.otherwise] if self.otherwise else []))

    def encoder(self, site: Site) -> Encode:
        readings = self._readings(site)
        otherwise, required, absent_is_servable = (
            self.otherwise,
            self.required,
            self.absent_is_servable,
        )

        def encode(value: Any, findings: Findings) -> str | None:
            if type(value) is str and value in readings:
                return readings[value]
            absent = value is None or value == ""
            if absent and absent_is_servable:
                return None
            reason = "nothing stored" if absent else UNKNOWN_SPELLING
            if not absent and not isinstance(value, str):
                reason = wrong_type(value, "a code")
            if required and otherwise is None:
                findings.append(site.unservable(reason))
            elif not (absent and not required):
                findings.append(site.degraded(reason))
            return otherwise

        return encode

    def decoder(self, site: Site) -> Decode:
        readings, spelling = self._readings(site), self.codes.spelling

        def decode(value: Any, old: Any) -> Any:
            same = isinstance(old, str) and readings.get(old) == value
            return old if same else spelling(value)

        return decode

    @property
    def kept_apart(self) -> bool:
        return bool(self.codes.nearest)

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        readings = self._readings(site)
        spellings = _stored(readings, code) if system in (None, self.codes.system) else []
        found = [scalar(site.field, {"$in": spellings})] if spellings else []
        if self._is_otherwise(system, code):
            unreadable = {"$nor": [scalar(site.field, {"$in": [*readings, *EMPTY]})]}
            found.append(unreadable)
        return any_of(found)

    def _is_otherwise(self, system: str | None, code: str | None) -> bool:
        known = (None, self.otherwise_system or self.codes.system)
        return self.otherwise is not None and system in known and code in (None, self.otherwise)

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("in", "not-in")

    def present(self, site: Site) -> Filter:
        if self.otherwise is not None or self.required:
            return EVERYTHING
        return scalar(site.field, {"$in": list(self._readings(site))})

    def is_token_of_absent(self, system: str | None, code: str | None) -> bool:
        return self._is_otherwise(system, code)

    def servable(self, site: Site) -> Filter | None:
        if not self.required or self.otherwise is not None:
            return None
        known: list[Any] = list(self._readings(site))
        return scalar(site.field, {"$in": [*known, *EMPTY] if self.absent_is_servable else known})

    def describe(self) -> str:
        return f"code of {self.codes.system}"


@dataclass(frozen=True)
class Concept(Kind):
    """A CodeableConcept from a stored code.

    With `codes`, known spellings become codings and others `text`; with only `system`, every legal
    code becomes a coding of that local system. A stored `{value, display}` is read too.
    """

    system: str = ""
    codes: tuple[Codes, ...] = ()
    required: bool = False
    shows: bool = False
    """Repeat the stored code as the coding's display."""
    says: bool = False
    """Repeat it as the concept's text too."""
    both: bool = False
    """Beside the coding of a table, give the local one under its canonical spelling."""
    paired: bool = False
    """Store a code with its words as `{value, display}`."""
    any_code: bool = False
    """Store the code of another system too, where there is none of its own."""

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept"

    @property
    def search_type(self) -> str | None:
        return "token"

    @property
    def total(self) -> bool:
        return self.required

    def encoder(self, site: Site) -> Encode:
        context = site.context
        strays = context.stray_codes.get(site.element)
        tables = [
            (system_url(table.system, context), table, table.readings(strays))
            for table in self.codes
        ]
        local = system_url(self.system, context) if self.system else None
        required, shows, both, says = self.required, self.shows, self.both, self.says

        def codings(value: str) -> list[dict[str, Any]]:
            for url, table, readings in tables:
                code = readings.get(value)
                if code is not None:
                    found = {"system": url, "code": code, "display": table.display(code)}
                    return (
                        [found, {"system": local, "code": table.stored[code]}] if both else [found]
                    )
            if local is None or not is_code(value):
                return []
            return [{"system": local, "code": value, **({"display": value} if shows else {})}]

        def from_text(value: str, display: str | None, findings: Findings) -> Any:
            found = codings(value)
            if not found:
                text = display or clean(value)
                if text is not None and tables:
                    findings.append(site.degraded(UNKNOWN_SPELLING + "; served as text"))
                return None if text is None else {"text": text}
            if display is None:
                return {"coding": found, **({"text": value} if says else {})}
            if found[0]["system"] == local:
                found = [{**found[0], "display": display}]
            return {"coding": found, "text": display}

        def encode(value: Any, findings: Findings) -> Any:
            encoded = None
            if type(value) is str:
                encoded = from_text(value, None, findings)
            elif isinstance(value, dict):
                encoded = from_pair(value, findings)
            elif value is not None:
                findings.append(site.degraded(wrong_type(value, "a code")))
                return data_absent("unsupported") if required else None
            if encoded is None and required:
                findings.append(site.degraded("nothing stored"))
                return data_absent("unknown")
            return encoded

        def from_pair(value: dict[str, Any], findings: Findings) -> Any:
            code, shown = value.get("value"), value.get("display")
            display = clean(shown) if isinstance(shown, str) else None
            if isinstance(code, str) and clean(code) is not None:
                return from_text(code, display, findings)
            if display is not None:
                return {"text": display}
            if value:
                findings.append(site.degraded("an object without a code or a display"))
            return None

        return encode

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        tables = tuple(map(of_table, self.codes))
        if not self.system:
            return tables
        stored = (table.stored.values() for table in self.codes if self.both)
        local = {spelling: spelling for each in stored for spelling in each}
        return (Vocabulary(self.system, local, is_open=True), *tables)

    def _systems(self, context: Context) -> set[str]:
        own = [*(table.system for table in self.codes), *([self.system] if self.system else [])]
        return {system_url(each, context) for each in own}

    def owns(self, value: Any, context: Context) -> bool:
        """A concept without a coding says nothing of its system, and is taken by the first."""
        codings = value.get("coding") if isinstance(value, dict) else None
        own = self._systems(context)
        return not codings or any(each.get("system") in own for each in codings)

    def decoder(self, site: Site) -> Decode:
        """Store the code, with its display where that says more; else the words."""
        context = site.context
        strays = context.stray_codes.get(site.element)
        tables = {
            system_url(table.system, context): (table, table.readings(strays))
            for table in self.codes
        }
        local = system_url(self.system, context) if self.system else None

        def spelled(concept: dict[str, Any], old: Any) -> str | None:
            codings = concept.get("coding", ())
            for coding in codings:
                code = coding.get("code")
                if coding.get("system") in tables and code:
                    table, readings = tables[coding["system"]]
                    same = isinstance(old, str) and readings.get(old) == code
                    return old if same else table.spelling(code)
            for coding in codings:
                if local is not None and coding.get("system") == local and coding.get("code"):
                    return str(coding["code"])
            if self.any_code and codings and codings[0].get("code"):
                return str(codings[0]["code"])
            return plain(concept.get("text"))

        def plain(text: Any) -> str | None:
            """Words that a table reads as a code would be served as that code."""
            taken = any(text in readings for _, readings in tables.values())
            return None if taken else text

        def decode(concept: dict[str, Any], old: Any) -> Any:
            text = concept.get("text")
            if isinstance(old, dict):
                return _paired(old, spelled(concept, old.get("value")), text)
            code = spelled(concept, old)
            if not self.paired or text in (None, code) or not concept.get("coding"):
                return code
            return {"value": code, "display": text}

        return decode

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        values = self._stored_values(site, system, code)
        if values is None:
            return NOTHING
        wanted = {"$in": values} if values else self._any_local(site)
        return any_of([scalar(site.field, wanted), scalar(f"{site.field}.value", wanted)])

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("text", *(("in", "not-in") if self.codes else ()))

    def present(self, site: Site) -> Filter:
        return any_of(
            texts(path) for path in (site.field, f"{site.field}.value", f"{site.field}.display")
        )

    def text(self, site: Site, match: TextMatch) -> Filter:
        if match.blank:
            return NOTHING
        value, display = f"{site.field}.value", f"{site.field}.display"
        known = self._spellings_shown_as(site, match)
        plain = {"$in": known} if known else None
        found = [scalar(path, plain) for path in (site.field, value) if plain]
        own = self._own_words(site, match)
        found.append(scalar(site.field, own))
        for no_display in ({"$nin": [SOME_TEXT]}, {"$type": "array"}):
            found.append(all_of([{display: no_display}, scalar(value, own)]))
        return any_of([*found, match.filter(display)])

    def _spellings_shown_as(self, site: Site, match: TextMatch) -> list[str]:
        """Return the stored spellings of the codes whose display fits."""
        strays = site.context.stray_codes.get(site.element)
        return [
            spelling
            for table in self.codes
            for spelling, code in table.readings(strays).items()
            if match.matches(table.display(code))
        ]

    def _own_words(self, site: Site, match: TextMatch) -> dict[str, Any]:
        """Return what finds a stored text that is served as words."""
        strays = site.context.stray_codes.get(site.element)
        taken = [spelling for table in self.codes for spelling in table.readings(strays)]
        coded = bool(self.system) and not (self.shows or self.says)
        condition = match.no_code() if coded else match.condition()
        if taken and not self.says:
            return {**condition, "$nin": [*taken, *condition.get("$nin", ())]}
        return dict(condition)

    def _any_local(self, site: Site) -> dict[str, Any]:
        """Match each legal code that no table reads: what is served under the local system."""
        if self.both:
            return {"$regex": LEGAL_CODE}
        strays = site.context.stray_codes.get(site.element)
        taken = [spelling for table in self.codes for spelling in table.readings(strays)]
        return {"$regex": LEGAL_CODE, "$nin": taken} if taken else {"$regex": LEGAL_CODE}

    def _stored_values(self, site: Site, system: str | None, code: str | None) -> list[str] | None:
        """Return the stored spellings; an empty list is any local code, None is nothing."""
        strays = site.context.stray_codes.get(site.element)
        found: list[str] = []
        taken: set[str] = set()
        for table in self.codes:
            readings = table.readings(strays)
            taken |= readings.keys()
            if system in (None, system_url(table.system, site.context)):
                found += _stored(readings, code)
        if self.system and system in (None, system_url(self.system, site.context)):
            if code is None:
                return []
            local = {table.stored[each]: each for table in self.codes for each in table.stored}
            if self.both and code in local:
                for table in self.codes:
                    found += _stored(table.readings(strays), local[code])
            elif code not in taken and is_code(code):
                found.append(code)
        return found or None

    def paths(self, path: str) -> tuple[str, ...]:
        return (path, f"{path}.value")

    def describe(self) -> str:
        tables = [table.system.rsplit("/", 1)[-1] for table in self.codes]
        return "CodeableConcept of " + " or ".join(
            [*tables, *([self.system] if self.system else [])]
        )


def _paired(old: dict[str, Any], code: str | None, text: Any) -> dict[str, Any]:
    """Return a stored `{value, display}` with another code and text."""
    others = {name: value for name, value in old.items() if name not in ("value", "display")}
    named = {"value": code, "display": text}
    return {**others, **{name: value for name, value in named.items() if value is not None}}
