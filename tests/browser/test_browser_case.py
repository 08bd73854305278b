"""The case page: a case is found, and every part of it is counted against the API."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api, Json, rich_case
from tests.browser.conftest import MANAGER
from tests.browser.pages import case_page, decide, found_cases, texts
from tests.browser.watching import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNTED = ("Task", "Goal", "Flag", "Communication", "Provenance", "DocumentReference")
TIMED = ("Communication", "Provenance", "DocumentReference")
PAGE = 20


def resources(bundle: Json) -> list[Json]:
    return [each["resource"] for each in bundle["entry"]]


def ids(found: list[Json]) -> list[str]:
    return [each["id"] for each in found]


async def test_cases_are_found_by_member_status_owner_and_due(
    page: Page, origin: str, member: str, manager: Api
) -> None:
    await case_page(page, origin, MANAGER)
    await page.wait_for_selector("table.cases")
    await expect(page.locator("#found .count")).to_have_text(
        str(manager.count("EpisodeOfCare?status=active"))
    )
    first = manager.get(f"EpisodeOfCare?status=active&_sort=due&_count={PAGE}")
    assert await found_cases(page) == ids(resources(first))

    search = page.get_by_role("search")
    await search.get_by_label("Member").fill(member)
    await search.get_by_label("Status").select_option("any")
    await search.get_by_role("button", name="Search").click()
    await page.wait_for_url(re.compile(f"member={member}"))
    await expect(page.locator("#found")).to_contain_text("All cases of")
    stored = manager.search(f"EpisodeOfCare?patient={member}")
    assert {*await found_cases(page)} == {*ids(stored)}

    for status in ("finished", "onhold"):
        await search.get_by_label("Member").fill("")
        await search.get_by_label("Status").select_option(status)
        await search.get_by_role("button", name="Search").click()
        await page.wait_for_url(re.compile(f"status={status}"))
        expected = manager.count(f"EpisodeOfCare?status={status}")
        if expected:
            await expect(page.locator("#found .count")).to_have_text(str(expected))
        else:
            await expect(page.locator(".state-empty")).to_contain_text("No cases found")

    await search.get_by_label("Care manager").fill("U15")
    await search.get_by_label("Status").select_option("active")
    today = datetime.now(UTC).date()
    start, end = (today - timedelta(days=60)).isoformat(), (today + timedelta(days=60)).isoformat()
    await search.get_by_label("Due from").fill(start)
    await search.get_by_label("Due to").fill(end)
    await search.get_by_role("button", name="Search").click()
    await page.wait_for_url(re.compile(f"owner=U15.*from={start}.*to={end}"))
    query = f"EpisodeOfCare?status=active&care-manager=U15&due=ge{start}&due=le{end}"
    expected = manager.count(query)
    assert expected, "the demo data has such cases"
    await expect(page.locator("#found .count")).to_have_text(str(expected))
    first = manager.get(f"{query}&_sort=due&_count={PAGE}")
    assert await found_cases(page) == ids(resources(first))

    await page.go_back()
    await expect(search.get_by_label("Status")).to_have_value("onhold")


async def test_next_pages_lead_through_all_cases(page: Page, origin: str, manager: Api) -> None:
    query = "EpisodeOfCare?status=active&care-manager=U15&_sort=due"
    stored = ids(manager.search(f"{query}&_count=100"))
    await case_page(page, origin, MANAGER, "?owner=U15")
    seen: list[str] = []
    while True:
        await page.wait_for_selector("table.cases")
        seen += await found_cases(page)
        following = page.locator("a[rel=next]")
        if not await following.count():
            break
        address = page.url
        await following.click()
        await expect(page).not_to_have_url(address)
        await expect(page.locator(f'tr[data-case="{seen[-1]}"]')).to_have_count(0)

    assert len(stored) > PAGE
    assert seen == stored


async def test_every_part_of_a_case_is_counted_as_the_api_counts_it(
    page: Page, origin: str, manager: Api
) -> None:
    case = rich_case(manager)
    parts = resources(manager.get(f"EpisodeOfCare/{case}/$case"))
    stored = Counter(each["resourceType"] for each in parts)
    await case_page(page, origin, MANAGER, f"?case={case}")
    article = page.locator("article.case")
    await expect(article).to_have_attribute("data-case", case)

    shown = {
        await each.get_attribute("data-type"): int(str(await each.get_attribute("data-count")))
        for each in await article.locator(".counts a").all()
    }
    assert shown == {kind: stored[kind] for kind in COUNTED}
    for kind, place in (("Task", "#tasks"), ("Goal", "#goals"), ("Flag", "#flags")):
        await expect(article.locator(f"{place} .thing")).to_have_count(stored[kind])
        await expect(article.locator(f"{place} h2 .count")).to_contain_text(str(stored[kind]))
    await expect(article.locator("#timeline .entry")).to_have_count(sum(stored[x] for x in TIMED))
    (plan,) = [each for each in parts if each["resourceType"] == "CarePlan"]
    steps = [each["detail"] for each in plan["activity"] if "detail" in each]
    assert steps
    assert await texts(article.locator(".steps > li.step h3")) == [
        each["code"].get("text") or each["code"]["coding"][0]["display"] for each in steps
    ]
    for kind in TIMED:
        await article.locator(f'.counts a[data-type="{kind}"]').click()
        await expect(article.locator("#timeline .entry")).to_have_count(stored[kind])

    for task in (each for each in parts if each["resourceType"] == "Task"):
        titles = await texts(article.locator("#tasks .thing-title"))
        assert " ".join(task["description"].split()) in titles
    for document in (each for each in parts if each["resourceType"] == "DocumentReference"):
        url = document["content"][0]["attachment"]["url"]
        await expect(article.locator(".entry-file", has_text=url)).to_have_count(1)
    (team,) = [each for each in parts if each["resourceType"] == "CareTeam"]
    organizations = [each for each in team["participant"] if "onBehalfOf" not in each]
    headings = await texts(article.locator(".party .thing-title"))
    for party, heading in zip(organizations, headings, strict=True):
        role = party["role"][0]["coding"][0]["code"].replace("_", " ")
        assert heading.lower().startswith(role)
    (episode,) = [each for each in parts if each["resourceType"] == "EpisodeOfCare"]
    head = article.locator(".case-head")
    await expect(head).to_contain_text(episode["patient"]["reference"].removeprefix("Patient/"))
    names = {
        each["url"].rpartition("/")[2]: each.get("valueString")
        for each in episode.get("extension", [])
    }
    await expect(head.get_by_role("heading", level=1)).to_have_text(str(names["case-name"]))


async def test_searches_of_the_api_agree_with_the_numbers_of_the_page(
    page: Page, origin: str, manager: Api
) -> None:
    case = rich_case(manager)
    await case_page(page, origin, MANAGER, f"?case={case}")
    links = page.locator("article.case .counts a")
    await expect(links).to_have_count(len(COUNTED))

    for kind, parameter in (("Task", "case"), ("Goal", "case"), ("Flag", "case")):
        link = page.locator(f'.counts a[data-type="{kind}"]')
        hidden = re.search(r"(\d+) hidden from searches", await link.inner_text())
        total = int(str(await link.get_attribute("data-count")))
        visible = total - int(hidden[1] if hidden else 0)
        assert visible == manager.count(f"{kind}?{parameter}={case}")


async def test_each_thing_is_shown_as_the_fhir_that_the_api_answers(
    page: Page, origin: str, manager: Api
) -> None:
    case = rich_case(manager)
    await case_page(page, origin, MANAGER, f"?case={case}")
    button = page.locator('#tasks button.fhir[data-path^="Task/"]').first
    path = str(await button.get_attribute("data-path"))
    await button.click()

    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(".raw-address")).to_have_text(f"GET {origin}/fhir/{path}")
    shown = await dialog.locator("pre").inner_text()
    assert json.loads(shown) == manager.get(path)

    await dialog.get_by_role("button", name=f'"EpisodeOfCare/{case}"').click()
    await expect(dialog.locator(".raw-address")).to_contain_text(f"EpisodeOfCare/{case}")
    await expect(dialog.locator("pre")).to_contain_text('"resourceType": "EpisodeOfCare"')
    await dialog.get_by_role("button", name="Back").click()
    await expect(dialog.locator(".raw-address")).to_contain_text(path)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(button).to_be_focused()

    await page.get_by_role("button", name="Whole case as FHIR").click()
    await expect(dialog.locator("pre")).to_contain_text('"resourceType": "Bundle"')
    whole = json.loads(await dialog.locator("pre").inner_text())
    assert len(whole["entry"]) == len(manager.get(f"EpisodeOfCare/{case}/$case")["entry"])


async def test_a_case_has_an_address_that_survives_reload_back_and_another_window(
    page: Page, origin: str, member: str, manager: Api
) -> None:
    case = manager.search(f"EpisodeOfCare?patient={member}")[0]["id"]
    await case_page(page, origin, MANAGER, f"?member={member}&status=any")
    await page.locator(f'tr[data-case="{case}"] a.case-link').click()
    article = page.locator("article.case")
    await expect(article).to_have_attribute("data-case", case)
    sent = parse_qs(urlsplit(page.url).query)
    assert sent["case"] == [case]
    await expect(page.locator("#case-title")).to_be_focused()

    await page.reload()
    await expect(article).to_have_attribute("data-case", case)
    await page.go_back()
    await expect(page.locator(f'tr[data-case="{case}"]')).to_be_visible()
    await page.go_forward()
    await expect(article).to_have_attribute("data-case", case)

    other = await page.context.new_page()
    await other.goto(page.url)
    await other.get_by_role("button", name="Sign in").click()
    await decide(other)  # the person is signed in already, the window is not
    await expect(other.locator("article.case")).to_have_attribute("data-case", case)


async def test_a_case_that_is_not_there_is_said_in_words(
    page: Page, origin: str, watch: Watch
) -> None:
    watch.allow(404)
    await case_page(page, origin, MANAGER, "?case=000000000000000000000000")

    await expect(page.get_by_role("alert")).to_contain_text("This case is not there")
    await page.get_by_role("link", name="Back to the cases").click()
    await expect(page.locator("table.cases")).to_be_visible()


async def test_a_member_cannot_use_the_case_page(page: Page, origin: str, watch: Watch) -> None:
    await page.goto(f"{origin}/apps/case/launch")
    await page.locator("#q").fill("M100001")
    await page.get_by_role("button", name="Search").click()

    members = page.locator("section[aria-labelledby=member]")
    await expect(members).to_contain_text("asks for nothing that a person of this kind could give")
    await expect(members.get_by_role("button")).to_have_count(0)


async def test_a_phone_has_no_need_to_scroll_sideways(
    page: Page, origin: str, manager: Api
) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await case_page(page, origin, MANAGER, f"?case={rich_case(manager)}")
    await expect(page.locator("article.case")).to_be_visible()
    widths = [await page.evaluate("() => document.documentElement.scrollWidth")]
    await page.get_by_role("link", name="Back to the cases").click()
    await expect(page.locator("table.cases")).to_be_visible()
    widths.append(await page.evaluate("() => document.documentElement.scrollWidth"))

    assert widths == [360, 360]
