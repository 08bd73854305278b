"""Generated narratives: what they tell, that they are valid, and that no string breaks out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.rules.narrative import is_own_narrative, narrative
from fhir_facade.rules.validation.xhtml import problems

Json = dict[str, Any]

GOAL: Json = {
    "resourceType": "Goal",
    "id": "g1",
    "lifecycleStatus": "active",
    "description": {"text": "HbA1c < 7 & falling"},
    "category": [{"coding": [{"code": "dietary", "display": "Dietary"}]}, {"text": "Own"}],
    "subject": {"reference": "Patient/123", "identifier": {"system": "s", "value": "123"}},
    "expressedBy": {"reference": "Practitioner/7", "display": "Dr. <b>Oz</b>"},
    "startDate": "2026-01-02",
    "_startDate": {"extension": [{"url": "http://example.org/x", "valueString": "hidden"}]},
    "target": [
        {
            "measure": {"text": "HbA1c"},
            "detailQuantity": {"comparator": "<", "value": 7.0, "unit": "%"},
            "dueDate": "2026-06-30",
        }
    ],
    "note": [{"time": "2026-01-02T10:00:00Z", "text": "First note"}],
}


def _div(resource: Json) -> str:
    text = narrative(resource)
    assert text["status"] == "generated"
    assert problems(text["div"]) == []
    return text["div"]


def test_it_tells_the_main_elements() -> None:
    div = _div(GOAL)
    for told in (
        "<b>Goal</b>",
        "<td><b>Lifecycle status</b></td><td>active</td>",
        "<td><b>Description</b></td><td>HbA1c &lt; 7 &amp; falling</td>",
        "<td>Dietary<br/>Own</td>",
        "Dr. &lt;b&gt;Oz&lt;/b&gt;",
        "Measure: HbA1c; Detail quantity: &lt; 7.0 %; Due date: 2026-06-30",
        "<td>First note</td>",
    ):
        assert told in div


def test_it_leaves_out_ids_and_what_only_machines_read() -> None:
    div = _div(GOAL)
    for untold in ("123", "g1", "hidden", "Subject", "resourceType"):
        assert untold not in div


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"start": "2026-01-01", "end": "2026-02-01"}, "2026-01-01 to 2026-02-01"),
        ({"start": "2026-01-01"}, "2026-01-01 to …"),
        ({"low": {"value": 1, "unit": "kg"}, "high": {"value": 2, "unit": "kg"}}, "1 kg to 2 kg"),
        (
            {"numerator": {"value": 1, "unit": "mg"}, "denominator": {"value": 2, "unit": "ml"}},
            "1 mg / 2 ml",
        ),
        ({"url": "gs://b/a.pdf", "contentType": "application/pdf"}, "gs://b/a.pdf"),
        ({"url": "gs://b/a.pdf", "title": "Plan"}, "Plan"),
        ({"system": "http://loinc.org", "display": "Weight"}, "Weight"),
        (True, "yes"),
        (False, "no"),
        ("x" * 600, "x" * 500 + "…"),
    ],
)
def test_a_datatype_is_told_as_a_person_reads_it(value: Any, told: str) -> None:
    assert f"<td>{told}</td>" in _div({"resourceType": "Task", "status": "draft", "value": value})


def test_a_long_list_is_cut() -> None:
    notes = [{"time": "t", "text": f"n{number}"} for number in range(50)]
    div = _div({"resourceType": "Task", "note": notes})
    assert "n9" in div
    assert "n10" not in div


def test_a_resource_without_anything_to_tell_has_a_narrative_too() -> None:
    assert "<table>" not in _div({"resourceType": "Task", "id": "1"})


texts = st.text(st.characters(exclude_categories=()), max_size=30)
values = st.recursive(
    texts | st.booleans() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcXYZ<&'\"", min_size=1), values, max_size=4))
def test_no_string_breaks_out(content: Json) -> None:
    """Whatever is stored, the narrative is valid XHTML with the elements it began with."""
    div = _div({**content, "resourceType": "Task"})
    assert "<script" not in div.lower()


def test_its_own_are_known_again() -> None:
    text = narrative(GOAL)
    assert is_own_narrative(text)
    assert not is_own_narrative({**text, "status": "additional"})
    assert not is_own_narrative({**text, "id": "a"})
    assert not is_own_narrative({"status": "generated", "div": "<div>x</div>"})
    assert not is_own_narrative(None)
