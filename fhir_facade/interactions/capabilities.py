"""capabilities: what this server does.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from functools import lru_cache

from fhir_facade.derive.capability import capability_statement
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import version_of
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.registry import Registry

_BASE_URLS_KEPT = 32


class Capabilities:
    """Serves the CapabilityStatement; `notes` says what the store can and cannot do."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._notes = ""
        self._made = lru_cache(maxsize=_BASE_URLS_KEPT)(self._make)

    def note(self, text: str) -> None:
        """Add a sentence about the store to the statement's documentation."""
        self._notes = text
        self._made.cache_clear()

    def statement(self, base_url: str) -> Served:
        return self._made(base_url)

    def _make(self, base_url: str) -> Served:
        body = to_json(capability_statement(self._registry, base_url, self._notes))
        return Served(body, version_of(body), None)
