"""Sessions that end: renewed without a word, expired, signed out of."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api, revoke
from tests.browser.conftest import MANAGER, OPEN, SECONDS
from tests.browser.pages import LOADED, case_page, decide, my_goals, session_of, texts
from tests.browser.watching import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")


def wait_until_refused(origin: str, token: str) -> None:
    """Wait until the FHIR server takes a token no more."""
    for _ in range(20 * SECONDS):
        answer = httpx.get(
            f"{origin}/fhir/Task?_count=1", headers={"Authorization": f"Bearer {token}"}
        )
        if answer.status_code == 401:
            return
        time.sleep(0.1)
    pytest.fail("the token does not end")


async def test_a_token_that_has_ended_is_renewed_without_a_word(
    page: Page, brief_origin: str, watch: Watch, brief_member: str
) -> None:
    await my_goals(page, brief_origin, brief_member)
    first = (await session_of(page))["tokenResponse"]
    wait_until_refused(brief_origin, first["access_token"])
    await page.get_by_role("button", name="Refresh").click()

    await expect(page.locator("#live")).to_have_text("The page is up to date.")
    await expect(page.locator(".state-expired")).to_have_count(0)
    now = (await session_of(page))["tokenResponse"]
    assert now["access_token"] != first["access_token"]
    assert now["refresh_token"] != first["refresh_token"]
    sent = [each.post_data or "" for each in watch.asked("POST", "/auth/token")]
    assert any("grant_type=refresh_token" in each for each in sent)


async def test_a_refused_renewal_keeps_the_screen_and_offers_to_sign_in_again(
    page: Page, brief_origin: str, watch: Watch, brief_member: str
) -> None:
    watch.allow(400)
    await my_goals(page, brief_origin, brief_member)
    goals = await texts(page.locator(".goal h4"))
    revoke(brief_origin, await session_of(page))
    await page.get_by_role("button", name="Refresh").click()

    alert = page.locator(".state-expired")
    await expect(alert).to_contain_text("Your session has ended")
    await expect(alert).to_be_focused()
    assert await texts(page.locator(".goal h4")) == goals, "what she saw is still there"
    await expect(page.locator(".task-done").first).to_have_attribute("aria-disabled", "true")
    assert {url.partition("/auth")[2] for _, url in watch.statuses} == {"/token"}

    await alert.get_by_role("button", name="Sign in again").click()
    await decide(page)
    await page.wait_for_selector(LOADED)
    assert await texts(page.locator(".goal h4")) == goals
    await expect(page.locator(".state-expired")).to_have_count(0)


async def test_a_task_is_not_marked_as_done_once_the_session_has_ended(
    page: Page, brief_origin: str, watch: Watch, brief_member: str
) -> None:
    watch.allow(400)
    await my_goals(page, brief_origin, brief_member)
    revoke(brief_origin, await session_of(page))
    item = page.locator("li.task", has=page.locator("button.task-done")).first
    path = str(await item.get_attribute("id")).removeprefix("task-")
    await item.locator("button.task-done").click()

    await expect(item.get_by_role("alert")).to_have_text("Not saved: your session has ended.")
    await expect(page.locator(".state-expired")).to_be_visible()
    assert not watch.asked("PATCH", "/fhir/Task/")
    with Api(brief_origin, f"member:{brief_member}", "goals") as api:
        assert api.get(f"Task/{path}")["status"] in OPEN


async def test_a_token_that_has_ended_and_cannot_be_renewed_leads_to_signing_in(
    page: Page, brief_origin: str, watch: Watch, brief_member: str
) -> None:
    watch.allow(401)
    await my_goals(page, brief_origin, brief_member)
    state = await session_of(page)
    # a session that cannot be renewed, as that of an app without offline_access
    await page.evaluate(
        """() => {
          const key = JSON.parse(sessionStorage.getItem("SMART_KEY"));
          const state = JSON.parse(sessionStorage.getItem(key));
          delete state.tokenResponse.refresh_token;
          sessionStorage.setItem(key, JSON.stringify(state));
        }"""
    )
    wait_until_refused(brief_origin, state["tokenResponse"]["access_token"])
    await page.reload()
    await expect(page.locator(".state-expired")).to_be_visible()
    await expect(page.locator(".goal")).to_have_count(0)
    assert {status for status, _ in watch.statuses} == {401}

    await page.get_by_role("button", name="Sign in again").click()
    await decide(page)
    await page.wait_for_selector(LOADED)
    await expect(page.locator(".goal").first).to_be_visible()


async def test_the_case_page_keeps_its_case_over_an_expired_session(
    page: Page, brief_origin: str, watch: Watch, brief_member: str
) -> None:
    watch.allow(400)
    with Api(brief_origin, f"practitioner:{MANAGER}", "case") as api:
        case = api.search(f"EpisodeOfCare?patient={brief_member}")[0]["id"]
    await case_page(page, brief_origin, MANAGER, f"?case={case}")
    await expect(page.locator("article.case")).to_have_attribute("data-case", case)
    revoke(brief_origin, await session_of(page))
    await page.locator("button.fhir[data-path]").first.click()

    await expect(page.locator("#notice .state-expired")).to_be_attached()
    await page.keyboard.press("Escape")
    await expect(page.locator("article.case")).to_have_attribute("data-case", case)
    await page.get_by_role("button", name="Sign in again").click()
    await decide(page)
    await expect(page.locator("article.case")).to_have_attribute("data-case", case)
    await expect(page.locator(".state-expired")).to_have_count(0)


async def test_signing_out_ends_everything(
    page: Page, origin: str, watch: Watch, member: str
) -> None:
    await my_goals(page, origin, member)
    goal = await page.locator(".goal h4").first.inner_text()
    token = (await session_of(page))["tokenResponse"]
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(re.compile("/auth/logout"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")

    (revoked,) = watch.asked("POST", "/auth/revoke")
    response = await revoked.response()
    assert response is not None
    assert response.status == 200
    form = {
        "grant_type": "refresh_token",
        "client_id": "goals-app",
        "refresh_token": token["refresh_token"],
    }
    answer = httpx.post(f"{origin}/auth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert await page.evaluate("() => sessionStorage.length") == 0
    assert not await page.context.cookies(f"{origin}/auth")

    await page.go_back()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await expect(page.get_by_text(goal)).to_have_count(0)
    await expect(page.locator(".goal, .banner, li.task")).to_have_count(0)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(re.compile("/auth/login"))


async def test_signing_out_of_the_case_page_shows_nothing_afterwards(
    page: Page, origin: str, member: str, manager: Api
) -> None:
    case = manager.search(f"EpisodeOfCare?patient={member}")[0]["id"]
    await case_page(page, origin, MANAGER, f"?case={case}")
    await expect(page.locator("article.case")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(re.compile("/auth/logout"))
    await page.go_back()

    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await expect(page.locator("article.case, table.cases")).to_have_count(0)


async def test_another_site_cannot_sign_somebody_out(
    page: Page, origin: str, member: str, as_member: Callable[[str], Api]
) -> None:
    await my_goals(page, origin, member)
    await page.goto(f"{origin}/auth/logout")  # typed: nobody's page has sent her here

    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign out?")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


async def test_a_session_of_one_app_is_none_of_the_other(
    page: Page, origin: str, member: str
) -> None:
    await my_goals(page, origin, member)
    await page.goto(f"{origin}/apps/case/")

    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
