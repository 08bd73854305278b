"""No serious accessibility violation on any page, in any of its states: WCAG 2.2 AA.

https://www.w3.org/TR/WCAG22/
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api, revoke, rich_case
from tests.browser.axe import violations
from tests.browser.conftest import MANAGER, OPEN
from tests.browser.pages import LOADED, case_page, choose, decide, my_goals, session_of
from tests.browser.watching import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_axe_would_find_what_is_wrong(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/")
    assert await violations(page) == []
    await page.evaluate(
        "() => { document.querySelector('main h1').className = 'muted';"
        "document.querySelector('main').append(document.createElement('input')); }"
    )

    assert {each.partition(" ")[0] for each in await violations(page)} == {"label"}


async def test_signing_in(page: Page, origin: str, member: str) -> None:
    await page.goto(f"{origin}/apps/goals/")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    found = {"welcome": await violations(page)}
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(re.compile("/auth/login"))
    found["login"] = await violations(page)
    await page.locator("#q").fill("nobody at all")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("Nobody here is called").first).to_be_visible()
    found["login, nobody found"] = await violations(page)
    await choose(page, "account", f"practitioner:{MANAGER}")
    await page.wait_for_url(re.compile("/auth/patient"))
    found["picker"] = await violations(page)
    await choose(page, "patient", member)
    await page.wait_for_url(re.compile("/auth/consent"))
    found["consent"] = await violations(page)
    await decide(page, "deny")
    await expect(page.get_by_role("alert")).to_be_visible()
    found["denied"] = await violations(page)

    assert {name: each for name, each in found.items() if each} == {}


async def test_other_pages_of_the_authorization_server(
    page: Page, origin: str, watch: Watch, member: str
) -> None:
    watch.allow(400, 404)
    await page.goto(f"{origin}/auth/launch")
    await choose(page, "account", f"practitioner:{MANAGER}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Simulated EHR")
    found = {"EHR": await violations(page)}
    for name in ("/", "/logout", "/consent?request=gone", "/nowhere"):
        await page.goto(f"{origin}/auth{name}")
        found[name] = await violations(page)
    await page.goto(f"{origin}/auth/logout")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    found["signed out"] = await violations(page)

    assert {name: each for name, each in found.items() if each} == {}


async def test_my_goals(
    page: Page, origin: str, watch: Watch, member: str, as_member: Callable[[str], Api]
) -> None:
    watch.allow(412)
    watch.may_be_offline = True
    api = as_member(member)
    tasks = [each for each in api.search(f"Task?patient={member}") if each["status"] in OPEN]
    await my_goals(page, origin, member)
    found = {"goals": await violations(page)}
    for folded in await page.locator("main summary").all():
        await folded.click()
    found["unfolded"] = await violations(page)
    await page.locator(f"#task-{tasks[0]['id']} .task-done").click()
    await expect(page.locator(".notice-good")).to_be_visible()
    path = f"Task/{tasks[1]['id']}"
    api.patch(path, {"op": "replace", "path": "/description", "value": "Call the office."})
    await page.locator(f"#task-{tasks[1]['id']} .task-done").click()
    await expect(page.locator(".task-conflict")).to_be_visible()
    found["done, and a conflict"] = await violations(page)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.locator(".state-failure")).to_have_count(3)
    found["not reached"] = await violations(page)

    assert {name: each for name, each in found.items() if each} == {}


async def test_my_goals_after_the_session_has_ended(
    page: Page, brief_origin: str, watch: Watch, brief_member: str
) -> None:
    watch.allow(400)
    await my_goals(page, brief_origin, brief_member)
    revoke(brief_origin, await session_of(page))
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.locator(".state-expired")).to_be_visible()

    assert await violations(page) == []


async def test_a_member_without_anything(page: Page, origin: str, manager: Api) -> None:
    # somebody whom cases name, and goals do not
    with_goals = {
        each.get("subject", {}).get("reference")
        for each in manager.search("Goal?_count=500&_elements=subject")
    }
    cases = manager.get("EpisodeOfCare?_count=500&_elements=patient")["entry"]
    patients = [each["resource"].get("patient", {}) for each in cases]
    named = sorted({each["reference"] for each in patients if "reference" in each})
    lonely = next(each for each in named if each not in with_goals).removeprefix("Patient/")
    await my_goals(page, origin, lonely)
    await expect(page.locator(".state-empty").first).to_contain_text("No goals yet")

    assert await violations(page) == []


async def test_the_case_page(page: Page, origin: str, watch: Watch, manager: Api) -> None:
    watch.allow(404, 422)
    name = manager.get("Patient/M100001")["name"][0]["text"]
    await case_page(page, origin, MANAGER, f"?member={name.partition(' ')[0]}&status=any")
    await page.wait_for_selector("table.cases")
    await expect(page.locator(".meant")).to_be_visible()
    found = {"list": await violations(page)}
    await page.goto(f"{origin}/apps/case/?member=l")
    await expect(page.locator(".state-empty")).to_be_visible()
    found["too many"] = await violations(page)
    await page.goto(f"{origin}/apps/case/?case={rich_case(manager)}")
    await expect(page.locator("article.case")).to_be_visible()
    found["case"] = await violations(page)
    await page.locator("button.fhir[data-path]").first.click()
    await expect(page.get_by_role("dialog").locator("pre")).to_be_visible()
    found["FHIR"] = await violations(page)
    await page.goto(f"{origin}/apps/case/?case=000000000000000000000000")
    await expect(page.get_by_role("alert")).to_be_visible()
    found["no case"] = await violations(page)

    assert {name: each for name, each in found.items() if each} == {}


async def test_pages_of_the_server(page: Page, origin: str, watch: Watch) -> None:
    watch.allow(401)
    found = {}
    for path in ("/", "/fhir/Goal?patient=M100001"):
        await page.goto(f"{origin}{path}")
        found[path] = await violations(page)
    await page.goto(f"{origin}/fhir/metadata")
    # thousands of lines, like those of any other answer: axe would be long at it
    await page.evaluate("() => document.getElementById('json-text').replaceChildren()")
    found["/fhir/metadata"] = await violations(page)
    await page.goto(f"{origin}/docs")
    await expect(page.locator(".opblock-tag").first).to_be_visible()
    # what Swagger UI draws is not ours
    found["/docs"] = await violations(page, without=(".swagger-ui",))

    assert {name: each for name, each in found.items() if each} == {}


async def test_answers_as_pages(page: Page, open_origin: str, watch: Watch) -> None:
    watch.allow(400, 404)
    await page.goto(f"{open_origin}/")
    found = {"landing": await violations(page)}
    for query in ("Task?_count=2", "Task?stauts=ready", "Task/none", "Goal?patient=M1", "$nothing"):
        await page.goto(f"{open_origin}/fhir/{query}")
        found[query] = await violations(page)
    await page.goto(f"{open_origin}/fhir/Task?_count=1")
    await page.locator(".results .id a").first.click()
    found["Task"] = await violations(page)

    assert {name: each for name, each in found.items() if each} == {}


async def test_the_app_is_told_apart_while_it_loads(page: Page, origin: str, member: str) -> None:
    await my_goals(page, origin, member)
    assert await page.title() == "My goals"
    assert await page.get_attribute("html", "lang") == "en"
    await expect(page.locator(LOADED)).to_have_count(1)
    for landmark in ("banner", "main", "navigation"):
        await expect(page.get_by_role(landmark)).to_have_count(1)  # type: ignore[arg-type]
    levels = await page.evaluate(
        "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((x) => Number(x.tagName[1]))"
    )
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
