"""The files hold the same documents as the generator yields."""

import json

import bson
import pytest
from bson import json_util

from fhir_facade.demo import BSON_OPTIONS, COLLECTIONS, JSON_OPTIONS, generate, write


def stored(document):
    """Return the document as the database gives it back."""
    data = bson.encode(document, codec_options=BSON_OPTIONS)
    return repr(bson.decode(data, codec_options=BSON_OPTIONS.with_options(tzinfo=json_util.utc)))


@pytest.mark.parametrize("dirty", [0.0, 0.6])
def test_files_round_trip(tmp_path, dirty):
    counts = write(tmp_path / "new" / "folder", members=60, seed=3, dirty=dirty)
    expected = {name: [] for name in COLLECTIONS}
    for name, document in generate(60, 3, dirty):
        expected[name].append(document)
    assert counts == {name: len(documents) for name, documents in expected.items()}
    for name, documents in expected.items():
        with (tmp_path / "new" / "folder" / f"{name}.json").open(encoding="utf-8") as lines:
            read = [json_util.loads(line, json_options=JSON_OPTIONS) for line in lines]
        assert [stored(document) for document in read] == [stored(each) for each in documents]


def test_each_line_is_one_json_object_of_extended_json(tmp_path):
    write(tmp_path, members=1)
    lines = (tmp_path / "patient_case.json").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    first = json.loads(lines[0])
    assert set(first["_id"]) == {"$oid"}
    assert first["created"]["$date"].endswith("Z")


def test_the_same_arguments_give_the_same_files(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, members=5, dirty=0.5)
    for name in COLLECTIONS:
        assert (tmp_path / "a" / f"{name}.json").read_bytes() == (
            tmp_path / "b" / f"{name}.json"
        ).read_bytes()
