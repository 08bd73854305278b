"""Page cursors: opaque, signed, and bound to the search they came from.

https://hl7.org/fhir/R4/http.html#paging
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions

from fhir_facade.errors import BadCursor

_SIGNATURE_BYTES = 12
_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True,
    uuid_representation=bson.binary.UuidRepresentation.STANDARD,
    datetime_conversion=bson.codec_options.DatetimeConversion.DATETIME_AUTO,
)
_SHAPELESS = frozenset({"_count", "_format", "_pretty", "_total", "_cursor"})


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: after (or, `backward`, before) a record of one run of the search."""

    run: int
    values: tuple[Any, ...]
    backward: bool = False
    anchor: tuple[Any, ...] = ()
    """Where the values would be too long for a URL: the record itself, to be read again."""


def query_key(resource: str, applied: Sequence[tuple[str, str]], caller: str = "") -> bytes:
    """Return what identifies a search and who asks, so that a cursor of another is refused."""
    shape = [f"{name}={value}" for name, value in applied if name not in _SHAPELESS]
    return hashlib.blake2b(
        "\0".join([caller, resource, *shape]).encode("utf-8", "replace")
    ).digest()


_LONGEST = 1000


def cursor_at(
    run: int, values: tuple[Any, ...], anchor: tuple[Any, ...], *, backward: bool = False
) -> Cursor:
    """Return a cursor that fits into a URL, whatever is stored in the sort fields."""
    if len(bson.encode({"v": list(values)}, codec_options=_CODEC)) <= _LONGEST:
        return Cursor(run, values, backward)
    return Cursor(run, (), backward, anchor)


class Cursors:
    """Writes and reads cursors with one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = hashlib.sha256(secret.encode()).digest()

    def _signature(self, body: bytes, key: bytes) -> bytes:
        return hmac.digest(self._secret, key + body, "sha256")[:_SIGNATURE_BYTES]

    def write(self, cursor: Cursor, key: bytes) -> str:
        """Return the cursor as a URL-safe token."""
        content = {
            "r": cursor.run,
            "v": list(cursor.values),
            "b": cursor.backward,
            **({"a": list(cursor.anchor)} if cursor.anchor else {}),
        }
        body = bson.encode(content, codec_options=_CODEC)
        return base64.urlsafe_b64encode(self._signature(body, key) + body).decode().rstrip("=")

    def read(self, token: str, key: bytes) -> Cursor:
        """Read a cursor; raise BadCursor for one that was changed or belongs to another search."""
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            signature, body = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._signature(body, key)):
                raise ValueError("signature")
            content = bson.decode(body, codec_options=_CODEC)
        except (ValueError, binascii.Error, bson.errors.BSONError):
            raise BadCursor(
                "The page link was changed or is of another search; start again without _cursor."
            ) from None
        anchor = tuple(content.get("a", ()))
        return Cursor(content["r"], tuple(content["v"]), content["b"], anchor)
