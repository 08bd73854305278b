"""HEAD, OPTIONS, the methods that a URL does not take, and what browsers ask first."""

from __future__ import annotations

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import error, serving

READ_ONLY = "GET, HEAD, OPTIONS"
TYPE = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
INSTANCE = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
SYSTEM = "GET, POST, HEAD, OPTIONS"
BASE_ITSELF = error(
    "invalid",
    "A search over several types names them, or a parameter that all have: "
    "?_type=Task,Goal&patient=123. See /metadata for what this server offers.",
)


def _said(response: httpx.Response) -> dict[str, object]:
    """The headers, without the mention of an encoding that only a body can have."""
    vary = {*response.headers["vary"].split(", ")} - {"Accept-Encoding"}
    return {**response.headers, "vary": vary}


@pytest.mark.parametrize(
    "target",
    [
        "metadata",
        "Task/t1",
        "Task",
        "Task?_summary=count",
        "Task/nothing",
        "Task/gone",
        "Task?bogus=1",
        "Patient/1",
        "nothing/at/all",
    ],
)
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, target: str) -> None:
    client.headers["accept-encoding"] = "identity"
    client.headers["x-request-id"] = "same"
    got = await client.get(f"/{target}")
    head = await client.head(f"/{target}")
    assert head.status_code == got.status_code
    assert head.content == b""
    assert _said(head) == _said(got)
    assert int(head.headers["content-length"]) == len(got.content) > 0


async def test_a_conditional_head(client: httpx.AsyncClient) -> None:
    assert (await client.head("/Task/t1", headers={"If-None-Match": "*"})).status_code == 304


@pytest.mark.parametrize(
    ("target", "allow"),
    [
        ("metadata", READ_ONLY),
        ("Task", TYPE),
        ("Task/t1", INSTANCE),
        ("Task/_history", READ_ONLY),
        ("Task/t1/_history/1", READ_ONLY),
        ("_history", READ_ONLY),
        ("EpisodeOfCare/c1/$case", "GET, POST, HEAD, OPTIONS"),
        ("Task/_search", "POST, OPTIONS"),
        ("", SYSTEM),
        ("_search", "POST, OPTIONS"),
        ("Patient/1/Task", READ_ONLY),
        ("Patient/1/*", READ_ONLY),
        ("Patient/1/$everything", "GET, POST, HEAD, OPTIONS"),
        ("DocumentReference/$docref", "GET, POST, HEAD, OPTIONS"),
        ("nothing/at/all", "OPTIONS"),
    ],
)
async def test_options(client: httpx.AsyncClient, target: str, allow: str) -> None:
    response = await client.options(f"/{target}")
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["allow"] == allow
    assert "content-length" not in response.headers


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("POST", "Task/t1", INSTANCE),
        ("PUT", "Task/t1/_history", READ_ONLY),
        ("DELETE", "_history", READ_ONLY),
        ("POST", "metadata", READ_ONLY),
        ("TRACE", "Task/t1", INSTANCE),
        ("PROPFIND", "Task", TYPE),
        ("PUT", "EpisodeOfCare/c1/$case", "GET, POST, HEAD, OPTIONS"),
        ("GET", "Task/_search", "POST, OPTIONS"),
        ("PUT", "Task/_search", "POST, OPTIONS"),
        ("GET", "_search", "POST, OPTIONS"),
        ("PUT", "", SYSTEM),
        ("DELETE", "", SYSTEM),
        ("POST", "Patient/1/Task", READ_ONLY),
        ("PUT", "Patient/1/$everything", "GET, POST, HEAD, OPTIONS"),
        ("DELETE", "DocumentReference/$docref", "GET, POST, HEAD, OPTIONS"),
    ],
)
async def test_a_method_that_a_url_does_not_take(
    client: httpx.AsyncClient, method: str, target: str, allow: str
) -> None:
    response = await client.request(method, f"/{target}")
    assert response.status_code == 405
    assert response.headers["allow"] == allow
    assert response.json() == error(
        "not-supported", f"This URL does not take {method}; it takes {allow}."
    )


async def test_a_long_method_is_cut_short(client: httpx.AsyncClient) -> None:
    response = await client.request("X" * 500, "/Task")
    assert response.status_code == 405
    assert "X" * 17 not in response.text


@pytest.mark.parametrize("target", ["http://fhir.test/fhir", "http://fhir.test/fhir/"])
async def test_the_base_itself(client: httpx.AsyncClient, target: str) -> None:
    """Without a parameter there is nothing to search for."""
    response = await client.get(target)
    assert response.status_code == 400
    assert response.json() == BASE_ITSELF


PREFLIGHT = {
    "Origin": "https://app.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization,prefer,if-none-match",
}


async def test_a_browser_may_ask(client: httpx.AsyncClient) -> None:
    response = await client.options("/Task/t1", headers=PREFLIGHT)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] in ("*", "https://app.example")
    assert "GET" in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert {"authorization", "prefer", "if-none-match"} <= {*allowed}


@pytest.mark.parametrize("target", ["Task/t1", "Task/nothing", "Task", "metadata"])
async def test_a_browser_may_read_the_answer(client: httpx.AsyncClient, target: str) -> None:
    response = await client.get(f"/{target}", headers={"Origin": "https://app.example"})
    assert response.headers["access-control-allow-origin"] == "*"
    exposed = response.headers["access-control-expose-headers"]
    assert {"ETag", "Last-Modified", "X-Request-Id"} <= {*exposed.split(", ")}


async def test_the_origins_are_a_setting(shared_store: Store) -> None:
    async with serving(shared_store, cors_origins=["https://app.example"]) as asking:
        other = {**PREFLIGHT, "Origin": "https://evil.example"}
        assert (await asking.options("/Task/t1", headers=PREFLIGHT)).status_code == 200
        assert (await asking.options("/Task/t1", headers=other)).status_code == 400
        response = await asking.get("/Task/t1", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in response.headers
