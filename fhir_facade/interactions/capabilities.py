"""capabilities: what this server does.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from fhir_facade.derive.capability import Deployment, capability_statement
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import version_of
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.registry import Registry

_BASE_URLS_KEPT = 32


class Capabilities:
    """Serves the CapabilityStatement, true to what the store and the settings allow."""

    def __init__(self, registry: Registry, *, update_create: bool = False) -> None:
        self._registry = registry
        self._deployment = Deployment(update_create=update_create)
        self._made = lru_cache(maxsize=_BASE_URLS_KEPT)(self._make)

    def without_transactions(self, text: str) -> None:
        """Take transactions out of the statement, and say why in its documentation."""
        self._deployment = replace(self._deployment, notes=text, transactions=False)
        self._made.cache_clear()

    def statement(self, base_url: str) -> Served:
        return self._made(base_url)

    def _make(self, base_url: str) -> Served:
        body = to_json(capability_statement(self._registry, base_url, self._deployment))
        return Served(body, version_of(body), None)
