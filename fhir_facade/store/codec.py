"""The one way documents become bytes and bytes become documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import bson
from bson import ObjectId, Regex
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

CODEC: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    tz_aware=False,  # an aware datetime takes longer to make than the rest of a document
    uuid_representation=UuidRepresentation.STANDARD,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    unicode_decode_error_handler="replace",
)


def encode(document: Mapping[str, Any]) -> bytes:
    """Return the BSON bytes of a document, its `_id` first as every MongoDB server stores it."""
    return bson.encode(document, codec_options=CODEC)


def decode(data: bytes) -> dict[str, Any]:
    """Return the document that the BSON bytes hold: naive datetimes in UTC, UUIDs as `UUID`."""
    return bson.decode(data, codec_options=CODEC)


LARGEST: Final = 16 * 1024 * 1024
"""The size in bytes above which MongoDB refuses a document."""


class TooLargeToStore(ValueError):
    """A document beyond what MongoDB takes."""


def encode_checked(document: Mapping[str, Any]) -> bytes:
    """Return the BSON bytes of a document that replaces another; raise TooLargeToStore."""
    data = encode(document)
    if len(data) > LARGEST:
        raise TooLargeToStore("larger than 16 MiB")
    return data


Refused = list[tuple[int, str]]
"""(position, reason) of documents that were not inserted; a reason quotes no value."""


DUPLICATE: Final = "a document with this _id exists"
_NO_IDS: Final = (list, tuple, Regex)


def prepare(documents: Sequence[Mapping[str, Any]]) -> tuple[list[tuple[int, bytes]], Refused]:
    """Encode documents as they will be stored, each with its position; say which cannot be."""
    good: list[tuple[int, bytes]] = []
    refused: Refused = []
    for position, document in enumerate(documents):
        try:
            good.append((position, encode_new(document)))
        except Unstorable as error:
            refused.append((position, str(error)))
    return good, refused


class Unstorable(ValueError):
    """A document that cannot be inserted; what it says quotes no value."""


def encode_new(document: Mapping[str, Any]) -> bytes:
    """Return the BSON bytes of a document that is inserted, with an `_id`; raise Unstorable."""
    if "_id" not in document:
        document = {"_id": ObjectId(), **document}
    try:
        data = bson.encode(document, codec_options=CODEC)
    except (BSONError, OverflowError, UnicodeEncodeError) as error:
        raise Unstorable(f"BSON cannot hold it: {type(error).__name__}") from None
    if len(data) > LARGEST:
        raise Unstorable("larger than 16 MiB")
    if isinstance(document["_id"], _NO_IDS):
        raise Unstorable("an _id must not be an array or a regular expression")
    return data
