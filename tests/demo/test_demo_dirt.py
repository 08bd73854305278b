"""Every kind of dirt occurs, changes what it falls on, and leaves the document storable."""

from copy import deepcopy

import bson
import pytest

from fhir_facade.demo import BSON_OPTIONS, WELL_KNOWN_MEMBER, generate
from fhir_facade.demo.dice import Dice
from fhir_facade.demo.dirt import DIRT, KIND_OF_COLLECTION, Spoiler
from fhir_facade.demo.dirt_values import spellings

NAMES = [row.name for row in DIRT]


def test_names_and_functions_are_unique():
    assert len(set(NAMES)) == len(NAMES)
    assert len({row.spoil for row in DIRT}) == len(DIRT)


@pytest.mark.parametrize("row", DIRT, ids=NAMES)
def test_dirt_changes_the_document_exactly_when_it_says_so(row):
    changes = 0
    dice = Dice(row.name)
    pairs = list(generate(40))
    for collection, document in pairs:
        if KIND_OF_COLLECTION.get(collection, document.get("type")) not in row.kinds:
            continue
        before = deepcopy(document)
        dice.neighbours = [document, *(other for _, other in pairs[:20])]
        changed = row.spoil(document, dice)
        assert changed == (repr(document) != repr(before))
        bson.encode(document, codec_options=BSON_OPTIONS)
        changes += changed
    assert changes > 0


@pytest.mark.parametrize("row", DIRT, ids=NAMES)
def test_dirt_passes_over_a_document_without_its_fields(row):
    document = {"_id": "bare", "x": 1, "linkedModules": None, "owner": None, "notes": None}
    before = deepcopy(document)
    assert row.spoil(document, Dice(row.name)) == (repr(document) != repr(before))


def test_every_kind_of_dirt_occurs(dirty):
    _, spoiler = dirty
    assert set(spoiler.applied) == set(NAMES)


def test_the_share_of_changed_documents(clean, dirty):
    spoiled, spoiler = dirty
    changed = sum(repr(a) != repr(b) for (_, a), (_, b) in zip(clean, spoiled, strict=True))
    assert abs(changed / len(clean) - spoiler.share) < 0.03
    assert abs(spoiler.documents / len(clean) - spoiler.share) < 0.03


def test_all_documents_but_the_well_known_members_are_spoiled_at_share_one():
    pairs = zip(generate(20), generate(20, dirty=1.0), strict=True)
    for (_, before), (_, after) in pairs:
        well_known = WELL_KNOWN_MEMBER in repr(before)
        assert (repr(before) == repr(after)) == well_known


def test_dirty_documents_are_bson_with_unique_ids(dirty):
    pairs, _ = dirty
    ids = set()
    for _, document in pairs:
        bson.encode(document, codec_options=BSON_OPTIONS)
        ids.add(str(document["_id"]))
    assert len(ids) == len(pairs)


def test_links_follow_a_changed_case_id(dirty):
    pairs, _ = dirty
    awkward = {
        document["_id"]
        for name, document in pairs
        if name == "patient_case" and isinstance(document["_id"], str)
    }
    linked = {
        link.get("id") or link.get("moduleId")
        for _, document in pairs
        if isinstance(document.get("linkedModules"), list)
        for link in document["linkedModules"]
        if isinstance(link, dict)
    }
    assert awkward & {number for number in linked if isinstance(number, str)}


def test_spellings():
    assert spellings("InProgress") == [
        "inprogress",
        "INPROGRESS",
        "inProgress",
        "in progress",
        "In Progress",
        "in_progress",
        "IN_PROGRESS",
        "in-progress",
    ]
    assert spellings("ASAP") == ["asap", "Asap"]


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_is_between_0_and_1(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Spoiler(1, share)
