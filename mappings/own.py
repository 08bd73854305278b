"""References to records this server holds itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.kinds.record import servable_id_filter
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

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",) if self.sid is not None else ()

    @property
    def sortable(self) -> bool:
        return False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.to,)

    @property
    def sids(self) -> tuple[str, ...]:
        return () if self.sid is None else (self.sid,)

    def present(self, site: Site) -> Filter:
        """A record that is served has an id; the document it stands in may have none."""
        return servable_id_filter(site.field) if "." in site.field else EVERYTHING

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        ids = [each.id for each in targets if each.type in (None, self.to)]
        keys = [key for id in ids for key in stored_ids(id)]
        return {site.field: {"$in": keys}} if keys else NOTHING

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        if self.sid is None or system not in (None, site.context.identifier_system(self.sid)):
            return NOTHING
        return self.present(site) if value is None else self.reference(site, [Target(None, value)])

    def describe(self) -> str:
        return f"Reference to {self.to} of this server"
