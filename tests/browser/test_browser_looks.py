"""The apps for those who look otherwise: the system's own colours, large type, keys, no motion."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api, rich_case
from tests.browser.conftest import MANAGER
from tests.browser.pages import case_page, my_goals

pytestmark = pytest.mark.asyncio(loop_scope="session")

ZOOMED = {"width": 640, "height": 450}
"""What is left of 1280 by 900 at 200 %."""
_COLOURS = """
(node) => {
  const { backgroundColor, fill } = getComputedStyle(node);
  return node instanceof SVGElement ? fill : backgroundColor;
}
"""
_SYSTEM = """
(name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.className = "badge";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`i.badge { forced-color-adjust: none; background: ${name} !important }`);
  document.adoptedStyleSheets = [sheet];
  const found = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return found;
}
"""


async def test_what_is_drawn_is_seen_in_the_colours_of_the_system(
    page: Page, origin: str, manager: Api, member: str
) -> None:
    await page.emulate_media(forced_colors="active")
    await case_page(page, origin, MANAGER, f"?case={rich_case(manager)}")
    chosen = page.locator('.choice[aria-pressed="true"]')
    await expect(chosen).to_have_count(1)
    highlight = await page.evaluate(_SYSTEM, "Highlight")
    assert await chosen.evaluate(_COLOURS) == highlight
    other = page.locator('.choice[aria-pressed="false"]').first
    assert await other.evaluate(_COLOURS) != highlight
    bar = page.locator("progress")
    full = await bar.screenshot()
    await bar.evaluate("(node) => { node.value = 0; }")
    assert await bar.screenshot() != full, "how far it is can be seen"

    await page.context.clear_cookies()
    await my_goals(page, origin, member)
    highlight = await page.evaluate(_SYSTEM, "Highlight")
    used = page.locator(".course-used")
    assert await used.count() > 0
    assert {await each.evaluate(_COLOURS) for each in await used.all()} == {highlight}


async def test_at_twice_the_size_and_with_keys_alone_a_case_is_read(
    page: Page, origin: str, manager: Api
) -> None:
    await page.set_viewport_size({"width": ZOOMED["width"], "height": ZOOMED["height"]})
    await case_page(page, origin, MANAGER, f"?case={rich_case(manager)}")
    await expect(page.locator("article.case")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == ZOOMED["width"]
    thing = page.locator("#tasks .thing").first
    words = await thing.locator(".thing-main").bounding_box()
    button = await thing.locator(".fhir").bounding_box()
    assert words is not None
    assert button is not None
    assert button["x"] >= words["x"] + words["width"], "there is room for it beside the words"

    # what is chosen in a dialog goes away with its button: the focus must not
    await page.locator('#tasks button.fhir[data-path^="Task/"]').first.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    title, live = dialog.locator("#raw-title"), dialog.locator(".raw-live")
    await expect(title).to_be_focused()
    await expect(live).to_have_text("Loaded.")

    link = dialog.locator("button.json-link").first
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("button", name="Back")).to_be_visible()
    await expect(title).to_be_focused()
    await expect(dialog.locator("pre")).to_be_visible()  # which it is not while it is read
    await page.keyboard.press("Tab")
    await expect(dialog.locator("pre")).to_be_focused()
    await dialog.get_by_role("button", name="Back").focus()
    await page.keyboard.press("Enter")
    await expect(title).to_be_focused()


async def test_nothing_moves_for_somebody_who_wants_no_motion(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/apps/goals/")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await page.evaluate("document.querySelector('main').append(document.createElement('i'))")
    spinner = page.locator("main > i")
    await spinner.evaluate("(node) => { node.className = 'spinner'; }")
    await expect(spinner).to_have_css("animation-name", "turn")
    await page.emulate_media(reduced_motion="reduce")
    await expect(spinner).to_have_css("animation-name", "none")


async def test_a_heading_keeps_its_distance(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/apps/goals/")
    heading = await page.get_by_role("heading", level=1).bounding_box()
    words = await page.locator(".welcome > h1 + p").bounding_box()

    assert heading is not None
    assert words is not None
    assert words["y"] - (heading["y"] + heading["height"]) >= 8
