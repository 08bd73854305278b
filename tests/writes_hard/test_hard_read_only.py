"""Types that are written with their case say so, and what the URL takes instead.

https://hl7.org/fhir/R4/http.html#Status-Codes
"""

from __future__ import annotations

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.writes_hard.kit import contents, refused, send

PARTS = ["CareTeam", "CarePlan", "List", "Provenance", "Observation"]
WRITES = ["POST", "PUT", "PATCH", "DELETE"]


def _allowed(response: httpx.Response) -> set[str]:
    return {each.strip() for each in response.headers["allow"].split(",")}


async def _write(client: httpx.AsyncClient, method: str, type_: str, query: str) -> httpx.Response:
    url = f"/{type_}" if method == "POST" else f"/{type_}{query}"
    body = None if method == "DELETE" else {"resourceType": type_, "id": "c1"}
    return await send(client, method, url, body)


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("type_", PARTS)
async def test_a_part_of_a_case(
    client: httpx.AsyncClient, sqlite_store: Store, type_: str, method: str
) -> None:
    for query in ("/c1", "?_id=c1", "?nonsense=1", ""):
        response = await _write(client, method, type_, query)
        issue = refused(response, 405, "not-supported")
        assert "Case/[id]" in issue["diagnostics"]
        assert _allowed(response) == {"GET", "HEAD", "OPTIONS"}
        assert not any((await contents(sqlite_store)).values())


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_case_is_made_and_deleted_as_one(client: httpx.AsyncClient, method: str) -> None:
    response = await _write(client, method, "EpisodeOfCare", "/c1")
    issue = refused(response, 405, "not-supported")
    assert "POST to Case" in issue["diagnostics"]
    expected = {"GET", "HEAD", "OPTIONS"} | ({"PUT", "PATCH"} if method == "DELETE" else set())
    assert _allowed(response) >= expected
    assert not _allowed(response) & {"POST", "DELETE"}


@pytest.mark.parametrize("type_", PARTS)
async def test_the_body_does_not_matter(client: httpx.AsyncClient, type_: str) -> None:
    for body in (b"", b"{", b"\xff", b"[" * 10_000):
        refused(await send(client, "POST", f"/{type_}", body), 405, "not-supported")


@pytest.mark.parametrize("type_", [*PARTS, "EpisodeOfCare"])
async def test_the_capability_statement_says_the_same(
    client: httpx.AsyncClient, type_: str
) -> None:
    statement = (await client.get("/metadata")).json()
    (found,) = (each for each in statement["rest"][0]["resource"] if each["type"] == type_)
    codes = {each["code"] for each in found["interaction"]}
    assert not codes & {"create", "delete"}
    if type_ != "EpisodeOfCare":
        assert not codes & {"update", "patch"}
