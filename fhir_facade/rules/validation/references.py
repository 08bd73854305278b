"""Where a Reference points to, and whether it may.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_facade.rules.validation.bindings import RESOURCE_TYPES
from fhir_facade.rules.validation.scope import Scope
from fhir_facade.rules.validation.values import text

_TARGET = re.compile(
    r"(?:https?://\S*/)?([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
_DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/"
REF_1 = "must point to a contained resource if it begins with # (Reference ref-1)"


def problems(
    reference: dict[str, Any], targets: frozenset[str], scope: Scope
) -> Iterator[tuple[str, str, str]]:
    """Yield the element at fault, an issue code and a sentence for each thing that is wrong."""
    target, named = text(reference, "reference"), _named(text(reference, "type"))
    found = pointed(target, scope) if target else None
    if target and target.startswith("#") and found is None:
        yield "reference", "invariant", REF_1
    if found and named and found != named:
        yield "type", "value", f"names {named}, but the reference is to {found}"
    actual = found or named
    if actual and targets and actual not in targets:
        allowed = ", ".join(sorted(targets))
        yield "", "value", f"may point to {allowed} only, not to {actual}"


def pointed(target: str, scope: Scope) -> str | None:
    """Return the type a reference points to; None if the text does not tell."""
    if target.startswith("#"):
        return scope.type_of(target)
    match = _TARGET.fullmatch(target)
    return match[1] if match and match[1] in RESOURCE_TYPES else None


def _named(name: str | None) -> str | None:
    short = (name or "").removeprefix(_DEFINITIONS)
    return short if short in RESOURCE_TYPES else None
