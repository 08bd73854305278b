"""An issuer's keys: found, renewed, withdrawn, and used through its outages."""

from __future__ import annotations

import asyncio
from dataclasses import astuple
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fhir_facade.errors import Unauthorized
from fhir_facade.security.keys import read_key
from fhir_facade.security.remote import IssuerUnavailable, is_safe
from fhir_facade.security.tokens import Authenticator
from tests.http.serving import settings
from tests.security.conftest import Clock, renewed
from tests.security.issuer import (
    OAUTH,
    OPENID,
    SMART,
    TestIssuer,
    private_key,
    public_jwk,
    stranger_key,
)

SCOPE = "patient/Goal.rs"
UNSIGNED = "The token is not signed with a key of its issuer."


def made(issuer: TestIssuer, clock: Clock | None = None, **more: Any) -> Authenticator:
    given = {**issuer.settings, "issuers": [issuer.issuer(**more)]}
    return Authenticator(settings(**given), now=clock or Clock())


@pytest.mark.parametrize("found_by", [OPENID, OAUTH, SMART])
@pytest.mark.parametrize("path", ["", "/realms/care"])
async def test_keys_are_found_by_each_discovery_document(found_by: str, path: str) -> None:
    with TestIssuer(path, found_by=(found_by,)) as issuer:
        tokens = made(issuer)
        assert (await tokens.principal(issuer.token(SCOPE))).issuer == issuer.url
        assert issuer.requests[found_by] == issuer.requests["jwks"] == 1
        await tokens.close()


async def test_keys_and_metadata_may_be_named_in_the_settings() -> None:
    with TestIssuer(found_by=()) as issuer:
        tokens = made(issuer, jwks_url=f"{issuer.url}/jwks")
        assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"
        assert dict(issuer.requests) == {"jwks": 1}
        await tokens.close()

        issuer.answers["/elsewhere"] = (200, issuer.document())
        tokens = made(issuer, discovery_url=f"{issuer.url}/elsewhere")
        assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"
        assert dict(issuer.requests) == {"jwks": 2, "/elsewhere": 1}
        await tokens.close()


async def test_an_issuer_that_publishes_nothing_is_not_available() -> None:
    with TestIssuer(found_by=()) as issuer:
        tokens = made(issuer)
        with pytest.raises(IssuerUnavailable):
            await tokens.principal(issuer.token(SCOPE))
        assert await tokens.endpoints() == {}
        await tokens.close()


async def test_metadata_of_another_issuer_is_not_used(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.more = {"issuer": "https://evil.test"}
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))
    assert issuer.requests["jwks"] == 0


async def test_one_document_is_enough_while_another_fails(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.found_by = {OPENID, SMART}
    issuer.answers[SMART] = (500, {})
    assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"


async def test_keys_are_fetched_once_for_all_who_wait(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.delay = 0.05
    given = [issuer.token(SCOPE, subject=str(each)) for each in range(20)]
    found = await asyncio.gather(*map(tokens.principal, given))
    assert [each.subject for each in found] == [str(each) for each in range(20)]
    assert issuer.requests["jwks"] == issuer.requests[OPENID] == 1


async def test_they_are_fetched_before_the_first_token(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    tokens.start()
    await renewed(tokens)
    issuer.down()
    assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"


async def test_a_new_key_is_taken_at_once_and_the_old_one_no_longer(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    before = issuer.token(SCOPE)
    await tokens.principal(before)
    issuer.rotate()
    assert (await tokens.principal(issuer.token(SCOPE, subject="u2"))).subject == "u2"
    assert not tokens.known(before)
    with pytest.raises(Unauthorized, match=UNSIGNED):
        await tokens.principal(before)


async def test_a_withdrawn_key_is_not_taken_after_the_next_renewal(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    before = issuer.token(SCOPE, expires_in=5000)
    await tokens.principal(before)
    issuer.rotate()
    clock.ahead = 599
    assert (await tokens.principal(before)).subject == "u1"
    assert issuer.requests["jwks"] == 1
    clock.ahead = 601
    assert (await tokens.principal(before)).subject == "u1"  # renewed behind its back
    await renewed(tokens)
    assert issuer.requests["jwks"] == 2
    with pytest.raises(Unauthorized, match=UNSIGNED):
        await tokens.principal(before)


async def test_the_issuer_says_how_long_keys_may_be_kept(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    issuer.headers = {"Cache-Control": "public, max-age=120, must-revalidate"}
    token = issuer.token(SCOPE, expires_in=5000)
    await tokens.principal(token)
    for ahead, asked in ((119, 1), (121, 2)):
        clock.ahead = ahead
        await tokens.principal(token)
        await renewed(tokens)
        assert issuer.requests["jwks"] == asked


@pytest.mark.parametrize(("said", "kept"), [("0", 60), ("999999999", 3600)])
async def test_but_it_says_so_within_limits(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock, said: str, kept: int
) -> None:
    issuer.headers = {"Cache-Control": f"max-age={said}"}
    token = issuer.token(SCOPE, expires_in=5000)
    await tokens.principal(token)
    for ahead, asked in ((kept - 1, 1), (kept + 1, 2)):
        clock.ahead = ahead
        await tokens.principal(token)
        await renewed(tokens)
        assert issuer.requests["jwks"] == asked


async def test_due_keys_are_renewed_although_all_tokens_are_remembered(issuer: TestIssuer) -> None:
    clock = Clock()
    tokens = Authenticator(settings(**issuer.settings, token_cache=3600), now=clock)
    token = issuer.token(SCOPE, expires_in=5000)
    first = await tokens.principal(token)
    clock.ahead = 601
    assert await tokens.principal(token) is first
    await renewed(tokens)
    assert issuer.requests["jwks"] == 2
    assert tokens.known(token)  # the keys are the same

    issuer.rotate(keep_old=True)
    clock.ahead = 1300
    await tokens.principal(token)
    await renewed(tokens)
    assert not tokens.known(token)
    assert astuple(await tokens.principal(token)) == astuple(first)
    await tokens.close()


async def test_an_issuer_without_keys_has_withdrawn_them(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.answers["jwks"] = (200, {"keys": []})
    with pytest.raises(Unauthorized, match=UNSIGNED):
        await tokens.principal(issuer.token(SCOPE))


@pytest.mark.parametrize(
    "answer",
    [
        *((500, {}), (404, {}), (204, b""), (200, b""), (200, b"<html>"), (200, b"[]"), (200, {})),
        *((200, {"keys": {}}), (200, b'{"keys": [' + b" " * 1_000_001 + b"]}")),
        (200, b'{"keys": ' + b"[" * 100_000),
    ],
)
async def test_what_is_no_set_of_keys_is_an_outage(
    issuer: TestIssuer, tokens: Authenticator, answer: tuple[int, Any]
) -> None:
    issuer.answers["jwks"] = answer
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))


async def test_a_compressed_answer_is_not_read(issuer: TestIssuer, tokens: Authenticator) -> None:
    issuer.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))


async def test_a_slow_answer_is_not_waited_for(
    issuer: TestIssuer, tokens: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_facade.security.remote._SECONDS", 0.02)
    issuer.delay = 0.1
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))


async def test_keys_of_no_use_do_not_hide_the_others(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    odd: list[Any] = [None, 5, {}, {"kty": "RSA"}, {"kty": "oct", "k": "AAAA"}, {"kty": ["RSA"]}]
    issuer.answers["jwks"] = (200, {"keys": [*odd, *issuer.jwks()["keys"]]})
    assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"


@pytest.mark.parametrize("name", ["http://127.0.0.2:1/jwks", "https://elsewhere.test/jwks"])
async def test_a_redirect_to_another_host_is_not_followed(
    issuer: TestIssuer, tokens: Authenticator, name: str
) -> None:
    issuer.answers["jwks"] = (302, {})
    issuer.headers = {"Location": name}
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))


async def test_a_redirect_within_the_host_is_followed(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.more = {"jwks_uri": f"{issuer.url}/moved"}
    issuer.answers["/moved"] = (307, {})
    issuer.headers = {"Location": "/jwks"}
    assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"


async def test_a_circle_of_redirects_is_an_outage(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.answers["jwks"] = (302, {})
    issuer.headers = {"Location": "/jwks"}
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))
    assert issuer.requests["jwks"] == 4


@pytest.mark.parametrize(
    "uri",
    ["http://fhir.test/jwks", "ftp://a/b", "file:///etc/passwd", "//a", "", "https://", "http://["],
)
async def test_keys_are_not_fetched_where_others_could_answer(
    issuer: TestIssuer, tokens: Authenticator, uri: str
) -> None:
    assert not is_safe(uri)
    issuer.more = {"jwks_uri": uri}
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))


@pytest.mark.parametrize("uri", [5, None, ["https://a.test"]])
async def test_an_address_that_is_none_is_an_outage(
    issuer: TestIssuer, tokens: Authenticator, uri: Any
) -> None:
    issuer.more = {"jwks_uri": uri}
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))


@pytest.mark.parametrize("url", ["https://a.test/x", "http://127.0.0.1:80/x", "http://[::1]/x"])
def test_https_is_safe_and_so_is_this_machine(url: str) -> None:
    assert is_safe(url)


def test_a_key_fits_the_algorithms_of_its_type() -> None:
    fits = {
        family: read_key(public_jwk(private_key(family), "k")) for family in ("rsa", "p256", "p384")
    }
    assert {family: key and set(key.algorithms) for family, key in fits.items()} == {
        "rsa": {"RS256", "RS384"},
        "p256": {"ES256"},
        "p384": {"ES384"},
    }


def test_a_key_may_be_for_one_algorithm_only() -> None:
    key = read_key(public_jwk(private_key("rsa"), "k", alg="RS384"))
    assert key is not None
    assert key.algorithms == {"RS384"}


@pytest.mark.parametrize(
    "more",
    [
        {"use": "enc"},
        {"alg": "HS256"},
        {"alg": "PS256"},
        {"alg": "RSA-OAEP"},
        {"alg": 5},
        {"kid": 5},
        {"kty": "oct"},
        {"n": "AQAB"},
        {"n": "!"},
        {"e": None},
        {"d": "AQAB"},
    ],
)
def test_a_key_for_anything_else_is_none(more: dict[str, Any]) -> None:
    assert read_key({**public_jwk(stranger_key(), "k"), **more}) is None


def test_a_short_key_and_an_odd_curve_are_none() -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505
    assert read_key(public_jwk(short, "k")) is None
    curve = ec.generate_private_key(ec.SECP521R1())
    assert read_key(public_jwk(curve, "k")) is None
