"""Documents in and out of MongoDB or an embedded SQLite file, behind one protocol."""

from __future__ import annotations

from fhir_facade.store.base import Store


def open_store(url: str, *, mongo_driver: str = "pymongo") -> Store:
    """Open the store that a URL names; nothing of the other stores is imported."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("mongodb", "mongodb+srv"):
        from fhir_facade.store.mongo import MongoStore

        return MongoStore.open(url, mongo_driver)
    if separator and scheme == "sqlite" and rest.removeprefix("/"):
        from fhir_facade.store.sqlite import SqliteStore

        return SqliteStore.open(rest.removeprefix("/"))
    raise ValueError(
        "the store must be sqlite:///relative/file.db, sqlite:////absolute/file.db, "
        "sqlite:///:memory:, mongodb://host/database or mongodb+srv://host/database"
    )
