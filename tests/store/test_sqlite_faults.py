"""Faults of the embedded store are told as such: closed, deleted, locked, not its own."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.errors import StoreUnavailable
from fhir_facade.store import sqlite
from fhir_facade.store.sqlite import SqliteStore
from tests.store.sqlite_documents import found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore.open(path)
    yield store
    await store.close()


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    store = SqliteStore.open(path)
    await store.insert("c", [{"_id": 1}])
    await store.close()
    for call in (
        store.get("c", [1]),
        store.find("c", {}, limit=1),
        store.count("c", {}),
        store.insert("c", [{"_id": 2}]),
        store.ping(),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert caught.value.headers == {"Retry-After": "1"}


async def test_a_deleted_file_is_noticed(store: SqliteStore, path: Path) -> None:
    await store.ping()
    path.unlink()
    with pytest.raises(StoreUnavailable):
        await store.ping()


async def test_a_locked_file_is_unavailable_not_hanging(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.05)
    store = SqliteStore.open(path)
    await store.insert("c", [{"_id": "secret"}])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match=r"\(SQLITE_BUSY\)") as caught:
        await store.insert("c", [{"_id": "secret2"}])
    assert "secret" not in str(caught.value)
    assert len(await store.get("c", ["secret"])) == 1
    other.execute("COMMIT")
    other.close()
    await store.insert("c", [{"_id": "later"}])
    await store.close()


async def test_a_read_that_meets_a_lock_waits_in_a_thread(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.insert("c", [{"_id": 1}])
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    attempts = []

    def once(run: Any) -> Any:
        def wrapped(*args: Any) -> Any:
            attempts.append(args)
            if len(attempts) % 2:
                raise busy
            return run(*args)

        return wrapped

    monkeypatch.setattr(sqlite, "_get", once(sqlite._get))
    monkeypatch.setattr(sqlite, "_run_query", once(sqlite._run_query))
    assert len(await store.get("c", [1])) == 1
    assert await found(store, {}) == [1]
    assert len(attempts) == 4


async def test_another_fault_of_a_read_is_reported(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite, "_get", fail)
    monkeypatch.setattr(sqlite, "_run_query", fail)
    with pytest.raises(StoreUnavailable):
        await store.get("c", [1])
    with pytest.raises(StoreUnavailable):
        await store.find("c", {}, limit=1)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="SQLITE_CANTOPEN"):
        SqliteStore.open(tmp_path / "no" / "folder.db")


def test_a_file_that_is_not_sqlite(path: Path) -> None:
    path.write_text("something else entirely, and long enough to be looked at" * 20)
    with pytest.raises(StoreUnavailable, match="SQLITE_NOTADB"):
        SqliteStore.open(path)


def test_a_file_of_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(ValueError, match="not one that this version"):
        SqliteStore.open(path)
