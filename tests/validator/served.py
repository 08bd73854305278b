"""Every type as it is served, from clean and from spoiled documents."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.http.asker import SERVED
from tests.validator.sample import Sample
from tests.validator.server import Asking
from tests.validator.shape import distinct

MOST = 150
MOST_CASES = 15


async def served(asking: Asking, kind: str) -> list[Sample]:
    """Resources of each type; hidden ones too."""
    found = []
    for type_ in SERVED:
        samples = [each async for each in _of_type(asking, kind, type_)]
        found += distinct(samples, MOST)
    return found


async def _of_type(asking: Asking, kind: str, type_: str) -> AsyncIterator[Sample]:
    for query in ("_count=500", "_count=500&_tag=hidden"):
        async for resource in asking.resources(f"/{type_}?{query}"):
            yield Sample(f"{type_}/{resource['id']}", f"{kind} {type_}", resource)


async def cases(asking: Asking, kind: str) -> list[Sample]:
    """Case bundles, and the searchset that has them."""
    found = []
    async for resource in asking.resources("/Case?_count=20"):
        found.append(Sample(f"Case/{resource['id']}", f"{kind} Case", resource))
    return distinct(found, MOST_CASES)
