"""The documents of the audit trail, and the bytes of them that are hashed.

Every document carries the hash of the one before it (`prev`) and its own (`hash`): SHA-256 over its
canonical form. That form can be had again from what is stored, on every store.

https://www.rfc-editor.org/rfc/rfc8785
https://hl7.org/fhir/R4/auditevent.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

CHAINS: Final = "fhir_audit_chains"
"""The collection in which every chain is registered when it begins."""
ANCHORS: Final = "fhir_audit_anchors"
"""The collection of what the heads of the chains were, now and then."""

HASH: Final = "hash"
PREV: Final = "prev"

Document = dict[str, Any]

_PLACE: Final = re.compile(r"([A-Za-z0-9]{1,53})\.([0-9]{10})")
_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_PLAIN: Final = (str, int, datetime)


class Place(NamedTuple):
    """A chain, and which of its documents; they are counted from 1."""

    chain: str
    seq: int

    @property
    def id(self) -> str:
        """The `_id` of the document: in its order the documents of a chain stand in theirs."""
        return f"{self.chain}.{self.seq:010}"


def place_of(id: Any) -> Place | None:
    """Return the place that an `_id` names; None where it names none."""
    found = _PLACE.fullmatch(id) if isinstance(id, str) else None
    return None if found is None else Place(found[1], int(found[2]))


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of a document that are hashed: the JSON of RFC 8785, without its hash.

    Names are sorted, there is no white space, and a moment is `{"$date": "…Z"}` to the millisecond.
    """
    if HASH in document:
        document = {name: value for name, value in document.items() if name != HASH}
    return orjson.dumps(document, default=_unusual, option=_OPTIONS)


def _unusual(value: Any) -> Any:
    """Word what JSON has no form for; anything but a moment never equals what was written."""
    return _worded(value) if isinstance(value, datetime) else {"$type": type(value).__name__}


def _worded(moment: datetime) -> dict[str, str]:
    return {"$date": instant(moment)}


def instant(moment: datetime) -> str:
    """Return a moment as text; one without a zone is in UTC, as stores give it."""
    if moment.tzinfo is not None and moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat("T", "milliseconds")[: len("2026-01-01T00:00:00.000")] + "Z"


def digest(document: Mapping[str, Any]) -> str:
    """Return the hash of a document."""
    return sha256(canonical(document)).hexdigest()


def sealed(document: Document) -> Document:
    """Add its hash to a document."""
    document[HASH] = digest(document)
    return document


def is_sound(document: Mapping[str, Any]) -> bool:
    """Say whether a stored document is what its hash was made of.

    Only kinds of values that are written here can be: others might have the same canonical form.
    """
    return _is_plain(document) and document.get(HASH) == _digest_of_any(document)


def _digest_of_any(document: Mapping[str, Any]) -> str | None:
    try:
        return digest(document)
    except orjson.JSONEncodeError:  # such as an integer that is too large
        return None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(name[:1] != "$" and _is_plain(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def moment(at: datetime) -> datetime:
    """Return a moment as it is stored: in UTC without a zone, to the millisecond."""
    known = at if at.tzinfo is None or at.tzinfo is UTC else at.astimezone(UTC)
    return known.replace(tzinfo=None, microsecond=known.microsecond // 1000 * 1000)


def storable(value: Any) -> Any:
    """Return a value without what BSON and JSON cannot hold: lone surrogates, and nothings."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: storable(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value


def known(fields: Mapping[str, Any]) -> Document:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def entry(fields: Mapping[str, Any], place: Place, prev: str) -> Document:
    """Return the document of an entry, none of whose fields is None; `at` is any moment."""
    chain, seq = place
    document = {**fields, "_id": place.id, "chain": chain, "seq": seq, PREV: prev}
    # worded beforehand, since being asked back for it takes longer than all the rest
    document["at"] = _worded(fields["at"])
    try:
        hashed = digest(document)
    except orjson.JSONEncodeError:
        document = storable(document)
        hashed = digest(document)
    document["at"] = fields["at"]
    document[HASH] = hashed
    return document
