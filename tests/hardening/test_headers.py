"""What every answer tells browsers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.http.headers import guarded
from fhir_facade.main import create_app
from fhir_facade.store.base import Store
from tests.hardening.conftest import NEW_TASK
from tests.http.serving import HOST, asking, serving, settings

STRICT = "default-src 'none'; frame-ancestors 'none'"

BATCH = {
    "resourceType": "Bundle",
    "type": "batch",
    "entry": [{"request": {"method": "GET", "url": "Task/t1"}}],
}


def _assert_secure(response: httpx.Response, *, policy: str = STRICT) -> None:
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == policy
    assert "server" not in headers
    assert ("strict-transport-security" in headers) == (response.url.scheme == "https")


async def test_every_fhir_answer_has_them(small_store: Store) -> None:
    async with serving(small_store) as client:
        answers = [
            await client.get("/Task/t1"),
            await client.get("/Task/t1", headers={"If-None-Match": "*"}),
            await client.head("/Task/t1"),
            await client.get("/Task"),
            await client.get("/metadata"),
            await client.get("/Task/t1/_history"),
            await client.get("/Task?bogus=1"),
            await client.get("/nothing/at/all"),
            await client.get("/Task/nothing"),
            await client.options("/Task"),
            await client.request("PROPFIND", "/Task"),
            await client.post("/Task", json=NEW_TASK),
            await client.post("/Task", content=b"{"),
            await client.post("", json=BATCH),
            await client.delete("/Task/t1"),
        ]
    statuses = [each.status_code for each in answers]
    assert statuses == [200, 304, 200, 200, 200, 200, 400, 404, 404, 204, 405, 201, 400, 200, 204]
    for response in answers:
        _assert_secure(response)
        kept = response.headers.get("cache-control")
        assert kept == (None if response.request.method == "OPTIONS" else "no-store")


async def test_a_client_that_has_a_resource_still_gets_a_304(small_store: Store) -> None:
    async with serving(small_store) as client:
        first = await client.get("/Task/t1")
        again = await client.get("/Task/t1", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_over_tls_browsers_are_told_to_stay_with_it(small_store: Store) -> None:
    app = create_app(settings(), small_store)
    async with asking(app, "https://fhir.test/fhir") as client:
        for target in ("/Task/t1", "/Task/nothing"):
            response = await client.get(target)
            _assert_secure(response)
            assert response.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("target", ["health/live", "openapi.json", "nowhere", ""])
async def test_what_is_outside_the_fhir_base_has_them(small_store: Store, target: str) -> None:
    app = guarded(create_app(settings(), small_store))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST) as client:
        _assert_secure(await client.get(f"/{target}"))


async def test_an_application_keeps_the_headers_that_it_sets(small_store: Store) -> None:
    app = guarded(guarded(create_app(settings(), small_store)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST) as client:
        response = await client.get("/fhir/Task/t1")
    names = [name for name, _ in response.headers.multi_items()]
    assert len(names) == len({*names})


async def test_what_is_no_request_passes_as_it_is() -> None:
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append((scope, receive, send))

    async def nothing() -> dict[str, Any]:
        return {}

    async def nowhere(_: Any) -> None:
        return None

    await guarded(app)({"type": "lifespan"}, nothing, nowhere)
    assert told == [({"type": "lifespan"}, nothing, nowhere)]
