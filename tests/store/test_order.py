from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, MaxKey, MinKey, ObjectId, Regex
from bson.int64 import Int64
from bson.son import SON
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.store.codec import decode, encode
from fhir_facade.store.order import invert, sort_bytes, successor
from tests.store import strategies

DAY = datetime(2024, 5, 17, tzinfo=UTC)

# Groups of equal values, in the order of
# https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
ASCENDING: list[list[Any]] = [
    [MinKey()],
    [None],
    [float("nan"), Decimal128("NaN"), Decimal128("-sNaN")],
    [float("-inf"), Decimal128("-Infinity")],
    [Decimal128("-9.999999999999999999999999999999999E+6144")],
    [-1e308],
    [Int64(-(2**63)), float(-(2**63))],
    [-12],
    [-11, -11.0, Decimal128("-11.00")],
    [-1.5],
    [-5e-324],
    [Decimal128("-1E-6176")],
    [0, 0.0, -0.0, Int64(0), Decimal128("0"), Decimal128("-0E+3")],
    [Decimal128("1E-6176")],
    [5e-324],
    [Decimal128("0.1")],
    [0.1],  # a little more than a tenth
    [1, 1.0, Int64(1), Decimal128("1"), Decimal128("1.000")],
    [9],
    [10, Decimal128("1E+1")],
    [99.5],
    [100],
    [2**53, float(2**53)],
    [Int64(2**53 + 1), Decimal128("9007199254740993")],
    [Int64(2**63 - 1)],
    [float(2**63), Decimal128("9223372036854775808")],
    [1e300],
    [float("inf"), Decimal128("Infinity")],
    [""],
    ["\0"],
    ["\0a"],
    ["A"],
    ["a"],
    ["a\0"],
    ["a\0\0"],
    ["a\0b"],
    ["aa"],
    ["b"],
    ["ä"],
    ["\uffff"],
    ["😀"],
    [{}, SON()],
    [{"b": MinKey()}],
    [{"a": None}],
    [{"b": None}],
    [{"a": 1}, {"a": 1.0}],
    [{"a": 1, "b": 1}],
    [{"a": 2}],
    [{"b": 1}],
    [DBRef("c", 1), {"$ref": "c", "$id": 1}],
    [{"a": "x"}],
    [[], ()],
    [[None]],
    [[1]],
    [[1, 1]],
    [[2]],
    [["a"]],
    [[[]]],
    [b"", Binary(b"", 0)],
    [b"b"],
    [Binary(b"a", 5)],
    [b"aa"],
    [Binary(b"a", 2)],  # five bytes: its own length counts
    [b"\0" * 16],
    [UUID(int=1), Binary(UUID(int=1).bytes, 4)],
    [UUID(int=2)],
    [ObjectId("0" * 24)],
    [ObjectId("f" * 24)],
    [False],
    [True],
    [DatetimeMS(-(2**63))],
    [datetime(1960, 1, 1, tzinfo=UTC)],
    [DAY, DAY.replace(tzinfo=None), DAY + timedelta(microseconds=999)],
    [DAY + timedelta(milliseconds=1)],
    [DatetimeMS(2**63 - 1)],
    [Timestamp(1, 1)],
    [Timestamp(1, 2)],
    [Timestamp(2, 0)],
    [Regex("a")],
    [Regex("a", re.I), Regex("a", "i")],
    [Regex("a", re.M)],
    [Regex("b"), re.compile(b"b")],
    [Code("a")],
    [Code("b")],
    [Code("a", {})],
    [Code("a", {"x": 1})],
    [MaxKey()],
]


def test_values_are_in_the_order_of_mongodb() -> None:
    encodings = [{sort_bytes(value) for value in group} for group in ASCENDING]
    assert [len(group) for group in encodings] == [1] * len(encodings)
    flat = [encoding for group in encodings for encoding in group]
    assert flat == sorted(flat)
    assert len(set(flat)) == len(flat)


def test_descending_is_the_reverse() -> None:
    flat = [sort_bytes(group[0], descending=True) for group in ASCENDING]
    assert flat == sorted(flat, reverse=True)


def test_subclasses_count_as_what_they_extend() -> None:
    class Text(str):
        pass

    assert sort_bytes(Text("a")) == sort_bytes("a")
    assert sort_bytes(bson.raw_bson.RawBSONDocument(bson.encode({"a": 1}))) == sort_bytes({"a": 1})


def test_what_is_not_bson_is_refused() -> None:
    with pytest.raises(TypeError, match="set is not a BSON type"):
        sort_bytes({1})


def test_successor() -> None:
    assert successor(b"\x01\x02") == b"\x01\x03"
    assert successor(b"\x01\xff\xff") == b"\x02"


values = strategies.nested(strategies.any_scalar)


@given(left=values, right=values)
def test_no_encoding_begins_another(left: Any, right: Any) -> None:
    a, b = sort_bytes(left), sort_bytes(right)
    assert a == b or not (a.startswith(b) or b.startswith(a))


@given(left=st.tuples(values, values), right=st.tuples(values, values))
def test_composite_keys_compare_part_by_part(left: Any, right: Any) -> None:
    def joined(pair: Any) -> bytes:
        return sort_bytes(pair[0]) + sort_bytes(pair[1], descending=True)

    parts_left = (sort_bytes(left[0]), sort_bytes(left[1]))
    parts_right = (sort_bytes(right[0]), sort_bytes(right[1]))
    if parts_left[0] != parts_right[0]:
        assert (joined(left) < joined(right)) == (parts_left[0] < parts_right[0])
    else:
        assert (joined(left) < joined(right)) == (parts_left[1] > parts_right[1])
    assert invert(invert(joined(left))) == joined(left)


@given(value=values)
def test_a_stored_value_keeps_its_place(value: Any) -> None:
    assert sort_bytes(decode(encode({"v": value}))["v"]) == sort_bytes(value)


@given(
    number=st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
    other=st.floats(allow_nan=False),
)
def test_numbers_compare_exactly(number: float, other: float) -> None:
    assert (sort_bytes(number) < sort_bytes(other)) == (number < other)
    assert (sort_bytes(number) == sort_bytes(other)) == (number == other)


@given(left=st.text(), right=st.text())
def test_strings_compare_as_utf8(left: str, right: str) -> None:
    assert (sort_bytes(left) < sort_bytes(right)) == (left.encode() < right.encode())


def test_the_codec_is_lossless_about_moments_and_uuids() -> None:
    document = {"_id": UUID(int=1), "far": DatetimeMS(10**17), "near": DAY.replace(tzinfo=None)}
    assert decode(encode(document)) == document
    assert decode(encode({"near": DAY})) == {"near": DAY.replace(tzinfo=None)}  # naive is UTC


def test_the_codec_reads_broken_text() -> None:
    data = encode({"_id": 1, "t": "abc"}).replace(b"abc", b"a\xffc")
    assert decode(data)["t"] == "a\ufffdc"


def test_id_comes_first() -> None:
    assert list(decode(encode({"a": 1, "_id": 2}))) == ["_id", "a"]
