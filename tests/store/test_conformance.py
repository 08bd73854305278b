"""What every store promises, run over each of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from bson import ObjectId
from bson.int64 import Int64

from fhir_facade.rules.index import Index
from fhir_facade.store.base import Sort, Store, TransactionsUnsupported, UnsupportedFilter
from fhir_facade.store.codec import decode, encode

QUEUE = "work_queue"
BY_ID: Sort = (("_id", 1),)
DAY = datetime(2024, 5, 17, 8, 30, tzinfo=UTC).replace(tzinfo=None)  # as stores decode it


async def fill(store: Store, *documents: dict[str, Any]) -> None:
    assert await store.insert(QUEUE, documents) == []


async def found(store: Store, filter: dict[str, Any], **options: Any) -> list[Any]:
    options.setdefault("limit", 100)
    return [decode(data)["_id"] for data in await store.find(QUEUE, filter, **options)]


async def pages(store: Store, filter: dict[str, Any], sort: Sort, limit: int) -> list[Any]:
    """Collect the `_id`s of a search page by page."""
    collected: list[Any] = []
    after = None
    while page := await store.find(QUEUE, filter, sort=sort, limit=limit, after=after):
        documents = [decode(data) for data in page]
        collected += [document["_id"] for document in documents]
        after = [value_at(documents[-1], path) for path, _ in sort]
    return collected


def value_at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


class Conformance:
    """The suite; a subclass gives the fixture `store`."""

    async def test_a_document_comes_back_as_the_bytes_of_its_bson(self, store: Store) -> None:
        document = {
            "text": "häß\u2028",
            "none": None,
            "int": 3,
            "long": Int64(3),
            "double": 3.0,
            "when": DAY,
            "old": datetime(1066, 10, 14, tzinfo=UTC),
            "uuid": UUID(int=7),
            "bytes": b"\x00\xff",
            "array": [1, "a", {"b": []}],
            "nested": {"z": 1, "a": 2},
            "_id": ObjectId("5f43a1b2c3d4e5f6a7b8c9d0"),
        }
        await fill(store, document)
        [data] = await store.get(QUEUE, [document["_id"]])
        assert data == encode(document)
        assert next(iter(decode(data))) == "_id"

    async def test_get_keeps_the_order_of_the_ids_and_leaves_out_what_is_not_there(
        self, store: Store
    ) -> None:
        ids = [ObjectId(), "text", UUID(int=9)]
        await fill(store, *({"_id": id} for id in ids))
        wanted = [ids[2], "missing", ids[0], ids[1]]
        assert [decode(data)["_id"] for data in await store.get(QUEUE, wanted)] == [
            ids[2],
            ids[0],
            ids[1],
        ]
        assert await store.get(QUEUE, ["missing"]) == []
        assert await store.get(QUEUE, []) == []
        assert await store.get("no_such_collection", ["a"]) == []

    async def test_an_unknown_collection_is_empty(self, store: Store) -> None:
        assert await store.find("nothing", {}, limit=5) == []
        assert await store.count("nothing", {}) == 0
        assert await store.count("nothing", {"a": 1}) == 0
        assert [batch async for batch in store.scan("nothing")] == []

    async def test_insert_reports_duplicates_by_position_and_inserts_the_rest(
        self, store: Store
    ) -> None:
        await fill(store, {"_id": "secret"})
        refused = await store.insert(QUEUE, [{"_id": "a"}, {"_id": "secret"}, {"_id": "b"}])
        assert refused == [(1, "a document with this _id exists")]
        assert await found(store, {}) == ["a", "b", "secret"]

    async def test_insert_reports_what_bson_cannot_hold(self, store: Store) -> None:
        refused = await store.insert(
            QUEUE, [{"_id": 1, "v": 1 << 70}, {"_id": [1]}, {"_id": 2}, {"_id": 3, "v": {1, 2}}]
        )
        assert [position for position, _ in refused] == [0, 1, 3]
        assert await found(store, {}) == [2]

    async def test_a_document_above_16_mib_is_refused(self, store: Store) -> None:
        refused = await store.insert(QUEUE, [{"_id": 1, "text": "x" * (16 << 20)}])
        assert refused == [(0, "larger than 16 MiB")]
        assert await store.insert(QUEUE, []) == []

    async def test_insert_gives_an_id_to_a_document_without_one(self, store: Store) -> None:
        await fill(store, {"a": 1})
        [id] = await found(store, {"a": 1})
        assert isinstance(id, ObjectId)

    async def test_ids_of_different_types_are_different(self, store: Store) -> None:
        ids = [1, "1", True, ObjectId(), UUID(int=1), DAY, {"a": 1}, None]
        await fill(store, *({"_id": id} for id in ids))
        assert await store.count(QUEUE, {}) == len(ids)
        for id in ids:
            [data] = await store.get(QUEUE, [id])
            assert decode(data)["_id"] == id

    async def test_find_filters_sorts_and_limits(self, store: Store) -> None:
        await fill(store, *({"_id": n, "even": n % 2 == 0, "rank": -n} for n in range(10)))
        assert await found(store, {"even": True}) == [0, 2, 4, 6, 8]
        sort = (("rank", 1), ("_id", 1))
        assert await found(store, {"even": False}, sort=sort, limit=2) == [9, 7]
        assert await found(store, {}, limit=0) == []

    async def test_an_unknown_operator_is_refused(self, store: Store) -> None:
        await fill(store, {"_id": 1})
        with pytest.raises(UnsupportedFilter):
            await store.find(QUEUE, {"a": {"$nearly": 1}}, limit=1)
        with pytest.raises(UnsupportedFilter):
            await store.count(QUEUE, {"a": {"$nearly": 1}})
        with pytest.raises(UnsupportedFilter):
            await store.find(QUEUE, {"a": 1 << 70}, limit=1)

    @pytest.mark.parametrize("indexed", [False, True])
    @pytest.mark.parametrize("direction", [1, -1])
    @pytest.mark.parametrize("id_direction", [1, -1])
    async def test_pages_follow_bson_order_across_types(
        self, store: Store, indexed: bool, direction: int, id_direction: int
    ) -> None:
        # In MongoDB's order; objects, binaries and regular expressions are left to the
        # property tests of the embedded store: FerretDB does not compare them.
        values: list[Any] = [
            [None],
            [-7, 0, 2.5, Int64(10**15)],
            ["", "B", "a", "ä", "😀"],
            [ObjectId("000000000000000000000001"), ObjectId("f" * 24)],
            [False],
            [True],
            [
                datetime(1960, 1, 1, tzinfo=UTC).replace(tzinfo=None),
                DAY,
                DAY + timedelta(milliseconds=1),
            ],
        ]
        ranked = [value for group in values for value in group]
        documents = [
            {"_id": f"{copy}{rank:02}", "v": value}
            for rank, value in enumerate(ranked)
            for copy in "ab"
        ]
        documents += [{"_id": "c00"}]
        await fill(store, *reversed(documents))
        if indexed:
            await store.ensure_indexes([Index(QUEUE, (("v", 1),))])
        expected = sorted((document["_id"] for document in documents), reverse=id_direction < 0)
        expected.sort(key=lambda id: int(id[1:]), reverse=direction < 0)
        sort = (("v", direction), ("_id", id_direction))
        for limit in (1, 3, 50):
            assert await pages(store, {}, sort, limit) == expected

    async def test_pages_by_ids_of_different_types(self, store: Store) -> None:
        ids: list[Any] = [1, 2.5, "", "a", ObjectId(), UUID(int=3), UUID(int=4), DAY]
        await fill(store, *({"_id": id} for id in ids))
        for direction in (1, -1):
            for limit in (1, 3):
                collected = await pages(store, {}, (("_id", direction),), limit)
                assert len(collected) == len(ids)
                assert collected == await found(store, {}, sort=(("_id", direction),))

    async def test_count_is_exact(self, store: Store) -> None:
        await fill(store, *({"_id": n, "n": n % 3} for n in range(20)))
        assert await store.count(QUEUE, {}) == 20
        assert await store.count(QUEUE, {"n": {"$in": [0, 1]}}) == 14
        few = {"n": {"$in": [0, 1]}}
        assert await store.tally(QUEUE, few, {"n": {"$in": [1, 2]}}) == (14, 7)
        assert await store.tally(QUEUE, few, {}) == (14, 14)
        assert await store.tally(QUEUE, {"n": "none"}, few) == (0, 0)
        assert await store.tally("nothing", few, few) == (0, 0)

    async def test_scan_yields_everything_in_batches(self, store: Store) -> None:
        await fill(store, *({"_id": n, "n": n % 2} for n in range(25)))
        batches = [batch async for batch in store.scan(QUEUE, batch=10)]
        assert [len(batch) for batch in batches] == [10, 10, 5]
        assert [decode(data)["_id"] for batch in batches for data in batch] == list(range(25))
        odd = [batch async for batch in store.scan(QUEUE, {"n": 1}, batch=5)]
        assert [decode(data)["_id"] for batch in odd for data in batch] == list(range(1, 25, 2))

    async def test_scan_goes_on_after_an_id_of_any_type(self, store: Store) -> None:
        ids = [-1, 2.5, 7, "a", "b", UUID(int=7), ObjectId("65f1a0c2e4b0a1b2c3d4e5f6"), DAY]
        await fill(store, *({"_id": id, "n": place % 2} for place, id in enumerate(ids)))
        ordered = [decode(data)["_id"] async for some in store.scan(QUEUE) for data in some]
        assert set(ordered) == set(ids)
        for place, id in enumerate(ordered):
            rest = [each async for each in store.scan(QUEUE, batch=2, after=[id])]
            assert [decode(data)["_id"] for batch in rest for data in batch] == ordered[place + 1 :]
        odd = [each async for each in store.scan(QUEUE, {"n": 1}, after=[ordered[1]])]
        kept = [decode(data)["_id"] for batch in odd for data in batch]
        assert kept == [id for id in ordered[2:] if ids.index(id) % 2]

    async def test_replace_only_what_is_unchanged(self, store: Store) -> None:
        document = {"_id": 1, "a": [1, {"b": None}], "n": 1, "when": DAY, "text": "x"}
        await fill(store, document)
        old = encode(document)
        changed = {"_id": 1, "text": "y"}
        assert await store.replace(QUEUE, old, changed) is True
        assert await store.get(QUEUE, [1]) == [encode(changed)]
        assert await store.replace(QUEUE, old, {"_id": 1, "text": "z"}) is False
        assert await store.get(QUEUE, [1]) == [encode(changed)]

    @pytest.mark.parametrize(
        "other",
        [
            {"_id": 1, "a": 1.0, "b": "x"},
            {"_id": 1, "a": Int64(1), "b": "x"},
            {"_id": 1, "b": "x", "a": 1},
            {"_id": 1, "a": 1, "b": "x", "c": None},
            {"_id": 1, "a": [1], "b": "x"},
            {"_id": 1, "a": 1},
        ],
    )
    async def test_replace_tells_documents_apart_byte_for_byte(
        self, store: Store, other: dict[str, Any]
    ) -> None:
        await fill(store, {"_id": 1, "a": 1, "b": "x"})
        assert await store.replace(QUEUE, encode(other), {"_id": 1}) is False
        assert await store.count(QUEUE, {"b": "x"}) == 1

    async def test_replace_of_a_document_that_is_not_there(self, store: Store) -> None:
        assert await store.replace(QUEUE, encode({"_id": 1}), {"_id": 1, "a": 2}) is False

    async def test_replaced_documents_are_found_by_their_new_values(self, store: Store) -> None:
        await store.ensure_indexes([Index(QUEUE, (("tags", 1),)), Index(QUEUE, (("n", -1),))])
        await fill(store, {"_id": 1, "tags": ["a", "b"], "n": 1})
        old = encode({"_id": 1, "tags": ["a", "b"], "n": 1})
        assert await store.replace(QUEUE, old, {"_id": 1, "tags": ["b", "c"], "n": 2})
        assert await found(store, {"tags": "a"}) == []
        assert await found(store, {"tags": "b"}) == [1]
        assert await found(store, {"tags": "c", "n": 2}) == [1]

    async def test_unit_of_work(self, store: Store) -> None:
        await fill(store, {"_id": 1})
        if store.transactions is False:  # type: ignore[attr-defined]
            pytest.skip("this server has no transactions")
        try:
            async with store.unit_of_work():
                await fill(store, {"_id": 2})
                assert await store.replace(QUEUE, encode({"_id": 1}), {"_id": 1, "a": 1})
                assert await found(store, {}) == [1, 2]
        except TransactionsUnsupported:
            assert store.transactions is False  # type: ignore[attr-defined]
            return
        assert await found(store, {"a": 1}) == [1]

        async def fail() -> None:
            async with store.unit_of_work():
                await fill(store, {"_id": 3})
                raise LookupError

        with pytest.raises(LookupError):
            await fail()
        assert await found(store, {}) == [1, 2]

    async def test_indexes_are_made_once(self, store: Store) -> None:
        await fill(store, *({"_id": n, "a": {"b": [n, n + 1]}} for n in range(5)))
        wanted = [
            Index(QUEUE, (("type", 1), ("a.b", 1))),
            Index("other", (("x", -1), ("_id", 1))),
            Index(QUEUE, (("_id", 1),)),
        ]
        assert await store.missing_indexes(wanted) == wanted[:2]
        assert await store.ensure_indexes(wanted) == ["type_1_a.b_1", "x_-1__id_1"]
        assert await store.missing_indexes(wanted) == []
        assert await store.ensure_indexes(wanted) == []
        assert await found(store, {"type": None, "a.b": 3}) == [2, 3]

    async def test_ping_answers(self, store: Store) -> None:
        await store.ping()

    async def test_close_twice(self, store: Store) -> None:
        await store.close()
        await store.close()


class TestSqliteFile(Conformance):
    @pytest.fixture
    def store(self, sqlite_file_store: Store) -> Store:
        return sqlite_file_store


class TestSqliteMemory(Conformance):
    @pytest.fixture
    def store(self, sqlite_memory_store: Store) -> Store:
        return sqlite_memory_store


class TestMongoPymongo(Conformance):
    @pytest.fixture
    def store(self, mongo_pymongo_store: Store) -> Store:
        return mongo_pymongo_store


class TestMongoMotor(Conformance):
    @pytest.fixture
    def store(self, mongo_motor_store: Store) -> Store:
        return mongo_motor_store
