"""The published artefacts as resources that are served: made once, and read-only.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fhir_facade import __released__
from fhir_facade.derive.capability_published import published_once
from fhir_facade.derive.capability_types import PUBLISHED_TYPES
from fhir_facade.errors import Issue, NotFound
from fhir_facade.interactions.capabilities import Capabilities
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import version_of
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.registry import Registry

Json = dict[str, Any]

RELEASED = f"{__released__}T00:00:00Z"
_STATEMENT = "CapabilityStatement"
_FIRST = ("resourceType", "id", "meta")


@dataclass(frozen=True, slots=True)
class Artefact:
    """One published resource, as it is served."""

    id: str
    resource: Json
    served: Served


class Conformance:
    """Every published artefact, by type and id and by canonical URL."""

    def __init__(self, registry: Registry, capabilities: Capabilities) -> None:
        self._registry, self._capabilities = registry, capabilities

    @cached_property
    def _by_type(self) -> dict[str, dict[str, Artefact]]:
        found: dict[str, list[Artefact]] = {type_: [] for type_ in PUBLISHED_TYPES}
        for resource in published_once(self._registry):
            found[resource["resourceType"]].append(artefact(resource))
        return {
            type_: {each.id: each for each in sorted(artefacts, key=lambda each: each.id)}
            for type_, artefacts in found.items()
        }

    def of_type(self, type_: str) -> dict[str, Artefact]:
        """Return id → artefact, in the order of the ids."""
        if type_ != _STATEMENT:
            return self._by_type[type_]
        # what the store and the settings allow is known when the server has started
        own = artefact(self._capabilities.published())
        return {own.id: own}

    def all(self, type_: str) -> Iterator[Json]:
        """Yield every artefact of a type."""
        for each in self.of_type(type_).values():
            yield each.resource

    def read(self, type_: str, fhir: str) -> Artefact:
        """Return one artefact; raise NotFound."""
        found = self.of_type(type_).get(fhir)
        if found is None:
            raise NotFound(f"There is no {type_} with this id.")
        return found

    def named(self, type_: str, url: str, version: str | None = None) -> Json:
        """Return the artefact with a canonical URL, `url` or `url|version`; raise NotFound."""
        name, _, given = url.partition("|")
        versions = [each for each in self.all(type_) if each["url"] == name]
        for each in versions:
            if {version or each["version"], given or each["version"]} == {each["version"]}:
                return each
        what = "version of this" if versions else "such"
        raise NotFound(
            f"This server publishes no {what} {type_}; GET {type_} lists those that it publishes."
        )


def artefact(resource: Json) -> Artefact:
    """Return a resource with the `meta` that a server gives it."""
    version = version_of(to_json(resource))
    whole = {
        "resourceType": resource["resourceType"],
        "id": resource["id"],
        "meta": {**resource.get("meta", {}), "versionId": version, "lastUpdated": RELEASED},
        **{name: value for name, value in resource.items() if name not in _FIRST},
    }
    return Artefact(resource["id"], whole, Served(to_json(whole), version, RELEASED))


def no_versions(type_: str) -> NotFound:
    """Return the error that says why an artefact has no history."""
    text = (
        f"This server keeps no versions of {type_}: it publishes what belongs to its own release, "
        "whose number is the element `version`."
    )
    return NotFound(text, issues=[Issue("error", "not-supported", text)])
