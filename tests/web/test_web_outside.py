"""What a browser is shown beside the FHIR base, and what a program is told there."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from fhir_facade.main import create_app
from fhir_facade.store.base import Store
from tests.http.serving import asking, settings
from tests.web.fronts import BROWSER, HOST, front, paged
from tests.web.reading import Page
from tests.web.test_web_pages import APPS, POLICY

SHOWN = ("/health", "/apps", "/search?what=Goal.patient&value=M1")
"""URLs that lead somewhere in a browser alone."""
NOWHERE = ("/nothing", "/Patient/M100001", "/static/nothing.css", "/apps/other/", "/<script>1")


@pytest.fixture
def app(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    return paged(clean_store, monkeypatch, front(apps=APPS))


def _plain(store: Store) -> FastAPI:
    """The application without what is for browsers."""
    app = create_app(settings(apps=APPS), store)
    app.user_middleware.clear()
    return app


async def _told(app: FastAPI, method: str, target: str) -> tuple[object, ...]:
    async with asking(app, HOST) as client:
        answer = await client.request(method, target, headers={"Accept": "*/*"})
    of_one = {"x-request-id", "date"}
    kept = [each for each in answer.headers.multi_items() if each[0] not in of_one]
    return answer.status_code, kept, answer.content


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("target", [*SHOWN, *NOWHERE, "/health/", "/apps/", "/search/", "/docs/"])
async def test_programs_are_told_what_they_ever_were(
    app: FastAPI, clean_store: Store, method: str, target: str
) -> None:
    assert await _told(app, method, target) == await _told(_plain(clean_store), method, target)


@pytest.mark.parametrize("target", [*NOWHERE, "/health/nothing", "/search", "/search?what=Goal.x"])
async def test_nothing_is_a_page(app: FastAPI, target: str) -> None:
    async with asking(app, HOST) as client:
        client.headers["Accept"] = BROWSER
        answer, head = await client.get(target), await client.head(target)
    assert (answer.status_code, head.status_code, head.content) == (404, 404, b"")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = Page(answer.text)
    assert page.headings == ["There is nothing here"]
    assert page.inline == []
    assert {"/", "/apps/", "/docs", "/fhir/metadata"} <= {href for href, _ in page.links}
    assert str(httpx.URL(target).path).replace("<", "%3C").replace(">", "%3E") in page.text


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("/Patient/M100001", "/fhir/Patient/M100001"),
        ("/metadata", "/fhir/metadata"),
        ("/Goal", "/fhir/Goal"),
        ("/Goal/%22%3E", "/fhir/Goal/%22%3E"),
        ("//Goal", "/fhir/Goal"),
        ("/Goals", None),
    ],
)
async def test_a_base_that_was_left_out(app: FastAPI, target: str, meant: str | None) -> None:
    async with asking(app, HOST) as client:
        url = client.base_url.copy_with(raw_path=target.encode())
        page = Page((await client.get(url, headers={"Accept": BROWSER})).text)
    found = [href for href, said in page.links if said.startswith("/fhir")]
    assert found == ([meant] if meant else [])


async def test_the_apps(app: FastAPI) -> None:
    async with asking(app, HOST) as client:
        for target in ("/apps", "/apps/"):
            answer = await client.get(target, headers={"Accept": BROWSER})
            assert answer.status_code == 200
            page = Page(answer.text)
            assert page.link("Launch as a member") == "/apps/goals/launch"
            assert page.link("Launch") == "/apps/case/launch"


async def test_no_apps(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/apps/")
    assert answer.status_code == 404
    assert "/apps/" not in [href for href, _ in Page(answer.text).links]


async def test_health(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def health() -> str:
        return "degraded"

    async with asking(paged(clean_store, monkeypatch, health=health), HOST) as client:
        answer = await client.get("/health", headers={"Accept": BROWSER})
        assert answer.status_code == 200
        page = Page(answer.text)
        assert "Degraded" in page.text
        for name in ("/health/ready", "/health/live"):
            assert page.link(name) == name
            assert (await client.get(name, headers={"Accept": BROWSER})).json()["status"]


async def test_the_base_leads_to_the_first_page(browser: httpx.AsyncClient) -> None:
    for target in ("/fhir", "/fhir/"):
        answer = await browser.get(target)
        assert (answer.status_code, answer.headers["location"]) == (307, "/")
        assert "Accept" in answer.headers["vary"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        told = await browser.get(target, headers={"Accept": "*/*"})
        assert told.status_code == 400


async def test_numbers_have_a_head(program: httpx.AsyncClient) -> None:
    head, whole = await program.head("/metrics"), await program.get("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert int(head.headers["content-length"]) > 1000
    assert int(whole.headers["content-length"]) == len(whole.content)
