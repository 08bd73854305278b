"""An entry's hash is the same after every store, and no change of what is stored leaves it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from bson import Int64, ObjectId
from hypothesis import given

from fhir_facade.audit.entry import Place, canonical, digest, entry, is_sound, known, place_of
from fhir_facade.store.codec import decode, encode

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
MOMENTS = st.datetimes(timezones=st.just(UTC))
VALUES = st.one_of(TEXTS, st.integers(-(2**63), 2**63 - 1), st.booleans(), MOMENTS, st.none())
NAMES = st.sampled_from(["type", "query", "reason", "patient", "tenant", "total", "version"])
FIELDS = st.fixed_dictionaries(
    {
        "at": MOMENTS,
        "ids": st.lists(TEXTS, max_size=3),
        "agent": st.dictionaries(st.sampled_from(["user", "client"]), TEXTS),
    },
    optional={"more": st.integers(0, 2**40)},
).flatmap(lambda known: st.dictionaries(NAMES, VALUES).map(lambda more: {**more, **known}))
PLACE = Place("00ff00ff00ff", 7)


def made(**given: Any) -> dict[str, Any]:
    at = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
    fields = {"at": at, "status": 200, "ids": ["Task/1", "Task/2"], "agent": {"user": "Person/1"}}
    return entry(known({**fields, **given}), PLACE, "ab" * 32)


def by_the_rfc(value: Any) -> str:
    """RFC 8785 in the plainest way, for what an entry holds."""
    if isinstance(value, datetime):
        return by_the_rfc({"$date": f"{value.isoformat(timespec='milliseconds')}Z"})
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return (
            "{" + ",".join(f"{by_the_rfc(name)}:{by_the_rfc(value[name])}" for name in names) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(by_the_rfc, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(FIELDS)
def test_the_hash_can_be_had_again_from_what_is_stored(fields: dict[str, Any]) -> None:
    document = entry(known(fields), PLACE, "ab" * 32)
    stored = decode(encode(document))
    assert canonical(stored) == canonical(document)
    assert is_sound(stored)


@given(FIELDS)
def test_the_canonical_form_is_that_of_rfc_8785(fields: dict[str, Any]) -> None:
    document = decode(encode(entry(known(fields), PLACE, "ab" * 32)))
    del document["hash"]
    assert canonical(document).decode() == by_the_rfc(document)


def test_the_hash_is_the_one_that_was_written_down() -> None:
    """Entries of years ago must be verified by every later release."""
    assert canonical(made()).decode() == (
        '{"_id":"00ff00ff00ff.0000000007","agent":{"user":"Person/1"},'
        '"at":{"$date":"2026-03-04T05:06:07.891Z"},"chain":"00ff00ff00ff",'
        f'"ids":["Task/1","Task/2"],"prev":"{"ab" * 32}","seq":7,"status":200}}'
    )
    assert digest(made()) == "2b9230019654bf67fd154eafe843389af9eda06c8231a4a86eb245f2707c1820"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", 200.0),
        ("status", "200"),
        ("status", None),
        ("status", True),
        ("at", "2026-03-04T05:06:07.891Z"),
        ("at", {"$date": "2026-03-04T05:06:07.891Z"}),
        ("at", datetime(2026, 3, 4, 5, 6, 7, 892000, tzinfo=UTC)),
        ("ids", ["Task/2", "Task/1"]),
        ("ids", "Task/1"),
        ("agent", {"user": "Person/2"}),
        ("agent", {"user": "Person/1", "client": None}),
        ("prev", "cd" * 32),
        ("seq", 8),
        ("seq", 2**70),
        ("extra", 1),
        ("hash", "cd" * 32),
        ("hash", None),
    ],
)
def test_no_change_keeps_the_hash(name: str, value: Any) -> None:
    assert not is_sound({**made(), name: value})


def test_no_value_of_another_kind_keeps_the_hash() -> None:
    text = "12345678-1234-5678-1234-567812345678"
    document = made(request=text, total=5)
    assert is_sound({**document, "total": Int64(5)})
    assert not is_sound({**document, "request": UUID(text)})
    assert not is_sound({**document, "request": ObjectId("0123456789ab0123456789ab")})


def test_what_bson_cannot_hold_is_replaced() -> None:
    document = made(query="Task?x=\ud800", agent={"user": None, "client": "\udfff"})
    assert document["query"] == "Task?x=?"
    assert document["agent"] == {"client": "?"}
    assert is_sound(decode(encode(document)))


def test_an_id_names_a_place_or_none() -> None:
    assert place_of(PLACE.id) == PLACE
    for id in ("00ff.1", "00ff.00000000007", "a.b.0000000007", ".0000000007", "x", 7, None):
        assert place_of(id) is None, id
