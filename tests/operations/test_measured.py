"""A store whose calls are timed does what the one below it does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fhir_facade import phases
from fhir_facade.errors import StoreUnavailable
from fhir_facade.rules.index import Index
from fhir_facade.store import open_store
from fhir_facade.store.base import Store, TransactionsUnsupported
from fhir_facade.store.codec import decode
from fhir_facade.store.measured import Measured

DOCUMENTS = [{"_id": f"d{number}", "n": number} for number in range(5)]


class Told:
    """Keeps what it is told of calls."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.seconds = 0.0

    def store_call(self, operation: str, seconds: float) -> None:
        self.calls[operation] += 1
        self.seconds += seconds

    def store_failed(self, operation: str) -> None:
        self.failures[operation] += 1


def _numbers(found: list[bytes]) -> list[Any]:
    return [decode(each)["n"] for each in found]


async def test_every_call_reaches_the_store_and_is_counted(empty_store: Store) -> None:
    told = Told()
    store: Store = Measured(empty_store, told)
    found = phases.begin()
    await store.ping()
    assert await store.insert("things", DOCUMENTS) == []
    assert [number for number, _ in await store.insert("things", DOCUMENTS[:1])] == [0]
    assert _numbers(await store.get("things", ["d3", "d1"])) == [3, 1]
    page = await store.find("things", {"n": {"$gte": 1}}, sort=(("n", -1), ("_id", -1)), limit=2)
    assert _numbers(page) == [4, 3]
    assert await store.count("things", {"n": {"$gte": 1}}) == 4
    assert await store.tally("things", {}, {"n": {"$eq": 1}}) == (5, 1)
    scanned = [_numbers(batch) async for batch in store.scan("things", batch=2)]
    assert [number for batch in scanned for number in batch] == [0, 1, 2, 3, 4]
    (old,) = await store.get("things", ["d0"])
    assert await store.replace("things", old, {"_id": "d0", "n": 9}) is True
    index = Index("things", (("n", 1), ("_id", 1)))
    assert await store.missing_indexes([index]) == [index]
    assert await store.ensure_indexes([index]) == [index.name]
    assert told.calls.pop("scan") >= 3
    expected = {"ping": 1, "insert": 2, "get": 2, "find": 1, "count": 2, "replace": 1}
    assert told.calls == expected
    assert not told.failures
    assert found.store == pytest.approx(told.seconds)
    phases.end()


async def test_a_unit_of_work_is_kept_whole(sqlite_store: Store) -> None:
    told = Told()
    store = Measured(sqlite_store, told)
    async with store.unit_of_work():
        await store.insert("things", DOCUMENTS[:2])

    async def given_up() -> None:
        async with store.unit_of_work():
            await store.insert("things", DOCUMENTS[2:])
            raise KeyError

    with pytest.raises(KeyError):
        await given_up()
    assert await store.count("things", {}) == 2
    assert (told.calls["begin"], told.calls["commit"]) == (2, 1)
    assert not told.failures


async def test_what_the_store_has_besides_is_there(empty_store: Store) -> None:
    await empty_store.ping()
    store = Measured(empty_store)
    assert store.transactions is getattr(empty_store, "transactions", None)
    if store.transactions is False:
        with pytest.raises(TransactionsUnsupported):
            async with store.unit_of_work():
                pass


async def test_a_store_that_does_not_answer_is_counted() -> None:
    below = open_store("sqlite:///:memory:")
    told = Told()
    store = Measured(below, told)
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.get("things", ["d0"])
    with pytest.raises(StoreUnavailable):
        async for _ in store.scan("things"):
            pass
    with pytest.raises(StoreUnavailable):
        async with store.unit_of_work():
            pass
    assert told.failures == {"get": 1, "scan": 1, "begin": 1}
