"""capabilities: what this server does.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from fhir_facade.derive.capability import Deployment, capability_statement
from fhir_facade.derive.capability_modes import normative, terminology_capabilities
from fhir_facade.errors import BadRequest
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import version_of
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.registry import Registry

MODES: Final = ("full", "normative", "terminology")
_BASE_URLS_KEPT = 32


class Capabilities:
    """Serves the CapabilityStatement, true to what the store and the settings allow."""

    def __init__(self, registry: Registry, *, update_create: bool = False) -> None:
        self._registry = registry
        self._deployment = Deployment(update_create=update_create)
        self._made = lru_cache(maxsize=_BASE_URLS_KEPT)(self._make)
        self._published = lru_cache(maxsize=1)(self._publish)

    def without_transactions(self, text: str) -> None:
        """Take transactions out of the statement, and say why in its documentation."""
        self._deployment = replace(self._deployment, notes=text, transactions=False)
        self._made.cache_clear()
        self._published.cache_clear()

    def secured(self, security: dict[str, Any]) -> None:
        """Say in the statement how access is decided: its `rest.security`."""
        self._deployment = replace(self._deployment, security=security)
        self._made.cache_clear()
        self._published.cache_clear()

    def statement(self, base_url: str, mode: str = "full") -> Served:
        """Return what a mode asks for; raise BadRequest for one that R4 does not know."""
        if mode not in MODES:
            raise BadRequest(f"mode must be one of: {', '.join(MODES)}.", expression="http.mode")
        return self._made(base_url, mode)

    def published(self) -> dict[str, Any]:
        """Return the statement as the artefact that names no server."""
        return self._published()

    def _publish(self) -> dict[str, Any]:
        return capability_statement(self._registry, None, self._deployment)

    def _make(self, base_url: str, mode: str) -> Served:
        body = to_json(self._resource(base_url, mode))
        return Served(body, version_of(body), None)

    def _resource(self, base_url: str, mode: str) -> dict[str, Any]:
        if mode == "terminology":
            return terminology_capabilities(self._registry, base_url)
        statement = capability_statement(self._registry, base_url, self._deployment)
        return normative(statement) if mode == "normative" else statement
