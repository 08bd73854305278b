"""SMART launches in a browser: https://hl7.org/fhir/smart-app-launch/app-launch.html"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api
from tests.browser.axe import WIDTHS
from tests.browser.conftest import MANAGER
from tests.browser.pages import LOADED, choose, decide, my_goals, session_of, sign_in
from tests.browser.watching import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_member_signs_in_at_a_standalone_launch(
    page: Page, origin: str, watch: Watch, member: str
) -> None:
    await page.goto(f"{origin}/")
    await page.get_by_role("link", name="Launch as a member").click()
    await sign_in(page, f"member:{member}")
    await page.wait_for_selector(LOADED)

    await expect(page.get_by_role("heading", level=1)).to_have_text("My goals")
    await expect(page.locator(".banner")).to_contain_text(member)
    (asked,) = watch.asked("GET", "/auth/authorize")
    sent = {name: value for name, (value,) in parse_qs(urlsplit(asked.url).query).items()}
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["code_challenge"]) == 43
    assert sent["aud"] == f"{origin}/fhir"
    assert "launch" not in sent
    assert urlsplit(page.url).query == "", "the code stays out of the history"


async def test_an_ehr_launch_brings_user_and_patient_along(
    page: Page, origin: str, watch: Watch, member: str, manager: Api
) -> None:
    await page.goto(f"{origin}/auth/launch")
    await choose(page, "account", f"practitioner:{MANAGER}")
    await page.get_by_role("searchbox").fill(member)
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("radio", name="My goals").check()
    await page.locator(f'input[name="patient"][value="{member}"]').check()
    await page.get_by_role("button", name="Launch").click()
    await page.wait_for_url(re.compile("/auth/consent"))
    await expect(page.locator(".demo-facts")).to_contain_text(member)
    await decide(page)
    await page.wait_for_selector(LOADED)

    (launched,) = [each for each in watch.asked("GET", "/apps/goals/launch") if "?" in each.url]
    assert parse_qs(urlsplit(launched.url).query)["iss"] == [f"{origin}/fhir"]
    assert not watch.asked("GET", "/auth/patient"), "the patient was known"
    await expect(page.locator(".banner")).to_contain_text(member)
    state = await session_of(page)
    assert state["tokenResponse"]["patient"] == member
    active = manager.count(f"Goal?patient={member}&lifecycle-status=active")
    await expect(page.locator(".summary a[href='#goals'] strong")).to_have_text(str(active))


async def test_an_ehr_that_shows_the_name_itself_needs_no_banner(
    page: Page, origin: str, member: str
) -> None:
    await page.goto(f"{origin}/auth/launch")
    await choose(page, "account", f"member:{member}")
    await page.get_by_role("radio", name="My goals").check()
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Launch").click()
    await decide(page)
    await page.wait_for_selector(LOADED)

    await expect(page.locator(".banner")).to_have_count(0)


async def test_an_ehr_opens_the_case_page_with_the_cases_of_its_patient(
    page: Page, origin: str, member: str, manager: Api
) -> None:
    await page.goto(f"{origin}/auth/launch")
    await choose(page, "account", f"practitioner:{MANAGER}")
    await page.get_by_role("searchbox").fill(member)
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("radio", name="Case page").check()
    await page.locator(f'input[name="patient"][value="{member}"]').check()
    await page.get_by_role("button", name="Launch").click()
    await decide(page)
    await page.wait_for_selector("table.cases")

    stored = {each["id"] for each in manager.search(f"EpisodeOfCare?patient={member}")}
    rows = page.locator("tr[data-case]")
    assert {await each.get_attribute("data-case") for each in await rows.all()} == stored


async def test_a_care_manager_picks_the_patient(
    page: Page, origin: str, member: str, manager: Api
) -> None:
    await page.goto(f"{origin}/apps/goals/launch")
    await sign_in(page, f"practitioner:{MANAGER}", patient=member)
    await page.wait_for_selector(LOADED)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Goals")
    await expect(page.locator(".banner")).to_contain_text(member)
    active = manager.count(f"Goal?patient={member}&lifecycle-status=active")
    await expect(page.locator(".summary a[href='#goals'] strong")).to_have_text(str(active))


async def test_people_are_found_by_name(
    page: Page, origin: str, as_member: Callable[[str], Api]
) -> None:
    await page.goto(f"{origin}/apps/goals/launch")
    await page.wait_for_url(re.compile("/auth/login"))
    await page.get_by_role("searchbox").fill("Amara Sampleton")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("searchbox")).to_have_value("Amara Sampleton")
    names = page.locator('button[name="account"] .demo-name')
    assert {*await names.all_inner_texts()} == {"Amara Sampleton"}
    await page.locator('button[value="member:M100001"]').click()
    await decide(page)
    await page.wait_for_selector(LOADED)
    await expect(page.locator(".banner-name")).to_have_text("Amara Sampleton")


async def test_a_denied_consent_says_so_and_shows_nothing(
    page: Page, origin: str, watch: Watch, member: str
) -> None:
    await page.goto(f"{origin}/apps/goals/launch")
    await choose(page, "account", f"member:{member}")
    await decide(page, "deny")

    await expect(page.get_by_role("alert")).to_have_text("Signing in was cancelled.")
    assert urlsplit(page.url).query == ""
    assert not watch.asked("POST", "/auth/token")
    assert not watch.asked("GET", "/fhir/Goal")
    await page.get_by_role("button", name="Sign in again").click()
    await decide(page)
    await page.wait_for_selector(LOADED)


async def test_a_code_in_an_address_that_this_window_did_not_ask_for_is_not_used(
    page: Page, origin: str, watch: Watch
) -> None:
    await page.goto(f"{origin}/apps/goals/?code=of-somebody-else&state=unknown")

    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not watch.asked("POST", "/auth/token")
    assert urlsplit(page.url).query == ""


async def test_a_launch_from_another_server_is_refused(
    page: Page, origin: str, watch: Watch
) -> None:
    await page.goto(f"{origin}/apps/goals/launch?iss=https://elsewhere.example/fhir&launch=abc")

    await expect(page.get_by_role("alert")).to_contain_text("was asked to open")
    assert not watch.asked("GET", "/auth/authorize")


async def test_an_app_that_was_not_launched_offers_to_sign_in_and_reload_keeps_the_session(
    page: Page, origin: str, member: str
) -> None:
    await page.goto(f"{origin}/apps/goals/")
    await page.get_by_role("button", name="Sign in").click()
    await sign_in(page, f"member:{member}")
    await page.wait_for_selector(LOADED)
    await page.reload()
    await page.wait_for_selector(LOADED)

    await expect(page.locator(".banner")).to_contain_text(member)


async def test_another_window_has_no_part_in_the_session(
    page: Page, origin: str, member: str
) -> None:
    await my_goals(page, origin, member)
    other = await page.context.new_page()
    await other.goto(f"{origin}/apps/goals/")

    await expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    await expect(other.locator(".goal")).to_have_count(0)


async def test_many_scopes_are_a_short_list_on_a_phone(page: Page, origin: str) -> None:
    await page.set_viewport_size({"width": WIDTHS[1], "height": 780})
    await page.goto(f"{origin}/apps/case/launch")
    await choose(page, "account", f"practitioner:{MANAGER}")
    await page.wait_for_url(re.compile("/auth/consent"))

    kinds = page.locator(".demo-kinds li")
    await expect(kinds.filter(has_text="cases")).to_be_visible()
    await expect(page.locator("h3").first).to_contain_text("Read and search")
    scopes = page.locator(".demo-exact code")
    assert await kinds.count() == await scopes.filter(has_text="user/").count() > 10
    assert not await scopes.first.is_visible()
    root = page.locator("html")
    assert await root.evaluate("(root) => root.scrollHeight") < 1000
    assert await root.evaluate("(root) => root.scrollWidth") == WIDTHS[1]
    await page.locator(".demo-exact summary").first.click()
    await expect(scopes.first).to_be_visible()


async def test_after_signing_out_there_is_a_way_back_to_the_app(
    page: Page, origin: str, member: str
) -> None:
    await my_goals(page, origin, member)
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("link", name="Back to My goals").click()
    await page.get_by_role("button", name="Sign in").click()

    await page.wait_for_url(re.compile("/auth/login"))
