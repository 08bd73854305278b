"""What a deployment decides and every mapping is compiled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from zoneinfo import ZoneInfo

DEFAULT_CANONICAL = "https://fhir.wellnecity.com"


@dataclass(frozen=True, slots=True)
class Context:
    """The settings that decide what a stored value looks like in FHIR."""

    canonical: str = DEFAULT_CANONICAL
    timezone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    """The zone of stored datetimes without one, and of dates cut out of datetimes."""
    reference_base: Mapping[str, str] = field(default_factory=dict)
    """Resource type → base URL of the server that holds it; other references are relative."""
    stray_codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """FHIR path (`Task.status`) → stray stored value → FHIR code, as the deployer decided."""

    keeps: bool = False
    """Whether what the stored fields cannot hold is kept in the document; refused otherwise."""
    advises: bool = False
    """Whether a broken goal life cycle is a warning; refused otherwise."""
    narrates: bool = False
    """Whether every resource gets a narrative; only where a profile wants one otherwise."""

    def code_system(self, name: str) -> str:
        return f"{self.canonical}/CodeSystem/{name}"

    def identifier_system(self, name: str) -> str:
        return f"{self.canonical}/sid/{name}"

    def extension(self, name: str) -> str:
        return f"{self.canonical}/StructureDefinition/{name}"
