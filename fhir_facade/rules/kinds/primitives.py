"""Primitive values.

https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

import decimal
import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Decimal128

from fhir_facade.rules import dates
from fhir_facade.rules.date_search import Comparison, Precision, date_filter, readable
from fhir_facade.rules.filters import NOTHING, Filter, scalar
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.kinds.base import Kind, Site, data_absent, wrong_type
from fhir_facade.rules.text import FALSE_VALUES, TRUE_VALUES, clean, key_text, stored_keys
from fhir_facade.rules.text_match import TextMatch, keys, texts


@dataclass(frozen=True)
class Text(Kind):
    """A string; what FHIR forbids in one (control characters, nothing but blanks) is left out."""

    as_type: str = "string"
    concept: bool = False
    """Serve it as the `text` of a CodeableConcept."""
    required: bool = False
    """Say why where there is none; only a concept can."""
    of_code: bool = False
    """It is the words that go with a code, which a token search finds by `:text`."""

    @property
    def total(self) -> bool:
        return self.required

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept" if self.concept else self.as_type

    @property
    def search_type(self) -> str | None:
        return "token" if self.concept or self.of_code else "string"

    def encoder(self, site: Site) -> Encode:
        concept, required = self.concept, self.required

        def encode(value: Any, findings: Findings) -> Any:
            if type(value) is not str:
                absent = value is None
                reason = "nothing stored" if absent else wrong_type(value, "text")
                findings.append(site.degraded(reason))
                return data_absent("unknown" if absent else "unsupported") if required else None
            text = clean(value)
            if text is not None:
                return {"text": text} if concept else text
            if required:
                findings.append(site.degraded("nothing stored"))
            return data_absent("unknown") if required else None

        return encode

    def decoder(self, site: Site) -> Decode:
        del site
        return (lambda value, old: _words(value)) if self.concept else (lambda value, old: value)

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("text",) if self.search_type == "token" else ()

    def present(self, site: Site) -> Filter:
        return texts(site.field)

    def string(self, site: Site, match: TextMatch) -> Filter:
        return match.filter(site.field)

    def text(self, site: Site, match: TextMatch) -> Filter:
        return match.filter(site.field)

    def describe(self) -> str:
        return "text of a CodeableConcept" if self.concept else "text"


def _words(concept: dict[str, Any]) -> Any:
    """Return what a CodeableConcept says in words."""
    codings = concept.get("coding") or [{}]
    return concept.get("text") or codings[0].get("display") or codings[0].get("code")


def same_key(value: Any, old: Any) -> Any:
    """Return the key to store: as it is stored now where that says the same."""
    if key_text(old) == value:
        return old
    typed = stored_keys(value) if isinstance(value, str) else [value]
    return next((each for each in typed if type(each) is type(old)), value)


@dataclass(frozen=True)
class Key(Kind):
    """A key of something that is no FHIR resource, as text."""

    @property
    def fhir_type(self) -> str:
        return "string"

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> str | None:
            text = key_text(value)
            if text is None and value != "":
                findings.append(site.degraded(wrong_type(value, "a key")))
            return text

        return encode

    def decoder(self, site: Site) -> Decode:
        del site
        return same_key

    @property
    def kept_apart(self) -> bool:
        return False

    @property
    def search_type(self) -> str | None:
        return "token"

    def present(self, site: Site) -> Filter:
        return keys(site.field)

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        if system or code is None:
            return NOTHING
        return scalar(site.field, {"$in": stored_keys(code)})


@dataclass(frozen=True)
class Boolean(Kind):
    """A boolean; the usual spellings of true and false are read too."""

    @property
    def fhir_type(self) -> str:
        return "boolean"

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> bool | None:
            if value is True or value is False:
                return bool(value)
            if isinstance(value, str | int | float):
                if value in TRUE_VALUES:
                    return True
                if value in FALSE_VALUES:
                    return False
            findings.append(site.degraded(wrong_type(value, "a boolean")))
            return None

        return encode

    def decoder(self, site: Site) -> Decode:
        del site
        return lambda value, old: value


def _is_whole(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,10}", value) is not None


@dataclass(frozen=True)
class Integer(Kind):
    """A 32-bit integer, or one of FHIR's narrower types by `least`."""

    as_type: str = "integer"
    least: int = -(2**31)

    @property
    def fhir_type(self) -> str:
        return self.as_type

    def encoder(self, site: Site) -> Encode:
        least = self.least

        def encode(value: Any, findings: Findings) -> int | None:
            number = as_decimal(int(value) if _is_whole(value) else value)
            if number is None or number != number.to_integral_value():
                findings.append(site.degraded(wrong_type(value, "a whole number")))
                return None
            if not least <= number < 2**31:
                findings.append(site.degraded("a whole number outside FHIR's range"))
                return None
            return int(number)

        return encode

    def decoder(self, site: Site) -> Decode:
        del site
        return lambda value, old: value if isinstance(value, int) else None


_LARGEST = 300
"""Powers of ten beyond which readers of JSON lose a number."""


def as_decimal(value: Any) -> decimal.Decimal | None:
    """Read a finite number (int, float, Decimal128); None for anything else, booleans included."""
    if isinstance(value, Decimal128):
        number = value.to_decimal()
        return number if number.is_finite() else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        return decimal.Decimal(repr(value)) if math.isfinite(value) else None
    return decimal.Decimal(value)


def json_number(value: Any) -> int | float | decimal.Decimal | None:
    """Return a stored number with the digits it has, ready for JSON; None if it is no number."""
    if isinstance(value, Decimal128):
        number = as_decimal(value)
        return number if number is not None and abs(number.adjusted()) <= _LARGEST else None
    if as_decimal(value) is None:
        return None
    return float(value) if isinstance(value, float) else int(value)


def stored_number(value: Any) -> Any:
    """Return a FHIR decimal as what BSON holds with the same digits, or as near as it can."""
    if isinstance(value, int):
        return value
    text = str(getattr(value, "text", value))
    if repr(float(text)) == text:
        return float(text)
    try:
        exact = Decimal128(text)
    except (decimal.DecimalException, ValueError):
        return float(text) if math.isfinite(float(text)) else None
    return exact if str(exact.to_decimal()) == text else float(text)


@dataclass(frozen=True)
class Decimal(Kind):
    """A decimal, with the digits it has."""

    @property
    def fhir_type(self) -> str:
        return "decimal"

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> Any:
            number = json_number(value)
            if number is None:
                findings.append(site.degraded(wrong_type(value, "a finite number")))
            return number

        return encode

    def decoder(self, site: Site) -> Decode:
        del site
        return lambda value, old: stored_number(value)


@dataclass(frozen=True)
class DateTime(Kind):
    """A dateTime or, as `instant`, one that must have a time."""

    as_type: str = "dateTime"

    @property
    def fhir_type(self) -> str:
        return self.as_type

    @property
    def search_type(self) -> str | None:
        return "date"

    def encoder(self, site: Site) -> Encode:
        zone = site.context.timezone
        needs_time = self.as_type == "instant"
        searched = site.searched

        def encode(value: Any, findings: Findings) -> str | None:
            if type(value) is datetime and value.tzinfo is None:  # as stores decode it: UTC
                return f"{value.isoformat(timespec='milliseconds')}Z"
            moment = dates.read(value, zone)
            if isinstance(moment, str):
                findings.append(site.degraded(moment))
                return None
            if searched and not moment.searchable:
                findings.append(site.noted(dates.NOT_SEARCHABLE))
            if needs_time and moment.instant is None:
                return None if moment.day is None else dates.start_of_day(moment.day, zone)
            return moment.text

        return encode

    def decoder(self, site: Site) -> Decode:
        """A datetime is stored as BSON has it, a text that is there already stays a text."""
        zone = site.context.timezone

        def decode(value: Any, old: Any) -> Any:
            moment = dates.read(value, zone)
            if isinstance(moment, str):
                return None
            if isinstance(old, str) and old:
                return value
            if moment.instant is None:
                return dates.midnight(value) or value
            return dates.stored_instant(moment.instant)

        return decode

    def present(self, site: Site) -> Filter:
        return readable(site.field, partial=self.as_type != "instant")

    def date(self, site: Site, comparison: Comparison) -> Filter:
        precision = Precision.POINT if self.as_type == "instant" else Precision.SPELLED
        return date_filter(site.field, comparison, site.context.timezone, precision)


@dataclass(frozen=True)
class Date(Kind):
    """A date; a stored datetime gives its day in the deployment's zone."""

    @property
    def fhir_type(self) -> str:
        return "date"

    @property
    def search_type(self) -> str | None:
        return "date"

    def encoder(self, site: Site) -> Encode:
        zone, searched = site.context.timezone, site.searched

        def encode(value: Any, findings: Findings) -> str | None:
            moment = dates.read(value, zone)
            if isinstance(moment, str):
                findings.append(site.degraded(moment))
                return None
            if searched and not moment.searchable:
                findings.append(site.noted(dates.NOT_SEARCHABLE))
            return dates.local_day(moment, zone)

        return encode

    def decoder(self, site: Site) -> Decode:
        """A date is stored as text, `YYYY-MM-DD`, or as midnight where a datetime is there."""
        zone = site.context.timezone

        def decode(value: Any, old: Any) -> Any:
            moment = dates.read(value, zone)
            if isinstance(moment, str):
                return None
            day = dates.local_day(moment, zone)
            return dates.midnight(day) or day if isinstance(old, datetime) else day

        return decode

    def present(self, site: Site) -> Filter:
        return readable(site.field)

    def date(self, site: Site, comparison: Comparison) -> Filter:
        return date_filter(site.field, comparison, site.context.timezone, Precision.DAY)
