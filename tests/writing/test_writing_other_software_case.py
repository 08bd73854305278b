"""Other software changes a field of a case: its element is new, all the others stay as put."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from bson import ObjectId

from fhir_facade.demo import generate
from tests.writing.equality import content, extension
from tests.writing.exact_json import Json
from tests.writing.test_writing_other_software import assign
from tests.writing.whole import ALIEN, IDENTIFIERS, SNOMED, TEXT
from tests.writing.world import World

MOMENT = dt.datetime(2026, 12, 3, 4, 5, 6, 789000, tzinfo=dt.UTC)
CASE = next(
    document
    for collection, document in generate(12)
    if collection == "patient_case"
    and document["status"]["state"] == "active"
    and {"campaignId", "performanceLeverId", "dueDate"} <= document.keys()
)
WIDENED = ("period", "careManager", "patient", "managingOrganization")
"""Elements that take an extension beside what they have."""
ROWS: list[tuple[str, Any, list[str]]] = [
    ("status.state", "resolved", ["status"]),
    ("status.value", "odd", ["case-status"]),
    ("type", {"value": "other", "display": "Other"}, ["type"]),
    ("caseSubtype", "other", ["type"]),
    ("subject", {"id": "M9"}, ["patient"]),
    ("initiatedDate", "2020-01-02", ["period"]),
    ("closedDate", "2030-01-02", ["period"]),
    ("owner", {"id": "U99", "name": "Nine"}, ["careManager"]),
    ("wellnecityId", "W-9", ["identifier"]),
    ("caseId", "C-9", ["identifier"]),
    ("client", {"id": "O9"}, ["employer"]),
    ("campaignName", "New", ["campaign"]),
    ("campaignHealthPlanId", "HP9", ["campaign-health-plan"]),
    ("performanceLeverName", "New", ["performance-lever"]),
    ("programKey", "other", ["program-key"]),
    ("source", ["patient", "carrier"], ["case-origin"]),
    ("name", "New", ["case-name"]),
    ("description", "New", ["case-description"]),
    ("dueDate", "2030-01-02", ["due-date"]),
    ("lastActivityDate", MOMENT, ["last-activity"]),
    ("notes", [{"text": "New", "created": MOMENT}], ["note"]),
    ("vendorCaseStatus", "new", ["vendor-case-status"]),
    ("savingStats.identifiedSavingsTotal", 7.5, ["savings"]),
    ("created", MOMENT, ["created"]),
    ("createdBy", "U99", ["created-by"]),
    ("updatedBy", "U99", ["updated-by"]),
]


def _stored(world: World) -> Json:
    document = {**copy.deepcopy(CASE), "_id": ObjectId(), "documents": []}
    world.insert("patient_case", document)
    return world.stored("patient_case", document["_id"])


def _widened(resource: Json) -> Json:
    """The resource with more in every element than the stored fields hold."""
    found = copy.deepcopy(resource)
    found.update(text=TEXT, identifier=[*found["identifier"], *IDENTIFIERS])
    found["type"][0]["coding"].append(SNOMED)
    for name in WIDENED:
        if name in found:
            found[name]["extension"] = [ALIEN]
    for each in found["extension"]:
        each["id"] = "more"
    found["extension"].append(ALIEN)
    return found


@pytest.mark.parametrize(("field", "value", "touched"), ROWS, ids=[row[0] for row in ROWS])
def test_a_change_of_one_field_of_a_case_changes_its_elements_alone(
    world: World, field: str, value: Any, touched: list[str]
) -> None:
    plain, kept = _stored(world), _stored(world)
    ids = [str(each["_id"]) for each in (plain, kept)]
    put = _widened(world.read("EpisodeOfCare", ids[1]))
    before = world.update(ids[1], put)
    assert content(before) == content(put)
    tag = world.etag("EpisodeOfCare", ids[1])
    for each in ids:
        document = world.stored("patient_case", ObjectId(each))
        assign(document, field, value)
        world.overwrite("patient_case", document)
    assert world.etag("EpisodeOfCare", ids[1]) != tag
    mapped, after = (content(world.read("EpisodeOfCare", each)) for each in ids)
    wanted = content(before)
    for name in touched:
        if name in mapped:
            wanted[name] = mapped[name]
    urls = [extension(each) for each in touched]
    others = [each for each in wanted["extension"] if each["url"] not in urls]
    wanted["extension"] = [*others, *(e for e in mapped["extension"] if e["url"] in urls)]
    del wanted["text"]  # it told of the element that was changed
    for each in (wanted, after):
        each["extension"].sort(key=repr)
        each.pop("team")
    assert after == wanted
