"""Makes the pictures of the docs: `python -m tests.browser.screenshots docs/images`."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, expect

from tests.browser import serving
from tests.browser.asking import Api
from tests.browser.axe import WIDTHS
from tests.browser.chromium import MISSING, browser_path, chromium
from tests.browser.pages import case_page, choose, my_goals

MEMBER: Final = "M100001"
"""Somebody with goals under way."""
NAME: Final = "Fatima"
"""What several members are called."""
OF_CASE: Final = "M100091"
"""Somebody whose case has some of everything."""
MANAGER: Final = "U11"
PORT: Final = 8000
"""The port that the docs name."""
DESKTOP: Final = {"width": WIDTHS[0], "height": 900}
TALL: Final = {**DESKTOP, "height": 1120}
PHONE: Final = {"width": WIDTHS[1], "height": 780}

Steps = Callable[[Page, str], Awaitable[None]]
Pictures = dict[str, tuple[Steps, dict[str, Any]]]
"""name → (what to do, how to look)"""


async def goals(page: Page, origin: str) -> None:
    await my_goals(page, origin, MEMBER)


async def case(page: Page, origin: str) -> None:
    with Api(origin, f"practitioner:{MANAGER}", "case") as api:
        (found, *_) = api.search(f"EpisodeOfCare?patient={OF_CASE}&status=active")
    await case_page(page, origin, MANAGER, f"?case={found['id']}")
    await expect(page.locator("article.case")).to_be_visible()
    await page.wait_for_load_state("networkidle")


async def cases(page: Page, origin: str) -> None:
    await case_page(page, origin, MANAGER, f"?member={NAME}&status=any")
    await page.wait_for_selector("table.cases")
    await page.wait_for_load_state("networkidle")


async def landing(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")


async def login(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/apps/goals/launch")
    await page.wait_for_url(re.compile("/auth/login"))


async def picker(page: Page, origin: str) -> None:
    await login(page, origin)
    await choose(page, "account", f"practitioner:{MANAGER}")
    await page.wait_for_url(re.compile("/auth/patient"))


async def consent(page: Page, origin: str) -> None:
    await login(page, origin)
    await choose(page, "account", f"member:{MEMBER}")
    await page.wait_for_url(re.compile("/auth/consent"))


async def ehr(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/auth/launch")
    await choose(page, "account", f"practitioner:{MANAGER}")


async def answer(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/fhir/Goal?patient={MEMBER}&_count=3")


PICTURES: Final[Pictures] = {
    "goals-phone": (goals, {"viewport": PHONE}),
    "goals-desktop": (goals, {"viewport": TALL}),
    "goals-dark": (goals, {"viewport": TALL, "color_scheme": "dark"}),
    "case-desktop": (case, {"viewport": TALL}),
    "case-search": (cases, {"viewport": DESKTOP}),
    "landing": (landing, {"viewport": DESKTOP}),
    "sign-in": (login, {"viewport": DESKTOP}),
    "patient-picker": (picker, {"viewport": DESKTOP}),
    "consent": (consent, {"viewport": DESKTOP}),
    "ehr-launch": (ehr, {"viewport": DESKTOP}),
}
"""Of the server with `--auth`; the others are of one without."""
OPEN_PICTURES: Final[Pictures] = {
    "fhir-page": (answer, {"viewport": TALL}),
}


async def pictures(folder: Path, browser: Browser, origin: str, shots: Pictures) -> None:
    """Write pictures of a server into a folder."""
    for name, (steps, look) in shots.items():
        context = await browser.new_context(
            **look, locale="en-US", timezone_id="UTC", device_scale_factor=1
        )
        page = await context.new_page()
        await steps(page, origin)
        # what has the focus would be framed
        await page.evaluate("() => document.activeElement?.blur()")
        await page.evaluate("() => scrollTo(0, 0)")
        await page.screenshot(path=folder / f"{name}.png", animations="disabled")
        await context.close()


async def main(folder: Path) -> None:
    """Start two servers and a browser, and take the pictures."""
    path = browser_path()
    if path is None:
        sys.exit(MISSING)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        async with chromium(path) as browser:
            with serving.demo(Path(name), "--auth", port=PORT) as origin:
                await pictures(folder, browser, origin, PICTURES)
            with serving.demo(Path(name), port=PORT) as origin:
                await pictures(folder, browser, origin, OPEN_PICTURES)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")))
