"""What every test of this folder is held to is noticed: else all of them would pass for nothing."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.browser.watching import Watch, lax

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


async def test_a_request_elsewhere_is_noticed(page: Page, origin: str, watch: Watch) -> None:
    await page.goto(f"{origin}/")
    await page.evaluate("() => { location.href = 'http://127.0.0.2:9/away'; }")
    await page.wait_for_timeout(200)

    assert "a request that leaves the origin: http://127.0.0.2:9/away" in watch.take()


async def test_what_the_policy_forbids_is_noticed(page: Page, origin: str, watch: Watch) -> None:
    await page.goto(f"{origin}/")
    await page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'inline'";
          document.body.append(script);
          document.body.setAttribute("style", "color: red");
          fetch("https://elsewhere.example/").catch(() => null);
        }"""
    )
    await page.wait_for_timeout(200)

    assert await page.title() != "inline"
    wrong = "\n".join(watch.take())
    for directive in ("script-src-elem inline", "style-src-attr inline", "connect-src https://"):
        assert f"against the content security policy: {directive}" in wrong


async def test_complaints_and_failures_are_noticed(page: Page, origin: str, watch: Watch) -> None:
    await page.goto(f"{origin}/static/none.css")
    await page.goto(f"{origin}/")
    await page.evaluate(
        "() => { console.error('it is broken');"
        "setTimeout(() => { throw new Error('nobody caught it'); }); }"
    )
    await page.wait_for_timeout(200)

    wrong = "\n".join(watch.take())
    assert f"404 {origin}/static/none.css" in wrong
    assert "said in the console: it is broken" in wrong
    assert "nobody caught it" in wrong


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (STRICT, []),
        ("", [f"{name} is None" for name in ("default-src", "script-src", "style-src")]),
        (STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"), ["unsafe-"]),
        (STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'"), ["unsafe-"]),
        (STRICT.replace("connect-src 'self'", "connect-src *"), ["* in the policy"]),
        (STRICT.replace("base-uri 'none'; ", ""), ["base-uri is None"]),
    ],
)
async def test_a_lax_policy_is_noticed(policy: str, why: list[str]) -> None:
    found = lax(policy)

    assert bool(found) is bool(why)
    for each in why:
        assert any(each in line for line in found)
