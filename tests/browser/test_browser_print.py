"""On paper: everything is there, nothing is cut off, and no button asks to be pressed.

A browser lays out for paper what it is told to print: what is looked at is that layout, at the
width that an A4 page has between its margins.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api, rich_case
from tests.browser.conftest import MANAGER
from tests.browser.pages import answered, case_page, my_goals, texts

pytestmark = pytest.mark.asyncio(loop_scope="session")

A4: Final = {"width": 680, "height": 1009}
"""CSS pixels: 210 by 297 mm without margins of 15 mm."""
LEAST_CONTRAST: Final = 4.5

_FAULTS: Final = """
(least) => {
  const faults = new Set();
  const name = (node) => `${node.localName}.${node.className?.baseVal ?? node.className}`;
  const channel = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((each) => channel(each / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const node of [document.documentElement, document.body]) {
    const paper = getComputedStyle(node).backgroundColor;
    if (paper !== "rgba(0, 0, 0, 0)" && light(paper) < 1) faults.add(`dark paper: ${name(node)}`);
  }
  for (const node of document.body.querySelectorAll("*")) {
    if (!node.checkVisibility() || node.closest(".visually-hidden, #live")) continue;
    const { left, width } = node.getBoundingClientRect();
    if (left < -0.5 || left + Math.max(width, node.scrollWidth) > innerWidth + 0.5)
      faults.add(`beside the paper: ${name(node)}`);
    if (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "visible")
      faults.add(`cut off: ${name(node)}`);
    if (node.matches("button, input, select, dialog, .skip-link") && !node.matches(".choice"))
      faults.add(`a control: ${name(node)}`);
    const said = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    // white on a mark that is printed in its colour
    if (!said || node.matches(".step-current .step-mark")) continue;
    const contrast = 1.05 / (light(getComputedStyle(node).color) + 0.05);
    if (contrast < least) faults.add(`pale (${contrast.toFixed(1)}): ${name(node)}`);
  }
  return [...faults];
}
"""
_BREAKS: Final = """
(selector) => [...document.querySelectorAll(selector)].map((node) =>
  [getComputedStyle(node).breakInside, node.getBoundingClientRect().height])
"""


async def on_paper(page: Page) -> None:
    """Show what is printed, to somebody who likes her screen dark."""
    await page.set_viewport_size({"width": A4["width"], "height": A4["height"]})
    await page.emulate_media(media="print", color_scheme="dark")


async def kept_whole(page: Page, selector: str) -> int:
    """Check that no page ends within any of these; return how many there are."""
    found: list[Any] = await page.evaluate(_BREAKS, selector)
    assert {inside for inside, _ in found} <= {"avoid"}, selector
    assert max((height for _, height in found), default=0) < A4["height"], selector
    return len(found)


async def test_what_is_wrong_on_paper_is_noticed(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/apps/goals/")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await on_paper(page)
    assert await page.evaluate(_FAULTS, LEAST_CONTRAST) == []
    await page.emulate_media(media="screen", color_scheme="dark")
    await page.evaluate(
        "() => document.querySelector('main').append(document.createElement('pre'))"
    )
    await page.locator("main > pre").evaluate("(node) => node.append('x'.repeat(200))")

    found = "\n".join(await page.evaluate(_FAULTS, LEAST_CONTRAST))
    for fault in (
        "dark paper: body",
        "a control: button",
        "pale (1.2): p",
        "beside the paper: pre",
    ):
        assert fault in found


async def test_my_goals_on_paper(page: Page, origin: str, manager: Api) -> None:
    talks = manager.get("Communication?status=completed&_count=500")["entry"]
    of_each = Counter(each["resource"]["subject"]["reference"] for each in talks)
    ((most, number),) = of_each.most_common(1)
    assert number > 4, "more than are shown at first"
    member = most.removeprefix("Patient/")
    await my_goals(page, origin, member)
    folded = await page.locator("main details").count()
    shown = page.locator(".goal:visible, .contacts > li:visible")
    screen = await shown.count()
    # told to all others of this event after the app itself
    await page.evaluate(
        """() => addEventListener("beforeprint", () => {
          window.printed = document.querySelectorAll("main details:not([open])").length;
        })"""
    )
    paper = await page.pdf(prefer_css_page_size=True, format="A4")
    assert paper.startswith(b"%PDF")
    assert await page.evaluate("printed") == 0, "what is folded is printed"
    assert await page.locator("main details:not([open])").count() == folded > 0

    await on_paper(page)
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    everything = page.locator(".goal, .contacts > li")
    assert await shown.count() == await everything.count() > screen
    assert await page.evaluate(_FAULTS, LEAST_CONTRAST) == []
    assert await kept_whole(page, ".goal") > 0
    assert await kept_whole(page, ".rows > li") > 0
    await expect(page.locator(".banner")).to_contain_text(member)
    await expect(page.locator(".as-of")).to_contain_text("As of")


async def test_a_case_and_a_list_of_cases_on_paper(page: Page, origin: str, manager: Api) -> None:
    case = rich_case(manager)
    await case_page(page, origin, MANAGER, f"?case={case}")
    await expect(page.locator("article.case")).to_be_visible()
    await page.locator('.choice[data-kind="contact"]').click()
    await on_paper(page)

    assert await page.evaluate(_FAULTS, LEAST_CONTRAST) == []
    for part in (".thing", ".step", ".entry", ".party"):
        assert await kept_whole(page, part) > 0
    await expect(page.locator(".case-head")).to_contain_text(" as of ")
    # paper shows no colours behind things, unless it is told to
    adjust = "(node) => getComputedStyle(node).printColorAdjust"
    for drawn in (page.locator("progress"), page.locator(".step-mark").first):
        assert await drawn.evaluate(adjust) == "exact"
    (chosen,) = await texts(page.locator(".choice:visible"))
    assert chosen.startswith("Interactions ")

    await page.goto(f"{origin}/apps/case/?owner=U15&status=any")
    await answered(page)
    assert await page.evaluate(_FAULTS, LEAST_CONTRAST) == []
    await expect(page.locator(".cases thead")).to_have_css("display", "table-header-group")
    assert await kept_whole(page, ".cases tbody tr") == 20
    (said,) = await texts(page.locator("#results > .print-only"))
    assert said.startswith("Care manager: U15 · Status: Any status · Order: Due first · As of ")
    await expect(page.locator(".paging p")).to_be_visible()
    await expect(page.locator(".paging p")).to_contain_text("20 of")
