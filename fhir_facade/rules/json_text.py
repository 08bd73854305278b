"""FHIR JSON as text: every number keeps its digits, and what JSON readers disagree on is refused.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from typing import Any, NoReturn

import orjson

from fhir_facade.errors import BadRequest, Issue

MAX_DEPTH = 64
"""Objects and lists within one another; contained resources of deep types stay far below it."""
_LONGEST_NUMBER = 400
_LARGEST_EXPONENT = 6000
"""Powers of ten, within what BSON's decimals hold."""
_PLAIN_INTEGER = 15
"""Digits up to which an integer is the same number in every language."""


class Number(Decimal):
    """A number with the very characters it was written in (`1.10`, `1E+2`, `-0`)."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __copy__(self) -> Number:
        return self

    def __deepcopy__(self, memo: Any) -> Number:
        """Decimal would make a new one, of the same value and other characters."""
        return self


class _Refused(ValueError):
    """What JSON allows and this server does not; the message is safe to show."""


def read_json(text: bytes | str, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return the JSON value of a request body; raise BadRequest, with line and column if known.

    Refused beside broken JSON: NaN and infinities, names that an object has twice, lone surrogates,
    numbers of more than 400 characters, and more than `max_depth` levels.
    """
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(
            decoded,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
        _check(value, max_depth)
    except UnicodeDecodeError:
        raise _bad("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _bad(f"The body is not JSON: {error.msg} ({where}).") from None
    except RecursionError:
        raise _bad(f"The body has more than {max_depth} levels.") from None
    except _Refused as error:
        raise _bad(str(error)) from None
    return value


def _bad(text: str) -> BadRequest:
    return BadRequest(text, issues=[Issue("fatal", "structure", text)])


def _number(text: str) -> Number:
    if len(text) > _LONGEST_NUMBER:
        raise _Refused(f"A number in the body has more than {_LONGEST_NUMBER} characters.")
    exponent = text.lower().partition("e")[2]
    if abs(int(exponent or 0)) > _LARGEST_EXPONENT:
        raise _Refused(f"A number in the body has an exponent beyond {_LARGEST_EXPONENT}.")
    return Number(text)


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= _PLAIN_INTEGER and text != "-0" else _number(text)


def _constant(name: str) -> NoReturn:
    raise _Refused(f"JSON has no number {name}.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused("An object in the body has one name twice.")
    return found


def _check(value: Any, levels: int) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
            raise _Refused("A string in the body holds half of a surrogate pair.")
    elif isinstance(value, dict | list):
        if levels == 0:
            raise _Refused("The body has too many levels.")
        if isinstance(value, dict):
            for name in value:
                _check(name, levels - 1)
            value = list(value.values())
        for each in value:
            _check(each, levels - 1)


def _digits(value: Any) -> Any:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


def to_json(value: Any, *, pretty: bool = False) -> bytes:
    """Write FHIR JSON; decimals keep the digits they have."""
    return orjson.dumps(value, default=_digits, option=orjson.OPT_INDENT_2 if pretty else 0)


comparable = partial(orjson.dumps, default=_digits, option=orjson.OPT_SORT_KEYS)
"""Return bytes that two values share if FHIR sees no difference: all but the order of names."""
