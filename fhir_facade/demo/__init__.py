"""Synthetic care-management data: `generate` yields documents, `write` makes files of them."""

from fhir_facade.demo.export import BSON_OPTIONS, COLLECTIONS, JSON_OPTIONS, line, write
from fhir_facade.demo.generator import REFERENCE_DAY, WELL_KNOWN_MEMBER, generate

__all__ = [
    "BSON_OPTIONS",
    "COLLECTIONS",
    "JSON_OPTIONS",
    "REFERENCE_DAY",
    "WELL_KNOWN_MEMBER",
    "generate",
    "line",
    "write",
]
