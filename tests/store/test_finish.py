"""Work that is finished, or given up, before its caller is told that it was cancelled."""

from __future__ import annotations

import asyncio

import pytest

from fhir_facade.store.finish import finished, tidied


async def test_work_gives_its_result_or_its_error() -> None:
    async def fail() -> None:
        raise LookupError

    assert await finished(asyncio.sleep(0, "result")) == "result"
    with pytest.raises(LookupError):
        await finished(fail())
    with pytest.raises(asyncio.CancelledError):
        await finished(_cancelled_work())


async def _cancelled_work() -> None:
    raise asyncio.CancelledError


async def test_work_goes_on_however_often_its_caller_is_cancelled() -> None:
    go_on, done = asyncio.Event(), []

    async def work() -> None:
        await go_on.wait()
        done.append(1)
        raise LookupError  # which is not what the caller ends with

    task = asyncio.create_task(finished(work()))
    for _ in range(5):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [1]


async def test_a_timeout_is_told_after_the_work() -> None:
    done = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.append(1)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await finished(work())
    assert done == [1]


async def test_tidying_up_is_done_or_given_up() -> None:
    done = []

    async def work(seconds: float) -> None:
        await asyncio.sleep(seconds)
        done.append(seconds)

    await tidied(work(60), 0.01)
    assert done == []
    task = asyncio.create_task(tidied(work(0.01), 60))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [0.01]


async def test_work_is_given_up_when_the_grace_is_over() -> None:
    task = asyncio.create_task(finished(asyncio.sleep(60), 0.01))
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task
