"""BSON's order as bytes: comparing two encodings with memcmp gives MongoDB's order of the values.

Every encoding is one type tag and a payload that ends where it says, and no encoding is the
beginning of another: so they concatenate into composite keys, and inverting the bytes inverts the
order.

https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex
from bson.timestamp import Timestamp

# The tags are MongoDB's own canonical type numbers, save those that are not positive there.
MIN_KEY: Final = 0x01
UNDEFINED_TAG: Final = 0x02
NULL: Final = 0x05
NUMBER: Final = 0x0A
STRING: Final = 0x0F
OBJECT: Final = 0x14
ARRAY: Final = 0x19
BINARY: Final = 0x1E
OBJECT_ID: Final = 0x23
BOOL: Final = 0x28
DATE: Final = 0x2D
TIMESTAMP: Final = 0x2F
REGEX: Final = 0x32
CODE: Final = 0x3C
CODE_WITH_SCOPE: Final = 0x41
MAX_KEY: Final = 0x7F

UNDEFINED: Final = bytes([UNDEFINED_TAG])
"""What an empty array becomes in an index and in a sort: below null, as on MongoDB."""
NULL_BYTES: Final = bytes([NULL])

_INVERT: Final = bytes(255 - byte for byte in range(256))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = _EPOCH.replace(tzinfo=None)
_FLAGS: Final = (("i", re.I), ("l", re.L), ("m", re.M), ("s", re.S), ("u", re.U), ("x", re.X))

_NUMBER: Final = bytes([NUMBER])
_NAN, _MINUS_INFINITY, _NEGATIVE, _ZERO, _POSITIVE, _INFINITY = (
    _NUMBER + bytes([rank]) for rank in range(6)
)
_EXPONENT_BIAS: Final = 0x4000

Encoder = Callable[[Any], bytes]


def sort_bytes(value: Any, descending: bool = False) -> bytes:
    """Encode a BSON value so that memcmp orders the encodings as MongoDB orders the values."""
    encoder = _ENCODERS.get(value.__class__)
    encoded = encoder(value) if encoder is not None else _encode_subclass(value)
    return encoded.translate(_INVERT) if descending else encoded


def invert(encoded: bytes) -> bytes:
    """Turn an ascending encoding into the descending one, and back."""
    return encoded.translate(_INVERT)


def successor(prefix: bytes) -> bytes:
    """Return the smallest bytes that are greater than everything that begins with `prefix`."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1])


def milliseconds(value: datetime) -> int:
    """Return the milliseconds since 1970 that BSON stores for a moment (a naive one is UTC)."""
    delta = value - (_NAIVE_EPOCH if value.tzinfo is None else _EPOCH)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def regex_flags(flags: int) -> str:
    """Write the flags of a regular expression as BSON stores them."""
    return "".join(letter for letter, flag in _FLAGS if flags & flag)


def _null(_value: object) -> bytes:
    return NULL_BYTES


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    if b"\0" in data:
        data = data.replace(b"\0", b"\0\xff")
    return data + b"\0\0"


def _string(value: str) -> bytes:
    return b"\x0f" + _text(value)


def _finite(negative: bool, exponent: int, digits: str) -> bytes:
    """Encode ±0.digits * 10^exponent; `digits` has no zero at either end."""
    data = (exponent + _EXPONENT_BIAS).to_bytes(2, "big") + digits.encode() + b"\0"
    return _NEGATIVE + data.translate(_INVERT) if negative else _POSITIVE + data


def _integer(value: int) -> bytes:
    if not value:
        return _ZERO
    digits = int.__repr__(abs(value))
    return _finite(value < 0, len(digits), digits.rstrip("0"))


def _double(value: float) -> bytes:
    if value != value:
        return _NAN
    if value in (float("inf"), float("-inf")):
        return _INFINITY if value > 0 else _MINUS_INFINITY
    return _integer(int(value)) if value.is_integer() else _decimal(Decimal(value))


def _decimal128(value: Decimal128) -> bytes:
    decimal = value.to_decimal()
    if decimal.is_nan():
        return _NAN
    if decimal.is_infinite():
        return _INFINITY if decimal > 0 else _MINUS_INFINITY
    return _decimal(decimal)


def _decimal(value: Decimal) -> bytes:
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return _ZERO
    return _finite(bool(sign), len(text) + int(exponent), text.rstrip("0"))


def _object(value: Mapping[str, Any]) -> bytes:
    """Encode fields as type, name, value: MongoDB compares them in that order."""
    parts = [b"\x14"]
    for name, element in value.items():
        encoded = sort_bytes(element)
        parts += (encoded[:1], _text(name), encoded[1:])
    parts.append(b"\0")
    return b"".join(parts)


def _array(value: list[Any] | tuple[Any, ...]) -> bytes:
    return b"".join((b"\x19", *map(sort_bytes, value), b"\0"))


def _bytes(data: bytes, subtype: int = 0) -> bytes:
    if subtype == 2:  # the old binary repeats its length inside, and that counts
        data = len(data).to_bytes(4, "little") + data
    return b"\x1e" + len(data).to_bytes(4, "big") + bytes([subtype]) + data


def _binary(value: Binary) -> bytes:
    return _bytes(bytes(value), value.subtype)


def _uuid(value: UUID) -> bytes:
    return _bytes(value.bytes, 4)


def _object_id(value: ObjectId) -> bytes:
    return b"\x23" + value.binary


def _bool(value: bool) -> bytes:
    return b"\x28\x01" if value else b"\x28\x00"


def _date(value: int) -> bytes:
    return b"\x2d" + (value + (1 << 63)).to_bytes(8, "big")


def _datetime(value: datetime) -> bytes:
    return _date(milliseconds(value))


def _datetime_ms(value: DatetimeMS) -> bytes:
    return _date(int(value))


def _timestamp(value: Timestamp) -> bytes:
    return b"\x2f" + value.time.to_bytes(4, "big") + value.inc.to_bytes(4, "big")


def _regex(value: Regex[Any] | re.Pattern[Any]) -> bytes:
    pattern = value.pattern
    text = pattern.decode("utf-8", "replace") if isinstance(pattern, bytes) else pattern
    return b"\x32" + _text(text) + _text(regex_flags(value.flags))


def _code(value: Code) -> bytes:
    if value.scope is None:
        return bytes([CODE]) + _text(str(value))
    return bytes([CODE_WITH_SCOPE]) + _text(str(value)) + _object(value.scope)


def _dbref(value: DBRef) -> bytes:
    return _object(value.as_doc())


_ENCODERS: Final[dict[type, Encoder]] = {
    str: _string,
    ObjectId: _object_id,
    datetime: _datetime,
    type(None): _null,
    bool: _bool,
    int: _integer,
    Int64: _integer,
    float: _double,
    Decimal128: _decimal128,
    dict: _object,
    list: _array,
    tuple: _array,
    UUID: _uuid,
    bytes: _bytes,
    Binary: _binary,
    DatetimeMS: _datetime_ms,
    Timestamp: _timestamp,
    Regex: _regex,
    re.Pattern: _regex,
    Code: _code,
    DBRef: _dbref,
    MinKey: lambda _value: bytes([MIN_KEY]),
    MaxKey: lambda _value: bytes([MAX_KEY]),
}


def _encode_subclass(value: Any) -> bytes:
    for kind in value.__class__.__mro__:
        if kind in _ENCODERS:
            return _ENCODERS[kind](value)
    if isinstance(value, Mapping):
        return _object(value)
    raise TypeError(f"{type(value).__name__} is not a BSON type")
