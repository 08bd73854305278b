"""How many requests a client may make, and who is one client."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fhir_facade.errors import TooManyRequests, Unauthorized
from fhir_facade.http import rates as module
from fhir_facade.http.gate import Gate
from fhir_facade.http.rates import Bucket, ClientRates
from fhir_facade.interactions.access import NO_ACCESS
from fhir_facade.security.principal import Principal
from fhir_facade.store.base import Store
from tests.hardening.conftest import request_of
from tests.http.serving import error, serving, settings, the_issue
from tests.mappings.serving import registry
from tests.security.issuer import TestIssuer

ONE, OTHER = "203.0.113.7", "203.0.113.8"


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _left(rates: ClientRates, bucket: Bucket, client: str, most: int = 50) -> int:
    """How many requests a client still has; they are used up then."""
    for done in range(most):
        try:
            rates.count(bucket, client)
        except TooManyRequests:
            return done
    return most


def test_a_client_has_so_many_requests_in_a_window(clock: Clock) -> None:
    rates = ClientRates("3/minute", clock)
    assert _left(rates, "address", ONE) == 3
    with pytest.raises(TooManyRequests) as refused:
        rates.count("address", ONE)
    assert refused.value.headers == {"Retry-After": "60"}
    assert str(refused.value) == (
        "This server takes up to 3 requests of one client in 60 seconds; try again in 60 seconds."
    )
    clock.now += 59.5
    with pytest.raises(TooManyRequests) as refused:
        rates.count("address", ONE)
    assert refused.value.headers == {"Retry-After": "1"}
    clock.now += 0.5
    assert _left(rates, "address", ONE) == 3


def test_clients_and_buckets_are_counted_apart(clock: Clock) -> None:
    rates = ClientRates("2/second", clock)
    assert _left(rates, "address", ONE) == 2
    assert _left(rates, "address", OTHER) == 2
    assert _left(rates, "refused", ONE) == 2
    assert _left(rates, "client", ONE) == 2


def test_looking_does_not_count(clock: Clock) -> None:
    rates = ClientRates("1/second", clock)
    for _ in range(3):
        rates.check("refused", ONE)
    rates.count("refused", ONE)
    with pytest.raises(TooManyRequests, match="up to 1 refused tokens of one address in 1 second;"):
        rates.check("refused", ONE)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", ONE, True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("not an address", "x" * 30_000, True),
        ("", "not an address", True),
        (ONE, OTHER, False),
    ],
)
def test_which_addresses_are_one_client(clock: Clock, one: str, other: str, is_same: bool) -> None:
    rates = ClientRates("1/minute", clock)
    rates.count("address", one)
    assert _left(rates, "address", other) == (0 if is_same else 1)


def test_a_flood_of_addresses_is_forgotten_oldest_first(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CLIENTS", 100)
    rates = ClientRates("1/minute", clock)
    rates.count("client", "somebody")
    for number in range(1000):
        rates.count("address", f"10.0.{number // 256}.{number % 256}")
    windows: Any = rates._windows["address"].storage
    assert len(windows._windows) == 100
    assert _left(rates, "address", "10.0.3.231") == 0  # the last of them
    assert _left(rates, "client", "somebody") == 0


def test_windows_that_have_ended_are_forgotten(clock: Clock) -> None:
    rates = ClientRates("1/minute", clock)
    for number in range(200):
        rates.count("address", f"10.0.0.{number}")
    clock.now += 60
    rates.count("address", "10.0.0.1")
    windows: Any = rates._windows["address"].storage
    (left,) = windows._windows
    assert "10.0.0.1" in left


def test_the_counter_is_what_the_library_wants(clock: Clock) -> None:
    windows: Any = ClientRates("1/minute", clock)._windows["client"].storage
    assert windows.check()
    assert windows.incr("a", 60) == windows.get("a") == 1
    assert windows.get_expiry("a") == clock.now + 60
    assert windows.get_expiry("b") == clock.now
    windows.clear("a")
    assert windows.get("a") == 0
    windows.incr("a", 60)
    assert windows.reset() == 1
    assert windows.get("a") == 0


class Passes:
    """Tokens of two clients, and others that are good for nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._known: dict[str, Principal] = {}

    async def principal(self, token: str) -> Principal:
        self.asked.append(token)
        client, _, subject = token.partition("-")
        if client not in ("app", "other"):
            raise Unauthorized("The token is not one of this server's issuers.")
        expires = time.time() + 300
        found = Principal("https://auth.example", (), expires, subject=subject, client=client)
        self._known[token] = found
        return found

    def known(self, token: str) -> Principal | None:
        return self._known.get(token)


def _gate(passes: Passes, limit: str, clock: Clock) -> Gate:
    return Gate(settings(), registry(), passes, ClientRates(limit, clock))


async def _ask(gate: Gate, token: str | None, address: str = ONE, *, is_open: bool = False) -> int:
    """The status that the gate answers with; each refusal has the header that goes with it."""
    headers = {} if token is None else {"authorization": token}
    try:
        await gate.admit(request_of(address=address, **headers), is_open=is_open)
    except (TooManyRequests, Unauthorized) as refused:
        wanted = "Retry-After" if refused.status == 429 else "WWW-Authenticate"
        return refused.status if [*refused.headers] == [wanted] else -1
    return 200


async def test_one_user_of_an_app_does_not_use_up_the_others(clock: Clock) -> None:
    gate = _gate(Passes(), "2/minute", clock)
    assert [await _ask(gate, "Bearer app-ann") for _ in range(3)] == [200, 200, 429]
    assert await _ask(gate, "Bearer app-ann", OTHER) == 429  # wherever it asks from
    assert await _ask(gate, "Bearer app-bob") == 200
    assert await _ask(gate, "Bearer other-ann") == 200


async def test_one_address_of_many_clients_does_not_starve_them(clock: Clock) -> None:
    gate = _gate(Passes(), "2/minute", clock)
    assert [await _ask(gate, f"Bearer app-{number}") for number in range(20)] == [200] * 20


async def test_refused_tokens_are_limited_for_each_address(clock: Clock) -> None:
    passes = Passes()
    gate = _gate(passes, "3/minute", clock)
    assert await _ask(gate, "Bearer app-ann") == 200
    assert [await _ask(gate, f"Bearer guess{each}") for each in range(5)] == [401] * 3 + [429] * 2
    assert "guess3" not in passes.asked  # nobody is asked about what comes then
    assert await _ask(gate, "Bearer app-ann") == 200  # who was let in before goes on
    assert await _ask(gate, "Bearer app-new") == 429
    assert await _ask(gate, "Bearer app-new", OTHER) == 200
    clock.now += 60
    assert await _ask(gate, "Bearer app-new") == 200


@pytest.mark.parametrize("given", ["Basic YTpi", "Bearer", "Bearer ", "bearer\t", "", "app-ann"])
async def test_what_is_no_bearer_token_counts_for_the_address(clock: Clock, given: str) -> None:
    gate = _gate(Passes(), "2/minute", clock)
    assert [await _ask(gate, given) for _ in range(3)] == [401, 401, 429]
    assert await _ask(gate, "Bearer app-ann") == 200


async def test_requests_without_a_token_are_limited_for_each_address(clock: Clock) -> None:
    gate = _gate(Passes(), "2/minute", clock)
    assert await gate.admit(request_of(address=ONE), is_open=True) is NO_ACCESS
    assert [await _ask(gate, None) for _ in range(2)] == [401, 429]
    assert await _ask(gate, None, is_open=True) == 429
    assert await _ask(gate, "Bearer app-ann") == 200


async def test_the_answer_to_one_request_too_many(small_store: Store) -> None:
    async with serving(small_store, rate_limit="2/hour") as client:
        for _ in range(2):
            assert (await client.get("/Task/t1")).status_code == 200
        response = await client.get("/Task/t1")
    assert response.status_code == 429
    wait = int(response.headers["retry-after"])
    assert 3590 < wait <= 3600
    assert response.json() == error(
        "throttled",
        "This server takes up to 2 requests of one client in 3600 seconds; "
        f"try again in {wait} seconds.",
    )
    assert response.headers["cache-control"] == "no-store"


async def test_urls_that_are_none_are_counted_and_kept_short(small_store: Store) -> None:
    """Whoever has no token could fill the audit trail with them."""
    async with serving(small_store, rate_limit="2/hour", max_url=300) as client:
        answers = [await client.options(f"/a/b/c/d/e/f?{'x' * 600}") for _ in range(3)]
    assert [each.status_code for each in answers] == [414, 414, 429]
    async with serving(small_store, rate_limit="2/hour") as client:
        answers = [await client.options("/a/b/c/d/e/f") for _ in range(3)]
    assert [each.status_code for each in answers] == [204, 204, 429]


async def test_without_the_setting_there_is_no_limit(small_store: Store) -> None:
    async with serving(small_store) as client:
        assert {(await client.get("/Task/t1")).status_code for _ in range(50)} == {200}


async def test_real_tokens_that_are_refused(small_store: Store) -> None:
    with TestIssuer() as issuer:
        given = {**issuer.settings, "rate_limit": "2/hour"}
        good = {"Authorization": f"Bearer {issuer.token('system/*.rs', tenants='*')}"}
        bad = {"Authorization": f"Bearer {issuer.token('system/*.rs', audience='another')}"}
        async with serving(small_store, **given) as client:
            assert (await client.get("/Task/t1", headers=good)).status_code == 200
            refused = [await client.get("/Task/t1", headers=bad) for _ in range(3)]
            assert [each.status_code for each in refused] == [401, 401, 429]
            assert the_issue(refused[2])["code"] == "throttled"
            assert "www-authenticate" not in refused[2].headers
            asked = [await client.get("/Task/t1", headers=good) for _ in range(2)]
            assert [each.status_code for each in asked] == [200, 429]
