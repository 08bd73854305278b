"""What is the same in every resource of a type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Site


@dataclass(frozen=True)
class Fixed(Kind):
    """A coding of a local code system, whatever is stored."""

    system: str
    code: str
    display: str

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept"

    @property
    def total(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        coding = {
            "system": site.context.code_system(self.system),
            "code": self.code,
            "display": self.display,
        }

        def encode(value: Any, findings: Findings) -> Any:
            del value, findings
            return {"coding": [coding]}

        return encode

    def describe(self) -> str:
        return f"always {self.code}"


@dataclass(frozen=True)
class FixedCode(Kind):
    """A code that does not depend on what is stored."""

    system: str
    code: str

    @property
    def fhir_type(self) -> str:
        return "code"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def total(self) -> bool:
        return True

    @property
    def sortable(self) -> bool:
        return False

    def encoder(self, site: Site) -> Encode:
        del site
        code = self.code
        return lambda value, findings: code

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        del site
        fits = system in (None, self.system) and code in (None, self.code)
        return {} if fits else NOTHING

    def describe(self) -> str:
        return f"always {self.code}"
