"""A line that is added to a table is published with nothing else to be done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from fhir_facade.derive.artefacts import artefacts
from fhir_facade.derive.published import published
from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.findings import Encode
from fhir_facade.rules.kinds import (
    Code,
    Complex,
    Concept,
    Date,
    Kind,
    Many,
    Money,
    Reference,
    Site,
    Text,
    part,
)
from fhir_facade.rules.mapping import Rule, rule
from fhir_facade.rules.registry import Registry
from mappings import ALL
from tests.derive.publishing import Json, elements
from tests.mappings.serving import BASE

SHARED = ("Communication", "DocumentReference", "Flag")
"""The types whose page lists the indexes of the same collection."""
URL = f"{BASE}/StructureDefinition"
RISKS = Codes("risk", {"high": "High", "low": "Low"}, aliases={"severe": "high"})
RISK = rule("extension:risk-level", "risk_level", Concept("risk-level"), "risk-level", indexed=True)


def _registry(*lines: Rule, flag: tuple[Rule, ...] = ()) -> Registry:
    added = {"Goal": lines, "Flag": flag}
    mappings = (replace(each, rules=(*each.rules, *added.get(each.resource, ()))) for each in ALL)
    return Registry(mappings, Context())


def _published(*lines: Rule, flag: tuple[Rule, ...] = ()) -> dict[str, Json]:
    found = published(_registry(*lines, flag=flag))
    return {f"{each['resourceType']}/{each['id']}": each for each in found}


def test_one_line_gives_everything() -> None:
    found = _published(RISK)
    extension = found["StructureDefinition/risk-level"]
    assert extension["context"] == [{"type": "element", "expression": "Goal"}]
    value = elements(extension)["Extension.value[x]"]
    assert value["type"] == [{"code": "CodeableConcept"}]
    assert value["binding"]["valueSet"] == f"{BASE}/ValueSet/risk-level"
    slice = elements(found["StructureDefinition/facade-goal"])["Goal.extension:risk-level"]
    assert slice["type"] == [{"code": "Extension", "profile": [f"{URL}/risk-level"]}]
    assert slice["mapping"] == [{"identity": "platform", "map": "work_queue.risk_level"}]
    assert found["CodeSystem/risk-level"]["content"] == "not-present"
    assert found["ValueSet/risk-level"]["compose"]["include"] == [
        {"system": f"{BASE}/CodeSystem/risk-level"}
    ]
    assert found["SearchParameter/Goal-risk-level"]["expression"] == (
        f"Goal.extension('{URL}/risk-level').value"
    )


def test_its_files_are_drift_until_they_are_derived() -> None:
    before, after = artefacts(_registry()), artefacts(_registry(RISK))
    assert sorted(path for path in after if before.get(path) != after[path]) == [
        "capability/CapabilityStatement-fhir-facade.json",
        "capability/CodeSystem-risk-level.json",
        "capability/ImplementationGuide-fhir-facade.json",
        "capability/SearchParameter-Goal-risk-level.json",
        "capability/StructureDefinition-facade-goal.json",
        "capability/StructureDefinition-risk-level.json",
        "capability/ValueSet-risk-level.json",
        "capability/indexes.json",
        *(f"docs/mappings/{name}.md" for name in (*SHARED, "Goal", "Task")),
    ]


def test_a_code_of_a_table_in_an_extension_is_bound_to_it() -> None:
    found = _published(rule("extension:risk", "risk", Code(RISKS)))
    value = elements(found["StructureDefinition/risk"])["Extension.value[x]"]
    assert value["type"] == [{"code": "code"}]
    assert value["binding"] == {"strength": "required", "valueSet": f"{BASE}/ValueSet/risk"}
    assert found["CodeSystem/risk"]["content"] == "complete"
    assert {"ConceptMap/platform-risk-to-fhir", "ConceptMap/fhir-to-platform-risk"} <= found.keys()


def test_parts_within_parts() -> None:
    inner = Complex((part("amount", "amount", Money()), part("due", "due", Date())))
    outer = Complex(
        (part("costs", "costs", Many(inner)), part("by", "by", Reference("Group", "g")))
    )
    found = elements(_published(rule("extension:plan", "plan", outer))["StructureDefinition/plan"])
    costs = "Extension.extension:costs"
    assert found[costs]["max"] == "*"
    assert found[f"{costs}.value[x]"]["max"] == "0"
    assert found[f"{costs}.url"]["fixedUri"] == "costs"
    amount = found[f"{costs}.extension:amount.value[x]"]
    assert amount["path"] == "Extension.extension.extension.value[x]"
    assert amount["type"] == [{"code": "Money"}]
    by = found["Extension.extension:by.value[x]"]["type"]
    assert by[0]["targetProfile"] == ["http://hl7.org/fhir/StructureDefinition/Group"]


def test_one_extension_of_two_types_in_two_places() -> None:
    found = _published(
        rule("extension:reason", "reason", Text()),
        rule("target[0].extension:reason", "target_reason", Text()),
        flag=(rule("extension:reason", "reason", Many(Concept("reason"))),),
    )
    extension = found["StructureDefinition/reason"]
    places = [each["expression"] for each in extension["context"]]
    assert places == ["Flag", "Goal", "Goal.target"]
    value = elements(extension)["Extension.value[x]"]
    assert value["type"] == [{"code": "CodeableConcept"}, {"code": "string"}]
    assert elements(extension)["Extension"]["max"] == "*"
    goal = elements(found["StructureDefinition/facade-goal"])
    assert goal["Goal.extension:reason"]["max"] == "1"
    assert goal["Goal.target.extension:reason"]["max"] == "1"
    flag = elements(found["StructureDefinition/facade-flag"])
    assert flag["Flag.extension:reason"]["max"] == "*"


def test_an_element_of_r4() -> None:
    found = _published(rule("statusDate", "status_date", Date()))
    element = elements(found["StructureDefinition/facade-goal"])["Goal.statusDate"]
    assert element["mapping"] == [{"identity": "platform", "map": "work_queue.status_date"}]


@dataclass(frozen=True)
class _Silent(Kind):
    """A kind that does not say what it gives."""

    as_type: str

    @property
    def fhir_type(self) -> str:
        return self.as_type

    def encoder(self, site: Site) -> Encode:
        del site
        return lambda value, findings: None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (rule("target[0].due*", "due", _Silent("date")), "does not say which elements it gives"),
        (rule("extension:x", "x", _Silent("Extension")), "does not say which parts"),
        (rule("nothing", "x", Text()), "Goal has no nothing"),
        (rule("extension:x", "x", Concept("goal-status")), "two code systems"),
        (rule("extension:x", "x", Concept(codes=(RISKS, replace(RISKS)))), "two code tables"),
    ],
    ids=["siblings", "parts", "element", "names", "tables"],
)
def test_what_cannot_be_published(line: Rule, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _published(line)


def test_a_deployments_stray_codes_change_nothing() -> None:
    context: Any = Context(stray_codes={"Task.status": {"Parked": "on-hold"}})
    assert list(published(Registry(ALL, context))) == list(published(_registry()))
