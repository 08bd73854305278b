"""Stored values that other software, or an accident, leaves behind."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from bson import Decimal128, Int64, ObjectId
from hypothesis import strategies as st

from tests.writing.exact_json import Json

_NAMES = ("other", "EXTRA_1", "x-y", "\u00fcber", "value2", "externalId", "sdk_version")
_MOMENT = dt.datetime(2026, 1, 16, 9, 30, tzinfo=dt.UTC)
strays: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(
        [
            None,
            True,
            False,
            0,
            7,
            7.0,
            0.1,
            Int64(2**53 + 1),
            Decimal128("7.10"),
            "",
            " ",
            "text",
            "2026-01-16",
            "2026-01-16T09:30:00",
            "01/16/2026",
            "InProgress",
            "in_progress",
            "Claim",
            _MOMENT,
            ObjectId("689fac0527c68d4d36c4bd9d"),
            "689fac0527c68d4d36c4bd9d",
            b"\x00\x01",
            "M100001",
            "Practitioner/U12",
            "U12 ",
            "\x07bell",
            "7.0 %",
            "< 7",
            [],
            {},
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*_NAMES, "id", "name", "text", "value"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)


@st.composite
def with_unmapped(
    draw: st.DrawFn, document: Json
) -> tuple[Json, list[tuple[tuple[Any, ...], Any]]]:
    """The document with fields that nobody maps, and (path, value) of each."""
    found = copy.deepcopy(document)
    added = []
    for path in [(), *_object_paths(found)]:
        if path and draw(st.integers(0, 2)):
            continue
        name, value = f"zz_{draw(st.sampled_from(_NAMES))}", draw(strays)
        holder = at(found, path)
        holder[name] = value
        added.append(((*path, name), value))
    return found, added


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a path."""
    for step in path:
        value = value[step]
    return value


def _object_paths(document: Json) -> list[tuple[Any, ...]]:
    """Where an object stands in a document, two levels deep."""
    found: list[tuple[Any, ...]] = []
    for name, value in document.items():
        if isinstance(value, dict):
            found.append((name,))
        elif isinstance(value, list):
            found += [(name, n) for n, each in enumerate(value) if isinstance(each, dict)]
    return found


@st.composite
def mutated(draw: st.DrawFn, document: Json) -> Json:
    """The document with some values, at any depth, replaced by strays or taken away."""
    found = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        holder: Any = found
        while True:
            steps = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            steps = [each for each in steps if each not in ("_id", "type") or holder is not found]
            if not steps:
                break
            step = draw(st.sampled_from(steps))
            inner = holder[step]
            if isinstance(inner, dict | list) and inner and draw(st.booleans()):
                holder = inner
                continue
            holder[step] = draw(strays)
            break
    return found
