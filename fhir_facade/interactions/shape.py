"""_summary and _elements: resources with a part of their elements, marked as such.

https://hl7.org/fhir/R4/search.html#elements
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.json_text import read_json, to_json
from fhir_facade.rules.narrative import narrative
from fhir_facade.rules.profiles import profile_name
from fhir_facade.rules.r4_elements import BY_TYPE, Elements

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
_DEMANDED = {"Organization": frozenset({"identifier"})}
"""What an invariant wants one of, though none of it is mandatory (org-1)."""
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})


@dataclass(frozen=True)
class Shape:
    """What of each resource is wanted."""

    summary: str = "false"
    elements: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self.summary not in ("true", "text") and not self.elements

    def applied(self, body: bytes, *, match: bool = True) -> bytes:
        """Return a resource with the wanted elements only; includes are cut by type alone."""
        if self.whole:
            return body
        resource: dict[str, Any] = read_json(body, max_depth=1000)
        kind = resource["resourceType"]
        known = BY_TYPE[kind]
        if self.summary == "true":
            kept = _summary(resource, known)
        elif self.summary == "text":
            kept = _only(resource, known, frozenset({"text"}))
            kept.setdefault("text", narrative(resource))
        else:
            wanted = self._wanted(kind, match=match)
            if wanted is None:
                return body
            kept = _only(resource, known, wanted)
        _mark(kept)
        return to_json(kept)

    def _wanted(self, kind: str, *, match: bool) -> frozenset[str] | None:
        """Return the elements asked of a type; None is all of them."""
        own = {
            each.removeprefix(f"{kind}.").partition(".")[0]
            for each in self.elements
            if each.startswith(f"{kind}.") or (match and "." not in each)
        }
        plain = match and any("." not in each for each in self.elements)
        return frozenset(own) if own or plain else None


def _only(resource: dict[str, Any], known: Elements, wanted: frozenset[str]) -> dict[str, Any]:
    choices = {f"{each}[x]" for each in wanted} & known.summary
    kept = wanted | choices | {each for each in known.mandatory if "." not in each}
    kept |= _DEMANDED.get(resource["resourceType"], frozenset())
    return {name: value for name, value in resource.items() if _is_kept(name, kept | _ALWAYS)}


def _summary(resource: dict[str, Any], known: Elements) -> dict[str, Any]:
    marked = known.summary | known.mandatory
    return {
        name: _inside(name, value, marked)
        for name, value in resource.items()
        if _is_kept(name, marked | _ALWAYS)
    }


def _inside(name: str, value: Any, marked: frozenset[str]) -> Any:
    """Cut a backbone element to its own summary elements; a datatype is kept whole."""
    below = frozenset(
        each.removeprefix(f"{name}.") for each in marked if each.startswith(f"{name}.")
    )
    if not below:
        return value
    if isinstance(value, list):
        return [_inside(name, each, marked) for each in value]
    return {key: each for key, each in value.items() if _is_kept(key, below | _ALWAYS)}


def _is_kept(name: str, wanted: frozenset[str]) -> bool:
    plain = name.removeprefix("_")
    return plain in wanted or any(
        plain.startswith(stem := each.removesuffix("[x]"))
        and plain[len(stem) : len(stem) + 1].isupper()
        for each in wanted
        if each.endswith("[x]")
    )


def _mark(resource: dict[str, Any]) -> None:
    """Mark a resource as cut; it may not satisfy any more what others' profiles demand."""
    meta = {name: each for name, each in resource.get("meta", {}).items() if name != "_profile"}
    own = f"/{profile_name(resource['resourceType'])}"
    if "profile" in meta:
        meta["profile"] = [each for each in meta["profile"] if str(each).endswith(own)]
    resource["meta"] = {**meta, "tag": [*meta.get("tag", ()), SUBSETTED]}
