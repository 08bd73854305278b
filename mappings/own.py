"""References to records this server holds itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.kinds.references import reference_builder
from fhir_facade.rules.text import fhir_id, stored_ids


@dataclass(frozen=True)
class OwnReference(Kind):
    """A reference to a record of this server by its stored `_id`."""

    to: str
    sid: str | None = None

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def search_type(self) -> str:
        return "reference"

    def encoder(self, site: Site) -> Encode:
        build = reference_builder(self.to, self.sid or "", site.context)
        named = self.sid is not None

        def encode(value: Any, findings: Findings) -> Any:
            del findings
            key = fhir_id(value)
            if key is None:
                return None
            reference = build(key, None)
            if not named:
                del reference["identifier"]
            return reference

        return encode

    def reference(self, site: Site, target: Target) -> Filter:
        keys = stored_ids(target.id) if target.type in (None, self.to) else []
        return {site.field: {"$in": keys}} if keys else NOTHING

    def describe(self) -> str:
        return f"Reference to {self.to} of this server"
