"""A session of MongoDB ends whatever is cancelled, and holds nobody up for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fhir_facade.store.mongo import MongoStore
from tests.store.cancelling import MOMENTS, Cancel, cancelled, every_cancel


class Session:
    """A session whose calls take a while, and which notes what has ended."""

    def __init__(self, seconds: float = 0.001) -> None:
        self.seconds = seconds
        self.log: list[str] = []

    async def start_transaction(self, *concerns: Any) -> None:
        self.log.append("start")

    async def commit_transaction(self) -> None:
        await asyncio.sleep(self.seconds)
        self.log.append("commit")

    async def end_session(self) -> None:
        await asyncio.sleep(self.seconds)
        self.log.append("end")


@pytest.fixture
async def mongo() -> AsyncIterator[MongoStore]:
    store = MongoStore.open("mongodb://127.0.0.1:9/nobody")
    store.transactions = True
    yield store
    await store.close()


@every_cancel
async def test_a_session_ends_whatever_is_cancelled(
    mongo: MongoStore, cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call(log: list[str]) -> None:
        await asyncio.sleep(0.001)
        log.append("call")

    async def unit(log: list[str]) -> None:
        async with mongo.unit_of_work():
            await mongo._answered(call(log))
            await asyncio.sleep(0)

    for moment in range(MOMENTS):
        session = Session()
        monkeypatch.setattr(mongo._client, "start_session", lambda session=session: session)
        done = await cancelled(unit(session.log), cancel, moment)
        whole = ["start", "call", "commit", "end"]
        undone: list[list[str]] = [[], ["start", "call", "end"], whole]
        assert session.log in ([whole] if done else undone)


async def test_a_server_that_does_not_answer_holds_nobody_up_for_long(
    mongo: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_facade.store.mongo.GRACE", 0.01)
    monkeypatch.setattr(mongo._client, "start_session", lambda: Session(seconds=60))

    async def unit() -> None:
        async with mongo.unit_of_work():
            pass

    task = asyncio.create_task(unit())
    await asyncio.sleep(0.005)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task
