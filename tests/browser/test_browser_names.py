"""The case page finds people by name: those whom the server's search by name finds."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.asking import Api, Json
from tests.browser.conftest import MANAGER
from tests.browser.pages import answered, case_page, find_cases, found_cases, texts
from tests.browser.watching import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = 20


def without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFD", text)
    return "".join(each for each in plain if not unicodedata.combining(each))


def names(people: list[Json]) -> dict[str, str]:
    return {each["id"]: each["name"][0]["text"] for each in people}


def cases_of(manager: Api, query: str) -> list[str]:
    found = manager.search(f"EpisodeOfCare?{query}&_sort=due&_count=100")
    return [each["id"] for each in found]


@pytest.fixture(scope="module")
def called(manager: Api) -> dict[str, dict[str, str]]:
    """First name → the members with a case who have it, each id with the whole name."""
    cases = manager.get("EpisodeOfCare?_count=500&_elements=patient")["entry"]
    found: dict[str, dict[str, str]] = {}
    for each in cases:
        patient = each["resource"].get("patient", {})
        name = patient.get("display", "")
        if " " in name:
            of_first = found.setdefault(name.partition(" ")[0], {})
            of_first[patient["reference"].removeprefix("Patient/")] = name
    return found


async def test_members_are_found_by_name_whatever_the_accents_and_the_order(
    page: Page, origin: str, manager: Api, called: dict[str, dict[str, str]]
) -> None:
    first = max(
        (each for each in called if without_accents(each) != each),
        key=lambda each: len(called[each]),
    )
    whole = next(iter(called[first].values()))
    _, _, last = whole.partition(" ")
    fitting = names(manager.search(f"Patient?name={first}&name={last}"))
    stored = cases_of(manager, f"patient={','.join(fitting)}")
    assert stored, "somebody with a case"
    await case_page(page, origin, MANAGER)

    for typed in (without_accents(whole).upper(), f"{last[:4]}, {first}"):
        await find_cases(page, typed)
        assert {*await found_cases(page)} >= {*stored}, typed
        listed = await texts(page.locator(".meant"))
        assert any(whole in each for each in listed), typed
        await expect(page.locator("#found")).to_be_focused()
    # what was read before is no reason to find what the server does not
    await find_cases(page, last[1:])
    await expect(page.locator(".state-empty")).to_contain_text(f"No member is called “{last[1:]}”.")

    everybody = names(manager.search(f"Patient?name={first}"))
    await find_cases(page, first)
    await expect(page.locator(".meant")).to_have_text(
        f"{len(everybody)} members fit “{first}”. Write more of the name to see fewer."
    )
    shown, total = await found_cases(page), cases_of(manager, f"patient={','.join(everybody)}")
    await expect(page.locator("#found .count")).to_have_text(str(len(total)))
    assert shown == total[:PAGE]


async def test_one_of_several_is_picked(
    page: Page, origin: str, manager: Api, called: dict[str, dict[str, str]]
) -> None:
    first = min(called, key=lambda each: abs(len(called[each]) - 4))
    several = names(manager.search(f"Patient?name={first}"))
    assert 1 < len(several) <= 8, "as many as are listed"
    await case_page(page, origin, MANAGER, f"?member={first}&status=waitlist")
    await answered(page)
    await expect(page.locator("#found")).to_contain_text(f"members called “{first}”")
    links = page.locator(".meant a")
    assert sorted(await texts(links)) == sorted(several.values())

    picked = next(iter(several))
    await page.locator(".meant li", has_text=picked).get_by_role("link").click()
    await expect(page.get_by_label("Member")).to_have_value(picked)
    await expect(page.get_by_label("Status")).to_have_value("waitlist")
    await expect(page.locator(".meant")).to_have_count(0)


async def test_care_managers_are_found_by_name_page_by_page(
    page: Page, origin: str, watch: Watch, manager: Api
) -> None:
    name = manager.get("Practitioner/U15")["name"][0]["text"]
    stored = cases_of(manager, "care-manager=U15&status=active")
    await case_page(page, origin, MANAGER)
    addresses: list[str] = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    await find_cases(page, owner=name[:-2].lower(), status="active")
    shown = await found_cases(page)
    await expect(page.locator(".meant")).to_contain_text(f"{name} U15")
    await expect(page.locator("#found .count")).to_have_text(str(len(stored)))
    # a bookmark and the browser's history keep no name where an id says as much
    await expect(page.get_by_label("Care manager")).to_have_value("U15")
    assert {urlsplit(each).query for each in addresses} == {"", "owner=U15"}
    # what is shown already is asked for anew, and is no step of its own
    before = len(watch.asked("GET", "/fhir/EpisodeOfCare"))
    depth = await page.evaluate("history.length")
    await page.get_by_role("button", name="Search").click()
    assert await found_cases(page) == shown
    assert len(watch.asked("GET", "/fhir/EpisodeOfCare")) == before + 1
    assert await page.evaluate("history.length") == depth

    await page.locator("a[rel=next]").click()
    await expect(page.locator(f'tr[data-case="{shown[-1]}"]')).to_have_count(0)

    assert len(stored) > PAGE
    assert [*shown, *await found_cases(page)] == stored[: 2 * PAGE]


async def test_nobody_and_too_many_are_said_in_words(
    page: Page, origin: str, watch: Watch, manager: Api
) -> None:
    watch.allow(422)
    await case_page(page, origin, MANAGER)
    await find_cases(page, "xyzzy", "zzyx")
    box = page.locator("#results .state")
    await expect(box).to_contain_text("No member is called “xyzzy”.")
    await expect(box).to_contain_text("No care manager is called “zzyx”.")
    assert not watch.statuses

    await find_cases(page, "l")
    await expect(box).to_contain_text("Which member?")
    await expect(box).to_contain_text("More than 50 have such a name: give more of it, or an id.")
    await expect(box.get_by_role("button")).to_have_count(0)
    await expect(page.locator("#found")).to_be_focused()
    await expect(page.locator("#live")).to_contain_text("give more of it, or an id.")
    assert [status for status, _ in watch.statuses] == [422]

    await page.get_by_label("Due from").fill("2026-12-01")
    await page.get_by_label("Due to").fill("2026-11-01")
    await find_cases(page)
    await expect(box).to_contain_text("“Due from” is later than “Due to”")
    await page.get_by_role("link", name="Search from 2026-11-01 to 2026-12-01").click()
    await expect(page.get_by_label("Due from")).to_have_value("2026-11-01")
    expected = cases_of(manager, "due=ge2026-11-01&due=le2026-12-01")
    assert await found_cases(page) == expected[:PAGE]
    for _ in range(2):
        await page.get_by_label("Member").fill("half a name")
        await page.get_by_role("link", name="Start over").click()
        await expect(page.get_by_label("Member")).to_have_value("")
        await answered(page)


async def test_an_id_in_small_letters_and_the_number_of_a_case_are_found(
    page: Page, origin: str, manager: Api
) -> None:
    await case_page(page, origin, MANAGER)
    await find_cases(page, "m100001")
    assert {*await found_cases(page)} == {*cases_of(manager, "patient=M100001")}
    await expect(page.get_by_label("Member")).to_have_value("M100001")

    (other, *_) = manager.get("EpisodeOfCare?status=finished&_count=1")["entry"]
    case = other["resource"]
    number = next(
        each["value"] for each in case["identifier"] if each["system"].endswith("/wellnecity-case")
    )
    await find_cases(page, number.lower(), owner="U15", status="active")
    assert await found_cases(page) == [case["id"]], "whatever else was asked"
    await expect(page.locator("#found")).to_contain_text(f"Case {number}")
    await expect(page.locator(".meant")).to_contain_text("were left out")
    of_owner = cases_of(manager, "care-manager=U15")
    await find_cases(page, owner="u15")
    await page.locator("a[rel=next]").click()
    await expect(page.locator(f'tr[data-case="{of_owner[PAGE]}"]')).to_be_visible()
    assert await found_cases(page) == of_owner[PAGE : 2 * PAGE]
    await find_cases(page, "CAS-0")
    await expect(page.locator(".state-empty")).to_contain_text("as it is typed, and in capitals")


async def test_members_of_another_server_are_known_by_the_cases(
    page: Page, elsewhere_origin: str, watch: Watch
) -> None:
    with Api(elsewhere_origin, f"practitioner:{MANAGER}", "case") as api:
        cases = api.search("EpisodeOfCare?_count=100")
    named = [each for each in cases if "display" in each.get("patient", {})]
    patient = named[0]["patient"]
    assert patient["reference"].startswith("https://ehr.example.org/r4/")
    of_one = {each["id"] for each in named if each["patient"] == patient}
    await case_page(page, elsewhere_origin, MANAGER)

    await find_cases(page, without_accents(patient["display"]).lower())
    await expect(page.locator(".meant")).to_contain_text("among the cases that changed last")
    assert {*await found_cases(page)} == of_one
    await find_cases(page, patient["identifier"]["value"])
    assert {*await found_cases(page)} == of_one
    await find_cases(page, "xyzzy")
    await expect(page.locator("#results .state")).to_contain_text("an id always finds")
    assert not watch.asked("GET", "/fhir/Patient")
