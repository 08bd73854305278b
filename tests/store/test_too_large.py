"""A document grows no larger than MongoDB takes, on every store."""

from __future__ import annotations

import pytest

from fhir_facade.store.base import Store
from fhir_facade.store.codec import LARGEST, TooLargeToStore


async def test_nothing_beyond_the_limit_replaces_a_document(empty_store: Store) -> None:
    assert not await empty_store.insert("work_queue", [{"_id": 1, "text": "small"}])
    (raw,) = await empty_store.get("work_queue", [1])
    with pytest.raises(TooLargeToStore):
        await empty_store.replace("work_queue", raw, {"_id": 1, "text": "x" * LARGEST})
    assert await empty_store.get("work_queue", [1]) == [raw]
