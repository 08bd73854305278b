"""HEAD, OPTIONS, the methods that a URL does not take, and what browsers ask first."""

from __future__ import annotations

from collections.abc import AsyncIterator

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


APP = "https://app.example"
READ_BY_APPS = {
    *("ETag", "Last-Modified", "Location", "Content-Location", "X-Request-Id"),
    *("Retry-After", "WWW-Authenticate"),
}


@pytest.fixture
async def shared_client(shared_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that one browser app may use."""
    async with serving(shared_store, cors_origins=[APP]) as asking:
        yield asking


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_browser_may_ask(shared_client: httpx.AsyncClient, method: str) -> None:
    wanted = "authorization,content-type,if-match,if-none-exist,if-none-match,prefer,x-request-id"
    asked = {
        "Origin": APP,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": wanted,
    }
    response = await shared_client.options("/Task/t1", headers=asked)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == APP
    assert method in response.headers["access-control-allow-methods"].split(", ")
    assert response.headers["access-control-allow-headers"] == wanted
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"].split(", ")
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_what_an_app_needs_first_is_for_all(shared_client: httpx.AsyncClient) -> None:
    """https://hl7.org/fhir/smart-app-launch/app-launch.html#considerations-for-cross-origin-resource-sharing-cors-support"""
    for target in ("metadata", ".well-known/smart-configuration"):
        asked = {"Origin": "https://other.example"}
        answer = await shared_client.get(f"/{target}", headers=asked)
        assert answer.headers["access-control-allow-origin"] == "*"
        preflight = await shared_client.options(f"/{target}", headers={**PREFLIGHT, **asked})
        assert preflight.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("target", ["Task/t1", "Task/nothing", "Task", "Task/metadata"])
async def test_a_browser_may_read_the_answer(shared_client: httpx.AsyncClient, target: str) -> None:
    response = await shared_client.get(f"/{target}", headers={"Origin": APP})
    assert response.headers["access-control-allow-origin"] == APP
    assert {*response.headers["access-control-expose-headers"].split(", ")} == READ_BY_APPS
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"].split(", ")


async def test_any_origin_by_name(shared_store: Store) -> None:
    async with serving(shared_store, cors_origins=["*"]) as asking:
        response = await asking.get("/Task/t1", headers={"Origin": "https://other.example"})
        assert response.headers["access-control-allow-origin"] == "*"
        preflight = await asking.options("/Task/t1", headers=PREFLIGHT)
        assert preflight.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        *((f"http://localhost{port}", True) for port in ("", ":80", ":3000", ":65535")),
        ("http://[::1]:5173", True),
        *(
            (f"http://localhost{port}", False)
            for port in (":", ":x", ":3000.evil.example", ".evil")
        ),
        *((each, False) for each in ("https://localhost:3000", "http://evil:1", "http://x::1:1")),
    ],
)
async def test_any_port_by_name(shared_store: Store, origin: str, may: bool) -> None:
    known = ["http://localhost:*", "http://[::1]:*"]
    async with serving(shared_store, cors_origins=known, insecure=True) as asking:
        asked = {"Origin": origin}
        for answer in (
            await asking.get("/Task/t1", headers=asked),
            await asking.options("/Task/t1", headers={**PREFLIGHT, **asked}),
        ):
            assert answer.headers.get("access-control-allow-origin") == (origin if may else None)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://app.example", "https://app.example:8443", "null",
     "https://app.example.evil.example", "https://APP.example"],
)  # fmt: skip
async def test_another_origin_gets_no_leave(shared_store: Store, origin: str) -> None:
    async with serving(shared_store, cors_origins=[APP], insecure=True) as asking:
        preflight = await asking.options("/Task/t1", headers={**PREFLIGHT, "Origin": origin})
        assert preflight.status_code == 204
        response = await asking.get("/Task/t1", headers={"Origin": origin})
        assert response.status_code == 200
        for each in (preflight, response):
            assert "access-control-allow-origin" not in each.headers


async def test_without_origins_nobody_gets_leave(shared_store: Store) -> None:
    async with serving(shared_store, insecure=True) as asking:
        preflight = await asking.options("/Task/t1", headers=PREFLIGHT)
        response = await asking.get("/Task/t1", headers={"Origin": APP})
    assert (preflight.status_code, response.status_code) == (204, 200)
    assert not [each for each in response.headers if each.startswith("access-control")]
    assert not [each for each in preflight.headers if each.startswith("access-control")]


async def test_a_browser_may_not_ask_with_an_unknown_method(
    shared_client: httpx.AsyncClient,
) -> None:
    asked = {**PREFLIGHT, "Access-Control-Request-Method": "PROPFIND"}
    response = await shared_client.options("/Task/t1", headers=asked)
    assert response.status_code == 204
    assert "access-control-allow-origin" not in response.headers


async def test_options_of_a_browser_that_is_no_preflight(shared_client: httpx.AsyncClient) -> None:
    response = await shared_client.options("/Task/t1", headers={"Origin": APP})
    assert response.status_code == 204
    assert response.headers["allow"] == INSTANCE
    assert response.headers["access-control-allow-origin"] == APP
