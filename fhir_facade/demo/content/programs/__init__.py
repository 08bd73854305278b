"""The care-management programs, one module each."""

from __future__ import annotations

from fhir_facade.demo.content.programs.adherence import ADHERENCE
from fhir_facade.demo.content.programs.authorization import AUTHORIZATION
from fhir_facade.demo.content.programs.diabetes import DIABETES
from fhir_facade.demo.content.programs.discharge import DISCHARGE
from fhir_facade.demo.content.programs.heart import HEART
from fhir_facade.demo.content.programs.high_cost import HIGH_COST
from fhir_facade.demo.content.programs.outreach import OUTREACH
from fhir_facade.demo.content.programs.reprice import REPRICE

PROGRAMS = (
    HIGH_COST,
    ADHERENCE,
    DIABETES,
    HEART,
    OUTREACH,
    AUTHORIZATION,
    REPRICE,
    DISCHARGE,
)

__all__ = ["ADHERENCE", "DIABETES", "PROGRAMS"]
