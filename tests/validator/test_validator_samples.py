"""Samples for the external validator: what makes two alike, and how they are written."""

from __future__ import annotations

from pathlib import Path

from tests.validator.broken import OFFICIAL, SERVED
from tests.validator.sample import Expected, Json, Sample, write_samples
from tests.validator.shape import distinct, shape
from tests.writing.exact_json import read


def _task(**given: object) -> Json:
    return {"resourceType": "Task", "status": "ready", **given}


def _samples(*resources: Json) -> list[Sample]:
    return [Sample(str(place), "Task", each) for place, each in enumerate(resources)]


def test_names_and_days_make_no_difference() -> None:
    assert shape(_task(id="1", authoredOn="2026-01-16")) == shape(
        _task(id="2", authoredOn="2025-02-03")
    )
    assert shape(_task(description="Call")) == shape(_task(description="Write"))


def test_codes_elements_and_spellings_make_a_difference() -> None:
    kinds = [
        _task(),
        _task(status="draft"),
        _task(description="Call"),
        _task(description="<b>"),
        _task(description="Call" * 1000),
        _task(authoredOn="2026"),
        _task(authoredOn="2026-01-16"),
        _task(authoredOn="2026-01-16T09:30:00Z"),
        _task(note=[{"text": "a"}]),
        _task(note=[{"text": "a"}, {"text": "b"}]),
    ]
    assert len({shape(each) for each in kinds}) == len(kinds)


def test_one_of_each_shape_comes_first() -> None:
    samples = _samples(_task(), _task(id="x"), _task(id="y"), _task(status="draft"))
    assert [each.name for each in distinct(samples, 3)] == ["0", "1", "3"]
    assert [each.name for each in distinct(samples, 9)] == ["0", "1", "3", "2"]


def test_a_file_has_a_sample_a_line_and_every_digit(tmp_path: Path) -> None:
    resource = read('{"resourceType": "Goal", "value": 1.10, "text": "a\\nb"}')
    file = tmp_path / "samples.ndjson"
    samples = [Sample("a", "Goal", resource, Expected("Goal", "text")), Sample("b", "Goal", {})]
    assert write_samples(file, samples) == 2
    first, second = file.read_text("utf-8").splitlines()
    assert '"value":1.10' in first
    assert read(first)["expected"] == {"at": "Goal", "message": "text"}
    assert "expected" not in read(second)


def test_broken_variants_have_names_of_their_own() -> None:
    names = [(each.of, each.name) for each in (*SERVED, *OFFICIAL)]
    assert len(set(names)) == len(names) > 30
