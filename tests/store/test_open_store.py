from __future__ import annotations

import os
from pathlib import Path

import pytest

from fhir_facade.store import open_store
from fhir_facade.store.mongo import MongoStore
from fhir_facade.store.sqlite import SqliteStore


@pytest.mark.parametrize("url", ["sqlite://:memory:", "sqlite:///:memory:"])
async def test_memory(url: str) -> None:
    store = open_store(url)
    assert isinstance(store, SqliteStore)
    await store.close()


async def test_relative_and_absolute_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///here.db", f"sqlite:///{tmp_path}{os.sep}there.db"):
        await open_store(url).close()
    assert {path.name for path in tmp_path.iterdir()} >= {"here.db", "there.db"}


@pytest.mark.parametrize("driver", ["pymongo", "motor"])
async def test_mongodb(driver: str) -> None:
    store = open_store("mongodb://localhost:1/care", mongo_driver=driver)
    assert isinstance(store, MongoStore)
    assert store._database.name == "care"
    await store.close()


async def test_the_database_has_a_default() -> None:
    store = open_store("mongodb://localhost:1")
    assert isinstance(store, MongoStore)
    assert store._database.name == "fhir_facade"
    await store.close()


@pytest.mark.parametrize("url", ["", "postgres://x/y", "sqlite:file.db", "sqlite://", "mongodb:x"])
def test_other_urls_are_refused_with_examples(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///relative/file\.db"):
        open_store(url)


def test_a_broken_mongodb_url() -> None:
    with pytest.raises(ValueError, match="not valid"):
        open_store("mongodb://")


def test_an_unknown_driver() -> None:
    with pytest.raises(ValueError, match="pymongo or motor"):
        open_store("mongodb://localhost/x", mongo_driver="other")
