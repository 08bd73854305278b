"""The landing page and the docs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from fhir_facade.web import landing
from tests.http.serving import asking
from tests.web.fronts import BROWSER, HOST, front, paged
from tests.web.reading import Page

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
APPS = {"goals": "goals-app", "case": "case-app"}


async def _home(store: Store, patch: pytest.MonkeyPatch, shown: Any, **given: Any) -> Page:
    headers = given.pop("headers", {})
    async with asking(paged(store, patch, shown, **given), HOST) as client:
        answer = await client.get("/", headers={"Accept": BROWSER, **headers})
    assert answer.status_code == 200
    return Page(answer.text)


async def test_both_pages_run_and_load_what_is_here(browser: httpx.AsyncClient) -> None:
    for target in ("/", "/docs"):
        answer = await browser.get(target)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        page = Page(answer.text)
        assert page.inline == []
        assert page.headings[0]
        assert {"header", "footer", "nav"} <= set(page.landmarks)
        # Swagger UI brings its own
        assert ("main" in page.landmarks) is (target == "/")
        assert "main" in page.ids
        for each in page.loads:
            assert each.startswith("/static/")
            assert (await browser.get(each)).status_code == 200, each
        assert 'lang="en"' in answer.text
        head = await browser.head(target)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(answer.content))
        assert (await browser.post(target)).status_code == 405


async def test_the_landing_page_of_a_demo(browser: httpx.AsyncClient) -> None:
    page = Page((await browser.get("/")).text)
    assert "Ready" in page.text
    assert "1,234" in page.text
    assert "synthetic" in page.text
    assert f"{HOST}/fhir" in page.text
    assert page.link("CapabilityStatement") == "/fhir/metadata"
    assert "Apps" not in page.headings
    assert "/auth" not in "".join(href for href, _ in page.links)


async def test_every_link_of_it_works(browser: httpx.AsyncClient) -> None:
    page = Page((await browser.get("/")).text)
    examples = [href for href, _ in page.links if "?" in href]
    assert len(examples) > 5
    for href, _ in page.links:
        if href.startswith("#"):
            continue
        answer = await browser.get(href)
        assert answer.status_code == (400 if "stauts" in href else 200), href
        found = json.loads(Page(answer.text).json) if "patient=M100001" in href else None
        assert found is None or found["entry"], href


async def test_programs_are_told_where_things_are(program: httpx.AsyncClient) -> None:
    answer = await program.get("/", headers={"Accept": "application/json"})
    assert answer.headers["vary"].startswith("Accept")
    told = answer.json()
    assert told["fhir"] == "/fhir"
    assert "smart" not in told
    for name in ("metadata", "openapi", "docs", "health"):
        assert (await program.get(told[name])).status_code == 200
    assert (await program.get("/", headers={"Accept": "*/*"})).json() == told


async def test_with_apps_and_a_server_for_tokens(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await _home(clean_store, monkeypatch, front(apps=APPS, auth="/auth", open=False))
    assert page.link("Launch as a member") == "/apps/goals/launch"
    assert page.link("Launch") == "/apps/case/launch"
    assert {href for href, said in page.links if said == "EHR launch"} == {"/auth/launch"}
    assert page.link("SMART configuration") == "/fhir/.well-known/smart-configuration"
    # what is offered is what works
    examples = [href for href, said in page.links if said.startswith("/fhir/")]
    assert examples == ["/fhir/metadata", "/fhir/.well-known/smart-configuration"]
    assert "all else wants an access token. The apps above sign you in." in page.text
    assert "make demo" in page.text
    assert page.sends == []
    # numbers of demo data may be shown; a link to what needs a token would lead nowhere
    assert "1,234" in page.text
    assert not any(href == "/fhir/Goal" for href, _ in page.links)


async def test_where_only_definitions_are_open(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = front(demo=False, open=False, definitions=True, base_url=f"{HOST}/fhir")
    given = {
        "issuers": [{"issuer": "https://auth.test"}],
        "base_url": f"{HOST}/fhir",
        "open_definitions": True,
    }
    app = paged(clean_store, monkeypatch, told, **given)
    async with asking(app, HOST) as client:
        client.headers["Accept"] = BROWSER
        page = Page((await client.get("/")).text)
        examples = [href for href, said in page.links if said.startswith("/fhir/") and "?" in href]
        assert len(examples) == 2
        for href in examples:
            answer = await client.get(href)
            assert answer.status_code == 200
            assert json.loads(Page(answer.text).json)["entry"], href
            assert Page(answer.text).sends == ["/search"]
    assert "make demo" not in page.text


async def test_programs_are_told_of_smart(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asking(paged(clean_store, monkeypatch, front(open=False)), HOST) as client:
        assert (await client.get("/")).json()["smart"] == "/fhir/.well-known/smart-configuration"


@pytest.mark.parametrize(
    ("given", "headers", "counted"),
    [
        ({"demo": False}, {}, True),
        ({"demo": False}, {"X-Forwarded-For": "192.0.2.1"}, False),
        ({"demo": False, "open": False}, {}, False),
        ({"demo": True, "open": False}, {"Via": "1.1 proxy"}, True),
    ],
)
async def test_whom_numbers_are_shown(
    clean_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    headers: dict[str, str],
    counted: bool,
) -> None:
    page = await _home(clean_store, monkeypatch, front(**given), headers=headers)
    assert ("1,234" in page.text) is counted
    assert ("M100001" in page.text) is (given["demo"] and given.get("open", True))


async def test_another_machine_sees_no_numbers(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = paged(clean_store, monkeypatch, front(demo=False))
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 1234))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        page = Page((await client.get("/", headers={"Accept": BROWSER})).text)
    assert "1,234" not in page.text


async def test_it_counts_once_in_a_while(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def counts() -> Mapping[str, int]:
        asked.append(1)
        return {"Goal": 5000 + len(asked)}

    async with asking(paged(clean_store, monkeypatch, counts=counts), HOST) as client:
        for _ in range(3):
            assert "5,001" in (await client.get("/", headers={"Accept": BROWSER})).text
        monkeypatch.setattr(landing, "_FRESH", -1.0)
        assert "5,002" in (await client.get("/", headers={"Accept": BROWSER})).text


@pytest.mark.parametrize(
    ("word", "shown", "badge"),
    [
        ("ready", "Ready", "good"),
        ("degraded", "Degraded", "warn"),
        ("store unavailable", "Store unavailable", "bad"),
    ],
)
async def test_how_it_is(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch, word: str, shown: str, badge: str
) -> None:
    async def health() -> str:
        return word

    async with asking(paged(clean_store, monkeypatch, health=health), HOST) as client:
        text = (await client.get("/", headers={"Accept": BROWSER})).text
    assert f'class="badge badge-{badge}" role="status"' in text
    assert shown in Page(text).text


async def test_a_base_that_is_set_is_shown(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await _home(clean_store, monkeypatch, front(base_url="https://fhir.test/r4"))
    assert "https://fhir.test/r4" in page.text


async def test_only_queries_on_served_types_are_offered(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await _home(clean_store, monkeypatch, front(types=["Flag"]))
    assert [href for href, _ in page.links if "?" in href] == ["/fhir/Flag?status=active&_count=10"]


async def test_the_pages_are_not_in_the_description(program: httpx.AsyncClient) -> None:
    paths = (await program.get("/openapi.json")).json()["paths"]
    assert not {"/", "/docs", "/static"} & set(paths)
    assert not [each for each in paths if each.startswith("/apps")]
