"""FHIR answers as a browser gets them."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fhir_facade.store.base import Store
from fhir_facade.web import rendered
from fhir_facade.web.highlight import LARGEST, MOST_LINES
from tests.http.serving import asking
from tests.web.fronts import BROWSER, HOST, front, paged
from tests.web.reading import Page

HTML = "text/html; charset=utf-8"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_SAME = ("etag", "last-modified", "cache-control", "allow", "www-authenticate", "retry-after")


async def _both(
    browser: httpx.AsyncClient, target: str, **headers: str
) -> tuple[httpx.Response, httpx.Response]:
    page = await browser.get(target, headers=headers)
    plain = await browser.get(target, headers={"Accept": "application/fhir+json", **headers})
    return page, plain


def _page(answer: httpx.Response) -> Page:
    assert answer.headers["content-type"] == HTML
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["content-length"]) == len(answer.content)
    found = Page(answer.text)
    assert found.inline == []
    assert all(each.startswith("/static/") for each in found.loads)
    assert len(found.ids) == len(set(found.ids))
    assert found.headings[0]
    assert {"header", "main", "footer", "nav"} <= set(found.landmarks)
    assert found.link("Skip to the content") == "#main"
    assert "main" in found.ids
    return found


async def _first(browser: httpx.AsyncClient, kind: str) -> dict[str, Any]:
    answer = await browser.get(f"/fhir/{kind}?_count=1", headers={"Accept": "*/*"})
    return dict(answer.json()["entry"][0]["resource"])


async def _targets(browser: httpx.AsyncClient) -> list[str]:
    goal, case = await _first(browser, "Goal"), await _first(browser, "EpisodeOfCare")
    version = goal["meta"]["versionId"]
    return [
        "/fhir/metadata",
        "/fhir/Goal?_count=2",
        f"/fhir/Goal/{goal['id']}",
        f"/fhir/Goal/{goal['id']}/_history",
        f"/fhir/Goal/{goal['id']}/_history/{version}",
        f"/fhir/EpisodeOfCare/{case['id']}/$case",
        f"/fhir/EpisodeOfCare/{case['id']}?_elements=status",
        "/fhir/Task?_summary=count",
        "/fhir/Task?stauts=ready",
        "/fhir/Task?_totalMethod=accurate",
        "/fhir/Task/nobody",
        "/fhir/Nothing/1",
        "/fhir/nothing/at/all/of/this",
        "/fhir?_count=1",
        "/fhir/Patient",
        "/fhir/StructureDefinition/facade-task",
        "/fhir/ValueSet?_count=3",
    ]


async def test_how_to_sign_in_is_json_whatever_is_accepted(browser: httpx.AsyncClient) -> None:
    """https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known"""
    answer = await browser.get("/fhir/.well-known/smart-configuration")
    assert answer.headers["content-type"].startswith("application/")
    assert answer.json()


async def test_the_same_answer_to_people(browser: httpx.AsyncClient) -> None:
    """Status, headers that matter, and every bit of the JSON are what a program gets."""
    for target in await _targets(browser):
        answer, plain = await _both(browser, target)
        assert answer.status_code == plain.status_code, target
        for name in _SAME:
            assert answer.headers.get(name) == plain.headers.get(name), (target, name)
        page = _page(answer)
        assert json.loads(page.json) == plain.json()
        squeezed = "".join(page.json.split())
        assert squeezed == "".join(plain.text.split()), target


async def test_numbers_keep_their_digits(sqlite_store: Store) -> None:
    async def base(scope: Scope, receive: Receive, send: Send) -> None:
        text = '{"resourceType":"Goal","a":1.10,"b":[1E+2,-0,0.000],"c":[],"d":{},"e":null}'
        await Response(text, media_type="application/fhir+json")(scope, receive, send)

    page = await _shown(base)
    assert page.code == [
        "{",
        '\t"resourceType": "Goal",',
        '\t"a": 1.10,',
        '\t"b": [',
        "\t\t1E+2,",
        "\t\t-0,",
        "\t\t0.000",
        "\t],",
        '\t"c": [],',
        '\t"d": {},',
        '\t"e": null',
        "}",
    ]


async def _shown(base: Any, accept: str = BROWSER) -> Page:
    transport = httpx.ASGITransport(rendered(base, front()))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        answer = await client.get("/Goal/1", headers={"Accept": accept})
    return Page(answer.text)


async def test_a_resource(browser: httpx.AsyncClient) -> None:
    goal = await _first(browser, "Goal")
    page = _page(await browser.get(f"/fhir/Goal/{goal['id']}"))
    assert page.headings[0] == f"Goal/{goal['id']}"
    assert goal["description"]["text"] in page.text
    assert goal["lifecycleStatus"] in page.text
    assert f'W/"{goal["meta"]["versionId"]}"' in page.text
    assert page.link("Raw JSON") == f"/fhir/Goal/{goal['id']}?_format=json"
    assert page.link("Goal in the docs") == "/docs#/Goal"
    crumbs = {said: href for href, said in page.links}
    assert crumbs["Home"] == "/"
    assert crumbs["Goal"] == "/fhir/Goal"
    history = _page(await browser.get(page.link("History")))
    assert "history-instance" in history.text
    raw = await browser.get(page.link("Raw JSON"))
    assert raw.json() == goal


async def test_references_lead_to_what_they_name(browser: httpx.AsyncClient) -> None:
    """Each link of a whole case that stays on this server answers."""
    case = await _first(browser, "EpisodeOfCare")
    page = _page(await browser.get(f"/fhir/EpisodeOfCare/{case['id']}/$case"))
    own = {href for href, said in page.links if href.startswith("/fhir/") and '"' in said}
    assert len(own) > 5
    for href in own:
        answer = await browser.get(href)
        # a stored reference may name what this server does not hold
        assert answer.status_code == 200 or href.startswith(("/fhir/P", "/fhir/Org")), href
    outside = {href for href, _ in page.links if href.startswith(f"{HOST}/fhir/")}
    assert outside
    for href in outside:
        assert (await browser.get(href)).status_code == 200, href


async def test_profiles_lead_to_this_servers_definitions(browser: httpx.AsyncClient) -> None:
    task = await _first(browser, "Task")
    page = _page(await browser.get(f"/fhir/Task/{task['id']}"))
    (profile,) = [each for each in task["meta"]["profile"] if "facade" in each]
    href = page.link(f'"{profile}"')
    assert href == "/fhir/StructureDefinition/facade-task"
    assert (await browser.get(href)).status_code == 200


async def test_a_search_clicked_from_page_to_page(browser: httpx.AsyncClient) -> None:
    everything = await browser.get("/fhir/Goal?_count=500", headers={"Accept": "*/*"})
    wanted = [each["resource"]["id"] for each in everything.json()["entry"]]
    found: list[str] = []
    url, went = "/fhir/Goal?_count=7", 0
    while url:
        page = _page(await browser.get(url))
        bundle = json.loads(page.json)
        listed = [each["resource"]["id"] for each in bundle["entry"]]
        assert [href for href, said in page.links if said in listed] == [
            f"/fhir/Goal/{each}" for each in listed
        ]
        found += listed
        went += 1
        url = page.link("Next page") if "Next page" in page.text else ""
    assert found == wanted
    assert went > 3


async def test_counts_of_a_search(browser: httpx.AsyncClient) -> None:
    page = _page(await browser.get("/fhir/Goal?_count=1&_total=accurate"))
    total = json.loads(page.json)["total"]
    assert f"1 entry on this page, {total} in all" in page.headings


async def test_an_error_is_told(browser: httpx.AsyncClient) -> None:
    answer, plain = await _both(browser, "/fhir/Task?stauts=ready")
    page = _page(answer)
    (issue,) = plain.json()["issue"]
    assert page.headings[:3] == ["400 Bad Request", "What is wrong", "Search Task"]
    assert page.text.count(issue["diagnostics"]) == 2
    assert answer.headers["x-request-id"] in page.text


async def test_notes_of_a_search(browser: httpx.AsyncClient) -> None:
    page = _page(await browser.get("/fhir/Task?_count=1&_totalMethod=accurate"))
    assert "Notes" in page.headings
    assert "1 entry" in page.headings


async def test_the_statement_of_capabilities(browser: httpx.AsyncClient) -> None:
    answer, plain = await _both(browser, "/fhir/metadata")
    page = _page(answer)
    linked = {said: href for href, said in page.links}
    for each in plain.json()["rest"][0]["resource"]:
        if "search-type" not in [one["code"] for one in each.get("interaction", ())]:
            assert each["type"] not in linked
            continue
        assert linked[each["type"]] == f"/fhir/{each['type']}"
        answer = await browser.get(f"{linked[each['type']]}?_count=1")
        # of people there is no list: they are looked for
        people = each["type"] in ("Patient", "Practitioner", "Organization")
        assert answer.status_code == (422 if people else 200), each["type"]
        # what is declared is what the form of the type offers
        offered = {value for value, _ in Page(answer.text).options}
        declared = {f"{each['type']}.{one['name']}" for one in each["searchParam"]}
        assert offered == declared


async def test_not_modified(browser: httpx.AsyncClient) -> None:
    goal = await _first(browser, "Goal")
    first = await browser.get(f"/fhir/Goal/{goal['id']}")
    again = await browser.get(
        f"/fhir/Goal/{goal['id']}", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "Accept" in again.headers["vary"]


@pytest.mark.parametrize("target", ["/fhir/Goal?_count=1", "/fhir/Goal/nobody", "/fhir/metadata"])
async def test_head(browser: httpx.AsyncClient, target: str) -> None:
    head, page = await browser.head(target), await browser.get(target)
    assert (head.status_code, head.content) == (page.status_code, b"")
    # its length would take the page itself to know, and it need not be told (RFC 9110, 8.6)
    of_one = {"x-request-id", "content-length", "server-timing"}
    assert {k: v for k, v in head.headers.items() if k not in of_one} == {
        k: v for k, v in page.headers.items() if k not in of_one
    }
    assert "content-length" not in head.headers


async def test_no_token(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    app = paged(
        clean_store,
        monkeypatch,
        front(apps={"goals": "goals-app"}, auth="/auth", open=False),
        issuers=[{"issuer": "https://auth.test"}],
        base_url=f"{HOST}/fhir",
    )
    async with asking(app, HOST) as client:
        headers = {"Accept": BROWSER, "Accept-Encoding": "identity"}
        answer = await client.get("/fhir/Goal?patient=M100001", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="fhir"'
    page = _page(answer)
    assert "This needs an access token" in page.headings
    assert page.link("goals app") == "/apps/goals/launch"
    assert page.link("as an EHR would") == "/auth/launch"
    assert page.link("SMART configuration") == "/fhir/.well-known/smart-configuration"
    assert "History" not in page.text
    assert "make demo" in page.text
    assert page.sends == []


async def test_compressed_once(web_app: FastAPI) -> None:
    async with asking(web_app, HOST) as client:
        headers = {"Accept": BROWSER, "Accept-Encoding": "gzip"}
        async with client.stream("GET", "/fhir/metadata", headers=headers) as answer:
            raw = b"".join([each async for each in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"].count("Accept-Encoding") == 1
    assert gzip.decompress(raw).startswith(b"<!doctype html>")


def _base(body: bytes, kind: str = "application/fhir+json", status: int = 200, **more: str) -> Any:
    async def base(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(body, status, media_type=kind, headers=more)(scope, receive, send)

    return base


async def _asked(base: Any, accept: str = BROWSER) -> httpx.Response:
    transport = httpx.ASGITransport(rendered(base, front()))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        return await client.get("/Goal?a=b", headers={"Accept": accept})


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "text/csv"])
async def test_what_is_not_json_passes(kind: str) -> None:
    answer = await _asked(_base(b"<script>1</script>", kind))
    assert answer.content == b"<script>1</script>"
    assert answer.headers["content-type"].startswith(kind)


async def test_what_is_compressed_already_passes() -> None:
    body = gzip.compress(b"{}")
    answer = await _asked(_base(body, **{"content-encoding": "gzip"}))
    assert answer.json() == {}


@pytest.mark.parametrize(
    "body", [b"[1,2]", b'"text"', b"null", b"{broken", b"\xff\xfe{}", b"[" * 2000 + b"]" * 2000]
)
async def test_json_of_another_shape_is_shown_as_it_is(body: bytes) -> None:
    answer = await _asked(_base(body))
    assert answer.status_code == 200
    page = Page(answer.text)
    assert body.decode("utf-8", "replace") in page.text


async def test_a_vary_of_its_own_gets_accept() -> None:
    for given, wanted in (("Prefer", "Prefer, Accept"), ("Accept-Encoding, accept", None)):
        answer = await _asked(_base(b"{}", vary=given))
        assert answer.headers["vary"] == (wanted or given)
    answer = await _asked(_base(b"{}", vary="Accept-Encoding"))
    assert answer.headers["vary"] == "Accept-Encoding, Accept"


async def test_the_time_that_the_server_says() -> None:
    answer = await _asked(_base(b"{}", **{"server-timing": "total;dur=12.34, store;dur=1.00"}))
    assert "12.3 ms" in Page(answer.text).text


async def test_a_crash_below_stays_one() -> None:
    async def base(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("below")

    with pytest.raises(RuntimeError, match="below"):
        await _asked(base)


async def test_nothing_below_is_nothing_here() -> None:
    async def base(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0)

    with pytest.raises(AssertionError):  # httpx's own: no answer began
        await _asked(base)


async def test_other_scopes_pass() -> None:
    seen: list[str] = []

    async def base(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await rendered(base, front())({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


async def test_long_answers_are_plain() -> None:
    """Ten million bytes make a page; past a limit without colours, with the table."""
    note = "</pre><script>alert(1)</script>" * 30
    one = {"resourceType": "Goal", "id": "g", "description": {"text": note}}
    entry = json.dumps({"fullUrl": "http://x/Goal/g", "resource": one}, separators=(",", ":"))
    body = '{"resourceType":"Bundle","type":"searchset","entry":['
    body += ",".join([entry] * (10_000_000 // len(entry))) + "]}"
    assert len(body) > 9_900_000
    answer = await _asked(_base(body.encode()))
    assert answer.headers["content-type"] == HTML
    assert "<script>alert" not in answer.text
    assert "too long to be coloured" in answer.text
    assert answer.text.count('<tr>\n<th scope="row">') == 500
    assert "The table shows the first of them" in answer.text


@pytest.mark.parametrize(("lines", "coloured"), [(1000, True), (MOST_LINES + 1, False)])
async def test_how_much_is_coloured(lines: int, coloured: bool) -> None:
    body = json.dumps({"resourceType": "Goal", "a": list(range(lines))})
    assert len(body) < LARGEST
    page = Page((await _asked(_base(body.encode()))).text)
    assert ("too long to be coloured" in page.text) is not coloured
    if coloured:
        assert json.loads(page.json) == json.loads(body)
    else:
        assert body in page.text
