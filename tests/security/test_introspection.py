"""Opaque tokens: asked about once, and remembered no longer than they are good."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.errors import TokenExpired, Unauthorized
from fhir_facade.security.remote import IssuerUnavailable
from fhir_facade.security.tokens import Authenticator
from tests.http.serving import settings
from tests.security.conftest import Clock
from tests.security.issuer import CLIENT_SECRET, TestIssuer

SCOPE = "patient/Goal.rs"
INACTIVE = "The token is not active, or of no issuer that this server accepts."


async def test_the_issuer_says_whose_a_token_is(issuer: TestIssuer, tokens: Authenticator) -> None:
    token = issuer.opaque(SCOPE, patient="M1", user="Patient/M1", tenants=["e1"])
    found = await tokens.principal(token)
    assert [each.spelled for each in found.scopes] == [SCOPE]
    assert (found.issuer, found.subject, found.client) == (issuer.url, "u1", "app")
    assert (found.patient, found.user, found.tenants) == ("M1", "Patient/M1", {"e1"})
    assert issuer.last_introspection == {"token": [token], "token_type_hint": ["access_token"]}


async def test_it_is_remembered_as_long_as_is_set(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    token = issuer.opaque(SCOPE)
    first = await tokens.principal(token)
    clock.ahead = 59
    assert await tokens.principal(token) is first
    assert issuer.requests["introspect"] == 1
    issuer.revoke(token)
    clock.ahead = 61
    with pytest.raises(Unauthorized, match=INACTIVE):
        await tokens.principal(token)
    assert issuer.requests["introspect"] == 2


async def test_it_is_remembered_no_longer_than_its_exp(issuer: TestIssuer) -> None:
    moment = float(int(time.time()))
    times = [moment]
    given = settings(**issuer.settings, token_cache=3600, clock_skew=0)
    tokens = Authenticator(given, now=lambda: times[-1])
    token = issuer.opaque(SCOPE, exp=moment + 100)
    first = await tokens.principal(token)
    times.append(moment + 99.9)
    assert await tokens.principal(token) is first
    assert issuer.requests["introspect"] == 1
    times.append(moment + 100)
    with pytest.raises(TokenExpired):
        await tokens.principal(token)
    assert issuer.requests["introspect"] == 2
    await tokens.close()


async def test_without_an_exp_it_is_remembered_as_long_as_is_set(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    token = issuer.opaque(SCOPE, expires_in=None)
    found = await tokens.principal(token)
    assert found.expires == pytest.approx(clock() + 60, abs=30)
    clock.ahead = 61
    await tokens.principal(token)
    assert issuer.requests["introspect"] == 2


async def test_a_refusal_is_remembered_for_five_seconds(
    issuer: TestIssuer, tokens: Authenticator, clock: Clock
) -> None:
    token = issuer.opaque(SCOPE)
    issuer.revoke(token)
    for ahead, asked in ((0, 1), (4, 1), (10, 2)):
        clock.ahead = ahead
        with pytest.raises(Unauthorized, match=INACTIVE):
            await tokens.principal(token)
        assert issuer.requests["introspect"] == asked


async def test_a_refusal_stays_of_its_kind(issuer: TestIssuer, tokens: Authenticator) -> None:
    token = issuer.opaque(SCOPE, expires_in=-100)
    for _ in range(2):
        with pytest.raises(TokenExpired, match=r"The token has expired\."):
            await tokens.principal(token)
    assert issuer.requests["introspect"] == 1


async def test_refusals_do_not_push_out_what_is_remembered(
    issuer: TestIssuer, tokens: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_facade.security.tokens._REMEMBERED", 3)
    token = issuer.opaque(SCOPE)
    first = await tokens.principal(token)
    for each in range(10):
        with pytest.raises(Unauthorized):
            await tokens.principal(f"guess-{each}")
    assert await tokens.principal(token) is first
    assert len(tokens._refused) == 3


async def test_one_token_is_asked_about_once_by_all_who_wait(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.delay = 0.05
    token, unknown = issuer.opaque(SCOPE), "unknown"
    found = await asyncio.gather(*(tokens.principal(token) for _ in range(20)))
    assert all(each is found[0] for each in found)
    assert issuer.requests["introspect"] == 1
    asked = (tokens.principal(unknown) for _ in range(20))
    errors = await asyncio.gather(*asked, return_exceptions=True)
    assert {(type(each), str(each)) for each in errors} == {(Unauthorized, INACTIVE)}
    assert issuer.requests["introspect"] == 2


async def test_who_gives_up_does_not_end_the_question_of_others(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.delay = 0.05
    token = issuer.opaque(SCOPE)
    first = asyncio.create_task(tokens.principal(token))
    second = asyncio.create_task(tokens.principal(token))
    while not issuer.requests:
        await asyncio.sleep(0.005)
    first.cancel()
    assert (await second).subject == "u1"
    assert issuer.requests["introspect"] == 1


async def test_an_outage_is_a_503_and_not_remembered(
    issuer: TestIssuer, tokens: Authenticator, caplog: pytest.LogCaptureFixture
) -> None:
    token = issuer.opaque(SCOPE)
    issuer.down()
    for _ in range(2):
        with pytest.raises(IssuerUnavailable):
            await tokens.principal(token)
    issuer.up()
    assert (await tokens.principal(token)).subject == "u1"
    told = [each.getMessage() for each in caplog.records if each.name == "fhir_facade"]
    assert told == [f"introspection at {issuer.url}: RemoteProtocolError"]
    assert token not in caplog.text


async def test_what_is_remembered_is_good_through_an_outage(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    token = issuer.opaque(SCOPE)
    first = await tokens.principal(token)
    issuer.down()
    assert await tokens.principal(token) is first


@pytest.mark.parametrize(
    "answer", [(401, {}), (500, {}), (200, b"no JSON"), (200, b"[]"), (200, b""), (302, {})]
)
async def test_an_answer_that_says_nothing_is_an_outage(
    issuer: TestIssuer, tokens: Authenticator, answer: tuple[int, Any]
) -> None:
    issuer.answers["introspect"] = answer
    issuer.headers = {"Location": "/jwks"}
    with pytest.raises(IssuerUnavailable):
        await tokens.principal("some")


@pytest.mark.parametrize("active", [False, None, "true", 1, [True], {}])
async def test_only_true_is_active(issuer: TestIssuer, tokens: Authenticator, active: Any) -> None:
    issuer.answers["introspect"] = (200, {**issuer.claims("system/*.cruds"), "active": active})
    with pytest.raises(Unauthorized, match=INACTIVE):
        await tokens.principal("some")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"issuer": "https://evil.test"}, "of an issuer that this server does not accept"),
        ({"audience": "https://other.test"}, "for another server"),
        ({"not_before": 100}, "not valid yet"),
        ({"expires_in": -61}, "has expired"),
        ({"user": "nobody"}, "fhirUser"),
        ({"exp": "soon"}, "exp is not a time"),
    ],
)
async def test_what_it_says_is_checked(
    issuer: TestIssuer, tokens: Authenticator, claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unauthorized, match=reason):
        await tokens.principal(issuer.opaque(SCOPE, **claims))


@pytest.mark.parametrize(
    ("said", "good"),
    [
        *(({name: each}, True) for name, each in (("token_type", "bearer"), ("typ", "Bearer"))),
        *(({"token_use": each}, True) for each in ("access", "access_token")),
        *(({"token_use": each}, False) for each in ("refresh", "refresh_token", "id")),
        *(({"typ": each}, False) for each in ("Refresh", "Offline", "ID")),
        *(({"token_type": each}, False) for each in ("refresh_token", "mac", 7, ["Bearer"])),
    ],
)  # fmt: skip
async def test_what_is_no_access_token_is_refused(
    issuer: TestIssuer, said: dict[str, Any], good: bool
) -> None:
    """Issuers may call a refresh token active, too (RFC 7662, 2.2)."""
    issuer.answers["introspect"] = (200, {"active": True, "scope": SCOPE, **said})
    lenient = {**issuer.settings, "issuers": [issuer.issuer(any_audience=True)]}
    made = Authenticator(settings(**lenient))
    if good:
        assert await made.principal("some")
    else:
        with pytest.raises(Unauthorized, match=INACTIVE):
            await made.principal("some")
    await made.close()


async def test_a_token_for_nobody_knows_whom_is_refused(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    issuer.answers["introspect"] = (200, {"active": True, "scope": SCOPE})
    with pytest.raises(Unauthorized, match="no aud"):
        await tokens.principal("some")


async def test_what_it_need_not_say_may_be_left_out(issuer: TestIssuer) -> None:
    issuer.answers["introspect"] = (200, {"active": True, "scope": SCOPE})
    lenient = {**issuer.settings, "issuers": [issuer.issuer(any_audience=True)]}
    made = Authenticator(settings(**lenient))
    found = await made.principal("some")
    await made.close()
    assert (found.issuer, found.subject, found.patient) == (issuer.url, None, None)
    assert found.tenants == frozenset()


async def test_without_introspection_opaque_tokens_are_refused(issuer: TestIssuer) -> None:
    given = {**issuer.settings, "issuers": [issuer.issuer(introspection_url=None)]}
    tokens = Authenticator(settings(**given))
    with pytest.raises(Unauthorized, match=INACTIVE):
        await tokens.principal(issuer.opaque(SCOPE))
    assert issuer.requests == {}
    await tokens.close()


async def test_several_issuers_are_asked_in_their_order(issuer: TestIssuer) -> None:
    with TestIssuer(generation=60) as other:
        given = {**issuer.settings, "issuers": [other.issuer(), issuer.issuer()]}
        tokens = Authenticator(settings(**given))
        assert (await tokens.principal(issuer.opaque(SCOPE))).issuer == issuer.url
        assert other.requests["introspect"] == 1
        other.down()
        assert (await tokens.principal(issuer.opaque(SCOPE))).issuer == issuer.url
        with pytest.raises(IssuerUnavailable):
            await tokens.principal("that may be the other's")
        await tokens.close()


async def test_the_secret_may_stand_in_a_file_and_change(
    issuer: TestIssuer, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("wrong\n")
    entry = issuer.issuer(client_secret=None, client_secret_file=str(file))
    tokens = Authenticator(settings(**{**issuer.settings, "issuers": [entry]}))
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.opaque(SCOPE))
    file.write_text(f"{CLIENT_SECRET}\n")
    assert (await tokens.principal(issuer.opaque(SCOPE))).subject == "u1"
    file.unlink()
    with pytest.raises(IssuerUnavailable):
        await tokens.principal(issuer.opaque(SCOPE))
    await tokens.close()


async def test_closing_ends_what_is_under_way(issuer: TestIssuer) -> None:
    issuer.delay = 0.2
    tokens = Authenticator(settings(**issuer.settings))
    waiting = asyncio.create_task(tokens.principal(issuer.opaque(SCOPE)))
    while not issuer.requests:
        await asyncio.sleep(0.005)
    await tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
