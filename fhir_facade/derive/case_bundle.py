"""The profile of a Case bundle: a case and everything that belongs to it, as one collection.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.head import head
from fhir_facade.derive.structure import R4
from fhir_facade.rules.profiles import CASE_BUNDLE, profile_url
from fhir_facade.rules.registry import Registry

EPISODE = "EpisodeOfCare"
_ONE_EACH = ("CareTeam", "CarePlan", "List")
"""Of these a case has at most one."""

_BY_RESOURCE = {
    "discriminator": [{"type": "type", "path": "resource"}],
    "ordered": False,
    "rules": "closed",
}


def case_bundle(registry: Registry) -> dict[str, Any]:
    """Return the profile; what a client sends to Case conforms to it too, if it is complete."""
    return {
        **head(
            "StructureDefinition",
            CASE_BUNDLE,
            registry.context,
            shown="Case bundle",
            description="A case and everything that belongs to it: an EpisodeOfCare first, then "
            "its other parts. It is what a Case is read as, and what is sent to Case to write one; "
            "there, identifier, timestamp and full URLs may be left out, and the order is free.",
        ),
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": "Bundle",
        "baseDefinition": f"{R4}Bundle",
        "derivation": "constraint",
        "differential": {"element": list(_elements(registry))},
    }


def _elements(registry: Registry) -> Iterator[dict[str, Any]]:
    yield _element("Bundle", constraint=list(_constraints(registry)))
    yield _element(
        "Bundle.identifier",
        short="The case",
        min=1,
        mustSupport=True,
        comment=f"Its system is that of cases, {registry.context.identifier_system('case')}.",
    )
    yield _element("Bundle.type", fixedCode="collection", mustSupport=True)
    yield _element(
        "Bundle.timestamp", short="When a part was last changed", min=1, mustSupport=True
    )
    yield _element("Bundle.entry", slicing=_BY_RESOURCE, min=1, mustSupport=True)
    yield _element("Bundle.entry.fullUrl", min=1)
    yield _element("Bundle.entry.resource", min=1)
    for resource in registry:
        yield from _slice(resource.name, registry)


def _slice(name: str, registry: Registry) -> Iterator[dict[str, Any]]:
    at_most = "1" if name in (EPISODE, *_ONE_EACH) else "*"
    id = f"Bundle.entry:{name}"
    least = 1 if name == EPISODE else 0
    told = {"short": f"{name} of the case", "mustSupport": True}
    yield _element(id, sliceName=name, min=least, max=at_most, **told)
    profile = [profile_url(name, registry.context)]
    yield _element(f"{id}.resource", min=1, type=[{"code": name, "profile": profile}])


def _element(id: str, **facts: Any) -> dict[str, Any]:
    path = ".".join(step.partition(":")[0] for step in id.split("."))
    return {"id": id, "path": path, **facts}


def _constraints(registry: Registry) -> Iterator[dict[str, Any]]:
    source = registry.context.extension(CASE_BUNDLE)
    for key, human, expression in (
        ("case-1", f"The first entry is the {EPISODE}.", f"entry.first().resource is {EPISODE}"),
        ("case-2", "No two entries have the same fullUrl.", "entry.fullUrl.isDistinct()"),
    ):
        yield {
            "key": key,
            "severity": "error",
            "human": human,
            "expression": expression,
            "source": source,
        }
