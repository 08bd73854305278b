"""The definitions that resources are checked against: this guide's, and US Core's facts.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.profiles import CASE_BUNDLE, profile_url
from fhir_facade.rules.validation.bindings import RESOURCE_TYPES
from fhir_facade.rules.validation.profiles import us_core
from fhir_facade.rules.validation.profiles.compiled import Profile, compiled
from fhir_facade.rules.validation.profiles.items import EXTENSION
from fhir_facade.rules.validation.profiles.terminology import Terminology

R4 = "http://hl7.org/fhir/StructureDefinition/"


class Definitions:
    """Conformance resources by their canonical URLs; a profile is compiled when it is asked for."""

    def __init__(self, resources: Iterable[Mapping[str, Any]], context: Context) -> None:
        self.context = context
        by_type: dict[str, list[Mapping[str, Any]]] = {}
        for each in (*us_core.resources(), *resources):
            by_type.setdefault(each["resourceType"], []).append(each)
        structures = by_type.get("StructureDefinition", [])
        self._structures = {str(each["url"]): each for each in structures}
        self._compiled: dict[str, Profile] = {}
        self.extensions = frozenset(
            str(each["url"]) for each in structures if each["type"] == EXTENSION
        )
        """The URLs of the extensions that are defined."""
        self.own_extensions = f"{context.canonical}/StructureDefinition/"
        """What the URLs of this guide's extensions begin with."""
        self.terminology = Terminology(by_type.get("ValueSet", []), by_type.get("CodeSystem", []))

    def profile(self, canonical: str) -> Profile | None:
        """Return a profile by its URL, with or without its version; None if it is not known."""
        url, _, version = canonical.partition("|")
        definition = self._structures.get(url)
        if definition is None or (version and version != definition.get("version")):
            return None
        if url not in self._compiled:
            self._compiled[url] = compiled(definition)
        return self._compiled[url]

    def own(self, type: str) -> Profile | None:
        """Return this guide's profile of a type."""
        return self.profile(profile_url(type, self.context))

    @cached_property
    def case_bundle(self) -> Profile | None:
        """This guide's profile of a whole case."""
        return self.profile(self.context.extension(CASE_BUNDLE))

    def named(self, type: str) -> list[str]:
        """Return the URLs of the profiles of a type."""
        return sorted(url for url, each in self._structures.items() if each["type"] == type)

    def target_type(self, canonical: str) -> str | None:
        """Return the resource type that a profile is of; `Resource` any; None if not known."""
        url = canonical.partition("|")[0]
        if url in self._structures:
            return str(self._structures[url]["type"])
        if url in us_core.TARGETS:
            return us_core.TARGETS[url]
        name = url.removeprefix(R4)
        known = url.startswith(R4) and (name in RESOURCE_TYPES or name == "Resource")
        return name if known else None


def is_base(canonical: str, type: str) -> bool:
    """Say whether a profile is R4's own definition of a type, which is checked anyway."""
    url, _, version = canonical.partition("|")
    names = (type, "Resource", "DomainResource")
    return version in ("", "4.0.1") and url in [R4 + each for each in names]
