"""One connection to the SQLite file, and its transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fhir_facade.store import sqlite_schema
from fhir_facade.store.sqlite_schema import Schema

_PAGE: Final = 8192
"""Bytes of a page of a new file: half as many are written as of SQLite's own 4,096."""
_CACHE_KIB: Final = 16_384
"""Pages of the file that each connection keeps in memory."""


class Connection:
    """A connection and what it knows of the tables."""

    def __init__(self, path: str, busy_seconds: float) -> None:
        self.raw = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        self.raw.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self.schema = Schema()

    def prepare(self, durable: bool) -> None:
        """Set up the file, and the catalogue if it is new."""
        self.raw.execute(f"PRAGMA page_size = {_PAGE}")
        self.raw.execute("PRAGMA journal_mode = WAL")
        self.raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        sqlite_schema.create_catalogue(self.raw)
        self.schema.refresh(self.raw)

    @contextmanager
    def transaction(self, kind: str) -> Iterator[None]:
        """Run statements in a transaction of their own."""
        try:
            self.begin(kind)
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Run statements in the transaction of a unit of work.

        SQLite may have given it up by itself, as for a full disk: nothing is written then.
        https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
        """
        if not self.raw.in_transaction:
            raise sqlite3.OperationalError("the unit of work was given up")
        yield

    def begin(self, kind: str = "IMMEDIATE") -> None:
        """Begin a transaction; what another has left open is given up, never joined."""
        self.rollback()
        self.raw.execute(f"BEGIN {kind}")
        self.schema.refresh(self.raw)

    def commit(self) -> None:
        """Make the transaction last."""
        self.raw.execute("COMMIT")

    def rollback(self) -> None:
        """Give up the transaction, and what was learnt of tables made in it."""
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
            self.schema.version = -1
