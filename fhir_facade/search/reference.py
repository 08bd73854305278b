"""Reference search: `id`, `Type/id`, an absolute URL of this server or of the type's own.

https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

from collections.abc import Mapping

from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.mapping import Param
from fhir_facade.search.params import unescape


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


def reference_filter(
    param: Param, value: str, base_url: str, reference_base: Mapping[str, str]
) -> Filter:
    """Return the filter of one reference value."""
    target = parse_reference(value, base_url, reference_base)
    if target is None:
        return NOTHING
    return param.filter(lambda kind, site: kind.reference(site, target))
