"""The one way documents become bytes and bytes become documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion

CODEC: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    tz_aware=True,
    tzinfo=UTC,
    uuid_representation=UuidRepresentation.STANDARD,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    unicode_decode_error_handler="replace",
)


def encode(document: Mapping[str, Any]) -> bytes:
    """Return the BSON bytes of a document, its `_id` first as every MongoDB server stores it."""
    return bson.encode(document, codec_options=CODEC)


def decode(data: bytes) -> dict[str, Any]:
    """Return the document that the BSON bytes hold: aware datetimes in UTC, UUIDs as `UUID`."""
    return bson.decode(data, codec_options=CODEC)
