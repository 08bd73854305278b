"""Whether the codes of an element are in the value set that a profile binds it to.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_facade.rules.validation.profiles.compiled import Node, Profile
from fhir_facade.rules.validation.profiles.items import Item, children
from fhir_facade.rules.validation.profiles.notes import Notes
from fhir_facade.rules.validation.profiles.terminology import Codes, Terminology
from fhir_facade.rules.validation.values import items, text

_CODED = ("Coding", "Quantity")
_STRINGS = ("code", "string", "uri")


def holds(item: Item, codes: Codes) -> bool | None:
    """Say whether a code of an element is in a value set; None where that is not known."""
    found = [codes.holds(system, code) for system, code in _codes(item)]
    if True in found:
        return True
    return None if None in found else False


def _codes(item: Item) -> Iterator[tuple[str | None, str]]:
    """Yield system and code of each code that an element has."""
    if item.type in _STRINGS and isinstance(item.value, str):
        yield None, item.value
    codings = items(item.holder, "coding") if item.type == "CodeableConcept" else []
    for each in [item.holder] if item.type in _CODED else codings:
        code = text(each, "code")
        if code is not None:
            yield text(each, "system") or "", code


def check(node: Node, item: Item, terminology: Terminology, notes: Notes, profile: Profile) -> None:
    """Note a code that is not in the value set: an error if that is required."""
    url = (node.value_set or "").partition("|")[0]
    name = f"the value set {url} (profile {profile.name})"
    if not any(_codes(item)):
        if item.type != "CodeableConcept" or children(item, "extension"):
            return
        if node.strength == "required":
            notes.error("code-invalid", f"must have a code of {name}", item.path)
        else:
            problem = f"should have a code of {name} if one fits"
            notes.information("code-invalid", problem, item.path)
        return
    found = holds(item, terminology.codes(url))
    if found is None:
        problem = f"the codes of {name} cannot be checked here"
        notes.once("not-supported", problem, item.path)
    elif not found and node.strength == "required":
        notes.error("code-invalid", f"must be a code of {name}", item.path)
    elif not found:
        notes.warning("code-invalid", f"should be a code of {name} if one fits", item.path)
