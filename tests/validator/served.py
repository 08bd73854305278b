"""Every type as it is served, from clean and from spoiled documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from tests.http.asker import SERVED
from tests.http.declared import PEOPLE
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


async def people(asking: Asking, kind: str, samples: list[Sample]) -> list[Sample]:
    """Whom the resources refer to, as far as they are served: each one, cut, and as a page."""
    found = []
    for type_ in PEOPLE:
        ids = sorted({id for each in samples for id in _referred(each.resource, f"{type_}/")})[:50]
        page = await asking.get(f"/{type_}?_id={','.join(ids)}")
        served = [each["resource"] for each in page["entry"]]
        assert served, type_
        found.append(Sample(f"{type_}?_id=…", f"{kind} searchset", page))
        found += [Sample(f"{type_}/{each['id']}", f"{kind} {type_}", each) for each in served]
        for shape in ("_summary=true", "_summary=text", "_elements=name"):
            url = f"{type_}/{served[0]['id']}?{shape}"
            found.append(Sample(url, f"{kind} summary", await asking.get(f"/{url}")))
    return distinct(found, MOST)


def _referred(value: Any, prefix: str) -> Iterator[str]:
    """Yield the ids of a type that references in a resource name."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference.startswith(prefix):
            yield reference.removeprefix(prefix)
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _referred(each, prefix)


async def cases(asking: Asking, kind: str) -> list[Sample]:
    """Case bundles, and the searchset that has them."""
    found = []
    async for resource in asking.resources("/Case?_count=20"):
        found.append(Sample(f"Case/{resource['id']}", f"{kind} Case", resource))
    return distinct(found, MOST_CASES)
