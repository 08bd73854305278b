"""What is the same in every resource of a type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.concepts import system_url
from fhir_facade.rules.kinds.described import Vocabulary
from fhir_facade.rules.text_match import TextMatch


@dataclass(frozen=True)
class Fixed(Kind):
    """A coding, of a local code system or another, whatever is stored."""

    system: str
    code: str
    display: str = ""

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept"

    @property
    def total(self) -> bool:
        return True

    @property
    def always_same(self) -> bool:
        return True

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("text",)

    @property
    def sortable(self) -> bool:
        return False

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        known = system_url(self.system, site.context)
        fits = system in (None, known) and code in (None, self.code)
        return EVERYTHING if fits else NOTHING

    def text(self, site: Site, match: TextMatch) -> Filter:
        del site
        return EVERYTHING if self.display and match.matches(self.display) else NOTHING

    def encoder(self, site: Site) -> Encode:
        coding = {
            "system": system_url(self.system, site.context),
            "code": self.code,
            "display": self.display,
        }

        def encode(value: Any, findings: Findings) -> Any:
            del value, findings
            return {"coding": [coding]}

        return encode

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        return (Vocabulary(self.system, {self.code: self.display}),)

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
    def always_same(self) -> bool:
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
        return EVERYTHING if fits else NOTHING

    def describe(self) -> str:
        return f"always {self.code}"


@dataclass(frozen=True)
class FixedText(Kind):
    """A text that does not depend on what is stored."""

    words: str

    @property
    def fhir_type(self) -> str:
        return "string"

    @property
    def search_type(self) -> str:
        return "string"

    @property
    def total(self) -> bool:
        return True

    @property
    def always_same(self) -> bool:
        return True

    @property
    def sortable(self) -> bool:
        return False

    def encoder(self, site: Site) -> Encode:
        del site
        words = self.words
        return lambda value, findings: words

    def string(self, site: Site, match: TextMatch) -> Filter:
        del site
        return EVERYTHING if match.matches(self.words) else NOTHING

    def describe(self) -> str:
        return f"always {self.words!r}"
