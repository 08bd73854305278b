"""load: Extended JSON into the store; bad lines are told by number, and the rest loads."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from bson import ObjectId

from fhir_facade.store import open_store
from fhir_facade.store.codec import decode
from tests.commands.conftest import Run


def _stored(path: Path, collection: str = "work_queue") -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        store = open_store(f"sqlite:///{path}")
        found = [decode(raw) async for batch in store.scan(collection) for raw in batch]
        await store.close()
        return found

    return asyncio.run(read())


def _ids(folder: Path) -> list[Any]:
    return [each["_id"] for each in _stored(folder / "store.db")]


def test_the_lines_of_mongoexport(run: Run, folder: Path) -> None:
    (folder / "f.json").write_text(
        '{"_id":{"$oid":"65a000000000000000000001"},"at":{"$date":"2026-01-16T09:30:00.678Z"},"n":1}\n'
        '{"_id":{"$uuid":"00000000-0000-4000-8000-000000000001"},"big":{"$numberLong":"5"}}\n'
        '\n  \n'
        '{"_id":"text","far":{"$date":{"$numberLong":"253402300800000"}},"x":{"$numberDouble":"1.50"}}\n'
    )  # fmt: skip
    result = run("load", "work_queue", "f.json")
    assert result.exit_code == 0
    assert "3 loaded, 0 refused" in result.output
    found = {str(each["_id"]): each for each in _stored(folder / "store.db")}
    first = found["65a000000000000000000001"]
    assert first["_id"] == ObjectId("65a000000000000000000001")
    assert first["at"].replace(tzinfo=UTC) == datetime(2026, 1, 16, 9, 30, 0, 678000, tzinfo=UTC)
    assert UUID("00000000-0000-4000-8000-000000000001") in [each["_id"] for each in found.values()]
    assert found["text"]["x"] == 1.5


BAD_LINES = {
    "no JSON": "{nonsense",
    "a cut line": '{"_id":"SECRET","a":',
    "a number": "5",
    "a list in lines": '{"_id":1}]',
    "text": '"SECRET"',
    "null": "null",
    "a bad ObjectId": '{"_id":{"$oid":"SECRET"}}',
    "a bad date": '{"d":{"$date":"SECRET"}}',
    "a bad decimal": '{"d":{"$numberDecimal":"SECRET"}}',
    "a bad integer": '{"d":{"$numberInt":"SECRET"}}',
    "a date past all time": '{"d":{"$date":{"$numberLong":"99999999999999999999999"}}}',
    "a bad uuid": '{"d":{"$uuid":"SECRET"}}',
    "bad binary": '{"d":{"$binary":"SECRET"}}',
    "an integer of no size": '{"a":123456789012345678901234567890}',
    "too deep": '{"a":' * 5000 + "1" + "}" * 5000,
    "a list as _id": '{"_id":[1]}',
    "a lone surrogate": '{"_id":"a\\ud800"}',
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_told_by_its_number(run: Run, folder: Path, name: str) -> None:
    lines = ['{"_id":"a"}', BAD_LINES[name], '{"_id":"b"}']
    (folder / "f.json").write_text("\n".join(lines))
    result = run("load", "work_queue", "f.json")
    assert result.exit_code == 1
    assert "line 2: " in result.output
    assert "line 1" not in result.output
    assert "line 3" not in result.output
    assert "SECRET" not in result.output
    assert "2 loaded, 1 refused" in result.output
    assert _ids(folder) == ["a", "b"]


def test_bytes_that_are_no_text(run: Run, folder: Path) -> None:
    (folder / "f.json").write_bytes(b'{"_id":"a"}\n{"_id":"\xff"}\n{"_id":"b"}')
    result = run("load", "work_queue", "f.json")
    assert "line 2: " in result.output
    assert _ids(folder) == ["a", "b"]


def test_what_is_there_already_is_not_loaded_twice(run: Run, folder: Path) -> None:
    (folder / "f.json").write_text('{"_id":"a"}\n{"_id":"b"}\n{"_id":"a"}\n')
    assert "line 3: a document with this _id exists" in run("load", "work_queue", "f.json").output
    again = run("load", "work_queue", "f.json")
    assert again.exit_code == 1
    assert "0 loaded, 3 refused" in again.output


def test_many_bad_lines_are_counted(run: Run, folder: Path) -> None:
    (folder / "f.json").write_text("nonsense\n" * 30)
    output = run("load", "work_queue", "f.json").output
    assert "line 20: " in output
    assert "line 21: " not in output
    assert "… and 10 more" in output


def test_more_lines_than_a_batch(run: Run, folder: Path) -> None:
    lines = [f'{{"_id":"{number:04}"}}' for number in range(1201)]
    lines[700] = "nonsense"
    lines[1100] = lines[3]
    (folder / "f.json").write_text("\n".join(lines))
    output = run("load", "work_queue", "f.json").output
    assert "1199 loaded, 2 refused" in output
    assert "line 701: " in output
    assert "line 1101: a document with this _id exists" in output
    assert len(_ids(folder)) == 1199


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array(run: Run, folder: Path, indent: int | None) -> None:
    documents = [{"_id": "a", "x": {"$numberLong": "7"}}, {"_id": "b", "t": "],[{"}]
    (folder / "f.json").write_text("\n " + json.dumps(documents, indent=indent) + "\n")
    result = run("load", "work_queue", "f.json")
    assert result.exit_code == 0
    assert "2 loaded, 0 refused" in result.output
    assert [each.get("t") for each in _stored(folder / "store.db")] == [None, "],[{"]


def test_an_element_of_an_array_that_is_no_document(run: Run, folder: Path) -> None:
    (folder / "f.json").write_text('[{"_id":"a"}, 5, {"_id":{"$oid":"x"}}, {"_id":"b"}]')
    result = run("load", "work_queue", "f.json")
    assert result.exit_code == 1
    assert "line 2: " in result.output
    assert "line 3: " in result.output
    assert _ids(folder) == ["a", "b"]


@pytest.mark.parametrize(
    "text", ['[{"_id":"a"}, {"_id":"b"', '[{"_id":"a"}, {"_id":', '[{"_id":"a"}', '[{"_id":"a"}, ',
             '[{"_id":"a"}] {"_id":"b"}', '[{"_id":"a"}, nonsense, {"_id":"b"}]']
)  # fmt: skip
def test_an_array_that_breaks_off_is_not_passed_over(run: Run, folder: Path, text: str) -> None:
    (folder / "f.json").write_text(text)
    result = run("load", "work_queue", "f.json")
    assert result.exit_code == 1
    assert "1 refused" in result.output
    assert "a" in _ids(folder)


@pytest.mark.parametrize("text", ["", "\n\n", "[]", " [ ] "])
def test_nothing_to_load(run: Run, folder: Path, text: str) -> None:
    (folder / "f.json").write_text(text)
    result = run("load", "work_queue", "f.json")
    assert result.exit_code == 0
    assert "0 loaded, 0 refused" in result.output


def test_a_file_that_is_not_there(run: Run) -> None:
    assert run("load", "work_queue", "nothing.json").exit_code == 2


def test_what_is_loaded_is_indexed(run: Run, folder: Path) -> None:
    (folder / "f.json").write_text('{"_id":"a"}')
    assert run("indexes").exit_code == 1
    run("load", "work_queue", "f.json")
    assert run("indexes").exit_code == 0


def test_a_store_that_cannot_be_opened(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "f.json").write_text('{"_id":"a"}')
    monkeypatch.setenv("FHIR_FACADE_STORE", "sqlite:///nowhere/store.db")
    result = run("load", "work_queue", "f.json")
    assert result.exit_code == 2
    assert "the embedded store is unavailable (SQLITE_CANTOPEN)" in result.output


def test_into_mongodb(
    run: Run, folder: Path, mongo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_FACADE_STORE", mongo_database)
    (folder / "f.json").write_text('{"_id":"a","type":"memo"}\nnonsense\n{"_id":"a"}')
    result = run("load", "work_queue", "f.json")
    assert "1 loaded, 2 refused" in result.output
    assert "line 3: a document with this _id exists" in result.output
    assert "1" in run("check").output
