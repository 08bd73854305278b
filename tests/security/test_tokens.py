"""JWTs: which are taken, and as whom; which are not."""

from __future__ import annotations

import json
import time
from dataclasses import astuple
from typing import Any

import pytest

from fhir_facade.errors import TokenExpired, Unauthorized
from fhir_facade.security.principal import Principal
from fhir_facade.security.tokens import Authenticator, authenticator
from tests.http.serving import settings
from tests.security.conftest import Clock, refused
from tests.security.issuer import (
    ALGORITHMS,
    AUDIENCE,
    TestIssuer,
    b64,
    claims_of,
    compact,
    signed_with_public_key,
    stranger_key,
    without_signature,
)

SCOPE = "patient/Goal.rs"


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_token_of_each_algorithm_is_taken(
    issuer: TestIssuer, tokens: Authenticator, alg: str
) -> None:
    token = issuer.token(SCOPE, alg=alg, patient="M1")
    assert (await tokens.principal(token)).patient == "M1"


async def test_a_principal_is_what_the_token_says(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    token = issuer.token(f"openid {SCOPE}", patient="M1", user="Practitioner/7", tenants=["e1"])
    found = await tokens.principal(token)
    (scope,) = found.scopes
    assert scope.spelled == SCOPE
    assert astuple(found) == astuple(
        Principal(
            issuer=issuer.url,
            scopes=(scope,),
            expires=claims_of(token)["exp"],
            subject="u1",
            client="app",
            patient="M1",
            user="Practitioner/7",
            tenants=frozenset({"e1"}),
        )
    )


async def test_a_verified_token_is_the_same_principal_again(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    token = issuer.token(SCOPE)
    assert not tokens.known(token)
    first = await tokens.principal(token)
    assert tokens.known(token)
    clock.ahead = 59
    assert await tokens.principal(token) is first
    clock.ahead = 61
    assert not tokens.known(token)
    again = await tokens.principal(token)
    assert (astuple(again), again is first) == (astuple(first), False)


async def test_no_token_is_kept_in_memory(issuer: TestIssuer, tokens: Authenticator) -> None:
    token = issuer.token(SCOPE)
    await tokens.principal(token)
    assert token not in repr(vars(tokens))
    assert token.encode() not in set(tokens._known)


async def test_the_tokens_that_are_remembered_are_bounded(
    issuer: TestIssuer, tokens: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_facade.security.tokens._REMEMBERED", 2)
    first, second, third = (issuer.token(SCOPE, subject=name) for name in "abc")
    await tokens.principal(first)
    await tokens.principal(second)
    await tokens.principal(first)
    await tokens.principal(third)
    assert [bool(tokens.known(each)) for each in (first, second, third)] == [True, False, True]


async def test_without_a_cache_every_request_is_verified(issuer: TestIssuer) -> None:
    made = Authenticator(settings(**issuer.settings, token_cache=0))
    token = issuer.token(SCOPE)
    first = await made.principal(token)
    assert await made.principal(token) is not first
    assert not made.known(token)
    await made.close()


async def test_nobody_is_asked_for_tokens_without_an_issuer() -> None:
    assert authenticator(settings()) is None


async def test_alg_none_is_refused(issuer: TestIssuer, tokens: Authenticator) -> None:
    wanted = "The token must be signed with one of: RS256, RS384, ES256, ES384."
    assert await refused(tokens, issuer.no_algorithm(SCOPE)) == wanted
    for name in ("None", "NONE", "nOnE"):
        token = without_signature(issuer.token(SCOPE)).split(".")[1]
        header = b64(json.dumps({"alg": name}).encode())
        assert await refused(tokens, f"{header}.{token}.") == wanted


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512", "PS256", "RS512", "ES512", "EdDSA", ""])
async def test_another_algorithm_is_refused(
    issuer: TestIssuer, tokens: Authenticator, alg: str
) -> None:
    token = signed_with_public_key(issuer.token(SCOPE), issuer.key(), alg)
    assert "must be signed with one of" in await refused(tokens, token)


async def test_hmac_with_the_public_key_is_refused(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    assert "must be signed" in await refused(tokens, issuer.hmac_of_public_key(SCOPE))


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_changed_claims_are_refused(
    issuer: TestIssuer, tokens: Authenticator, alg: str
) -> None:
    token = issuer.tampered(SCOPE, {"patient": "M2"}, patient="M1", alg=alg)
    assert await refused(tokens, token) == "The token is not signed with a key of its issuer."


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_the_signature_of_a_strangers_key_is_refused(
    issuer: TestIssuer, tokens: Authenticator, alg: str
) -> None:
    token = issuer.token(SCOPE, key=stranger_key(alg), alg=alg)
    assert await refused(tokens, token) == "The token is not signed with a key of its issuer."


@pytest.mark.parametrize(
    ("alg", "named"), [("ES256", "RS256"), ("RS256", "ES256"), ("ES256", "ES384")]
)
async def test_a_key_is_for_its_own_algorithms_only(
    issuer: TestIssuer, tokens: Authenticator, alg: str, named: str
) -> None:
    token = issuer.token(SCOPE, alg=alg, kid=issuer.kid(named))
    assert await refused(tokens, token) == "The token is not signed with a key of its issuer."


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
async def test_a_key_that_the_token_brings_is_not_used(
    issuer: TestIssuer, tokens: Authenticator, name: str
) -> None:
    key = stranger_key()
    jwk = {**issuer.jwks()["keys"][-1]}
    value = {"jwk": jwk, "jku": f"{issuer.url}/jwks", "x5u": f"{issuer.url}/x5u", "x5c": ["aa"]}
    token = issuer.token(SCOPE, key=key, headers={name: value[name]})
    assert await refused(tokens, token) == "The token is not signed with a key of its issuer."


@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "dpop+jwt"},
        {"typ": "logout+jwt"},
        {"typ": 5},
        {"typ": ["JWT"]},
    ],
)
async def test_a_token_for_something_else_is_refused(
    issuer: TestIssuer, tokens: Authenticator, headers: dict[str, Any]
) -> None:
    reason = await refused(tokens, issuer.token(SCOPE, headers=headers))
    assert reason == "The token is not an access token, or wants more than is known here."


@pytest.mark.parametrize("crit", [["exp"], [], ["b64"], "exp", 5, {}])
async def test_a_token_that_wants_something_understood_is_refused(
    issuer: TestIssuer, tokens: Authenticator, crit: Any
) -> None:
    await refused(tokens, issuer.token(SCOPE, headers={"crit": crit}))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", None])
async def test_an_access_token_says_so_or_nothing(
    issuer: TestIssuer, tokens: Authenticator, typ: str | None
) -> None:
    token = issuer.token(SCOPE, headers={"typ": typ})
    assert (await tokens.principal(token)).subject == "u1"


async def test_unencoded_payloads_are_refused(issuer: TestIssuer, tokens: Authenticator) -> None:
    token = issuer.token(SCOPE, headers={"b64": False, "crit": ["b64"]})
    assert await refused(tokens, token) == "The token is not a JWT that this server can read."


async def test_another_issuer_is_refused(issuer: TestIssuer, tokens: Authenticator) -> None:
    wanted = "The token is of an issuer that this server does not accept."
    for name in (f"{issuer.url}/", issuer.url.upper(), "https://evil.test", 5, [issuer.url]):
        assert await refused(tokens, issuer.token(SCOPE, issuer=name)) == wanted
    assert issuer.requests == {}


async def test_an_issuer_speaks_for_itself_only(issuer: TestIssuer) -> None:
    with TestIssuer(generation=50) as other:
        given = {**issuer.settings, "issuers": [issuer.issuer(), other.issuer()]}
        made = Authenticator(settings(**given))
        assert (await made.principal(other.token(SCOPE))).issuer == other.url
        assert "not signed" in await refused(made, other.token(SCOPE, issuer=issuer.url))
        await made.close()


@pytest.mark.parametrize(
    "audience",
    ["https://other.test/fhir", f"{AUDIENCE}x", "http://fhir.test", ["a"], [5], {}, True],
)
async def test_another_audience_is_refused(
    issuer: TestIssuer, tokens: Authenticator, audience: Any
) -> None:
    reason = await refused(tokens, issuer.token(SCOPE, audience=audience))
    assert reason == "The token is for another server: its aud does not name this one."


@pytest.mark.parametrize("audience", [AUDIENCE, f"{AUDIENCE}/", ["https://a.test", AUDIENCE]])
async def test_the_audience_may_be_one_of_several(
    issuer: TestIssuer, tokens: Authenticator, audience: Any
) -> None:
    assert (await tokens.principal(issuer.token(SCOPE, audience=audience))).subject == "u1"


async def test_an_issuers_audience_counts_in_place_of_the_base_url(issuer: TestIssuer) -> None:
    given = {**issuer.settings, "issuers": [issuer.issuer(audience="api://facade")]}
    made = Authenticator(settings(**given))
    assert (await made.principal(issuer.token(SCOPE, audience="api://facade"))).subject == "u1"
    assert "another server" in await refused(made, issuer.token(SCOPE))
    await made.close()


@pytest.mark.parametrize("name", ["exp", "aud", "iss"])
async def test_a_token_without_a_claim_it_needs_is_refused(
    issuer: TestIssuer, tokens: Authenticator, name: str
) -> None:
    claims = claims_of(issuer.token(SCOPE))
    del claims[name]
    header = {"alg": "RS256", "kid": issuer.kid()}
    reason = await refused(tokens, compact(header, claims, issuer.key()))
    wanted = "The token is of an issuer that this server does not accept."
    assert reason == (wanted if name == "iss" else f"The token has no {name}.")


async def test_an_expired_token_is_refused_as_such(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    with pytest.raises(TokenExpired) as caught:
        await tokens.principal(issuer.token(SCOPE, expires_in=-61))
    assert str(caught.value) == "The token has expired."


async def test_the_clock_may_be_off_by_as_much_as_is_set(issuer: TestIssuer) -> None:
    moment = float(int(time.time()))
    made = Authenticator(settings(**issuer.settings, clock_skew=10), now=lambda: moment)

    async def taken(**claims: Any) -> bool:
        given = {"exp": moment + 300, "iat": moment, **claims}
        try:
            await made.principal(issuer.token(SCOPE, **given))
        except Unauthorized:
            return False
        return True

    assert await taken(exp=moment - 9)
    assert not await taken(exp=moment - 10)
    assert await taken(nbf=moment + 10)
    assert not await taken(nbf=moment + 11)
    assert await taken(iat=moment + 10)
    assert not await taken(iat=moment + 11)
    await made.close()


async def test_a_token_is_not_remembered_beyond_its_end(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    token = issuer.token(SCOPE, expires_in=20)
    await tokens.principal(token)
    clock.ahead = 21
    assert not tokens.known(token)
    clock.ahead = 90
    with pytest.raises(TokenExpired):
        await tokens.principal(token)


async def test_a_token_without_a_key_name_needs_a_single_key(issuer: TestIssuer) -> None:
    made = Authenticator(settings(**issuer.settings))
    token = issuer.token(SCOPE, kid="")
    assert (await made.principal(token)).subject == "u1"
    await made.close()

    issuer.rotate(keep_old=True)
    made = Authenticator(settings(**issuer.settings))
    assert "not signed" in await refused(made, issuer.token(SCOPE, kid=""))
    assert (await made.principal(issuer.token(SCOPE))).subject == "u1"
    await made.close()


async def test_its_endpoints_come_from_the_first_issuer(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.more = {"management_endpoint": None, "registration_endpoint": 5}
    assert await tokens.endpoints() == {
        "authorization_endpoint": f"{issuer.url}/authorize",
        "token_endpoint": f"{issuer.url}/token",
        "introspection_endpoint": f"{issuer.url}/introspect",
        "revocation_endpoint": f"{issuer.url}/revoke",
    }
