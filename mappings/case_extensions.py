"""Extensions that the platform stores as FHIR data.

https://hl7.org/fhir/R4/extensibility.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.text import clean


@cache
def _extension_model() -> Any:
    from fhir.resources.R4B.extension import Extension

    return Extension


@dataclass(frozen=True)
class PassedThrough(Kind):
    """Stored FHIR extension data, served as it is where it is valid and nobody else's to give."""

    @property
    def fhir_type(self) -> str:
        return "Extension"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        own = site.context.extension("")

        def encode(value: Any, findings: Findings) -> Any:
            found = []
            for each in value if isinstance(value, list) else [value]:
                if _is_extension(each) and each["url"].startswith(own):
                    findings.append(site.degraded("an extension that this guide has a field for"))
                elif _is_extension(each):
                    found.append(each)
                elif each not in (None, "", {}, []):
                    findings.append(site.degraded("not a FHIR extension"))
            return found or None

        return encode

    def describe(self) -> str:
        return "FHIR extensions, passed through"


def _is_extension(value: Any) -> bool:
    if not isinstance(value, dict) or not _is_json(value):
        return False
    url = value.get("url")
    values = [name for name in value if name.startswith("value")]
    if not isinstance(url, str) or ":" not in url or any(map(str.isspace, url)):
        return False
    if len(values) + ("extension" in value) != 1:
        return False
    try:
        _extension_model().model_validate(value)
    except ValueError:
        return False
    return True


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(map(_is_json, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(_is_json, value))
    if isinstance(value, str):
        return clean(value) == value
    return isinstance(value, bool | int) or (isinstance(value, float) and value == value)
