"""My goals: what is on the screen is what the API says, and a task is marked as done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api, Json
from tests.browser.conftest import OPEN
from tests.browser.pages import my_goals, texts
from tests.browser.watching import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")

GROUPS = {
    "active": "Active",
    "on-hold": "On hold",
    **dict.fromkeys(("proposed", "planned", "accepted"), "Coming up"),
    "completed": "Completed",
    **dict.fromkeys(("cancelled", "rejected"), "Cancelled or declined"),
}
ACHIEVED = {
    "in-progress": "In progress",
    "improving": "Improving",
    "worsening": "Getting worse",
    "no-change": "No change",
    "achieved": "Achieved",
    "sustaining": "Achieved and kept up",
    "not-achieved": "Not achieved",
    "no-progress": "No progress yet",
    "not-attainable": "Out of reach",
}


def shown_goals(goals: list[Json]) -> list[Json]:
    return [each for each in goals if each["lifecycleStatus"] != "entered-in-error"]


def numbers_of(target: Json) -> set[str]:
    """The numbers of a target, as people write them."""
    found: set[str] = set()

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                if key == "value" and isinstance(each, int | float):
                    found.add(f"{each:,.12g}")
                visit(each)

    for key, value in target.items():
        if key.startswith("detail"):
            visit(value)
    return found


def day(text: str) -> str:
    found = date.fromisoformat(text[:10])
    return f"{found:%b} {found.day}, {found.year}"


async def test_every_goal_is_there_with_its_text_target_due_date_and_achievement(
    page: Page, origin: str, member: str, as_member: Callable[[str], Api]
) -> None:
    goals = shown_goals(as_member(member).search(f"Goal?patient={member}"))
    await my_goals(page, origin, member)
    for folded in await page.locator("details.group-closed > summary").all():
        await folded.click()

    groups = Counter(GROUPS[each["lifecycleStatus"]] for each in goals)
    headings = await texts(page.locator(".group h3"))
    assert sorted(headings) == sorted(f"{name} {number}" for name, number in groups.items())
    await expect(page.locator(".goal")).to_have_count(len(goals))
    for goal in goals:
        card = page.locator(f".goal:has(#goal-{goal['id']})")
        (text,) = await texts(card)
        assert goal["description"]["text"] in text
        for coding in goal.get("achievementStatus", {}).get("coding", [])[:1]:
            assert ACHIEVED[coding["code"]] in await texts(card.locator(".badge"))
        for target in goal.get("target", []):
            assert {each for each in numbers_of(target) if each not in text} == set()
            if len(target.get("dueDate", "")) == 10:
                assert day(target["dueDate"]) in text
        await expect(
            page.locator("section.group, details.group", has=card).locator("h3")
        ).to_contain_text(GROUPS[goal["lifecycleStatus"]])


async def test_the_line_of_numbers_and_the_lists_beside_hold_what_the_api_counts(
    page: Page, origin: str, manager: Api, as_member: Callable[[str], Api]
) -> None:
    (talk, *_) = manager.get("Communication?status=preparation&_count=1")["entry"]
    member = talk["resource"]["subject"]["reference"].removeprefix("Patient/")
    api = as_member(member)
    goals = shown_goals(api.search(f"Goal?patient={member}"))
    tasks = api.search(f"Task?patient={member}")
    contacts = [
        each
        for each in api.search(f"Communication?patient={member}")
        if each["status"] != "entered-in-error"
    ]
    await my_goals(page, origin, member)

    shown = {
        await each.get_attribute("href"): int(await each.locator("strong").inner_text())
        for each in await page.locator(".summary a").all()
    }
    todo = [each for each in tasks if each["status"] in OPEN]
    assert shown == {
        "#goals": sum(each["lifecycleStatus"] == "active" for each in goals),
        "#tasks": len(todo),
        "#contacts": len(contacts),
    }
    titles = await texts(page.locator("li.task .row-title"))
    assert sorted(titles) == sorted(" ".join(each["description"].split()) for each in todo)
    await expect(page.locator(".contacts > li")).to_have_count(len(contacts))
    planned = [each for each in contacts if each["status"] == "preparation"]
    await expect(page.locator("h3:text-is('Planned') + .contacts > li")).to_have_count(len(planned))
    last = page.locator("h3:text-is('Last contacts') + .contacts > li")
    await expect(last).to_have_count(len(contacts) - len(planned))
    for contact in contacts:
        if "topic" in contact:
            row = page.locator(".contacts > li .row-title", has_text=contact["topic"]["text"])
            await expect(row.first).to_be_attached()


async def test_a_member_marks_a_task_as_done(
    page: Page, origin: str, watch: Watch, member: str, as_member: Callable[[str], Api]
) -> None:
    api = as_member(member)
    task = next(each for each in api.search(f"Task?patient={member}") if each["status"] in OPEN)
    await my_goals(page, origin, member)
    before = int(await page.locator(".summary a[href='#tasks'] strong").inner_text())
    item = page.locator(f"#task-{task['id']}")
    await item.get_by_role("button", name=re.compile("^Mark as done")).click()

    await expect(item.locator(".notice-good")).to_have_text("Marked as done.")
    await expect(item.locator(".notice-good")).to_be_focused()
    await expect(page.locator("#live")).to_have_text(f"Marked as done: {task['description']}")
    await expect(page.locator(".summary a[href='#tasks'] strong")).to_have_text(str(before - 1))
    (sent,) = watch.asked("PATCH", f"/fhir/Task/{task['id']}")
    assert await sent.header_value("if-match") == f'W/"{task["meta"]["versionId"]}"'
    stored = api.get(f"Task/{task['id']}")
    assert stored["status"] == "completed"
    assert stored["meta"]["versionId"] != task["meta"]["versionId"]
    assert stored["executionPeriod"]["end"]
    assert {**task, "status": 0, "meta": 0, "executionPeriod": 0, "lastModified": 0} == {
        **stored,
        "status": 0,
        "meta": 0,
        "executionPeriod": 0,
        "lastModified": 0,
    }, "nothing else of it changed"

    await item.get_by_role("button", name=re.compile("^Undo")).click()
    await expect(item.locator(".notice")).to_have_text("This task is open again.")
    assert api.get(f"Task/{task['id']}")["status"] == task["status"]


async def test_a_task_that_somebody_else_changed_is_shown_as_it_is_now(
    page: Page, origin: str, watch: Watch, member: str, as_member: Callable[[str], Api]
) -> None:
    watch.allow(412)
    api = as_member(member)
    task = next(each for each in api.search(f"Task?patient={member}") if each["status"] in OPEN)
    await my_goals(page, origin, member)
    words = "Bring the new insurance card."
    api.patch(f"Task/{task['id']}", {"op": "replace", "path": "/description", "value": words})
    item = page.locator(f"#task-{task['id']}")
    button = item.get_by_role("button", name=re.compile("^Mark as done"))
    await button.click()

    notice = item.get_by_role("alert")
    await expect(notice).to_contain_text("Somebody else changed this task in the meantime")
    await expect(notice).to_contain_text("it was not marked as done")
    await expect(notice).to_contain_text(f"Description: {task['description']} → {words}")
    await expect(item.locator(".row-title")).to_have_text(words)
    assert watch.statuses == [(412, f"{origin}/fhir/Task/{task['id']}")]
    assert api.get(f"Task/{task['id']}")["status"] == task["status"], "nothing was overwritten"

    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(item.locator(".notice-good")).to_be_visible()
    stored = api.get(f"Task/{task['id']}")
    assert (stored["status"], stored["description"]) == ("completed", words)


async def test_a_task_that_somebody_else_has_cancelled_leaves_nothing_to_do(
    page: Page, origin: str, watch: Watch, member: str, as_member: Callable[[str], Api]
) -> None:
    watch.allow(412)
    api = as_member(member)
    task = next(each for each in api.search(f"Task?patient={member}") if each["status"] in OPEN)
    await my_goals(page, origin, member)
    api.patch(f"Task/{task['id']}", {"op": "replace", "path": "/status", "value": "cancelled"})
    item = page.locator(f"#task-{task['id']}")
    await item.get_by_role("button", name=re.compile("^Mark as done")).click()

    notice = item.get_by_role("alert")
    await expect(notice).to_contain_text("It is now cancelled; there is nothing left to do.")
    await expect(item.get_by_role("button")).to_have_count(0)
    assert api.get(f"Task/{task['id']}")["status"] == "cancelled"


async def test_refresh_shows_what_was_changed_elsewhere(
    page: Page, origin: str, member: str, as_member: Callable[[str], Api]
) -> None:
    api = as_member(member)
    task = next(each for each in api.search(f"Task?patient={member}") if each["status"] in OPEN)
    await my_goals(page, origin, member)
    words = "Come to the pharmacy on the corner."
    api.patch(f"Task/{task['id']}", {"op": "replace", "path": "/description", "value": words})
    await page.get_by_role("button", name="Refresh").click()

    await expect(page.locator(f"#task-{task['id']} .row-title")).to_have_text(words)


async def test_a_task_is_marked_as_done_with_the_keyboard_alone(
    page: Page, origin: str, member: str
) -> None:
    await my_goals(page, origin, member)
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip-link")).to_be_focused()
    focused = page.locator("button.task-done:focus")
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await focused.count():
            break
    await expect(focused).to_have_count(1)
    await page.keyboard.press("Space")

    await expect(page.locator(".notice-good")).to_have_text("Marked as done.")
    await expect(page.locator(".notice-good")).to_be_focused()


async def test_a_phone_has_no_need_to_scroll_sideways(page: Page, origin: str, member: str) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await my_goals(page, origin, member)

    width = await page.evaluate("() => document.documentElement.scrollWidth")
    assert width == 360


async def test_a_server_that_is_gone_is_said_in_words_and_asked_again(
    page: Page, origin: str, watch: Watch, member: str
) -> None:
    watch.may_be_offline = True
    await my_goals(page, origin, member)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Refresh").click()

    alerts = page.locator(".state-failure")
    await expect(alerts).to_have_count(3)
    await expect(page.locator(".goal").first).to_be_visible()
    await page.context.set_offline(False)
    await alerts.first.get_by_role("button", name="Try again").click()
    await expect(alerts).to_have_count(2)
