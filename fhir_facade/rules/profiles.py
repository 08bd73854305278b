"""The profiles that served resources conform to, and which of them a resource may claim.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fhir_facade import __version__
from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter, any_of
from fhir_facade.rules.findings import Encode
from fhir_facade.rules.kinds.base import Kind, Site

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
US_CORE_VERSION = "6.1.0"

CASE_BUNDLE = "case-bundle"


def profile_name(resource: str) -> str:
    """Return the id of this guide's profile of a type, `facade-careplan`."""
    return f"facade-{resource.lower()}"


def profile_url(resource: str, context: Context) -> str:
    """Return the canonical URL of this guide's profile of a type."""
    return context.extension(profile_name(resource))


def us_core_url(resource: str) -> str:
    """Return the canonical URL of US Core's profile of a type."""
    return f"{US_CORE}{resource.lower()}"


def _nothing_more(site: Site) -> Filter:
    del site
    return EVERYTHING


def _never(site: Site) -> Filter:
    del site
    return NOTHING


@dataclass(frozen=True)
class Claim:
    """A profile of somebody else's that resources claim where they satisfy it."""

    profile: str
    version: str
    fits: Callable[[dict[str, Any]], bool]
    """Says of a resource as it is served whether it satisfies the profile."""
    stored: Callable[[Site], Filter] = _nothing_more
    """Matches the documents whose stored fields alone give such a resource."""


def us_core(
    resource: str,
    fits: Callable[[dict[str, Any]], bool],
    stored: Callable[[Site], Filter] | None = _nothing_more,
) -> Claim:
    """Declare US Core's profile of a type; `stored` None: no stored field alone satisfies it."""
    return Claim(us_core_url(resource), US_CORE_VERSION, fits, stored or _never)


def names_only(resource: dict[str, Any], reference: Any, *types: str) -> bool:
    """Say whether a Reference in a resource is to one of some types, if it says a type at all."""
    if not isinstance(reference, dict):
        return False
    literal = reference.get("reference")
    named = [reference.get("type")]
    if isinstance(literal, str) and literal.startswith("#"):
        inside = resource.get("contained", ())
        named += [each.get("resourceType") for each in inside if f"#{each.get('id')}" == literal]
    elif isinstance(literal, str) and "/" in literal:
        named.append(literal.partition("/_history/")[0].rsplit("/", 2)[-2])
    return all(each is None or each in types for each in named)


@dataclass(frozen=True)
class Profiles(Kind):
    """`meta.profile`: this guide's own, and the claims that a resource satisfies."""

    claims: tuple[Claim, ...] = ()

    @property
    def fhir_type(self) -> str:
        return "canonical"

    @property
    def search_type(self) -> str:
        return "uri"

    @property
    def sortable(self) -> bool:
        return False

    @property
    def kept_apart(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        """Claims are about the finished resource: the mapping adds them when it is whole."""
        del site
        return lambda value, findings: None

    def uri(self, site: Site, value: str, how: str | None) -> Filter:
        if self._is_own(site, value, how):
            return EVERYTHING
        return any_of(each.stored(site) for each in self._asked(value, how))

    def disclaimable(self, site: Site, value: str, how: str | None) -> tuple[str, ...]:
        if self._is_own(site, value, how):
            return ()
        return tuple(each.profile for each in self._asked(value, how))

    def _is_own(self, site: Site, value: str, how: str | None) -> bool:
        own = profile_url(site.element.partition(".")[0], site.context)
        return _is_asked(own, __version__, value, how)

    def _asked(self, value: str, how: str | None) -> list[Claim]:
        return [each for each in self.claims if _is_asked(each.profile, each.version, value, how)]

    def describe(self) -> str:
        names = "".join(f", {each.profile} where it is satisfied" for each in self.claims)
        return f"this guide's profile{names}"


def _is_asked(profile: str, version: str, value: str, how: str | None) -> bool:
    if how == "below":
        return profile.startswith(value)
    if how == "above":
        return value.startswith(profile)
    return value in (profile, f"{profile}|{version}")


def add_profiles(meta: dict[str, Any], own: list[str]) -> None:
    """Add the server's own after what a client gave as `meta.profile`, and its siblings."""
    given = meta.get("profile")
    if not isinstance(given, list):
        meta["profile"] = own
        return
    meta["profile"] = [*given, *(each for each in own if each not in given)]
    if isinstance(meta.get("_profile"), list):
        missing = len(meta["profile"]) - len(meta["_profile"])
        meta["_profile"] = [*meta["_profile"], *[None] * missing]
