"""Reference search: `id`, `Type/id`, an absolute URL of this server or of the type's own.

https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fhir_facade.rules import kept_tokens
from fhir_facade.rules.filters import Filter, any_of
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.text import is_id
from fhir_facade.search.params import unescape

HISTORY = "/_history/"
"""What stands between a resource and its version."""


def parse_reference(value: str, base_url: str, reference_base: Mapping[str, str]) -> Target | None:
    """Return what a reference value names; None if it is nothing this server could hold."""
    text = unescape(value)
    if "://" in text:
        *base, kind, key = text.rsplit("/", 2)
        known = {base_url.rstrip("/"), reference_base.get(kind, base_url).rstrip("/")}
        return Target(kind, key) if base and base[0] in known else None
    kind, slash, key = text.partition("/")
    if not slash:
        return Target(None, kind)
    return Target(kind, key) if "/" not in key else None


def parse_version(value: str, base_url: str, reference_base: Mapping[str, str]) -> Target | None:
    """Return what a reference value names, which may be one version of it."""
    plain, slash, version = value.partition(HISTORY)
    target = parse_reference(plain, base_url, reference_base)
    if not slash or target is None:
        return target
    return Target(target.type, target.id, version) if target.type and is_id(version) else None


def reference_filter(param: Param, targets: Iterable[Target | None]) -> Filter:
    """Return the filter of what refers to one of the targets; what cannot be an id is none."""
    named = [each for each in targets if each is not None and is_id(each.id)]
    known = [each for each in named if each.version is None]
    stored = param.filter(
        lambda kind, site: kind.reference(site, named if kind.versioned else known)
    )
    return any_of([stored, param.kept(kept_tokens.reference(param.name, each) for each in known)])
