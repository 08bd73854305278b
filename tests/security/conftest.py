"""An issuer, a clock that tests move, and what verifies the issuer's tokens."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import pytest

from fhir_facade.errors import Unauthorized
from fhir_facade.security.tokens import Authenticator, authenticator
from tests.http.serving import settings
from tests.security.issuer import TestIssuer


class Clock:
    """The time, and what a test has added to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def issuer() -> Iterator[TestIssuer]:
    with TestIssuer() as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tokens(issuer: TestIssuer, clock: Clock) -> AsyncIterator[Authenticator]:
    """What verifies the issuer's tokens, with the settings it has by default."""
    made = authenticator(settings(**issuer.settings), now=clock)
    assert made is not None
    yield made
    await made.close()


async def refused(tokens: Authenticator, token: str) -> str:
    """Why a token is not taken."""
    with pytest.raises(Unauthorized) as caught:
        await tokens.principal(token)
    assert type(caught.value) is Unauthorized
    return str(caught.value)


async def renewed(tokens: Authenticator) -> None:
    """Wait for what is fetched in the background."""
    (provider,) = tokens._providers.values()
    while (task := provider.keys.kept._task or provider.discovery.kept._task) is not None:
        await task
