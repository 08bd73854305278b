"""What a person does on the pages: sign in, pick, allow, and look."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

LOADED = "main[aria-busy=false] #goals"
"""My goals, with all of its parts there."""


async def choose(page: Page, name: str, value: str) -> None:
    """Find a person by number on a page of the authorization server, and press that button."""
    await page.locator("#q").fill(value.partition(":")[2] or value)
    await page.get_by_role("button", name="Search").click()
    await page.locator(f'button[name="{name}"][value="{value}"]').click()


async def decide(page: Page, decision: str = "allow") -> None:
    """Allow or deny what an app asks for."""
    await page.locator(f'button[name="decision"][value="{decision}"]').click()


async def sign_in(page: Page, account: str, patient: str = "") -> None:
    """Go through login, patient picker and consent."""
    await page.wait_for_url(re.compile("/auth/login"))
    await choose(page, "account", account)
    if patient:
        await page.wait_for_url(re.compile("/auth/patient"))
        await choose(page, "patient", patient)
    await page.wait_for_url(re.compile("/auth/consent"))
    await decide(page)


async def my_goals(page: Page, origin: str, member: str) -> None:
    """Launch My goals standalone, as a member."""
    await page.goto(f"{origin}/apps/goals/launch")
    await sign_in(page, f"member:{member}")
    await page.wait_for_selector(LOADED)


async def case_page(page: Page, origin: str, manager: str, query: str = "") -> None:
    """Launch the case page standalone, as a care manager, with a search or a case."""
    if query:
        await page.goto(f"{origin}/apps/case/{query}")
        await page.get_by_role("button", name="Sign in").click()
    else:
        await page.goto(f"{origin}/apps/case/launch")
    await sign_in(page, f"practitioner:{manager}")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def find_cases(page: Page, member: str = "", owner: str = "", status: str = "any") -> None:
    """Search the case page, and wait for the answer."""
    search = page.get_by_role("search")
    await search.get_by_label("Member").fill(member)
    await search.get_by_label("Care manager").fill(owner)
    await search.get_by_label("Status").select_option(status)
    await search.get_by_role("button", name="Search").click()
    await answered(page)


async def answered(page: Page) -> None:
    """Wait until the case page has the answer to a search."""
    await expect(page.locator("#results > :not(.state-loading)").first).to_be_attached()


async def found_cases(page: Page) -> list[str]:
    """Return the ids of the cases in the table, once the search is over."""
    await answered(page)
    rows = await page.locator("tr[data-case]").all()
    return [str(await each.get_attribute("data-case")) for each in rows]


async def texts(found: Locator) -> list[str]:
    """Return the texts of elements, each as one line."""
    return [" ".join(each.split()) for each in await found.all_inner_texts()]


async def session_of(page: Page) -> dict[str, Any]:
    """Return what the app keeps of its session: the library's state, with the tokens."""
    found: dict[str, Any] = await page.evaluate(
        "() => JSON.parse(sessionStorage.getItem(JSON.parse(sessionStorage.getItem('SMART_KEY'))))"
    )
    return found
