"""Strings, codes and ids as FHIR allows them.

https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from bson import Decimal128, ObjectId

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
CONTROL = "\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff"
BLANK = "\t\n\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WORD = f"[^{CONTROL}{BLANK}]+"
LEGAL_CODE = f"^{_WORD}( {_WORD})*$"
"""What a code looks like, for filters: spelled out, since servers differ in what is a blank."""

_CODE = re.compile(f"{_WORD}( {_WORD})*")
_SURROGATE = re.compile("[\x00\ud800-\udfff]")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_LOOKS_ENCODED = re.compile(r"x-([0-9a-f]{2})+")
_HEX24 = re.compile(r"[0-9a-f]{24}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def clean(value: str) -> str | None:
    """Return the string without characters that FHIR forbids, or None if nothing is left."""
    if not value.isprintable():
        value = _CONTROL.sub("", value)
    return value if value and not value.isspace() else None


def is_code(value: str) -> bool:
    return _CODE.fullmatch(value) is not None and not _SURROGATE.search(value)


@lru_cache(maxsize=16_384)
def is_id(value: str) -> bool:
    return _ID.fullmatch(value) is not None


def fhir_id(stored: Any) -> str | None:
    """Return the FHIR id of a stored `_id` (ObjectId, UUID, string), or None if it has none."""
    if type(stored) is ObjectId or isinstance(stored, UUID):
        return str(stored)
    if type(stored) is not str or not stored:
        return None
    if is_id(stored) and not _LOOKS_ENCODED.fullmatch(stored):
        return stored
    encoded = "x-" + stored.encode("utf-8", "surrogatepass").hex()
    return encoded if len(encoded) <= 64 else None


def stored_ids(fhir: str) -> list[Any]:
    """Return every `_id` that is served under this FHIR id; an empty list if none can be."""
    if not is_id(fhir):
        return []
    if _LOOKS_ENCODED.fullmatch(fhir):
        decoded = bytes.fromhex(fhir[2:]).decode("utf-8", "replace")
        return [decoded] if fhir_id(decoded) == fhir else []
    return [*_typed(fhir), fhir]


def stored_keys(key: str) -> list[Any]:
    """Return every stored spelling of a foreign key: as text, ObjectId, UUID or integer."""
    found = [*_typed(key), key]
    if _INTEGER.fullmatch(key):
        found.append(int(key))
    return found


def _typed(key: str) -> list[Any]:
    if _HEX24.fullmatch(key):
        return [ObjectId(key)]
    if _UUID.fullmatch(key):
        return [UUID(key)]
    return []


def key_text(stored: Any) -> str | None:
    """Return the text of a stored foreign key, or None if it is not one."""
    if type(stored) is str:
        return stored if clean(stored) == stored else None
    if isinstance(stored, ObjectId | UUID):
        return str(stored)
    if isinstance(stored, int | float | Decimal128) and not isinstance(stored, bool):
        return _whole(stored)
    return None


def _whole(stored: float | Decimal128) -> str | None:
    """JavaScript keeps whole numbers as doubles: 7.0 is the key 7."""
    number = stored.to_decimal() if isinstance(stored, Decimal128) else Decimal(stored)
    if not number.is_finite() or number != number.to_integral_value() or abs(number) >= 10**18:
        return None
    return str(int(number))


TRUE_VALUES: tuple[Any, ...] = (True, 1, "true", "True", "TRUE", "1")
FALSE_VALUES: tuple[Any, ...] = (False, 0, "false", "False", "FALSE", "0")


def is_set(value: Any) -> bool:
    """Say whether a stored mark (`is_deleted` …) is set, just as `{$nin: TRUE_VALUES}` does."""
    if value is True:
        return True
    if not value:
        return False
    if isinstance(value, list):
        return any(is_set(item) for item in value if not isinstance(item, list))
    if isinstance(value, Decimal128):
        return bool(value.to_decimal() == 1)
    return isinstance(value, str | int | float) and value in TRUE_VALUES
