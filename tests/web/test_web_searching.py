"""Searching by a form that needs no script."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from fhir_facade.web.searching import Searches
from tests.web.reading import Page

KNOWN = {"Task": {"_id": "token", "due": "date", "status": "token"}, "Patient": {"name": "string"}}


def _searches() -> Searches:
    found = Searches()
    found.described_by(lambda: KNOWN)
    return found


@pytest.mark.parametrize(
    ("what", "value", "target"),
    [
        ("Task.status", "ready,accepted", "Task?status=ready,accepted"),
        ("Task.status", "http://x|y", "Task?status=http://x|y"),
        ("Task.due", " ge2026-01-01 ", "Task?due=ge2026-01-01"),
        ("Patient.name", "Amara & S=#?%", "Patient?name=Amara%20%26%20S%3D%23%3F%25"),
        ("Patient.name", "a\r\nb", "Patient?name=a%0D%0Ab"),
        ("Patient.name", " ", "Patient"),
        ("Patient.nick", "x", None),
        ("//evil.test.name", "x", None),
        ("Task", "x", None),
        ("", "", None),
    ],
)
def test_what_a_form_means(what: str, value: str, target: str | None) -> None:
    assert _searches().target(what, value) == target


@pytest.mark.parametrize(
    ("query", "chosen", "value"),
    [
        ("", None, ""),
        ("_count=3&status=ready&due=2026", "Task.status", "ready"),
        ("status:not=ready&due=ge2026", "Task.due", "ge2026"),
        ("status=%3Cb%3E+c", "Task.status", "<b> c"),
        ("%ff=%ff", None, ""),
        ("a=1" + "&a=1" * 20_000, None, ""),
    ],
)
def test_what_was_searched_stands_in_it(query: str, chosen: str | None, value: str) -> None:
    form = _searches().form("Task", query)
    assert form is not None
    options = form.groups["Task"]
    assert [each.name for each in options] == ["due", "status", "_id"]
    assert [each.value for each in options if each.is_chosen] == ([chosen] if chosen else [])
    assert form.value == value


def test_where_nothing_is_known_there_is_no_form() -> None:
    assert Searches().form("Task", "") is None
    assert Searches().form_of_all(["Task"], "") is None
    assert _searches().form("Nothing", "") is None


async def test_people_are_looked_for(browser: httpx.AsyncClient) -> None:
    """From the crumb of a person to the list of those who are called alike."""
    goal = (await browser.get("/fhir/Goal?_count=1", headers={"Accept": "*/*"})).json()
    subject = goal["entry"][0]["resource"]["subject"]
    one = Page((await browser.get(f"/fhir/{subject['reference']}")).text)
    answer = await browser.get(one.link("Patient"))
    assert answer.status_code == 422
    page = Page(answer.text)
    assert page.headings[:3] == ["Patient", "Search Patient", "Notes"]
    assert [value for value, _ in page.options] == [
        *("Patient.name", "Patient.identifier", "Patient._id")
    ]
    assert page.inputs == {"value": ""}
    (sent,) = page.sends
    sent = f"{sent}?{httpx.QueryParams({'what': 'Patient.name', 'value': subject['display']})}"
    led = await browser.get(sent)
    assert led.status_code == 303
    parts = urlsplit(led.headers["location"])
    assert (parts.path, parse_qsl(parts.query)) == ("/fhir/Patient", [("name", subject["display"])])
    found = await browser.get(led.headers["location"])
    assert found.status_code == 200
    ids = [each["resource"]["id"] for each in json.loads(Page(found.text).json)["entry"]]
    assert subject["reference"].removeprefix("Patient/") in ids
    assert Page(found.text).chosen == ["Patient.name"]
    assert Page(found.text).inputs == {"value": subject["display"]}


async def test_the_first_page_searches_every_type(browser: httpx.AsyncClient) -> None:
    page = Page((await browser.get("/")).text)
    assert page.chosen == ["Patient.name"]
    assert page.sends == ["/search"]
    kinds = {value.partition(".")[0] for value, _ in page.options}
    statement = (await browser.get("/fhir/metadata", headers={"Accept": "*/*"})).json()
    declared = statement["rest"][0]["resource"]
    assert {"Task", "Goal", "Patient", "Practitioner", "Organization"} <= kinds
    assert kinds <= {each["type"] for each in declared}


@pytest.mark.parametrize("target", ["/fhir/Goal/nobody", "/fhir/Nothing", "/fhir/Goal/_history"])
async def test_pages_that_are_no_search_have_no_form(
    browser: httpx.AsyncClient, target: str
) -> None:
    assert Page((await browser.get(target)).text).sends == []


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "' onfocus='x", "{{ 7*7 }}"])
async def test_what_was_typed_stays_text(browser: httpx.AsyncClient, text: str) -> None:
    answer = await browser.get("/fhir/Patient", params={"name": text})
    page = Page(answer.text)
    assert answer.status_code == 200
    assert page.inputs == {"value": text}
    assert page.inline == []
    assert all(each.startswith("/static/") for each in page.loads)
