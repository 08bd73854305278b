"""The file of the embedded store: reopened, shared by several writers and processes, in memory."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fhir_facade.rules.index import Index
from fhir_facade.store.codec import encode
from fhir_facade.store.sqlite import SqliteStore
from tests.store.sqlite_documents import BY_DUE, found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore.open(path)
    yield store
    await store.close()


async def test_a_reopened_file_knows_its_documents_and_indexes(path: Path) -> None:
    index = Index("c", (("a", -1), ("_id", -1)))
    first = SqliteStore.open(path)
    await first.insert("c", [{"_id": n, "a": n % 2} for n in range(10)])
    await first.ensure_indexes([index])
    await first.close()
    second = SqliteStore.open(path)
    assert await second.missing_indexes([index]) == []
    assert await found(second, {"a": 1}, sort=(("_id", -1),)) == [9, 7, 5, 3, 1]
    await second.close()


async def test_a_writer_keeps_the_indexes_that_another_has_made(path: Path) -> None:
    first, second = SqliteStore.open(path), SqliteStore.open(path)
    await first.insert("c", [{"_id": 1, "a": 1}])
    assert len(await second.get("c", [1])) == 1
    await second.ensure_indexes([Index("c", (("a", 1),))])
    await first.insert("c", [{"_id": 2, "a": 1}])
    assert await first.replace("c", encode({"_id": 1, "a": 1}), {"_id": 1, "a": 2})
    assert (await second.explain("c", {"a": 1}, BY_DUE))["plan"] == "index"
    assert await found(second, {"a": 1}) == [2]
    await first.close()
    await second.close()


INSERTER = """
import asyncio, sys
from fhir_facade.store.sqlite import SqliteStore
async def main():
    store = SqliteStore.open(sys.argv[1])
    for n in range(50):
        assert await store.insert("c", [{"_id": f"{sys.argv[2]}-{n}", "a": n}]) == []
    await store.close()
asyncio.run(main())
"""


async def test_several_processes_write_one_file(store: SqliteStore, path: Path) -> None:
    await store.ensure_indexes([Index("c", (("a", 1),))])
    children = [
        subprocess.Popen([sys.executable, "-c", INSERTER, str(path), name]) for name in "xy"
    ]
    for n in range(50):
        assert await store.insert("c", [{"_id": f"z-{n}", "a": n}]) == []
    codes = [await asyncio.to_thread(child.wait, 60) for child in children]
    assert codes == [0, 0]
    assert await store.count("c", {}) == 150
    assert await found(store, {"a": 7}) == ["x-7", "y-7", "z-7"]


async def test_memory_leaves_nothing_behind() -> None:
    store = SqliteStore.open(":memory:")
    folder = Path(store._path).parent
    await store.insert("c", [{"_id": 1}])
    assert folder.exists()
    await store.close()
    assert not folder.exists()
