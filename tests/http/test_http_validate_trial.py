"""The store on which writes are tried: it reads what is stored and what was tried, and keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import Unprocessable
from fhir_facade.interactions.definitions import require_defined
from fhir_facade.interactions.trial import TrialStore
from fhir_facade.main import build_registry
from fhir_facade.rules.index import Index
from fhir_facade.store.base import Store, TransactionsUnsupported
from fhir_facade.store.codec import DUPLICATE, TooLargeToStore, decode
from tests.http.serving import settings

NAME = "work_queue"
A, B, C = ({"_id": each, "n": 1} for each in "abc")


@pytest.fixture
async def below(sqlite_store: Store) -> Store:
    assert not await sqlite_store.insert(NAME, [A, B])
    return sqlite_store


@pytest.fixture
def trial(below: Store) -> Store:
    return TrialStore(below)


def decoded(found: list[bytes]) -> list[dict[str, Any]]:
    return [decode(each) for each in found]


async def test_what_is_tried_is_read_and_not_stored(below: Store, trial: Store) -> None:
    assert await trial.insert(NAME, [C]) == []
    (old,) = await trial.get(NAME, ["a"])
    assert await trial.replace(NAME, old, {"_id": "a", "n": 2})
    assert decoded(await trial.get(NAME, ["a", "c"])) == [{"_id": "a", "n": 2}, C]
    assert decoded(await trial.get(NAME, ["b", "none"])) == [B]
    assert decoded(await trial.find(NAME, {"n": {"$eq": 1}}, limit=9)) == [C, B]
    assert decoded(await trial.find(NAME, {"n": {"$eq": 2}}, limit=9)) == [{"_id": "a", "n": 2}]
    assert decoded(await trial.find(NAME, {}, limit=2)) == [C, {"_id": "a", "n": 2}]
    assert decoded(await below.find(NAME, {}, limit=9)) == [A, B]


async def test_pages_go_on_with_what_is_stored(trial: Store) -> None:
    assert await trial.insert(NAME, [C]) == []
    first = await trial.find(NAME, {}, limit=2)
    assert decoded(first) == [C, A]
    assert decoded(await trial.find(NAME, {}, limit=2, after=["a"])) == [B]


async def test_what_is_there_already_is_refused(trial: Store) -> None:
    assert await trial.insert(NAME, [A, C, C]) == [(0, DUPLICATE), (2, DUPLICATE)]
    (refused,) = await trial.insert(NAME, [{"_id": "d", "n": 2**70}])
    assert refused[0] == 0


async def test_a_replacement_that_comes_too_late(trial: Store) -> None:
    (old,) = await trial.get(NAME, ["a"])
    assert await trial.replace(NAME, old, {"_id": "a", "n": 2})
    assert not await trial.replace(NAME, old, {"_id": "a", "n": 3})
    assert decoded(await trial.get(NAME, ["a"])) == [{"_id": "a", "n": 2}]


async def test_a_document_that_is_too_large(trial: Store) -> None:
    (old,) = await trial.get(NAME, ["a"])
    with pytest.raises(TooLargeToStore):
        await trial.replace(NAME, old, {"_id": "a", "n": "x" * 2**24})


class Without:
    """A store that has no transactions, or has not found out yet."""

    def __init__(self, *, known: bool) -> None:
        self.transactions = False if known else None

    async def ping(self) -> None:
        self.transactions = False


@pytest.mark.parametrize("known", [True, False])
async def test_transactions_are_those_of_the_store(trial: Store, known: bool) -> None:
    async with trial.unit_of_work():
        assert await trial.insert(NAME, [C]) == []
    with pytest.raises(TransactionsUnsupported):
        async with TrialStore(Without(known=known)).unit_of_work():  # type: ignore[arg-type]
            pytest.fail("not reached")


async def test_the_rest_is_the_store_below(below: Store, trial: Store) -> None:
    index = Index(NAME, (("n", 1),))
    assert await trial.count(NAME, {}) == 2
    assert await trial.tally(NAME, {}, {"n": {"$eq": 2}}) == (2, 0)
    assert [decoded(each) async for each in trial.scan(NAME)] == [[A, B]]
    assert await trial.ensure_indexes([index]) == []
    assert await trial.missing_indexes([index]) == [index]
    await trial.ping()
    await trial.close()
    assert await below.count(NAME, {}) == 2


def test_a_malformed_extension_is_refused() -> None:
    registry = build_registry(settings())
    url = registry.context.extension("employer")
    goal = {"resourceType": "Goal", "extension": [{"url": url, "valueInteger": 1}]}
    with pytest.raises(Unprocessable) as caught:
        require_defined(goal, registry)
    (issue,) = caught.value.issues
    assert (caught.value.status, issue.code) == (422, "extension")
    assert issue.expression == "Goal.extension[0].value"
    require_defined({"resourceType": "Goal"}, registry)
