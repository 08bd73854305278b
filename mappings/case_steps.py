"""Searches into the workflow steps of a case.

https://hl7.org/fhir/R4/careplan.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_facade.rules.date_search import Comparison
from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.findings import Encode
from fhir_facade.rules.kinds import Date, Kind, Site, Text
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.text_match import TextMatch
from mappings.case_kinds import some_row
from mappings.case_plan import PREFIX
from mappings.common import USER


@dataclass(frozen=True)
class _Step(Kind):
    """What every search into the steps has: the steps themselves are served by another line."""

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        del site
        return lambda value, findings: None


@dataclass(frozen=True)
class StepNames(_Step):
    """The name of a step: words without a code."""

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("text",)

    def present(self, site: Site) -> Filter:
        return some_row(site, Text().present(site.at(f"{PREFIX}step_name")))

    def text(self, site: Site, match: TextMatch) -> Filter:
        return some_row(site, match.filter(f"{PREFIX}step_name"))


@dataclass(frozen=True)
class StepDates(_Step):
    """The time a step is planned for: a Period without a start that ends when the step is due."""

    @property
    def fhir_type(self) -> str:
        return "Period"

    @property
    def search_type(self) -> str:
        return "date"

    def present(self, site: Site) -> Filter:
        return some_row(site, Date().present(_due(site)))

    def date(self, site: Site, comparison: Comparison) -> Filter:
        as_end = {"lt": "any", "le": "any", "ne": "any", "gt": "gt", "ge": "gt"}
        prefix = {**as_end, "eb": "eb", "ap": "not-before"}.get(comparison.prefix)
        if prefix is None:  # nothing contains, or comes before, a start that is open
            return NOTHING
        asked = Comparison(prefix, comparison.low, comparison.high)
        return some_row(site, Date().date(_due(site), asked))


@dataclass(frozen=True)
class StepPerformers(_Step):
    """The person a step is assigned to."""

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return USER.modifiers

    @property
    def targets(self) -> tuple[str, ...]:
        return USER.targets

    def present(self, site: Site) -> Filter:
        return some_row(site, USER.present(_person(site)))

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        return some_row(site, USER.reference(_person(site), targets))

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        return some_row(site, USER.identifier(_person(site), system, value))

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.{PREFIX}assigned_person_id",)


def _person(site: Site) -> Site:
    return site.at(f"{PREFIX}assigned_person_id")


def _due(site: Site) -> Site:
    return site.at(f"{PREFIX}due_date")
