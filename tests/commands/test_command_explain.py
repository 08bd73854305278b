"""explain: a type's mapping as a table; a search's filter, sort and index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.main import build_registry
from tests.commands.conftest import Run
from tests.http.serving import settings

TYPES = [each.name for each in build_registry(settings())]


def _explained(run: Run, query: str) -> list[dict[str, Any]]:
    result = run("explain", query)
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout))


@pytest.mark.parametrize("type_", [*TYPES, "Case"])
def test_a_type(run: Run, type_: str) -> None:
    result = run("explain", type_)
    assert result.exit_code == 0
    name = "EpisodeOfCare" if type_ == "Case" else type_
    assert f"{name} ← " in result.output
    assert f"{name}.id" in result.output


def test_both_sources_of_a_type(run: Run) -> None:
    output = run("explain", "DocumentReference").output
    assert "DocumentReference ← patient_case.documents[]" in output
    assert "DocumentReference ← work_queue.documents[]" in output


def test_a_row_says_where_an_element_lives(run: Run) -> None:
    lines = run("explain", "Task").output.splitlines()
    (row,) = [line for line in lines if "Task.restriction.period.end" in line]
    assert "deadline" in row
    assert "due" in row


def test_a_search(run: Run, dirty_folder: Path) -> None:
    del dirty_folder
    (found,) = _explained(run, "Task?status=accepted&_sort=-due&_count=7")
    assert found["collection"] == "work_queue"
    assert found["sort"] == [["deadline", -1], ["_id", -1]]
    assert found["limit"] == 7
    assert "Accepted" in json.dumps(found["filter"])
    assert "coroutine" not in json.dumps(found)
    assert found["plan"]


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ("", [["_id", 1]]),
        ("_sort=_id", [["_id", 1]]),
        ("_sort=-_id", [["_id", -1]]),
        ("_sort=due,-_id", [["deadline", 1], ["_id", -1]]),
        ("_sort=due", [["deadline", 1], ["_id", 1]]),
    ],
)
def test_the_sort_is_the_one_that_is_run(run: Run, sort: str, keys: list[Any]) -> None:
    (found,) = _explained(run, f"Task?{sort}")
    assert found["sort"] == keys


def test_a_search_of_embedded_records(run: Run) -> None:
    found = _explained(run, "DocumentReference?patient=M1")
    assert [each["elements of"] for each in found] == ["documents", "documents"]
    assert {each["collection"] for each in found} == {"patient_case", "work_queue"}


def test_a_search_of_cases(run: Run) -> None:
    (found,) = _explained(run, "Case?status=active")
    assert found["collection"] == "patient_case"


@pytest.mark.parametrize("query", ["Encounter", "Encounter?name=x", "task", ""])
def test_a_type_that_is_not_served(run: Run, query: str) -> None:
    result = run("explain", query)
    assert result.exit_code == 2
    assert "is not served" in result.output


@pytest.mark.parametrize("query", ["Patient", "Patient?name=x"])
def test_a_type_that_is_stored_nowhere(run: Run, query: str) -> None:
    result = run("explain", query)
    assert result.exit_code == 2
    assert "Patient is stored nowhere" in result.output
    _, _, other = result.output.strip().rpartition(" ")
    assert _explained(run, other)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("Task?bogus=1", "Task has no search parameter 'bogus'"),
        ("Task?due=nonsense", "is not a FHIR date"),
        ("Task?_sort=bogus", "cannot be sorted by"),
    ],
)
def test_a_search_that_cannot_be_asked(run: Run, query: str, reason: str) -> None:
    result = run("explain", query)
    assert result.exit_code == 2
    assert reason in " ".join(result.output.split())


def test_without_asking_a_mongodb(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIR_FACADE_STORE", "mongodb://127.0.0.1:1/none")
    (found,) = _explained(run, "Task?patient=M1")
    assert "plan" not in found
