"""The modes of /metadata: the full statement, its normative portions, and terminology."""

from __future__ import annotations

import httpx
import pytest
from fhir.resources.R4B.terminologycapabilities import TerminologyCapabilities

from fhir_facade.rules.validation import validate
from tests.http.serving import BASE, Json, error, settings
from tests.interactions.validity import problems

MODES = ("full", "normative", "terminology")


async def _of(client: httpx.AsyncClient, mode: str) -> Json:
    response = await client.get("/metadata", params={"mode": mode})
    assert response.status_code == 200
    return dict(response.json())


@pytest.mark.parametrize("mode", MODES)
async def test_a_mode_is_valid(client: httpx.AsyncClient, mode: str) -> None:
    found = await _of(client, mode)
    assert not problems(found)
    assert not validate(found)
    assert found["implementation"]["url"] == BASE


@pytest.mark.parametrize("mode", MODES)
async def test_a_mode_has_an_etag_of_its_own(client: httpx.AsyncClient, mode: str) -> None:
    tags = [
        (await client.get("/metadata", params={"mode": each})).headers["etag"] for each in MODES
    ]
    assert len({*tags}) == len(MODES)
    tag = {"If-None-Match": tags[MODES.index(mode)]}
    again = await client.get("/metadata", params={"mode": mode}, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.head("/metadata", params={"mode": mode})).headers["etag"] in tags


async def test_full_is_the_default(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metadata")).json() == await _of(client, "full")


@pytest.mark.parametrize("query", ["mode=all", "mode=", "mode=Full", "mode=full&mode=full"])
async def test_another_mode_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/metadata?{query}")
    assert response.status_code == 400
    text = "mode must be one of: full, normative, terminology."
    assert response.json() == error("invalid", text, "http.mode")


async def test_the_normative_portions(client: httpx.AsyncClient) -> None:
    """What is normative stays as it is; that something is left out is said."""
    full, found = await _of(client, "full"), await _of(client, "normative")
    assert [each["code"] for each in found.pop("meta")["tag"]] == ["SUBSETTED"]
    (rest,), (whole,) = found.pop("rest"), full.pop("rest")
    assert found == full
    assert "security" in whole
    assert "security" not in rest
    for part, resource in zip(rest["resource"], whole["resource"], strict=True):
        assert part.items() <= resource.items()
        assert "conditionalRead" not in part
        assert part.get("searchParam") == resource.get("searchParam")


async def test_terminology_is_what_is_published(client: httpx.AsyncClient) -> None:
    found = await _of(client, "terminology")
    TerminologyCapabilities.model_validate(found)
    published = (await client.get("/CodeSystem?_count=1000&_elements=url")).json()
    urls = {entry["resource"]["url"] for entry in published["entry"]}
    assert {each["uri"] for each in found["codeSystem"]} == urls
    assert found["url"].startswith(settings().canonical)


async def test_its_expansion_parameters_are_taken(client: httpx.AsyncClient) -> None:
    found = await _of(client, "terminology")
    values = {"count": "1", "offset": "1", "filter": "x", "exclude-system": "urn:x"}
    for each in found["expansion"]["parameter"]:
        query = {each["name"]: values.get(each["name"], "true")}
        response = await client.get("/ValueSet/task-status/$expand", params=query)
        assert response.status_code == 200, query
