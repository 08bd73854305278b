"""Issuers that are down, flooded with questions or rotating their keys, and who notices."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from fhir_facade.errors import Unauthorized
from fhir_facade.security.principal import Principal
from fhir_facade.security.remote import IssuerUnavailable
from fhir_facade.security.tokens import Authenticator
from tests.http.serving import settings
from tests.security.conftest import Clock, renewed
from tests.security.issuer import (
    TestIssuer,
)

SCOPE = "patient/Goal.rs"
UNSIGNED = "The token is not signed with a key of its issuer."


async def test_a_flood_of_unknown_keys_costs_the_issuer_two_requests(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    async def flood() -> list[Any]:
        given = (issuer.unknown_kid(SCOPE) for _ in range(100))
        return await asyncio.gather(*map(tokens.principal, given), return_exceptions=True)

    assert {(type(each), str(each)) for each in await flood()} == {(Unauthorized, UNSIGNED)}
    await flood()
    assert issuer.requests["jwks"] == 2
    assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"


async def test_a_new_key_is_taken_soon_in_spite_of_a_flood(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    for _ in range(3):
        with pytest.raises(Unauthorized):
            await tokens.principal(issuer.unknown_kid(SCOPE))
    issuer.rotate()
    clock.ahead = 11
    assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"


async def test_an_outage_is_lived_through_with_the_keys_that_are_known(
    issuer: TestIssuer,
    tokens: Authenticator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await tokens.principal(issuer.token(SCOPE))
    issuer.down()
    for hours in (1, 12, 23):
        clock.ahead = hours * 3600
        token = issuer.token(SCOPE, expires_in=100_000)
        assert (await tokens.principal(token)).subject == "u1"
        await renewed(tokens)
    clock.ahead = 25 * 3600
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE, expires_in=200_000))
    issuer.up()
    clock.ahead += 11
    assert (await tokens.principal(issuer.token(SCOPE, expires_in=200_000))).subject == "u1"
    told = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert f"keys of {issuer.url}: answers again" in told
    assert len(told) == len(set(told)), "an outage is told once"


async def test_an_outage_before_the_first_keys_is_a_503(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    issuer.down()
    with pytest.raises(IssuerUnavailable) as caught:
        await tokens.principal(issuer.token(SCOPE))
    assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "10"})
    asked = issuer.requests.total()
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))
    assert issuer.requests.total() == asked, "who does not answer is not asked for each request"
    issuer.up()
    clock.ahead = 11
    assert (await tokens.principal(issuer.token(SCOPE))).subject == "u1"


async def test_rotation_and_an_outage_under_load_are_not_noticed(issuer: TestIssuer) -> None:
    clock = Clock()
    tokens = Authenticator(settings(**issuer.settings, token_cache=0), now=clock)
    done = 0

    async def ask(name: str) -> None:
        nonlocal done
        for _ in range(15):
            token = issuer.token(SCOPE, alg="ES256", subject=name, expires_in=90_000)
            bad = issuer.unknown_kid(SCOPE)
            found, refused = await asyncio.gather(
                tokens.principal(token), tokens.principal(bad), return_exceptions=True
            )
            assert isinstance(found, Principal), found
            assert found.subject == name
            assert isinstance(refused, Unauthorized | IssuerUnavailable)
            done += 1
            clock.ahead += 5

    async def disturb() -> None:
        (provider,) = tokens._providers.values()
        # an answer that is under way may have been given before the new key was published
        while done < 30 or provider.keys.kept._task is not None:
            await asyncio.sleep(0)
        clock.ahead += 11
        issuer.rotate(keep_old=True)
        while done < 60:
            await asyncio.sleep(0)
        issuer.down()
        clock.ahead += 3600

    await asyncio.gather(disturb(), *(ask(str(each)) for each in range(8)))
    assert done == 120
    await tokens.close()


async def test_nobody_can_say_whose_an_unknown_key_is_in_an_outage(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    await tokens.principal(issuer.token(SCOPE))
    issuer.rotate()
    issuer.down()
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.token(SCOPE))


async def test_a_request_that_is_given_up_does_not_end_the_others(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.delay = 0.05
    first = asyncio.create_task(tokens.principal(issuer.token(SCOPE)))
    second = asyncio.create_task(tokens.principal(issuer.token(SCOPE, subject="u2")))
    while not issuer.requests:
        await asyncio.sleep(0.005)
    first.cancel()
    assert (await second).subject == "u2"


async def test_closing_ends_what_is_under_way(issuer: TestIssuer) -> None:
    issuer.delay = 0.2
    tokens = Authenticator(settings(**issuer.settings))
    waiting = asyncio.create_task(tokens.principal(issuer.token(SCOPE)))
    while not issuer.requests:
        await asyncio.sleep(0.005)
    await tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
