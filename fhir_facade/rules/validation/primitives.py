"""What a JSON value must be to be one of FHIR's primitives.

https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

import binascii
import re
from calendar import monthrange
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Check = Callable[[Any], tuple[str, str] | None]
"""Returns what is wrong with a value: an issue code, and a sentence without the value."""

_LONGEST = 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_YEAR = r"(?!0000)[0-9]{4}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_SMALLEST, _LARGEST = -(2**31), 2**31 - 1

NAMES = {
    "Base64Binary": "base64Binary",
    "Canonical": "canonical",
    "Code": "code",
    "Date": "date",
    "DateTime": "dateTime",
    "Decimal": "decimal",
    "Id": "id",
    "Instant": "instant",
    "Integer": "integer",
    "Markdown": "markdown",
    "Oid": "oid",
    "PositiveInt": "positiveInt",
    "String": "string",
    "Time": "time",
    "UnsignedInt": "unsignedInt",
    "Uri": "uri",
    "Url": "url",
    "UuidVersion": "uuid",
    "Xhtml": "xhtml",
}
"""What the models call FHIR's primitives."""


def _structure(text: str) -> tuple[str, str]:
    return "structure", text


def _value(text: str) -> tuple[str, str]:
    return "value", text


_NO_STRING = _structure("must be a JSON string")
_EMPTY = _value("must not be empty")
_TOO_LONG = _value("must not be longer than 1 MB")
_HAS_CONTROL = _value("must not hold control characters")
_NO_BOOLEAN = _structure("must be true or false")
_NO_NUMBER = _structure("must be a JSON number")
_NO_DAY = _value("must be a day of the calendar")
_NO_BASE64 = _value("must be base64: groups of four characters, padded with =")


def _boolean(value: Any) -> tuple[str, str] | None:
    return None if isinstance(value, bool) else _NO_BOOLEAN


def _string(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return _NO_STRING
    if not value:
        return _EMPTY
    if len(value) > _LONGEST:
        return _TOO_LONG
    return _HAS_CONTROL if _CONTROL.search(value) else None


def _pattern(pattern: str, text: str) -> Check:
    matches = re.compile(pattern, re.ASCII).fullmatch
    wrong = _value(text)

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return _NO_STRING
        if not value:
            return _EMPTY
        return None if matches(value) else wrong

    return check


def _real_day(shape: Check) -> Check:
    """Also look whether the month has that day."""

    def check(value: Any) -> tuple[str, str] | None:
        wrong = shape(value)
        if wrong or value[8:10] < "29":
            return wrong
        last = monthrange(int(value[:4]), int(value[5:7]))[1]
        return _NO_DAY if int(value[8:10]) > last else None

    return check


def _base64(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return _NO_STRING
    groups = value.split()
    if not groups:
        return _EMPTY
    try:
        binascii.a2b_base64("".join(groups), strict_mode=True)
    except ValueError:
        return _NO_BASE64
    return _NO_BASE64 if any(len(each) % 4 for each in groups) else None


def _decimal(value: Any) -> tuple[str, str] | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return _NO_NUMBER
    return None if Decimal(value).is_finite() else _NO_NUMBER


def _integer(least: int) -> Check:
    wrong = _value(f"must be a whole number from {least} to {_LARGEST}, without point or exponent")

    def check(value: Any) -> tuple[str, str] | None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return _NO_NUMBER
        return None if isinstance(value, int) and least <= value <= _LARGEST else wrong

    return check


CHECKS: dict[str, Check] = {
    "base64Binary": _base64,
    "boolean": _boolean,
    "canonical": _pattern(r"\S+", "must be a canonical URL without whitespace"),
    "code": _pattern(r"[^\s]+(?:\s[^\s]+)*", "must be a code: single blanks between words only"),
    "date": _real_day(
        _pattern(f"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?", "must be YYYY, YYYY-MM or YYYY-MM-DD")
    ),
    "dateTime": _real_day(
        _pattern(
            f"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?",
            "must be YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone",
        )
    ),
    "decimal": _decimal,
    "id": _pattern(r"[A-Za-z0-9\-.]{1,64}", "must be 1 to 64 letters, digits, - and ."),
    "instant": _real_day(
        _pattern(f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}", "must be YYYY-MM-DDThh:mm:ss and zone")
    ),
    "integer": _integer(_SMALLEST),
    "markdown": _string,
    "oid": _pattern(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+", "must be urn:oid: and an OID"),
    "positiveInt": _integer(1),
    "string": _string,
    "time": _pattern(_CLOCK, "must be hh:mm:ss"),
    "unsignedInt": _integer(0),
    "uri": _pattern(r"\S+", "must be a URI without whitespace"),
    "url": _pattern(r"\S+", "must be a URL without whitespace"),
    "uuid": _pattern(
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "must be urn:uuid: and a UUID in small letters",
    ),
    "xhtml": lambda value: None if isinstance(value, str) else _NO_STRING,
}


def _coded(pattern: str, text: str) -> Check:
    matches = re.compile(pattern, re.ASCII).fullmatch
    wrong = ("code-invalid", text)

    def check(value: Any) -> tuple[str, str] | None:
        return CHECKS["code"](value) or (None if matches(value) else wrong)

    return check


language = _coded(
    r"(?:[A-Za-z]{2,8}|[ixIX])(?:-[A-Za-z0-9]{1,8})*", "must be a language tag (BCP 47)"
)
mime_type = _coded(
    r"[A-Za-z0-9!#$&^_.+*-]+/[A-Za-z0-9!#$&^_.+*-]+\s?(?:;.*)?", "must be a mime type (BCP 13)"
)
currency = _coded(r"[A-Z]{3}", "must be a currency of three capital letters (ISO 4217)")
