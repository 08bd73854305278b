"""Accessibility as axe-core finds it: https://github.com/dequelabs/axe-core"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page

AXE: Final = Path(__file__).parents[2] / "apps/node_modules/axe-core/axe.min.js"
WIDTHS: Final = (1280, 360)
SERIOUS: Final = ("serious", "critical")
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN: Final = """
axe.run({exclude: EXCLUDE}, OPTIONS).then((found) => JSON.stringify(found.violations.map((each) => (
  {id: each.id, impact: each.impact, nodes: each.nodes.map((node) => node.target.join(" "))}
))))
"""
_DRAWN: Final = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
)


@functools.cache
def source() -> str:
    """Return axe-core; skip where it is not installed, fail where a browser is required."""
    if AXE.is_file():
        return AXE.read_text()
    words = "no axe-core: run `npm ci` in apps/"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {words}", pytrace=False)
    pytest.skip(words)


async def violations(page: Page, *, without: tuple[str, ...] = ()) -> list[str]:
    """Return what is serious or critical on a page, wide and narrow, light and dark.

    In the dark only colours can differ. `without`: selectors of what is not looked at.
    """
    session = await page.context.new_cdp_session(page)
    found: list[str] = []
    # the page's own policy lets no such script in; the debugger's may come
    await session.send("Runtime.evaluate", {"expression": source()})
    size = page.viewport_size
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.evaluate(_DRAWN)
            rules = ["color-contrast", "link-in-text-block"] if scheme == "dark" else None
            for each in await _run(session, without, rules):
                if each["impact"] in SERIOUS:
                    places = ", ".join(each["nodes"][:3])
                    found.append(f"{each['id']} ({scheme}, {width}): {places}")
    await page.emulate_media(color_scheme="light")
    if size is not None:
        await page.set_viewport_size(size)
    await session.detach()
    return found


async def _run(session: Any, without: tuple[str, ...], rules: list[str] | None) -> list[Any]:
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": _TAGS}
    expression = _RUN.replace("EXCLUDE", json.dumps([[each] for each in without])).replace(
        "OPTIONS", json.dumps({"runOnly": only, "resultTypes": ["violations"]})
    )
    asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    answer = await session.send("Runtime.evaluate", asked)
    assert "exceptionDetails" not in answer, answer
    found: list[Any] = json.loads(answer["result"]["value"])
    return found
