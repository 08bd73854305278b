"""The landing page, the docs, and FHIR answers as a browser shows them."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.asking import Api, Json
from tests.browser.axe import violations
from tests.browser.pages import texts
from tests.browser.watching import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")


def answered(url: str) -> Json:
    response = httpx.get(url, headers={"Accept": "application/fhir+json"})
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


def token_of_a_service(origin: str, scope: str) -> str:
    """Register a service as docs/smart.md does it by hand, and return its token."""
    grant = "client_credentials"
    form = {"grant_types": [grant], "scope": scope}
    known = httpx.post(f"{origin}/auth/register", json=form).json()
    who = (known["client_id"], known["client_secret"])
    form = {"grant_type": grant, "scope": scope}
    token: str = httpx.post(f"{origin}/auth/token", data=form, auth=who).json()["access_token"]
    return token


async def test_the_landing_page_says_how_the_server_is_and_how_much_is_in_it(
    page: Page, origin: str, manager: Api
) -> None:
    await page.goto(f"{origin}/")

    await expect(page.locator("#health")).to_have_text("Ready")
    await expect(page.get_by_text(f"{origin}/fhir")).to_be_visible()
    counts = dict(
        [line.split()[1], int(line.split()[0].replace(",", ""))]
        for line in await texts(page.locator(".counts li"))
    )
    # other types may grow by what the tests themselves do, or hold more than she may see
    for kind in ("Goal", "Flag", "EpisodeOfCare", "Task"):
        assert counts[kind] >= manager.count(kind) > 0


async def test_every_link_of_the_landing_page_works(page: Page, origin: str, watch: Watch) -> None:
    watch.allow(401)
    await page.goto(f"{origin}/")
    links = {await each.get_attribute("href") for each in await page.locator("a[href]").all()}
    assert {"/docs", "/fhir/metadata", "/apps/goals/launch", "/apps/case/launch"} <= links
    for href in sorted(str(each) for each in links):
        if href.startswith("#"):
            continue
        status = httpx.get(
            f"{origin}{href}", headers={"Accept": "text/html"}, follow_redirects=True
        ).status_code
        assert status == 200, href

    await page.goto(f"{origin}/fhir/Goal?patient=M100001")
    await expect(page.get_by_role("heading", name="This needs an access token")).to_be_visible()
    await expect(page.locator(".note")).to_contain_text("make demo")
    await page.get_by_role("link", name="goals app").click()
    await page.wait_for_url(re.compile("/auth/login"))


async def test_the_landing_page_notices_that_the_server_is_gone(
    page: Page, origin: str, watch: Watch
) -> None:
    watch.may_be_offline = True
    await page.clock.install()
    await page.goto(f"{origin}/")
    await expect(page.locator("#health")).to_have_text("Ready")
    await page.context.set_offline(True)
    await page.clock.fast_forward(20_000)
    await expect(page.locator("#health")).to_have_text("Not reachable")

    await page.context.set_offline(False)
    await page.clock.fast_forward(20_000)
    await expect(page.locator("#health")).to_have_text("Ready")


async def test_the_docs_list_every_operation_without_any_other_server(
    page: Page, origin: str
) -> None:
    description = answered(f"{origin}/openapi.json")
    await page.goto(f"{origin}/docs")

    tags = {
        tag
        for path in description["paths"].values()
        for each in path.values()
        for tag in each["tags"]
    }
    shown = page.locator(".opblock-tag")
    await expect(shown).to_have_count(len(tags))
    assert {await each.get_attribute("data-tag") for each in await shown.all()} == tags
    (tag,) = description["paths"]["/fhir/metadata"]["get"]["tags"]
    await page.locator(f'.opblock-tag[data-tag="{tag}"]').click()
    block = page.locator(".opblock-get", has=page.locator('[data-path="/fhir/metadata"]'))
    await block.locator("button.opblock-summary-control").click()
    await block.get_by_role("button", name="Try it out").click()
    await block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table tr.response td.response-col_status")
    await expect(answer).to_contain_text("200")


async def test_the_docs_take_a_token(page: Page, origin: str, manager: Api) -> None:
    await page.goto(f"{origin}/docs")
    await page.get_by_role("button", name="Authorize").click()
    form = page.locator(".auth-container")
    await form.get_by_role("textbox").fill(token_of_a_service(origin, "system/Goal.rs"))
    await form.get_by_role("button", name="Apply credentials").click()
    await form.get_by_role("button", name="Close").click()
    await page.locator('.opblock-tag[data-tag="Goal"]').click()
    path = page.locator('[data-path="/fhir/Goal/{id}"]')
    block = page.locator(".opblock-get", has=path).first
    await block.locator("button.opblock-summary-control").click()
    await block.get_by_role("button", name="Try it out").click()
    (goal, *_) = manager.search("Goal?_count=1")
    await block.get_by_placeholder("id").fill(goal["id"])
    await block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table tr.response td.response-col_status")
    await expect(answer).to_contain_text("200")


async def test_pages_lead_through_a_whole_search(page: Page, open_origin: str) -> None:
    stored = answered(f"{open_origin}/fhir/Goal?_count=500")
    ids = [each["resource"]["id"] for each in stored["entry"]]
    await page.goto(f"{open_origin}/fhir/Goal?_count=7")
    seen: list[str] = []
    for _ in range(len(ids)):
        seen += await texts(page.locator(".results .id"))
        following = page.get_by_role("link", name="Next page").first
        if not await following.count():
            break
        await following.click()

    assert len(ids) > 7
    assert sorted(seen) == sorted(ids)
    await page.get_by_role("link", name="Previous page").first.click()
    assert set(await texts(page.locator(".results .id"))) <= set(seen[:-1])


async def test_references_and_history_can_be_clicked(page: Page, open_origin: str) -> None:
    bundle = answered(f"{open_origin}/fhir/Task?_count=50")
    task = next(each["resource"] for each in bundle["entry"] if "focus" in each["resource"])
    await page.goto(f"{open_origin}/fhir/Task?_id={task['id']}")
    await page.locator(".results .id a").click()
    await expect(page).to_have_url(f"{open_origin}/fhir/Task/{task['id']}")
    await expect(page.locator(".asked .badge")).to_have_text("200 OK")
    version = task["meta"]["versionId"]
    await expect(page.locator(".asked")).to_contain_text(f'W/"{version}"')

    await page.locator("#json-text").get_by_role("link", name=task["focus"]["reference"]).click()
    await expect(page).to_have_url(f"{open_origin}/fhir/{task['focus']['reference']}")
    await expect(page.locator("#json-text")).to_contain_text('"EpisodeOfCare"')
    await page.get_by_role("button", name="Fold all", exact=True).click()
    assert await page.locator("#json-text details[open]").count() == 0
    await page.get_by_role("button", name="Unfold all").click()
    assert await page.locator("#json-text details:not([open])").count() == 0

    await page.get_by_role("link", name="Raw JSON").click()
    raw = await page.evaluate("() => document.body.innerText")
    assert f'"{task["focus"]["reference"].partition("/")[2]}"' in raw


async def test_a_wrong_filter_is_explained(page: Page, open_origin: str, watch: Watch) -> None:
    watch.allow(400)
    await page.goto(f"{open_origin}/fhir/Task?stauts=ready")

    await expect(page.get_by_role("heading", name="What is wrong")).to_be_visible()
    await expect(page.locator(".issue").first).to_contain_text("stauts")
    assert watch.statuses == [(400, f"{open_origin}/fhir/Task?stauts=ready")]


async def test_an_open_server_has_examples_that_work(page: Page, open_origin: str) -> None:
    await page.goto(f"{open_origin}/")
    await page.locator(".examples a").first.click()

    await expect(page.locator("#results")).to_contain_text("on this page")
    await expect(page.locator(".results tbody tr").first).to_be_visible()


async def test_somebody_is_found_without_a_script(
    browser: Browser, open_origin: str, page: Page, watch: Watch
) -> None:
    subject = answered(f"{open_origin}/fhir/Goal?_count=1")["entry"][0]["resource"]["subject"]
    plain = await browser.new_context(java_script_enabled=False)
    shown = await plain.new_page()
    await shown.goto(f"{open_origin}/fhir")
    await expect(shown).to_have_url(f"{open_origin}/")
    await shown.goto(f"{open_origin}/fhir/{subject['reference']}")
    await shown.get_by_role("link", name="Patient", exact=True).click()
    search = shown.get_by_role("search", name="Search Patient")
    await search.get_by_label("Value").fill(subject["display"])
    await search.get_by_role("button", name="Search").click()
    number = subject["reference"].partition("/")[2]
    await expect(shown.locator(".results .id", has_text=number)).to_be_visible()
    await expect(search.get_by_label("By")).to_have_value("Patient.name")
    await plain.close()

    # with scripts, and so with the policy at work
    await page.goto(f"{open_origin}/")
    search = page.get_by_role("search", name="Search")
    await search.get_by_label("What").select_option("Goal.patient")
    await search.get_by_label("Value").fill(number)
    await search.get_by_role("button", name="Search").click()
    await expect(page).to_have_url(f"{open_origin}/fhir/Goal?patient={number}")
    await expect(page.locator(".results .id").first).to_be_visible()


async def test_pages_beside_the_base(
    page: Page, origin: str, open_origin: str, watch: Watch
) -> None:
    watch.allow(404, 422)
    await page.goto(f"{open_origin}/fhir/Patient")
    found = {"people": await violations(page)}
    for path in ("/nothing", "/apps/", "/health"):
        await page.goto(f"{origin}{path}")
        found[path] = await violations(page)
    await expect(page.locator("#health")).to_have_text("Ready")
    await page.goto(f"{origin}/Goal")
    await page.get_by_role("link", name="The apps").click()
    await expect(page.get_by_role("link", name="Launch as a member")).to_be_visible()

    assert {name: each for name, each in found.items() if each} == {}


async def test_a_phone_has_no_need_to_scroll_sideways(
    page: Page, origin: str, open_origin: str, watch: Watch
) -> None:
    watch.allow(401, 404)
    await page.set_viewport_size({"width": 360, "height": 740})
    widths = {}
    for url in (
        f"{origin}/",
        f"{origin}/auth/login",
        f"{origin}/auth/",
        f"{origin}/fhir/Goal?patient=M100001",
        f"{origin}/fhir/metadata",
        f"{origin}/nothing/{'x' * 100}",
        f"{open_origin}/",
        f"{open_origin}/fhir/Task?_count=5",
    ):
        await page.goto(url)
        widths[url] = await page.evaluate("() => document.documentElement.scrollWidth")

    assert set(widths.values()) == {360}, widths
