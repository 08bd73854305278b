"""The clock that tells where a request's time goes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from fhir_facade import phases


@pytest.fixture(autouse=True)
def _outside_of_a_request() -> Iterator[None]:
    phases.end()
    yield
    phases.end()


def test_nothing_is_counted_outside_of_a_request() -> None:
    phases.in_store(1)
    phases.in_auth(1)
    phases.identify("r1")
    assert phases.current() is None
    assert phases.mapping(lambda: "done")() == "done"


def test_each_phase_adds_up() -> None:
    found = phases.begin()
    assert phases.current() is found
    phases.identify("r1")
    for _ in range(2):
        phases.in_store(0.5)
        phases.in_auth(0.25)
    assert (found.request, found.store, found.auth, found.mapping) == ("r1", 1.0, 0.5, 0.0)


def test_mapping_counts_what_raises_too() -> None:
    @phases.mapping
    def fails(word: str) -> str:
        raise ValueError(word)

    found = phases.begin()
    with pytest.raises(ValueError, match="this"):
        fails("this")
    assert 0 < found.mapping <= found.total


async def test_requests_at_once_have_phases_of_their_own() -> None:
    async def request(seconds: float) -> float:
        found = phases.begin()
        await asyncio.sleep(0)
        phases.in_store(seconds)
        await asyncio.sleep(0)
        return found.store

    tasks = [asyncio.create_task(request(each)) for each in (1.0, 2.0, 3.0)]
    assert await asyncio.gather(*tasks) == [1.0, 2.0, 3.0]


async def test_what_a_request_starts_counts_for_it() -> None:
    found = phases.begin()

    async def part() -> None:
        phases.in_store(1.0)

    await asyncio.gather(part(), part())
    assert found.store == 2.0
