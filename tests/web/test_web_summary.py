"""What the pages tell of resources, shape by shape."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.web.answer_page import Answered, answer_page
from fhir_facade.web.highlight import highlighted, plain
from fhir_facade.web.links import Links
from fhir_facade.web.summary import issues, page_links, row, rows
from tests.web.fronts import front
from tests.web.reading import Page

LINKS = Links("/fhir", ["Task", "Goal", "Patient"])


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        ({"title": "A plan"}, "A plan"),
        ({"name": [{"text": "Ann Sample"}]}, "Ann Sample"),
        ({"description": {"text": "Lower A1c"}}, "Lower A1c"),
        ({"code": {"coding": [{"code": "x", "display": "Fall risk"}]}}, "Fall risk"),
        ({"code": {"coding": [{"code": "x"}]}}, "x"),
        ({"payload": [{"contentString": "Called back"}]}, "Called back"),
        ({"valueQuantity": {"value": 7.1, "unit": "%"}}, "7.1 %"),
        ({"identifier": [{"system": "s", "value": "CAS-1"}]}, "CAS-1"),
        ({"description": "y" * 200}, "y" * 139 + "…"),
        ({"description": "paid \u202e00.1\u2066"}, "paid \ufffd00.1\ufffd"),
        ({"description": [], "code": 7}, ""),
        ({}, ""),
    ],
)
def test_what_it_is(resource: dict[str, Any], what: str) -> None:
    assert row(resource, LINKS).what == what


@pytest.mark.parametrize(
    ("resource", "when"),
    [
        ({"authoredOn": "2026-06-19T17:13:33.006Z"}, "2026-06-19 17:13"),
        ({"startDate": "2026-06"}, "2026-06"),
        ({"period": {"start": "2026-01-02", "end": "2026-02-03"}}, "2026-01-02"),
        ({"period": {"end": "2026-02-03"}}, "2026-02-03"),
        ({"meta": {"lastUpdated": "2026-02-03T04:05:06Z"}}, "2026-02-03 04:05"),
        ({"date": 7}, ""),
    ],
)
def test_when_it_was(resource: dict[str, Any], when: str) -> None:
    assert row(resource, LINKS).when == when


def test_whom_it_is_about() -> None:
    named = row({"for": {"reference": "Patient/M1", "display": "Ann"}}, LINKS)
    assert (named.who, named.who_href) == ("Ann", "/fhir/Patient/M1")
    bare = row({"subject": {"reference": "Device/1"}}, LINKS)
    assert (bare.who, bare.who_href) == ("Device/1", None)
    several = row({"target": [{"reference": "Goal/1"}, {"reference": "Goal/2"}]}, LINKS)
    assert several.who_href == "/fhir/Goal/1"


def test_entries_of_each_kind() -> None:
    task = {"resourceType": "Task", "id": "1"}
    bundle = {
        "entry": [
            {"resource": task, "search": {"mode": "match"}},
            {"resource": task, "search": {"mode": "include"}},
            {"resource": task, "request": {"method": "PUT", "url": "Task/1"}},
            {"request": {"method": "DELETE", "url": "Task/2"}},
            {"resource": {"resourceType": "OperationOutcome"}},
        ]
    }
    found = [(each.kind, each.id, each.href, each.how) for each in rows(bundle, LINKS)]
    assert found == [
        ("Task", "1", "/fhir/Task/1", ""),
        ("Task", "1", "/fhir/Task/1", "include"),
        ("Task", "1", "/fhir/Task/1", "PUT"),
        ("Task", "2", "/fhir/Task/2", "DELETE"),
    ]


def test_links_between_pages() -> None:
    bundle = {
        "link": [
            {"relation": "prev", "url": "https://x.test/fhir/Task?_cursor=a"},
            {"relation": "next", "url": "javascript:alert(1)"},
        ]
    }
    assert page_links(bundle, LINKS) == {"previous": "https://x.test/fhir/Task?_cursor=a"}


def test_issues_tell_text_and_place() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "invalid", "details": {"text": "No"}},
            {"severity": "new", "diagnostics": "Yes", "expression": ["Task.status"]},
        ],
    }
    first, second = issues(outcome)
    assert (first.badge, first.text, first.expressions) == ("bad", "No", ())
    assert (second.badge, second.text, second.expressions) == ("warn", "Yes", ("Task.status",))


def _page(**given: Any) -> Page:
    known: dict[str, Any] = {
        "url": "/fhir/Task/1",
        "json_url": "/fhir/Task/1?_format=json",
        "segments": ("Task", "1"),
        "status": 200,
        "milliseconds": 1.0,
        "etag": None,
        "last_modified": None,
        "request_id": None,
        "text": "{}",
        "body": {},
    }
    return Page(answer_page(front(), Answered(**{**known, **given})).decode())


def test_where_one_can_go_from_a_resource() -> None:
    body: dict[str, Any] = {"resourceType": "Task", "meta": {"versionId": "1"}}
    assert _page(body=body).link("History") == "/fhir/Task/1/_history"
    # what has no versions has no history
    assert "History" not in _page(body={"resourceType": "Task"}).text
    told = answer_page(
        front(types=["Patient"]),
        Answered(
            *("/fhir/Patient/M1", "", ("Patient", "M1"), 200, 1.0, None, None, None, "{}"),
            {"resourceType": "Patient"},
        ),
    )
    assert Page(told.decode()).link("Everything") == "/fhir/Patient/M1/$everything"


def test_a_status_without_a_name() -> None:
    assert _page(status=599).headings[0].strip() == "599"


def test_a_line_for_each_part() -> None:
    page = Page(f'<div id="json-text">{highlighted(chr(91) * 3 + chr(93) * 3, LINKS)}</div>')
    assert page.code == ["[", "\t[", "\t\t[]", "\t]", "]"]


def test_folds_begin_and_end_where_lists_do() -> None:
    shown = str(highlighted('{"a":[1,2,3,4],"b":[1,2,3],"c":{"d":[1,2,3,4],"e":0}}', LINKS))
    assert shown.count("<details") == shown.count("</details>") == 3
    Page(shown)


def test_a_long_bundle_has_a_line_for_each_entry() -> None:
    text = '{"entry":[{"fullUrl":"a","resource":{}},{"resource":{"x":"{\\"fullUrl\\":"}}]}'
    assert plain(text).count("\n") == 2
