"""No parameter, header or body makes the server fail."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.devauth.asking import MEMBER, Browser, mounted

NAMES = st.sampled_from(
    [
        *("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch", "nonce"),
        *("code_challenge", "code_challenge_method", "prompt", "request", "q", "next", "app"),
        *("post_logout_redirect_uri", "grant_type", "code", "code_verifier", "refresh_token"),
        *("client_assertion", "client_assertion_type", "client_secret", "token"),
        *("token_type_hint", "csrf", "account", "patient", "decision"),
    ]
)
NASTY = st.sampled_from(
    [
        *("code", "goals-app", "token", "S256", "plain", "authorization_code", "refresh_token"),
        *("client_credentials", "patient/*.cruds?x", "patient/Goal.rs?a=%ff", "openid", "a.b.c"),
        *("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "\x00", "\r\nX: y", "%", "é"),
        *("none", "http://127.0.0.1:8000/apps/goals/", "//x", "[", "{}", "\ud800", "😀"),
        *("eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOjF9.AA"),
    ]
)
FIELDS = st.dictionaries(NAMES, NASTY | st.text(max_size=60), max_size=12)
GETS = ["/authorize", "/login", "/patient", "/consent", "/launch", "/logout", "/nowhere", "/"]
POSTS = [
    *("/token", "/introspect", "/revoke", "/register", "/authorize", "/login", "/patient"),
    *("/consent", "/launch", "/logout", "/nowhere"),
]
APP = mounted()


def _encoded(fields: dict[str, str]) -> str:
    return urlencode({name: each.encode("utf-8", "replace") for name, each in fields.items()})


async def _ask(method: str, path: str, fields: dict[str, str]) -> int:
    """Ask with valid parameters, some of them changed; a crash would be raised here."""
    browser = Browser(APP)
    if path in ("/authorize", "/consent"):
        fields = {**browser.request(), **fields}
    if method == "GET":
        return (await browser.client.get(f"/auth{path}?{_encoded(fields)}")).status_code
    await browser.get("/login")
    await browser.submit("/login", account=MEMBER)
    await browser.authorize()
    hidden = {"csrf": _hidden(browser.text, "csrf"), "request": _hidden(browser.text, "request")}
    response = await browser.client.post(
        f"/auth{path}",
        content=_encoded({**hidden, **fields}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    return response.status_code


def _hidden(text: str, name: str) -> str:
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]


@settings(max_examples=60)
@given(st.sampled_from(GETS), FIELDS)
def test_pages(path: str, fields: dict[str, str]) -> None:
    assert asyncio.run(_ask("GET", path, fields)) < 500


@settings(max_examples=60)
@given(st.sampled_from(POSTS), FIELDS)
def test_forms(path: str, fields: dict[str, str]) -> None:
    assert asyncio.run(_ask("POST", path, fields)) < 500


@settings(max_examples=60)
@given(st.sampled_from(POSTS), st.binary(max_size=80), st.binary(max_size=30))
def test_bodies_and_headers(path: str, body: bytes, header: bytes) -> None:
    kept = bytes(each for each in header if 32 <= each != 127)

    async def ask() -> Any:
        return await Browser(APP).client.post(
            f"/auth{path}",
            content=body,
            headers={
                b"Content-Type": b"application/x-www-form-urlencoded",
                b"Authorization": b"Basic " + kept,
                b"Cookie": kept,
                b"Origin": kept,
            },
        )

    assert asyncio.run(ask()).status_code < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | NASTY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NASTY, inner, max_size=4),
    max_leaves=8,
)
METADATA = st.sampled_from(
    [
        *("redirect_uris", "client_name", "jwks", "jwks_uri", "scope", "grant_types", "keys"),
        *("response_types", "token_endpoint_auth_method", "initiate_login_uri"),
    ]
)


@settings(max_examples=60)
@given(st.dictionaries(METADATA, JSON, max_size=6))
def test_registrations(metadata: dict[str, Any]) -> None:
    async def ask() -> Any:
        try:
            body = orjson.dumps(metadata)
        except TypeError:
            body = b"{}"
        return await Browser(APP).client.post("/auth/register", content=body)

    assert asyncio.run(ask()).status_code < 500
