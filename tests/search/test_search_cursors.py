"""Cursors: what is written is read back; anything else is refused, and nothing else happens."""

from __future__ import annotations

import base64
import random
import uuid
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, MaxKey, ObjectId
from bson.datetime_ms import DatetimeMS

from fhir_facade.errors import BadCursor
from fhir_facade.search.paging import Cursor, Cursors, cursor_at, query_key

CURSORS = Cursors("secret")
KEY = query_key("Task", [("status", "draft")])
OID = ObjectId("64b000000000000000000001")
VALUES: tuple[Any, ...] = (
    None,
    True,
    "text é\x00\ud7ff",
    7,
    Int64(2**40),
    1.5,
    float("inf"),
    datetime(2026, 1, 16, 9, 30, 0, 123000, tzinfo=UTC),
    DatetimeMS(253402300800000),
    uuid.UUID(int=7),
    Decimal128("1.10"),
    MaxKey(),
    {"a": [1, {"b": None}]},
    b"bytes",
    OID,
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("backward", [True, False])
def test_a_cursor_is_read_back_as_it_was_written(value: Any, backward: bool) -> None:
    cursor = Cursor(3, (value, OID), backward)
    token = CURSORS.write(cursor, KEY)
    assert CURSORS.read(token, KEY) == cursor
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_an_anchor_is_read_back() -> None:
    cursor = Cursor(0, (), anchor=(OID, 3))
    assert CURSORS.read(CURSORS.write(cursor, KEY), KEY) == cursor


def test_long_values_are_replaced_by_the_record_they_are_of() -> None:
    assert cursor_at(1, ("short", OID), (OID,)) == Cursor(1, ("short", OID))
    assert cursor_at(1, ("x" * 5000, OID), (OID,), backward=True) == Cursor(1, (), True, (OID,))
    longest = len(CURSORS.write(cursor_at(1, ("x" * 900, OID), (OID,)), KEY))
    assert longest < 2000


def _refused(token: str, key: bytes = KEY, by: Cursors = CURSORS) -> None:
    with pytest.raises(BadCursor) as caught:
        by.read(token, key)
    assert caught.value.status == 400
    assert caught.value.issues[0].code == "invalid"


def test_every_change_of_one_letter_is_refused() -> None:
    token = CURSORS.write(Cursor(0, ("a", OID)), KEY)
    dice = random.Random(7)
    for place in range(len(token) - 1):
        letter = dice.choice([each for each in "ABCxyz019-_" if each != token[place]])
        _refused(token[:place] + letter + token[place + 1 :])


def test_every_truncation_is_refused() -> None:
    token = CURSORS.write(Cursor(0, ("a", OID)), KEY)
    for length in range(len(token)):
        _refused(token[:length])


@pytest.mark.parametrize("extra", ["A", "AAAA", "\n", " ", "é", "\x00", "%3D"])
def test_additions_are_refused(extra: str) -> None:
    token = CURSORS.write(Cursor(0, ("a", OID)), KEY)
    _refused(token + extra)
    _refused(extra + token)


@pytest.mark.parametrize("token", ["", "a", "====", "🦊", "\ud800", "null", "-" * 5000, "AAAA" * 9])
def test_garbage_is_refused(token: str) -> None:
    _refused(token)


def test_a_cursor_of_another_server_is_refused() -> None:
    _refused(Cursors("other").write(Cursor(0, (OID,)), KEY))


@pytest.mark.parametrize(
    ("resource", "applied"),
    [
        ("Goal", [("status", "draft")]),
        ("Task", [("status", "ready")]),
        ("Task", []),
        ("Task", [("status", "draft"), ("_sort", "due")]),
        ("Task", [("status", "draft"), ("status", "draft")]),
    ],
)
def test_a_cursor_of_another_search_is_refused(
    resource: str, applied: list[tuple[str, str]]
) -> None:
    _refused(CURSORS.write(Cursor(0, (OID,)), query_key(resource, applied)))


@pytest.mark.parametrize(
    "extra", [("_count", "7"), ("_format", "json"), ("_pretty", "true"), ("_total", "accurate")]
)
def test_what_does_not_change_the_order_may_change_between_pages(extra: tuple[str, str]) -> None:
    token = CURSORS.write(Cursor(0, (OID,)), KEY)
    assert CURSORS.read(token, query_key("Task", [extra, ("status", "draft")])).values == (OID,)


def test_a_body_without_a_signature_is_refused() -> None:
    body = bson.encode({"r": 0, "v": [OID], "b": False})
    for head in (b"", b"\0" * 12, b"\0" * 32):
        _refused(base64.urlsafe_b64encode(head + body).decode().rstrip("="))


def test_a_name_and_value_cannot_be_shifted_into_each_other() -> None:
    assert query_key("Task", [("a", "b=c")]) != query_key("Task", [("a", "b"), ("c", "")])
    assert query_key("Task", [("a", "1"), ("b", "2")]) != query_key(
        "Task", [("b", "2"), ("a", "1")]
    )
