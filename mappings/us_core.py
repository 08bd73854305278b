"""Which resources satisfy US Core's profile of their type.

https://hl7.org/fhir/us/core/STU6.1/profiles-and-extensions.html
"""

from __future__ import annotations

from typing import Any

from fhir_facade.rules.filters import EVERYTHING, Filter, all_of, none_of
from fhir_facade.rules.kinds import Concept, Site
from fhir_facade.rules.profiles import names_only, us_core
from mappings.case_kinds import some_row
from mappings.case_team import PREFIX
from mappings.codes import PARTICIPANT_ROLE

ASSESS_PLAN = ("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan")

_LOINC = "http://loinc.org"
_DOCUMENTS = frozenset(
    {"11488-4", "11502-2", "11506-3", "11526-1", "18748-4", "18842-5", "28570-0", "34109-9"}
    | {"34117-2", "34133-9", "51855-5"}
)
"""LOINC codes of documents that are sure to be in US Core's value set, which is a rule, no list."""

_UNKNOWN = ("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK")

Resource = dict[str, Any]


def _is_goal(goal: Resource) -> bool:
    return names_only(goal, goal.get("subject"), "Patient")


def _is_care_plan(plan: Resource) -> bool:
    assessed = [each for each in plan.get("category", ()) if ASSESS_PLAN in _codes(each)]
    told = plan.get("text", {}).get("status", "generated") in ("generated", "additional")
    return told and len(assessed) == 1 and names_only(plan, plan.get("subject"), "Patient")


def _is_care_team(team: Resource) -> bool:
    members = team.get("participant", ())
    complete = all(len(each.get("role", ())) == 1 and "member" in each for each in members)
    return bool(members) and complete and names_only(team, team.get("subject"), "Patient")


def _is_document(document: Resource) -> bool:
    codes = _codes(document.get("type", {}))
    coded = _UNKNOWN in codes or any((_LOINC, each) in codes for each in _DOCUMENTS)
    encounters = document.get("context", {}).get("encounter", ())
    attachments = [each["attachment"] for each in document.get("content", ())]
    return (
        coded
        and bool(document.get("category"))
        and names_only(document, document.get("subject"), "Patient")
        and len(encounters) <= 1
        and all(names_only(document, each, "Encounter") for each in encounters)
        and all("url" in each or "data" in each for each in attachments)
    )


def _codes(concept: Resource) -> set[tuple[Any, Any]]:
    return {(each.get("system"), each.get("code")) for each in concept.get("coding", ())}


def _complete_rows(site: Site) -> Filter:
    """Match where there are participants and each of them has a role."""
    role = Concept(codes=(PARTICIPANT_ROLE,))
    site = site.at("participants")
    without = none_of([role.present(site.at(f"{PREFIX}role"))])
    rows = {"participants": {"$type": "array"}}
    return all_of([rows, some_row(site, EVERYTHING), none_of([some_row(site, without)])])


US_CORE_GOAL = us_core("Goal", _is_goal)
US_CORE_CARE_PLAN = us_core("CarePlan", _is_care_plan)
US_CORE_CARE_TEAM = us_core("CareTeam", _is_care_team, stored=_complete_rows)
US_CORE_DOCUMENT = us_core("DocumentReference", _is_document, stored=None)
