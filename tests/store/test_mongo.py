"""What is particular to MongoDB: faults, transactions, raw replies."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import Regex
from bson.raw_bson import RawBSONDocument
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
)

from fhir_facade.errors import StoreUnavailable
from fhir_facade.rules.index import Index
from fhir_facade.store import mongo_driver
from fhir_facade.store.base import Overtaken, TransactionsUnsupported, UnsupportedFilter
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.keyset import ALL_TYPES
from fhir_facade.store.mongo import MongoStore
from fhir_facade.store.mongo_raw import indexes_of, is_plain, split, unchanged, unchanged_fields

NOBODY = "mongodb://127.0.0.1:9/x?serverSelectionTimeoutMS=50"


@pytest.fixture
async def store(mongo_database: str) -> AsyncIterator[MongoStore]:
    store = MongoStore.open(mongo_database)
    yield store
    await store.close()


@pytest.mark.parametrize("driver", ["pymongo", "motor"])
async def test_a_server_that_does_not_answer(driver: str) -> None:
    store = MongoStore.open(NOBODY, driver)
    calls = [
        store.ping(),
        store.get("c", [1]),
        store.find("c", {}, limit=1),
        store.count("c", {}),
        store.insert("c", [{"_id": 1}]),
        store.replace("c", encode({"_id": 1}), {"_id": 1}),
        store.missing_indexes([Index("c", (("a", 1),))]),
        anext(aiter(store.scan("c"))),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert caught.value.headers == {"Retry-After": "2"}
    await store.close()


async def test_a_closed_store_is_unavailable(mongo_database: str) -> None:
    store = MongoStore.open(mongo_database)
    await store.ping()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.find("c", {}, limit=1)


def test_motor_is_only_needed_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "motor.motor_asyncio", None)
    with pytest.raises(ValueError, match=r"fhir-facade\[motor\]"):
        MongoStore.open(NOBODY, "motor")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AutoReconnect("secret"), StoreUnavailable),
        (ExecutionTimeout("secret", 50), StoreUnavailable),
        (OperationFailure("secret", 13), StoreUnavailable),
        (PyMongoError("secret"), StoreUnavailable),
        (OperationFailure("secret", 2), UnsupportedFilter),
        (OverflowError("secret"), UnsupportedFilter),
    ],
)
def test_errors_are_translated_without_their_text(
    error: Exception, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as caught, mongo_driver.translated():
        raise error
    assert "secret" not in str(caught.value)


async def test_get_does_not_take_a_pattern_for_an_id(store: MongoStore) -> None:
    await store.insert("c", [{"_id": "a"}, {"_id": "b"}])
    assert await store.get("c", [Regex("a"), [1]]) == []
    assert await store.get("c", [Regex("a"), "b", "a"]) == [
        encode({"_id": "b"}),
        encode({"_id": "a"}),
    ]


async def test_explain_answers(store: MongoStore) -> None:
    await store.insert("c", [{"_id": 1}])
    assert set(await store.explain("c", {"a": 1})) == {"plan", "indexes"}


async def test_leaving_a_scan_early_closes_its_cursor(store: MongoStore) -> None:
    await store.insert("c", [{"_id": n} for n in range(10)])
    batches = store.scan("c", batch=2)
    assert len(await anext(batches)) == 2
    await batches.aclose()  # type: ignore[attr-defined]


async def test_transactions_are_known_after_a_ping(store: MongoStore) -> None:
    assert store.transactions is None
    await store.ping()
    assert store.transactions in (True, False)


class Session:
    """A session that notes what happens to it."""

    def __init__(self) -> None:
        self.log: list[str] = []

    async def start_transaction(self, *concerns: Any) -> None:
        assert concerns
        self.log.append("start")

    async def commit_transaction(self) -> None:
        self.log.append("commit")

    async def end_session(self) -> None:
        self.log.append("end")


@pytest.fixture
async def transactional(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[MongoStore, Session]]:
    store = MongoStore.open(NOBODY)
    store.transactions = True
    session = Session()
    monkeypatch.setattr(store._client, "start_session", lambda: session)
    yield store, session
    await store.close()


async def test_a_unit_of_work_is_a_transaction(
    transactional: tuple[MongoStore, Session],
) -> None:
    store, session = transactional
    async with store.unit_of_work():
        assert store._session() is session
        async with store.unit_of_work():
            assert store._session() is session
    assert store._session() is None
    assert session.log == ["start", "commit", "end"]


async def test_a_unit_of_work_that_fails_is_not_committed(
    transactional: tuple[MongoStore, Session],
) -> None:
    store, session = transactional
    with pytest.raises(LookupError):
        async with store.unit_of_work():
            raise LookupError
    assert session.log == ["start", "end"]


async def test_without_transactions_a_unit_of_work_is_refused() -> None:
    store = MongoStore.open(NOBODY)
    store.transactions = False
    with pytest.raises(TransactionsUnsupported):
        async with store.unit_of_work():
            pass
    await store.close()


@pytest.mark.parametrize(
    ("hello", "expected"),
    [({"setName": "rs0"}, True), ({"msg": "isdbgrid"}, True), ({}, False)],
)
async def test_what_the_server_says_of_itself(
    hello: dict[str, Any], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MongoStore.open(NOBODY)

    async def command(_database: Any, name: str, *_args: Any, **_options: Any) -> dict[str, Any]:
        return hello if name == "hello" else {}

    monkeypatch.setattr(type(store._client.admin), "command", command)
    await store.ping()
    assert store.transactions is expected
    assert store._types is ALL_TYPES
    await store.close()


class Collection:
    """A collection whose writes fail."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def replace_one(self, *_args: Any, **_options: Any) -> Any:
        raise self.error

    insert_many = replace_one


async def failing(error: Exception, old: bytes, monkeypatch: pytest.MonkeyPatch) -> MongoStore:
    store = MongoStore.open(NOBODY)
    store.transactions = True

    async def get(_collection: str, _ids: Any) -> list[bytes]:
        return [old]

    monkeypatch.setattr(store, "get", get)
    monkeypatch.setattr(store, "_database", {"c": Collection(error)})
    return store


async def test_losing_against_another_transaction_is_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = encode({"_id": 1})
    store = await failing(OperationFailure("x", 112), old, monkeypatch)
    assert await store.replace("c", old, {"_id": 1, "a": 1}) is False
    await store.close()
    store = await failing(OperationFailure("x", 1), old, monkeypatch)
    with pytest.raises(StoreUnavailable):
        await store.replace("c", old, {"_id": 1, "a": 1})
    await store.close()


async def test_refused_documents_are_reported_without_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors = [
        {"index": 0, "code": 11000, "errmsg": "secret"},
        {"index": 1, "code": 11000, "keyPattern": {"mrn": 1}, "errmsg": "secret"},
        {"index": 2, "code": 121, "errmsg": "secret"},
    ]
    error = BulkWriteError({"writeErrors": errors})
    store = await failing(error, b"", monkeypatch)
    documents = [{"_id": [0]}, {"_id": 1}, {"_id": 2}, {"_id": 3}]
    assert await store.insert("c", documents) == [
        (0, "an _id must not be an array or a regular expression"),
        (1, "a document with this _id exists"),
        (2, "a unique index has its values already"),
        (3, "the server refuses it (code 121)"),
    ]
    await store.close()
    store = await failing(BulkWriteError({"writeErrors": []}), b"", monkeypatch)
    with pytest.raises(StoreUnavailable):
        await store.insert("c", [{"_id": 1}])
    await store.close()


def test_batches_are_cut_by_length() -> None:
    documents = [encode({"_id": n, "text": "x" * n}) for n in range(5)]
    assert list(split(b"".join(documents))) == documents
    assert list(split(b"")) == []


def test_the_filter_of_an_unchanged_document() -> None:
    old = encode({"_id": 1, "a": {"$x": 1}})
    assert unchanged(old) == {
        "_id": {"$eq": 1},
        "$expr": {
            "$and": [
                {"$eq": ["$$ROOT", {"$literal": RawBSONDocument(old)}]},
                {"$eq": [{"$bsonSize": "$$ROOT"}, len(old)]},
            ]
        },
    }
    assert unchanged_fields(old) == {"_id": {"$eq": 1}, "a": {"$eq": decode(old)["a"]}}


def test_indexes_of_a_plan() -> None:
    plan = {"stage": "OR", "inputStages": [{"indexName": "a_1"}, {"x": {"indexName": "b_1"}}]}
    assert list(indexes_of(plan)) == ["a_1", "b_1"]


def test_an_index_without_every_document_does_not_count() -> None:
    assert is_plain({"key": {"a": 1}, "v": 2})
    assert not is_plain({"key": {"a": 1}, "sparse": True})
    assert not is_plain({"key": {"a": 1}, "partialFilterExpression": {"a": 1}})


@pytest.mark.parametrize("kind", [OperationFailure, AutoReconnect])
def test_a_transaction_that_was_overtaken_may_be_tried_again(kind: type[PyMongoError]) -> None:
    error = kind("secret")
    error._add_error_label("TransientTransactionError")
    with pytest.raises(Overtaken), mongo_driver.translated():
        raise error
