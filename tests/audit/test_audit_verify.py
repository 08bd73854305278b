"""Tampering of every kind is found, and the very entry is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pymongo import MongoClient

from fhir_facade.audit.anchor_file import read_anchors
from fhir_facade.audit.entry import ANCHORS, CHAINS, Place
from fhir_facade.audit.verify import verify
from fhir_facade.rules.registry import AUDIT
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests import mongo_server
from tests.audit import trails
from tests.audit.trails import LENGTH, Found, Tamper, Trail, found_in, one, trail

Fresh = Callable[[], Awaitable[Store]]

TAMPERINGS: dict[str, tuple[Tamper, list[Found]]] = {
    "the first changed": (trails.changed(1), one("changed", 1)),
    "one changed": (trails.changed(12), one("changed", 12)),
    "the last changed": (trails.changed(LENGTH), one("changed", LENGTH)),
    "one changed and hashed": (trails.changed(12, again=True), one("changed", 12)),
    "the first changed and hashed": (trails.changed(1, again=True), one("changed", 1)),
    "an anchored one changed and hashed": (trails.changed(20, again=True), one("changed", 20)),
    "a link changed": (trails.changed(12, prev="ab" * 32), one("changed", 12)),
    "a link changed and hashed": (
        trails.changed(12, again=True, prev="ab" * 32),
        one("changed", 12),
    ),
    "the last link changed and hashed": (
        trails.changed(LENGTH, again=True, prev="ab" * 32),
        one("changed", LENGTH),
    ),
    "a hash changed": (trails.changed(12, hash="ab" * 32), one("changed", 12)),
    "a field added": (trails.changed(12, count=3), one("changed", 12)),
    "a number of another kind": (trails.changed(12, status=200.0), one("changed", 12)),
    "a chain changed": (trails.changed(12, chain="elsewhere"), one("changed", 12)),
    "two changed": (
        lambda found: (trails.changed(4)(found), trails.changed(17, again=True)(found))[0],
        [*one("changed", 4), *one("changed", 17)],
    ),
    "the first removed": (trails.removed(1), one("removed", 1)),
    "one removed": (trails.removed(12), one("removed", 12)),
    "an anchored one removed": (trails.removed(20), one("removed", 20)),
    "several removed": (trails.removed(3, 4, 5), [("removed", "entry", 3, 5)]),
    "two removed": (trails.removed(3, 9), [*one("removed", 3), *one("removed", 9)]),
    "the end removed": (trails.removed(24, 25), [("removed", "entry", 24, 25)]),
    "all removed": (trails.removed(*range(1, 26)), [("removed", "entry", 1, 25)]),
    "one of no place inserted": (
        trails.inserted("{}.5"),
        [("inserted", "entry", None, None)],
    ),
    "a second one of a place inserted": (
        trails.inserted("{}.0000000005x"),
        [("inserted", "entry", None, None)],
    ),
    "one before the first inserted": (
        trails.inserted("{}.0000000000", seq=0),
        [("inserted", "entry", None, None)],
    ),
    "one after the end inserted": (
        trails.inserted("{}.0000000026", seq=26),
        one("inserted", 26),
    ),
    "two swapped": (
        trails.swapped(6, 7, numbers=True),
        [*one("reordered", 6), *one("reordered", 7)],
    ),
    "two swapped by their ids": (
        trails.swapped(3, 22, numbers=False),
        [*one("reordered", 3), *one("reordered", 22)],
    ),
    "one moved over the last": (trails.moved, one("reordered", LENGTH)),
    "everything after one hashed again": (
        trails.rewritten(12),
        [("rewritten", "entry", 11, 20)],
    ),
    "the last changed and hashed": (
        trails.changed(LENGTH, again=True),
        [("rewritten", "entry", 21, LENGTH)],
    ),
    "the registration changed": (
        trails.registration(again=False),
        [("changed", "chain", None, None)],
    ),
    "the registration changed and hashed": (
        trails.registration(again=True),
        [("changed", "chain", None, None)],
    ),
    "the registration removed": (
        trails.unregistered,
        [("unregistered", "chain", None, None)],
    ),
    "a chain inserted": (trails.forged, [("unregistered", "chain", None, None)]),
    "an anchor changed": (trails.anchor_changed(2), one("changed", 2, "anchor")),
    "an anchor changed and hashed": (
        trails.anchor_changed(2, again=True),
        one("changed", 2, "anchor"),
    ),
    "an anchor removed": (trails.anchor_removed(2), one("removed", 2, "anchor")),
    "the first anchor removed": (trails.anchor_removed(1), one("removed", 1, "anchor")),
}

IN_THE_FILE: dict[str, tuple[Tamper, list[Found]]] = {
    "the last anchor removed": (trails.anchor_removed(3), one("removed", 3, "anchor")),
    "the last anchor changed and hashed": (
        trails.anchor_changed(3, again=True),
        one("rewritten", 3, "anchor"),
    ),
    "the end removed with its anchor": (
        trails.cut,
        [*one("removed", 3, "anchor"), ("removed", "entry", 21, 25)],
    ),
    "a chain removed": (
        trails.erased,
        [
            ("removed", "anchor", 1, 3),
            ("unregistered", "chain", None, None),
            ("removed", "entry", 1, 25),
        ],
    ),
    "everything hashed again": (
        trails.rewritten(12, anchors=True),
        [("rewritten", "anchor", 2, 2), ("rewritten", "entry", 11, 20)],
    ),
}


@pytest.fixture(params=["sqlite", "mongo"])
async def fresh(request: pytest.FixtureRequest) -> AsyncIterator[Fresh]:
    """Makes empty stores of one kind."""
    async with AsyncExitStack() as stack:
        mongo_url = request.getfixturevalue("mongo_url") if request.param == "mongo" else None

        async def made() -> Store:
            url = "sqlite:///:memory:"
            if mongo_url is not None:
                name = f"test_{uuid4().hex[:16]}"
                url = mongo_server.with_database(mongo_url, name)
                stack.callback(_drop, mongo_url, name)
            store = open_store(url)
            stack.push_async_callback(store.close)
            return store

        yield made


def _drop(url: str, name: str) -> None:
    with MongoClient[Any](url) as client:
        client.drop_database(name)


async def test_a_trail_as_it_was_written_has_no_findings(fresh: Fresh, tmp_path: Path) -> None:
    store, written = await fresh(), trail()
    await written.store(store)
    for anchors in (None, written.file(tmp_path / "anchors")):
        report = await verify(store, anchors=anchors)
        assert report.findings == []
        assert (report.chains, report.entries, report.anchors) == (3, 3 + LENGTH + 4, 4)
        (note,) = report.notes
        assert "entries from 1 to 4 yet" in note


async def test_every_tampering_is_found_at_its_place(fresh: Fresh) -> None:
    for name, (tamper, expected) in TAMPERINGS.items():
        store, written = await fresh(), trail()
        tamper(written)
        await written.store(store)
        assert found_in(await verify(store)) == expected, name


async def test_with_the_file_of_anchors_the_end_and_whole_chains_are_missed(
    fresh: Fresh, tmp_path: Path
) -> None:
    for name, (tamper, expected) in IN_THE_FILE.items():
        store, written = await fresh(), trail()
        file = written.file(tmp_path / "anchors")
        tamper(written)
        await written.store(store)
        assert found_in(await verify(store, anchors=file)) == expected, name


async def test_one_chain_can_be_examined_alone(sqlite_store: Store) -> None:
    written = trail()
    trails.changed(12)(written)
    await written.store(sqlite_store)
    others = sorted(written.documents[CHAINS].keys() - {written.chain})
    assert found_in(await verify(sqlite_store, chain=written.chain)) == one("changed", 12)
    for chain in others:
        report = await verify(sqlite_store, chain=chain)
        assert (report.findings, report.chains) == ([], 1)


async def test_findings_name_the_document(sqlite_store: Store) -> None:
    written = trail()
    trails.changed(12)(written)
    trails.removed(3, 4)(written)
    await written.store(sqlite_store)
    missing, wrong = (await verify(sqlite_store)).findings
    assert wrong.id == Place(written.chain, 12).id
    assert wrong.text == f"entry 12 of chain {written.chain}: changed."
    assert missing.id == Place(written.chain, 3).id
    assert missing.text == f"entries 3 to 4 (2) of chain {written.chain}: missing."


async def test_lines_of_the_file_that_were_changed_are_named(
    sqlite_store: Store, tmp_path: Path
) -> None:
    written = trail()
    (index,) = [n for n, line in enumerate(written.lines) if line["seq"] == 20]
    written.lines[index]["head"] = "ab" * 32
    file = written.file(tmp_path / "anchors")
    with file.open("ab") as lines:
        lines.write(b'{"_id": 5}\nnothing\n')
    await written.store(sqlite_store)
    report = await verify(sqlite_store, anchors=file)
    assert [(each.kind, each.id) for each in report.findings] == [
        ("file", "5"),
        ("file", "6"),
        ("file", written.lines[index]["_id"]),
    ]
    assert len(read_anchors(file)[0]) == 4


PLACES = st.integers(1, LENGTH)


@given(
    seq=PLACES,
    name=st.sampled_from(["at", "status", "ids", "agent", "patient", "prev", "seq", "x", "hash"]),
    value=st.one_of(
        st.text(), st.integers(-(2**63), 2**63 - 1), st.none(), st.floats(), st.booleans()
    ),
)
@settings(max_examples=15)
async def test_any_value_in_any_field_is_found_at_its_entry(
    seq: int, name: str, value: Any
) -> None:
    written = trail()
    before = written.entry(seq).get(name, "nothing")
    trails.changed(seq, **{name: value})(written)
    async with _filled(written) as store:
        same = before == value and type(before) is type(value)
        assert found_in(await verify(store)) == ([] if same else one("changed", seq))


@given(gone=st.sets(PLACES, min_size=1, max_size=6))
@settings(max_examples=15)
async def test_whatever_is_removed_is_missed(gone: set[int]) -> None:
    written = trail()
    trails.removed(*gone)(written)
    async with _filled(written) as store:
        report = await verify(store)
    missed = {
        seq
        for each in report.findings
        for seq in range(each.first or 0, (each.last or 0) + 1)
        if each.kind == "removed"
    }
    assert missed == gone
    assert {each.kind for each in report.findings} == {"removed"}


@asynccontextmanager
async def _filled(written: Trail) -> AsyncIterator[Store]:
    store = open_store("sqlite:///:memory:")
    try:
        await written.store(store)
        yield store
    finally:
        await store.close()


async def test_foreign_registrations_and_anchors_are_named(sqlite_store: Store) -> None:
    written = trail()
    await written.store(sqlite_store)
    await sqlite_store.insert(CHAINS, [{"_id": 7}])
    await sqlite_store.insert(ANCHORS, [{"_id": "nowhere", "chain": written.chain}])
    await sqlite_store.insert(AUDIT, [{"_id": 3, "at": 7}])
    found = [(each.kind, each.what, each.id) for each in (await verify(sqlite_store)).findings]
    assert found == [
        ("inserted", "chain", "7"),
        ("inserted", "anchor", "nowhere"),
        ("inserted", "entry", "3"),
    ]
