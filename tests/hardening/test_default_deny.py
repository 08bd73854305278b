"""Without an authorization server, only somebody at this machine is answered."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.errors import Forbidden
from fhir_facade.http.gate import Gate
from fhir_facade.interactions.access import UNLIMITED
from fhir_facade.main import create_app
from fhir_facade.store.base import Store
from tests.hardening.conftest import request_of
from tests.http.serving import HOST, error, settings
from tests.mappings.serving import registry

OWN_MACHINE = (
    "This server has no authorization server configured, so it answers requests from its own "
    "machine only."
)
BY_A_PROXY = f"{OWN_MACHINE} This one was passed on by a proxy."
OTHER_HOST = (
    f"{OWN_MACHINE} This one names another host: ask for localhost, or set FHIR_FACADE_BASE_URL."
)
OTHER_ORIGIN = f"{OWN_MACHINE} This one comes from a web page of another origin."


def _gate(**given: Any) -> Gate:
    return Gate(settings(**given), registry())


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", None])
async def test_this_machine_is_answered(address: str | None) -> None:
    assert await _gate().admit(request_of(address=address), is_open=False) is UNLIMITED


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.7", "2001:db8::1", "::", "localhost", "testclient"]
)  # fmt: skip
@pytest.mark.parametrize("is_open", [False, True])
async def test_another_machine_is_refused(address: str, is_open: bool) -> None:
    with pytest.raises(Forbidden, match=f"^{OWN_MACHINE}$"):
        await _gate().admit(request_of(address=address), is_open=is_open)


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_for": "203.0.113.7"},
        {"x_forwarded_for": "127.0.0.1"},
        {"x_forwarded_for": ""},
        {"forwarded": "for=203.0.113.7"},
        {"x_real_ip": "203.0.113.7"},
        {"via": "1.1 proxy"},
    ],
)
async def test_what_a_proxy_on_this_machine_passes_on_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match=BY_A_PROXY):
        await _gate().admit(request_of(**headers), is_open=False)


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7",
     "app.localhost", "fhir.test", "here.example.", "", "[2001:db8::7]"],
)  # fmt: skip
async def test_a_host_that_nobody_can_point_here_is_answered(host: str) -> None:
    assert await _gate().admit(request_of(host=host), is_open=False) is UNLIMITED


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "evil.com:8000",
        "localhost.evil.com",
        "box",
        "a.b..",
        "a$b.evil.com",
        "[::1].evil.com",
    ],
)
async def test_a_name_that_a_page_may_have_pointed_here_is_refused(host: str) -> None:
    with pytest.raises(Forbidden, match="names another host"):
        await _gate().admit(request_of(host=host), is_open=False)


@pytest.mark.parametrize("host", ["fhir.clinic.org", "FHIR.clinic.org"])
async def test_the_host_of_the_base_url_is_answered(host: str) -> None:
    gate = _gate(base_url="https://fhir.clinic.org/fhir")
    assert await gate.admit(request_of(host=host), is_open=False) is UNLIMITED
    with pytest.raises(Forbidden, match="names another host"):
        await gate.admit(request_of(host="evil.com"), is_open=False)


@pytest.mark.parametrize("origin", ["https://evil.com", "null", "http://localhost:3000"])
async def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    with pytest.raises(Forbidden, match=OTHER_ORIGIN):
        await _gate().admit(request_of(origin=origin), is_open=False)


@pytest.mark.parametrize("allowed", [["https://app.example"], ["*"], ["https://app.example:*"]])
async def test_a_page_of_an_allowed_origin_is_answered(allowed: list[str]) -> None:
    gate = _gate(cors_origins=allowed)
    assert await gate.admit(request_of(origin="https://app.example"), is_open=False) is UNLIMITED


async def test_a_page_of_this_very_server_is_answered() -> None:
    request = request_of(origin="http://localhost:8000")
    assert await _gate().admit(request, is_open=False) is UNLIMITED


async def test_insecure_by_name_answers_everybody() -> None:
    request = request_of(address="203.0.113.7", host="evil.com", x_forwarded_for="1.1.1.1")
    assert await _gate(insecure=True).admit(request, is_open=False) is UNLIMITED


URLS = [
    *(("GET", "Task/t1"), ("GET", "Task"), ("POST", "Task"), ("POST", ""), ("GET", "metadata")),
    *(("GET", "nothing/at/all"), ("DELETE", "Task/t1"), ("GET", "ValueSet")),
]


@pytest.mark.parametrize(
    ("client", "headers", "said"),
    [
        (("203.0.113.7", 5), {}, OWN_MACHINE),
        (("127.0.0.1", 5), {"X-Forwarded-For": "203.0.113.7"}, BY_A_PROXY),
        (("127.0.0.1", 5), {"Host": "evil.com"}, OTHER_HOST),
        (("127.0.0.1", 5), {"Origin": "https://evil.com"}, OTHER_ORIGIN),
    ],
)
async def test_every_url_refuses_others(
    small_store: Store, client: tuple[str, int], headers: dict[str, str], said: str
) -> None:
    transport = httpx.ASGITransport(create_app(settings(), small_store), client=client)
    async with httpx.AsyncClient(transport=transport, base_url=f"{HOST}/fhir") as asking:
        for method, target in URLS:
            response = await asking.request(method, f"/{target}", headers=headers)
            assert response.status_code == 403, (method, target)
            assert response.json() == error("forbidden", said)
