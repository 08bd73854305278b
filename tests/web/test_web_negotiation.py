"""Who gets a page, and who gets what every client got before there were pages."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from fhir_facade.main import create_app
from fhir_facade.store.base import Store
from fhir_facade.web import rendered
from fhir_facade.web.negotiation import in_format, wants_page
from tests.http.serving import asking, settings
from tests.web.fronts import BROWSER, HOST, front

JSON = "application/fhir+json; charset=utf-8"
HTML = "text/html; charset=utf-8"

PEOPLE = (
    BROWSER,
    "text/html",
    "TEXT/HTML",
    "text/html;charset=utf-8",
    "text/html;q=0.9, application/json;q=0.8",
    "text/html, application/fhir+json;q=0.99",
    "application/json;q=0, text/html",
    "text/html;q=0.1",
    "image/avif,image/webp,text/html,*/*;q=0.1",
)
PROGRAMS = (
    None,
    "",
    "*/*",
    "application/fhir+json",
    "application/json",
    "application/json, text/html",
    "text/html, */*",
    "text/html, application/fhir+json",
    "application/fhir+json, text/html;q=0.9",
    "text/html;q=0, */*",
    "text/html;q=wrong, application/json",
    "text/html;q=7, application/json",
    "text/*",
    "application/xhtml+xml",
    "application/fhir+xml",
    "text/plain, text/htmlx",
    ";;;,,",
)


def _scope(accept: str | None, query: bytes = b"", method: str = "GET") -> Scope:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    return {"type": "http", "method": method, "query_string": query, "headers": headers}


@pytest.mark.parametrize("accept", PEOPLE)
def test_a_person(accept: str) -> None:
    assert wants_page(_scope(accept))
    assert wants_page(_scope(accept, method="HEAD"))
    assert not wants_page(_scope(accept, b"_format=json"))
    assert not any(wants_page(_scope(accept, method=each)) for each in ("POST", "PUT", "OPTIONS"))


@pytest.mark.parametrize("accept", PROGRAMS)
def test_a_program(accept: str | None) -> None:
    assert not wants_page(_scope(accept))
    for query in (
        b"_format=html",
        b"_format=text/html",
        b"_format=text%2Fhtml",
        b"a=b&_format=html",
    ):
        assert wants_page(_scope(accept, query))


@pytest.mark.parametrize(
    ("query", "page"),
    [
        (b"_format=json&_format=html", True),
        (b"_format=html&_format=json", False),
        (b"_format=xml", False),
        (b"_format=", False),
        (b"_formatted=json", True),
        (b"x_format=json", True),
        (b"_pretty=true", True),
        (b"_format=%ff", False),
    ],
)
def test_format_counts_before_accept(query: bytes, page: bool) -> None:
    assert wants_page(_scope(BROWSER, query)) is page


def test_lines_of_accept_are_one_list() -> None:
    scope = _scope("application/json;q=0.5")
    scope["headers"].append((b"accept", b"text/html"))
    assert wants_page(scope)


def test_a_query_in_another_format() -> None:
    assert in_format(b"", "json") == "_format=json"
    assert in_format(b"_format=html&code=a%20b", "json") == "code=a%20b&_format=json"


TARGETS = (
    "/fhir/Task?_count=3",
    "/fhir/Task?stauts=ready",
    "/fhir/Task/nobody",
    "/fhir/metadata",
    "/fhir/nothing/at/all",
    "/fhir/Goal?patient=M100001&_pretty=true",
    "/fhir/.well-known/smart-configuration",
    "/fhir/Task?_format=xml",
)
_OF_ONE_REQUEST = {"x-request-id", "date", "server-timing"}


@pytest.mark.parametrize("accept", ["*/*", "application/fhir+json", "application/json", "text/css"])
@pytest.mark.parametrize("target", TARGETS)
async def test_programs_get_the_same_bytes(
    program: httpx.AsyncClient, clean_store: Store, accept: str, target: str
) -> None:
    """What a client is answered with pages around the base is what it is answered without."""
    bare = create_app(settings(), clean_store)
    async with asking(bare, HOST) as client:
        before = await client.get(target, headers={"Accept": accept})
    after = await program.get(target, headers={"Accept": accept})
    assert after.status_code == before.status_code
    assert after.content == before.content
    kept = [each for each in after.headers.multi_items() if each[0] not in _OF_ONE_REQUEST]
    assert kept == [each for each in before.headers.multi_items() if each[0] not in _OF_ONE_REQUEST]


async def test_programs_meet_the_base_itself() -> None:
    """Their requests reach it as they came: the same scope, receive and send."""
    seen: list[object] = []

    async def base(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend((scope, receive, send))

    async def receive() -> Message:
        raise AssertionError("nobody asks for a body")

    async def send(_: Message) -> None:
        raise AssertionError("nobody answers")

    scope = _scope("*/*")
    await rendered(base, front())(scope, receive, send)
    assert [id(each) for each in seen] == [id(scope), id(receive), id(send)]


async def test_writes_are_not_rendered(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/fhir/Task/$validate", json={"resourceType": "Task"})
    assert answer.headers["content-type"] == JSON


@pytest.mark.parametrize("target", TARGETS[:6])
async def test_both_vary_by_accept(browser: httpx.AsyncClient, target: str) -> None:
    for accept, kind in ((BROWSER, HTML), ("*/*", JSON)):
        answer = await browser.get(target, headers={"Accept": accept})
        assert answer.headers["content-type"] == kind
        assert "Accept" in [each.strip() for each in answer.headers["vary"].split(",")]


async def test_format_html_of_a_program(program: httpx.AsyncClient) -> None:
    answer = await program.get("/fhir/Task?_count=1&_format=html", headers={"Accept": "*/*"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == HTML
    assert "/fhir/Task?_count=1&amp;_format=json" in answer.text


def test_the_fixture_has_pages(web_app: FastAPI) -> None:
    assert {"/", "/docs", "/static"} <= {getattr(each, "path", "") for each in web_app.routes}
