"""Other names, ids, people, links and record states than the usual ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fhir_facade.demo.dice import Dice, Document
from fhir_facade.demo.dirt_paths import is_list, is_text

FLAG_ALIASES = {
    "status": "STATUS",
    "message": "VALUE",
    "category": "CATEGORY",
    "date_start": "STARTDATE",
    "date_end": "ENDDATE",
}
CAMEL_TIMES = {"created": "createdAt", "updated": "updatedAt"}
SNAKE_TIMES = {"created": "created_at", "updated": "updated_at"}
AWKWARD_IDS = ("Müller/{} neu", "old id {}", "CASE#{}?x=1&y=2", "données_{}", "a|b,c\\{}")
ORPHANS_CREATED = datetime(2024, 2, 29, tzinfo=UTC)


def _rename(document: Document, names: dict[str, str]) -> bool:
    """Rename the fields that are there, in place."""
    if not any(name in document for name in names):
        return False
    renamed = {names.get(name, name): value for name, value in document.items()}
    document.clear()
    document.update(renamed)
    return True


def flag_upper_case_fields(document: Document, dice: Dice) -> bool:
    """The old names of all aliased fields of a flag, or of some."""
    count = dice.choice((len(FLAG_ALIASES), dice.randint(1, len(FLAG_ALIASES))))
    chosen = dice.sample(tuple(FLAG_ALIASES), count)
    return _rename(document, {name: FLAG_ALIASES[name] for name in chosen})


def times_camel_case(document: Document, dice: Dice) -> bool:
    """`createdAt` and `updatedAt`."""
    return _rename(document, CAMEL_TIMES)


def times_snake_case(document: Document, dice: Dice) -> bool:
    """`created_at` and `updated_at`."""
    return _rename(document, SNAKE_TIMES)


def _change_id(document: Document, dice: Dice, new: Any) -> bool:
    """Give the document another id, and let the member's other documents link to that."""
    old = document["_id"]
    document["_id"] = new
    for neighbour in dice.neighbours:
        links = neighbour.get("linkedModules")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict):
                _relink(link, old, new)
    return True


def _relink(link: Document, old: Any, new: Any) -> None:
    for name in ("id", "moduleId"):
        if link.get(name) == old:
            link[name] = new
        elif link.get(name) == str(old):
            link[name] = str(new)


def id_uuid(document: Document, dice: Dice) -> bool:
    """A UUID as id."""
    return _change_id(document, dice, dice.uuid())


def id_text(document: Document, dice: Dice) -> bool:
    """A legal text as id."""
    return _change_id(document, dice, f"legacy-{dice.getrandbits(48):012x}")


def id_awkward(document: Document, dice: Dice) -> bool:
    """A text as id that FHIR does not allow: spaces, slashes, umlauts."""
    pattern = dice.choice(AWKWARD_IDS)
    return _change_id(document, dice, pattern.format(f"{dice.getrandbits(32):08x}"))


def id_too_long(document: Document, dice: Dice) -> bool:
    """A text of more than 64 characters as id."""
    return _change_id(document, dice, f"{dice.getrandbits(256):064x}-{dice.randrange(100)}")


def id_looks_encoded(document: Document, dice: Dice) -> bool:
    """A real id that looks like an encoded one, such as `x-6162`."""
    return _change_id(document, dice, f"x-{dice.randbytes(5).hex()}")


def owner_as_text(document: Document, dice: Dice) -> bool:
    """The owner as a name or an id, where an object belongs."""
    owner = document.get("owner")
    if not isinstance(owner, dict) or not is_text(owner.get("name")):
        return False
    document["owner"] = owner["name"] if dice.chance(0.3) or "id" not in owner else owner["id"]
    return True


def owner_without_id(document: Document, dice: Dice) -> bool:
    """An owner with nothing but a name."""
    owner = document.get("owner")
    return isinstance(owner, dict) and "name" in owner and owner.pop("id", None) is not None


def notes_as_strings(document: Document, dice: Dice) -> bool:
    """Notes that are bare strings."""
    if not isinstance(document.get("notes"), list):
        return False
    document["notes"] = ["called, no answer", "see the scanned letter"][: dice.randint(1, 2)]
    return True


def notes_as_text(document: Document, dice: Dice) -> bool:
    """One string where a list of notes belongs."""
    if not isinstance(document.get("notes"), list):
        return False
    document["notes"] = "called, no answer; try again on Monday"
    return True


def link_orphan(document: Document, dice: Dice) -> bool:
    """A link to a case that does not exist."""
    if "linkedModules" not in document:
        return False
    number = dice.object_id(ORPHANS_CREATED)
    document["linkedModules"] = [{"type": "case", "id": dice.choice((number, str(number)))}]
    return True


def link_null(document: Document, dice: Dice) -> bool:
    """A null among the links."""
    links: Any = document.get("linkedModules")
    if not is_list(links):
        return False
    document["linkedModules"] = [*(links if dice.chance(0.7) else ()), None]
    return True


def link_nested(document: Document, dice: Dice) -> bool:
    """Links in a list within the list."""
    links = document.get("linkedModules")
    if not is_list(links):
        return False
    document["linkedModules"] = [links, []]
    return True


def link_without_type(document: Document, dice: Dice) -> bool:
    """Links that do not say what they point at."""
    links = document.get("linkedModules")
    typed = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    removed = [link.pop("type", None) for link in typed]
    return any(kind is not None for kind in removed)


def _state_field(document: Document, name: str) -> str:
    """Return the field of a record state as this kind of document spells it."""
    return f"is{name.capitalize()}" if "isDeleted" in document else f"is_{name}"


def _set_state(document: Document, name: str, value: Any) -> bool:
    field = _state_field(document, name)
    if document.get(field) is value:
        return False
    document[field] = value
    return True


def state_deleted(document: Document, dice: Dice) -> bool:
    """A deleted document."""
    return _set_state(document, "deleted", True)


def state_archived(document: Document, dice: Dice) -> bool:
    """An archived document."""
    return _set_state(document, "archived", True)


def state_hidden(document: Document, dice: Dice) -> bool:
    """A hidden document."""
    return _set_state(document, "hidden", True)


def state_as_text(document: Document, dice: Dice) -> bool:
    """`'true'` where a boolean belongs."""
    name = dice.choice(("deleted", "archived", "hidden"))
    return _set_state(document, name, dice.choice(("true", "True", "false")))


def state_as_number(document: Document, dice: Dice) -> bool:
    """`1` where a boolean belongs."""
    return _set_state(document, dice.choice(("deleted", "archived", "hidden")), dice.choice((1, 0)))


def flag_active_twice(document: Document, dice: Dice) -> bool:
    """A second active flag of a name that the member already has."""
    own = document.get("name") if document.get("status") == "active" else None
    others = [
        other["name"]
        for other in dice.neighbours
        if other is not document
        and other.get("type") == "flag"
        and other.get("status") == "active"
        and is_text(other.get("name"))
        and other["name"] != own
    ]
    if not others:
        return False
    document.pop("date_end", None)
    document |= {"name": dice.choice(others), "status": "active"}
    return True
