"""The profiles: every element that is served, nothing demanded that R4 does not demand."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.derive.structure import EXTENSIBLE
from tests.derive.publishing import Json, definition, elements
from tests.mappings.serving import BASE, registry

Definitions = dict[str, Json]
TYPES = sorted(registry().types)
R4 = "http://hl7.org/fhir/StructureDefinition/"
STRENGTHS = ("example", "preferred", "extensible", "required")
DEMANDS = ("fixed", "pattern", "minValue", "maxValue", "constraint", "condition", "maxLength")


def _profile(resource: str) -> Json:
    return definition(f"facade-{resource.lower()}")


@pytest.mark.parametrize("resource", TYPES)
def test_what_a_profile_is(resource: str) -> None:
    profile = _profile(resource)
    assert profile["type"] == resource
    assert profile["baseDefinition"] == R4 + resource
    assert (profile["kind"], profile["derivation"]) == ("resource", "constraint")
    assert profile["differential"]["element"][0] == {"id": resource, "path": resource}


@pytest.mark.parametrize("resource", TYPES)
def test_a_profile_demands_nothing_of_its_own(resource: str) -> None:
    """A client may write any R4 resource, and it is served under the profile."""
    for id, element in elements(_profile(resource)).items():
        assert not [name for name in element if name.startswith(DEMANDS)], id
        assert element.get("min", 0) == 0, id
        assert "max" not in element or "sliceName" in element, id
        assert "type" not in element or "sliceName" in element, id
        assert element.get("slicing", {"rules": "open"})["rules"] == "open", id
        assert element.get("binding", {"strength": ""})["strength"] != "required", id


@pytest.mark.parametrize("resource", TYPES)
def test_every_element_that_is_served_is_supported(
    resource: str, served_resources: list[Json]
) -> None:
    known = {
        (element.get("sliceName") if ":" in id.rpartition(".")[2] else id.rpartition(".")[2])
        for id, element in elements(_profile(resource)).items()
        if id.count(".") == 1
    }
    both = {"start[x]": "startDate", "effective[x]": "effectiveDateTime"}
    known |= {both[each] for each in known if each in both}
    found = {
        name.removeprefix("_")
        for each in served_resources
        if each["resourceType"] == resource
        for name in each
    }
    assert found > {"id", "meta"}
    assert found - known - {"resourceType", "text"} == set()


def test_where_an_element_is_stored() -> None:
    found = elements(_profile("Task"))
    assert found["Task.restriction.period.end"] == {
        "id": "Task.restriction.period.end",
        "path": "Task.restriction.period.end",
        "comment": "Read as dateTime.",
        "mustSupport": True,
        "mapping": [{"identity": "platform", "map": "work_queue.deadline"}],
    }
    assert found["Task.restriction"]["mustSupport"] is True
    assert found["Task.code"]["binding"] == {
        "strength": "extensible",
        "valueSet": f"{BASE}/ValueSet/task-category",
    }
    assert "binding" not in found["Task.status"]
    document = elements(_profile("DocumentReference"))["DocumentReference.description"]
    assert [each["map"] for each in document["mapping"]] == [
        "patient_case.documents[].description",
        "work_queue.documents[].description",
    ]


def test_codes_that_nobody_can_list_are_not_called_for() -> None:
    """An extensible value set whose codes are stored ones would warn of each of them."""
    binding = elements(_profile("Flag"))["Flag.category"]["binding"]
    assert binding["strength"] == "preferred"


def test_one_type_of_a_choice_is_a_slice_and_all_of_them_are_none() -> None:
    found = elements(_profile("Goal"))
    due = found["Goal.target.due[x]"]
    assert due["slicing"]["discriminator"] == [{"type": "type", "path": "$this"}]
    slice = found["Goal.target.due[x]:dueDate"]
    assert (slice["path"], slice["type"]) == ("Goal.target.due[x]", [{"code": "date"}])
    assert (slice["min"], slice["max"]) == (0, "1")
    assert "slicing" not in found["Goal.target.detail[x]"]
    assert not [id for id in found if id.startswith("Goal.target.detail[x]:")]


def test_elements_inside_a_slice() -> None:
    found = elements(_profile("CarePlan"))
    id = "CarePlan.activity.detail.scheduled[x]:scheduledPeriod.end"
    assert found[id]["path"] == "CarePlan.activity.detail.scheduled[x].end"


def test_extensions_are_slices_by_url() -> None:
    found = elements(_profile("CareTeam"))
    party = found["CareTeam.participant.extension:party-case"]
    assert party["type"] == [
        {"code": "Extension", "profile": [f"{BASE}/StructureDefinition/party-case"]}
    ]
    assert (party["min"], party["max"]) == (0, "1")
    goal = elements(_profile("Goal"))
    assert goal["Goal.extension:case"]["max"] == "*"
    assert goal["Goal.extension:employer"]["max"] == "1"


def test_what_is_the_same_in_all_is_told_as_an_example() -> None:
    """A client may write another, which is kept: no profile can fix it."""
    found = elements(_profile("CarePlan"))
    assert found["CarePlan.intent"]["example"][0]["valueCode"] == "plan"
    coding = found["CarePlan.category"]["example"][0]["valueCodeableConcept"]["coding"][0]
    assert coding["code"] == "assess-plan"
    assert elements(_profile("Observation"))["Observation.status"]["example"]


def test_stored_extensions_are_passed_through() -> None:
    found = elements(_profile("EpisodeOfCare"))["EpisodeOfCare.extension"]
    assert found["mapping"] == [{"identity": "platform", "map": "patient_case.extension"}]


class Base:
    """R4's own elements, through backbones and datatypes."""

    def __init__(self, structures: Definitions) -> None:
        self.structures = structures

    def children(self, type: str, path: str) -> list[Json]:
        found = self.structures[R4 + type]["snapshot"]["element"]
        return [
            each
            for each in found
            if each["path"].startswith(f"{path}.")
            and each["path"].count(".") == path.count(".") + 1
        ]

    def find(self, path: str, types: dict[str, str]) -> tuple[Json, tuple[int, ...]]:
        """Return R4's element of a path, and its place in R4's order."""
        first, *steps = path.split(".")
        type, at, places = first, first, []
        element: Json = {}
        for depth, step in enumerate(steps, 2):
            known = self.children(type, at)
            place = [each["path"].rpartition(".")[2] for each in known].index(step)
            places.append(place)
            element, at = known[place], f"{at}.{step}"
            if not self.children(type, at):
                here = ".".join(path.split(".")[:depth])
                type = types.get(here) or element.get("type", [{"code": ""}])[0]["code"]
                at = type
        return element, tuple(places)


@pytest.mark.parametrize("resource", TYPES)
def test_elements_are_r4s_and_in_its_order(resource: str, r4_structures: Definitions) -> None:
    base, places = Base(r4_structures), []
    types: dict[str, str] = {}
    for element in _profile(resource)["differential"]["element"][1:]:
        if ":" in element["id"].rpartition(".")[2] and "[x]" in element["path"]:
            types[element["path"]] = element["type"][0]["code"]
        _, place = base.find(element["path"], types)
        places.append(place)
    assert places == sorted(places)


@pytest.mark.parametrize("resource", TYPES)
def test_a_choice_is_of_r4s_types(resource: str, r4_structures: Definitions) -> None:
    base = Base(r4_structures)
    for element in _profile(resource)["differential"]["element"]:
        if "[x]" in element["path"].rpartition(".")[2] and "sliceName" in element:
            known, _ = base.find(element["path"], {})
            allowed = {each["code"]: each for each in known["type"]}
            (given,) = element["type"]
            assert given["code"] in allowed
            targets = set(allowed[given["code"]].get("targetProfile", ()))
            assert set(given.get("targetProfile", ())) == targets - {f"{R4}Resource"}


@pytest.mark.parametrize("resource", TYPES)
def test_no_binding_is_weaker_than_r4s(resource: str, r4_structures: Definitions) -> None:
    base, types = Base(r4_structures), dict[str, str]()
    for id, element in elements(_profile(resource)).items():
        if "sliceName" in element and "[x]" in element["path"]:
            types[element["path"]] = element["type"][0]["code"]
        if "binding" in element:
            known, _ = base.find(element["path"], types)
            least = known.get("binding", {"strength": "example"})["strength"]
            given = element["binding"]["strength"]
            assert STRENGTHS.index(given) >= STRENGTHS.index(least), id


def test_r4s_extensible_bindings(r4_structures: Definitions) -> None:
    found = {
        element["path"]
        for resource in TYPES
        for element in r4_structures[R4 + resource]["snapshot"]["element"]
        if _strength(element) == "extensible"
    }
    assert found == EXTENSIBLE


def _strength(element: Json) -> Any:
    return element.get("binding", {}).get("strength")
