"""Kinds: how a stored value of one sort is written in FHIR, and how a search finds it."""

from fhir_facade.rules.kinds.base import Kind, Many, Site
from fhir_facade.rules.kinds.concepts import Code, Concept
from fhir_facade.rules.kinds.datatypes import Annotation, Identifier, Money
from fhir_facade.rules.kinds.extensions import Complex, part
from fhir_facade.rules.kinds.links import CaseLinks, ModuleLinks
from fhir_facade.rules.kinds.primitives import Boolean, Date, DateTime, Decimal, Integer, Key, Text
from fhir_facade.rules.kinds.quantities import Measure, Quantity
from fhir_facade.rules.kinds.record import RecordId, RecordTime, Tags, Unstored
from fhir_facade.rules.kinds.references import Reference

__all__ = [
    "Annotation",
    "Boolean",
    "CaseLinks",
    "Code",
    "Complex",
    "Concept",
    "Date",
    "DateTime",
    "Decimal",
    "Identifier",
    "Integer",
    "Key",
    "Kind",
    "Many",
    "Measure",
    "ModuleLinks",
    "Money",
    "Quantity",
    "RecordId",
    "RecordTime",
    "Reference",
    "Site",
    "Tags",
    "Text",
    "Unstored",
    "part",
]
