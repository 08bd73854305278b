"""From /metadata alone: what is not declared is refused; lenient leaves it out, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from fhir_facade.rules.r4_search import BY_TYPE, COMMON
from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED, SERVED, Asker, asking_of
from tests.http.declared import declared
from tests.http.serving import ids, link, outcomes, the_issue

MODIFIERS = (
    *("missing", "exact", "contains", "not", "text", "in", "not-in", "below", "above", "of-type"),
    *("identifier", "type", "iterate", "code-text", "Patient", "EpisodeOfCare", "Device", "bogus"),
)
LENIENT = {"Prefer": "handling=lenient"}


@pytest.fixture(params=[*SERVED, *PUBLISHED])
async def asker(declared_store: Store, request: pytest.FixtureRequest) -> AsyncIterator[Asker]:
    async with asking_of(declared_store, request.param) as asker:
        yield asker


def _undeclared(asker: Asker) -> Iterator[tuple[str, str]]:
    """Parameters of R4, modifiers, includes and sorts that the type does not declare."""
    names = {param.name for param in asker.params}
    others = {param.name for param in declared(asker.statement)}
    known = {
        *BY_TYPE.get(asker.type, ()),
        *COMMON,
        *others,
        "_text",
        "_content",
        "_filter",
        "no-such",
    }
    for name in sorted(known - names):
        yield name, "x"
    for param in asker.params:
        for modifier in MODIFIERS:
            if modifier not in param.modifiers:
                yield f"{param.name}:{modifier}", "true"
        if not param.sortable:
            yield "_sort", f"-{param.name}"
        if f"{asker.type}:{param.name}" not in asker.declaration.get("searchInclude", []):
            yield "_include", f"{asker.type}:{param.name}"
    yield "_sort", "no-such"
    yield "_include", "Patient:organization"
    yield "_revinclude", "Appointment:patient"
    for served in SERVED:
        yield "_revinclude", f"{served}:patient"
        yield "_include:iterate", f"{served}:no-such"


async def test_it_is_refused(asker: Asker) -> None:
    count = 0
    for name, value in _undeclared(asker):
        response = await asker.get(name, value)
        assert response.status_code == 400, (asker.type, name, value)
        assert the_issue(response)["code"] == "not-supported", (asker.type, name, value)
        count += 1
    assert count > 50


async def test_lenient_leaves_it_out_and_says_so(asker: Asker) -> None:
    path = f"/{asker.type}"
    all_ids = ids((await asker.client.get(f"{path}?_count=9")).json())
    for number, (name, value) in enumerate(_undeclared(asker)):
        if ":" in name and number % 5:
            continue  # of the many modifiers, a few
        query = {"_count": "9", name: value}
        response = await asker.client.get(path, params=query, headers=LENIENT)
        assert _applied(response) == [("_count", "9")], (asker.type, name, value)
        assert ids(response.json()) == all_ids, (name, value)
        result = name.startswith(("_sort", "_include", "_revinclude"))
        asked = value.removeprefix("-") if result else name
        (issue,) = outcomes(response.json())
        assert issue["severity"] == "warning"
        assert issue["code"] == "not-supported"
        for part in asked.split(":") if result else asked.split(":")[:1]:
            assert part in issue["diagnostics"], (name, value)


def _applied(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 200, response.text
    return parse_qsl(urlsplit(link(response.json(), "self") or "").query, keep_blank_values=True)


async def test_an_include_that_no_match_has(declared_client: httpx.AsyncClient) -> None:
    """What is declared of other types is only of use with `:iterate`; it brings nothing here."""
    for query in ("Goal?_include=Task:focus", "Goal?_revinclude=Task:focus"):
        response = await declared_client.get(f"/{query}")
        assert response.status_code in (200, 400), query
        modes = {each["search"]["mode"] for each in response.json().get("entry", ())}
        assert "include" not in modes


@pytest.mark.parametrize(
    "query",
    [
        "_type=Task,Goal&status=ready",
        "_type=Task,Goal&focus=x",
        "_type=Task&no-such=1",
        "_type=Task,Patient",
        "_type=no-such",
        "_sort=status",
        "_type=Task&_include=Task:status",
    ],
)
async def test_a_search_over_several_types_refuses_too(
    declared_client: httpx.AsyncClient, query: str
) -> None:
    response = await declared_client.get(f"?{query}")
    assert response.status_code == 400
    assert the_issue(response)["code"] in ("not-supported", "invalid")
