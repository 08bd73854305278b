"""Tokens that nobody should send: odd bytes, odd depths, odd claims."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from fhir_facade.errors import Unauthorized
from fhir_facade.security.principal import Principal
from fhir_facade.security.tokens import Authenticator
from tests.http.serving import settings
from tests.security.conftest import refused
from tests.security.issuer import (
    TestIssuer,
    b64,
    compact,
)

SCOPE = "patient/Goal.rs"


@pytest.mark.parametrize(
    "token",
    [
        *("", ".", "..", "...", "a.b.c", "a.b.", "e30.e30.", "e30.e30.e30", "ä.b.c", "\ud800"),
        *("bm90anNvbg.e30.e30", "W10.W10.W10", "x" * 20_000, "eyJhbGciOjF9.e30.", "a b c"),
        "ey" + "W1" * 3000 + ".e30.e30",
    ],
)
async def test_what_is_no_token_is_refused(tokens: Authenticator, token: str) -> None:
    with pytest.raises(Unauthorized):
        await tokens.principal(token)


async def test_depth_is_refused_and_not_a_crash(issuer: TestIssuer, tokens: Authenticator) -> None:
    deep = b'{"alg":"RS256","x":' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert "can read" in await refused(tokens, f"{b64(deep)}.e30.e30")
    header = {"alg": "RS256", "kid": issuer.kid()}
    assert "can read" in await refused(tokens, compact(header, deep, issuer.key()))


@pytest.mark.parametrize("payload", [[], "x", None, 5, b"{", b'{"exp": NaN}', b"\xff"])
async def test_claims_are_an_object(
    issuer: TestIssuer, tokens: Authenticator, payload: Any
) -> None:
    header = {"alg": "ES256", "kid": issuer.kid("ES256")}
    assert "can read" in await refused(tokens, compact(header, payload, issuer.key("ES256")))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
    | st.sampled_from(["*", "Patient/1", "1", "user/*.rs", "Organization/e1", 1e300, -(10**30)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
ODD = st.sampled_from(
    [
        *("exp", "nbf", "iat", "iss", "aud", "sub", "scope", "scp", "client_id", "azp", "cid"),
        *("patient", "fhirUser", "tenants"),
    ]
)


class Verifying:
    """An issuer and what verifies its tokens, in a loop of their own, for many examples."""

    def __init__(self, issuer: TestIssuer, runner: asyncio.Runner) -> None:
        self.issuer, self.runner = issuer, runner
        self.tokens = Authenticator(settings(**issuer.settings))

    def principal(self, token: str) -> Principal:
        return self.runner.run(self.tokens.principal(token))


@pytest.fixture(scope="module")
def verifying() -> Iterator[Verifying]:
    with TestIssuer() as started, asyncio.Runner() as runner:
        made = Verifying(started, runner)
        yield made
        runner.run(made.tokens.close())


@drawn(max_examples=100)
@given(
    st.dictionaries(ODD, JSON, min_size=1), st.dictionaries(st.sampled_from(["kid", "typ"]), JSON)
)
def test_odd_claims_make_a_principal_or_an_error(
    verifying: Verifying, claims: dict[str, Any], headers: dict[str, Any]
) -> None:
    issuer = verifying.issuer
    header = {"alg": "ES256", "kid": issuer.kid("ES256"), **headers}
    token = compact(header, {**issuer.claims(SCOPE), **claims}, issuer.key("ES256"))
    try:
        found = verifying.principal(token)
    except Unauthorized:
        return
    hash(found)
    assert found.identity
    assert found.tenants is None or all(isinstance(each, str) for each in found.tenants)
    for text in (found.subject, found.client, found.user, found.patient):
        assert text is None or isinstance(text, str)
