"""A FHIR R4 facade over a care-management platform's MongoDB."""

__version__ = "0.1.0"
__released__ = "2026-11-21"
