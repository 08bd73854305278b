"""Request ids, hosts and base URLs: what an answer takes from the request it belongs to."""

from __future__ import annotations

import re

import httpx
import pytest

from fhir_facade.main import create_app
from fhir_facade.store.base import Store
from tests.http.serving import asking, link, serving, settings


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 64])
@pytest.mark.parametrize("target", ["metadata", "Task/t1", "Task", "Task/nothing", "nowhere/x"])
async def test_a_request_id_is_echoed(client: httpx.AsyncClient, target: str, given: str) -> None:
    response = await client.get(f"/{target}", headers={"X-Request-Id": given})
    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "<script>", "a,b", "\xe9", "a/b"])
async def test_an_odd_request_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/Task/t1", headers={"X-Request-Id": given.encode("latin-1")})
    assert re.fullmatch("[0-9a-f]{16}", response.headers["x-request-id"])


async def test_each_request_has_an_id_of_its_own(client: httpx.AsyncClient) -> None:
    found = {(await client.get("/Task/t1")).headers["x-request-id"] for _ in range(5)}
    assert len(found) == 5


async def _self(client: httpx.AsyncClient, host: str) -> str | None:
    response = await client.get("/Task?_summary=count", headers={"Host": host})
    assert response.status_code == 200
    return link(response.json(), "self")


@pytest.mark.parametrize("host", ["ehr.example", "ehr.example:8443", "10.0.0.1:80", "[::1]:8000"])
async def test_links_are_on_the_host_that_was_asked(client: httpx.AsyncClient, host: str) -> None:
    assert await _self(client, host) == f"http://{host}/fhir/Task?_summary=count"


@pytest.mark.parametrize(
    "host",
    ["", "a b", "evil.example/x", "a@b", 'a"b', "a:b", "a:999999", "<x>", "[zz]", "a,b", "\\"],
)
async def test_a_broken_host_never_gets_into_a_link(shared_store: Store, host: str) -> None:
    async with serving(shared_store, insecure=True) as asking:
        assert await _self(asking, host) == "http://fhir.test/fhir/Task?_summary=count"


async def test_a_base_url_is_a_setting(shared_store: Store) -> None:
    base = "https://fhir.example.org/r4"
    async with serving(shared_store, base_url=f"{base}/") as asking:
        bundle = (await asking.get("/Task", headers={"Host": "other.example"})).json()
        assert link(bundle, "self") == f"{base}/Task"
        assert bundle["entry"][0]["fullUrl"] == f"{base}/Task/t1"
        metadata = (await asking.get("/metadata")).json()
        assert metadata["implementation"]["url"] == base


async def test_metadata_names_the_host_that_was_asked(client: httpx.AsyncClient) -> None:
    for host in ("one.example", "two.example", "one.example"):
        response = await client.get("/metadata", headers={"Host": host})
        assert response.json()["implementation"]["url"] == f"http://{host}/fhir"


async def test_https_is_kept(shared_store: Store) -> None:
    app = create_app(settings(), shared_store)
    async with asking(app, "https://fhir.test/fhir") as client:
        bundle = (await client.get("/Task?_summary=count")).json()
    assert link(bundle, "self") == "https://fhir.test/fhir/Task?_summary=count"
