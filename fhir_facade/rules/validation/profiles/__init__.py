"""Whether a resource is what profiles and extension definitions say, beyond R4 itself.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fhir_facade.errors import Issue
from fhir_facade.rules.profiles import US_CORE
from fhir_facade.rules.validation.profiles import extensions
from fhir_facade.rules.validation.profiles.check import Checker, is_apart
from fhir_facade.rules.validation.profiles.definitions import Definitions, is_base
from fhir_facade.rules.validation.profiles.items import Item, all_children, resource_item
from fhir_facade.rules.validation.profiles.notes import Notes
from fhir_facade.rules.validation.report import Full
from fhir_facade.rules.validation.scope import scope_of
from fhir_facade.rules.validation.values import items, text

__all__ = ["Definitions", "extension_issues", "profile_issues"]

_CLAIM = (
    "this server claims the profile where the stored resource satisfies it, whatever is sent; name "
    "it as `profile` to have it checked"
)
_STRUCTURAL = frozenset({"structure", "required", "value", "invalid"})


def profile_issues(
    resource: Any,
    definitions: Definitions,
    asked: Sequence[str] = (),
    *,
    served: bool = True,
) -> list[Issue]:
    """Return what is wrong with a resource by the profiles that are asked for, claimed, and ours.

    `resource` is parsed JSON that `validation.validate` has looked at, and is left as it is. The
    resources of a Bundle are checked too. Diagnostics never quote the resource. A case that is not
    yet `served` need not have what the server gives a Case bundle.
    """
    notes = Notes()
    root = resource_item(resource)
    with suppress(Full):
        if root is None:
            _nothing_known(resource, asked, notes)
        else:
            checker = _checker(root, definitions, notes)
            _asked(checker, root, asked)
            _checked(checker, root, cases=served)
    return notes.issues


def extension_issues(resource: Any, definitions: Definitions) -> list[Issue]:
    """Return the errors in the extensions of this guide that a resource carries, wherever it does.

    A resource that carries none costs a look at each of its objects.
    """
    root = resource_item(resource)
    known, own = definitions.extensions, definitions.own_extensions
    if root is None or not extensions.carries(resource, known, own):
        return []
    notes = Notes()
    with suppress(Full):
        extensions.check(_checker(root, definitions, notes), root)
    errors = (each for each in notes.issues if each.severity == "error")
    # an extension of the wrong form is FHIR all the same
    return [
        replace(each, code="extension") if each.code in _STRUCTURAL else each for each in errors
    ]


def _checker(root: Item, definitions: Definitions, notes: Notes) -> Checker:
    return Checker(definitions, root.value, scope_of(root.value, root.type), notes)


def _nothing_known(resource: Any, asked: Sequence[str], notes: Notes) -> None:
    name = text(resource, "resourceType")
    if asked and name is not None:
        notes.error("not-supported", "cannot be checked against profiles here", "Resource")


def _asked(checker: Checker, root: Item, asked: Sequence[str]) -> None:
    for url in asked:
        profile = checker.definitions.profile(url)
        if profile is not None:
            checker.against(profile, root)
        if profile is not None or is_base(url, root.type):
            continue
        known = ", ".join(checker.definitions.named(root.type)) or "none"
        problem = f"the profile that is asked for is not known here; known for {root.type}: {known}"
        checker.notes.error("not-found", problem, root.path)


def _checked(checker: Checker, root: Item, *, cases: bool) -> None:
    """Check a resource against what it claims and against ours, and so those of a Bundle."""
    definitions = checker.definitions
    for at, url in enumerate(items(root.holder.get("meta"), "profile")):
        profile = definitions.profile(url) if isinstance(url, str) else None
        if not cases and isinstance(url, str) and url.startswith(US_CORE):
            checker.notes.once("informational", _CLAIM, f"{root.path}.meta.profile[{at}]")
        elif profile is not None:
            checker.against(profile, root)
        elif isinstance(url, str) and not is_base(url, root.type):
            problem = "this profile is not known here and was not checked"
            checker.notes.warning("not-found", problem, f"{root.path}.meta.profile[{at}]")
    own = definitions.own(root.type)
    if cases and _is_case(root):
        own = definitions.case_bundle
    if own is not None:
        checker.against(own, root)
    extensions.check(checker, root, whole=False)
    for each in _inner(root):
        _checked(checker.inside(each), each, cases=cases)


def _inner(item: Item) -> Iterator[Item]:
    """Yield the resources in the entries of a Bundle and the parameters of Parameters."""
    if item.type in ("Bundle", "Parameters") or not item.is_resource:
        for each in all_children(item):
            if is_apart(each):
                yield each
            else:
                yield from _inner(each)


def _is_case(root: Item) -> bool:
    """Say whether a Bundle is a whole case: a collection that begins with an EpisodeOfCare."""
    if root.type != "Bundle" or text(root.holder, "type") != "collection":
        return False
    first = next(iter(_inner(root)), None)
    return first is not None and first.type == "EpisodeOfCare"
