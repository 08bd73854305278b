"""Which text of an answer leads somewhere: nothing but http, https and paths of this server.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import quote

_WEB: Final = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+(?:[/?#][^\s\"'<>\\^`{|}]*)?")
_RELATIVE: Final = re.compile(
    r"([A-Z][A-Za-z]{1,63})/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
_DEFINED: Final = (
    *("CapabilityStatement", "CodeSystem", "ConceptMap", "ImplementationGuide", "NamingSystem"),
    *("OperationDefinition", "SearchParameter", "StructureDefinition", "ValueSet"),
)
"""What this server publishes about itself, below its canonical URL."""


class Links:
    """Finds where a text of an answer leads."""

    def __init__(self, fhir: str, types: Collection[str], canonical: str = "") -> None:
        self._fhir = fhir
        self._types = frozenset(types) | frozenset(_DEFINED)
        self._canonical = f"{canonical.rstrip('/')}/" if canonical else None

    def of(self, text: str, *, is_reference: bool = False) -> str | None:
        """Return the URL that a whole text is, or that a reference means; None where it is none."""
        if text.startswith("http"):
            return self._web(text)
        if is_reference:
            return self.to(text)
        return None

    def to(self, reference: str) -> str | None:
        """Return the path of `Type/id` on this server, None where it serves no such type."""
        found = _RELATIVE.fullmatch(reference)
        if found is None or found[1] not in self._types:
            return None
        return f"{self._fhir}/{reference}"

    def resource(self, kind: str, identity: str) -> str | None:
        """Return the path of a resource."""
        return self.to(f"{kind}/{identity}")

    def path(self, *segments: str) -> str:
        """Return a path below the FHIR base, whatever its segments hold."""
        return "/".join([self._fhir, *(quote(each, safe="$") for each in segments)])

    def _web(self, text: str) -> str | None:
        if _WEB.fullmatch(text) is None:
            return None
        if self._canonical is not None and text.startswith(self._canonical):
            # a canonical may name a version, `…|0.1.0`; the server publishes one
            own = self.to(text.removeprefix(self._canonical))
            if own is not None:
                return own
        return text
