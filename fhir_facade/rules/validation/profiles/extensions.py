"""Extensions that are defined here: their values, parts, and where they may stand.

https://hl7.org/fhir/R4/defining-extensions.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fhir_facade.rules.validation.profiles.check import Checker, is_apart
from fhir_facade.rules.validation.profiles.compiled import Profile
from fhir_facade.rules.validation.profiles.definitions import R4
from fhir_facade.rules.validation.profiles.items import EXTENSION, Item, all_children, url_of

_DEEPEST = 100
_ANY = frozenset({"Element", "Resource", "DomainResource", "BackboneElement"})


def carries(value: Any, urls: frozenset[str], base: str) -> bool:
    """Say whether any of some extensions, or one under a base, may be in a JSON value."""
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            url = each.get("url")
            if isinstance(url, str) and (url in urls or url.startswith(base)):
                return True
            each = each.values()
        rest += [one for one in each if isinstance(one, dict | list)]
    return False


def extensions(item: Item, whole: bool, depth: int = 0) -> Iterator[tuple[Item, Item]]:
    """Yield every extension in an element, each after the element it extends."""
    if depth > _DEEPEST:
        return
    for each in all_children(item):
        if each.type == EXTENSION:
            yield item, each
        if whole or not is_apart(each):
            yield from extensions(each, whole, depth + 1)


def check(checker: Checker, root: Item, *, whole: bool = True) -> None:
    """Check every extension in a resource; if `whole`, in those of a Bundle too."""
    there: Counter[tuple[str, str]] = Counter()
    for around, item in extensions(root, whole):
        url = url_of(item)
        profile = None if url is None else checker.definitions.profile(url)
        if url is not None and profile is not None and profile.type == EXTENSION:
            _defined(checker, profile, around, item)
            there[around.path, url] += 1
            if there[around.path, url] == 2 and profile.root.max == 1:
                text = f"the extension {profile.name} may stand here once"
                checker.notes.error("extension", text, item.path)
        elif url is not None and ":" in url:
            _undefined(checker, url, item)
        elif url is not None and around.type != EXTENSION:
            checker.notes.error("extension", "the URL of an extension is absolute", item.path)


def _defined(checker: Checker, profile: Profile, around: Item, item: Item) -> None:
    if not _in_context(profile, around):
        where = ", ".join(sorted({expression for _, expression in profile.contexts}))
        text = f"the extension {profile.name} may stand in {where} only"
        checker.notes.error("extension", text, item.path)
    checker.against(profile, item)
    parts = profile.root.children.get("extension")
    known = set() if parts is None else set(parts.slices)
    for part in all_children(item):
        url = url_of(part) if part.type == EXTENSION else None
        if url is not None and ":" not in url and not _is_part(profile, url, known):
            text = f"the extension {profile.name} has no such part"
            checker.notes.error("extension", text, part.path)


def _is_part(profile: Profile, url: str, known: set[str]) -> bool:
    """Say whether a part is one of the definition's, by the URL that its slice fixes."""
    slices = profile.root.children["extension"].slices if known else {}
    fixed = {
        each.children["url"].fixed if "url" in each.children else name
        for name, each in slices.items()
    }
    return url in fixed


def _undefined(checker: Checker, url: str, item: Item) -> None:
    definitions = checker.definitions
    if url.startswith(definitions.own_extensions):
        text = "this guide defines no extension of this URL"
        checker.notes.error("extension", text, item.path)
    elif not url.startswith(R4):
        text = "the definitions of extensions like this are not known here"
        checker.notes.once("not-supported", text, item.path)


def _in_context(profile: Profile, around: Item) -> bool:
    """Say whether an extension may extend an element; FHIRPath is not followed."""
    if not profile.contexts:
        return True
    for kind, expression in profile.contexts:
        if kind == "extension" and around.type == EXTENSION and url_of(around) == expression:
            return True
        if kind == "element" and expression.replace("[x]", "") in (*around.places, around.type):
            return True
        if kind == "fhirpath" or (kind == "element" and expression in _general(around)):
            return True
    return False


def _general(around: Item) -> frozenset[str]:
    """Return the abstract types that an element is of."""
    return _ANY - {"Element", "BackboneElement"} if around.is_resource else frozenset({"Element"})
