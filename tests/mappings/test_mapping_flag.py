"""Flag: MAPPING's section 2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fhir_facade.search.plan import SearchOptions, plan_search
from fhir_facade.store.matching import compile_filter
from tests.mappings.serving import BASE, read, registry, serve, stored

FLAG = {"_id": "f1", "type": "flag", "status": "active", "name": "VIP", "subject": "M1"}
TODAY = datetime.now(UTC).date()
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def flag(**fields: Any) -> dict[str, Any]:
    return serve("Flag", {**FLAG, **fields})


def local(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"system": f"{BASE}/CodeSystem/{system}", "code": code, **more}


def test_name_and_message() -> None:
    assert flag()["code"] == {"coding": [local("flag-name", "VIP", display="VIP")]}
    assert flag(message="Handle with care")["code"] == {
        "coding": [local("flag-name", "VIP", display="VIP")],
        "text": "Handle with care",
    }


@pytest.mark.parametrize(
    ("new", "old", "element", "value", "served"),
    [
        (
            "message",
            "VALUE",
            "code",
            "x",
            {"coding": [local("flag-name", "VIP", display="VIP")], "text": "x"},
        ),
        (
            "category",
            "CATEGORY",
            "category",
            "risk",
            [{"coding": [local("flag-category", "risk")]}],
        ),
        ("status", "STATUS", "status", "Inactive", "inactive"),
        ("date_start", "STARTDATE", "period", "2026-01-16", {"start": "2026-01-16"}),
        ("date_end", "ENDDATE", "period", "2026-01-16", {"end": "2026-01-16"}),
    ],
)
def test_old_names(new: str, old: str, element: str, value: str, served: Any) -> None:
    without = {name: each for name, each in FLAG.items() if name != new}
    assert serve("Flag", {**without, old: value})[element] == served
    assert serve("Flag", {**without, new: "", old: value})[element] == served
    assert serve("Flag", {**without, new: value, old: "ignored"})[element] == served


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("active", "active"),
        ("Inactive", "inactive"),
        ("EnteredInError", "entered-in-error"),
        ("entered_in_error", "entered-in-error"),
    ],
)
def test_status(stored: str, code: str) -> None:
    assert flag(status=stored)["status"] == code


@pytest.mark.parametrize("absent", [{}, {"status": None}, {"status": ""}, {"STATUS": ""}])
@pytest.mark.parametrize(
    ("end", "code"),
    [
        (None, "active"),
        ("", "active"),
        (TODAY.isoformat(), "active"),
        ((TODAY + timedelta(days=1)).isoformat(), "active"),
        ((TODAY - timedelta(days=1)).isoformat(), "inactive"),
        (datetime(2020, 1, 1, tzinfo=UTC), "inactive"),
        ("2020-01-01T00:00:00-05:00", "inactive"),
        ("9999-12-31", "active"),
    ],
)
def test_without_a_status_it_is_active_while_its_period_is_open(
    absent: dict[str, Any], end: Any, code: str
) -> None:
    for name in ("date_end", "ENDDATE"):
        document = {"_id": "f1", "type": "flag", "name": "VIP", **absent, name: end}
        assert serve("Flag", document)["status"] == code
        _assert_found_only_under(document, code)


def _assert_found_only_under(document: dict[str, Any], code: str | None) -> None:
    options = SearchOptions(registry(), "https://example.org")
    for each in ("active", "inactive", "entered-in-error"):
        plan = plan_search(registry().types["Flag"], [("status", each)], options)
        assert compile_filter(plan.sources[0].filter)(stored(document)) is (each == code)


@pytest.mark.parametrize("end", ["someday", "01/16/2020", "2020", ["2020-01-01"], 5])
def test_without_a_status_and_an_end_that_cannot_be_compared_it_cannot_be_served(end: Any) -> None:
    document = {"_id": "f1", "type": "flag", "name": "VIP", "date_end": end}
    resource, findings = read("Flag", document)
    assert resource is None
    assert "unservable" in [each.severity for each in findings]
    _assert_found_only_under(document, None)


@pytest.mark.parametrize("status", ["bogus", 1, ["active"], {"value": "active"}])
def test_a_status_that_cannot_be_read_is_not_made_up(status: Any) -> None:
    resource, findings = read("Flag", {**FLAG, "status": status})
    assert resource is None
    assert [(each.severity, each.field) for each in findings] == [("unservable", "status")]


@pytest.mark.parametrize("document", [{"name": None}, {"name": ""}, {"name": "  "}, {"name": {}}])
def test_without_a_name_the_code_is_unknown(document: dict[str, Any]) -> None:
    assert flag(**document)["code"] == {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}


def test_a_name_of_the_wrong_type_is_unsupported() -> None:
    resource, findings = read("Flag", {**FLAG, "name": 7, "VALUE": "local"})
    assert resource is not None
    assert resource["code"] == {
        "extension": [{"url": ABSENT, "valueCode": "unsupported"}],
        "text": "local",
    }
    assert [each.field for each in findings] == ["name"]


@pytest.mark.parametrize("name", ["two  blanks", "trailing ", "line\nbreak"])
def test_a_name_that_is_no_code_is_text(name: str) -> None:
    assert flag(name=name)["code"] == {"text": name}


def test_a_name_with_a_display() -> None:
    assert flag(name={"value": "vip", "display": "Very important"})["code"] == {
        "coding": [local("flag-name", "vip", display="Very important")],
        "text": "Very important",
    }
    assert flag(category={"display": "Risk"})["category"] == [{"text": "Risk"}]


def test_a_stored_datetime_is_the_day_it_is_in_utc() -> None:
    document = {
        **FLAG,
        "date_start": datetime(2026, 1, 16, 3, tzinfo=UTC),
        "date_end": "2026-02-01",
    }
    assert serve("Flag", document)["period"] == {"start": "2026-01-16", "end": "2026-02-01"}
    chicago = serve("Flag", document, of=registry("America/Chicago"))
    assert chicago["period"]["start"] == "2026-01-16"


def test_an_end_before_the_start_is_left_out() -> None:
    resource, findings = read("Flag", {**FLAG, "date_start": "2026-02-01", "ENDDATE": "2026-01-01"})
    assert resource is not None
    assert resource["period"] == {"start": "2026-02-01"}
    assert [each.element for each in findings] == ["Flag.period.end"]


def test_author() -> None:
    assert flag(created_by={"id": "U1", "name": "Ann"})["author"]["display"] == "Ann"
