"""What the server says of itself: its capabilities and all that it publishes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from fhir_facade.derive.published import published
from fhir_facade.main import build_registry
from tests.http.serving import settings
from tests.validator.sample import Sample
from tests.validator.server import Asking
from tests.writing.exact_json import read

MODES = (
    "",
    "?mode=full",
    "?mode=normative",
    "?mode=terminology",
    "?_summary=true",
    "?_elements=rest",
)


async def capabilities(asking: Asking) -> AsyncIterator[Sample]:
    for mode in MODES:
        yield Sample(f"metadata{mode}", "capabilities", await asking.get(f"/metadata{mode}"))


def artefacts() -> Iterator[Sample]:
    """Every published definition, as validators load it."""
    for resource in published(build_registry(settings())):
        name = f"{resource['resourceType']}/{resource['id']}"
        yield Sample(name, f"artefact {resource['resourceType']}", resource)


async def served_artefacts(asking: Asking) -> AsyncIterator[Sample]:
    """A search for each type of definition, and one as it is read."""
    for type_ in sorted({each.resource["resourceType"] for each in artefacts()}):
        response = await asking.send("GET", f"/{type_}?_count=5")
        if response.status_code != 200:
            continue
        page = read(response.content)
        yield Sample(f"{type_}?_count=5", "artefact searchset", page)
        id = page["entry"][0]["resource"]["id"]
        for query in ("", "?_summary=true", "?_elements=url"):
            resource = await asking.get(f"/{type_}/{id}{query}")
            yield Sample(f"{type_}/{id}{query}", f"artefact {type_}", resource)
