"""Codes, texts, numbers and shapes that are not what they should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from fhir_facade.demo.dice import Dice, Document
from fhir_facade.demo.dirt_paths import (
    CODES,
    LISTS,
    NUMBERS,
    OBJECTS,
    REQUIRED,
    TEXTS,
    anything,
    is_list,
    is_number,
    is_object,
    is_text,
    look,
    places,
    put,
    remove,
)

UNKNOWN_CODES = ("Escalated", "wip", "XX", "see notes", "?", "Pending - 2nd level")
BLANKS = ("   ", "\t", "\n\n", "\u00a0")
CONTROL_CHARACTERS = ("\x00", "\x07", "\x0b", "\x1b[31m", "\x1f", "\x7f")
ODD_CHARACTERS = ("\U0001f489", "\u202eABC\u202c", "e\u0301", "\u2028", "\ufeff", "\ufffd")
HTML = "<p onclick=\"alert('x')\">{}</p><br/>&nbsp;<script>alert(1)</script>"
LONG = 10_000
MIXED_TYPES = {
    "task": ("TASK", "Task"),
    "flag": ("FLAG", "Flag"),
    "goal": ("GOAL", "Goal"),
    "Interaction": ("interaction", "contact", "INTERACTION", "Contact"),
}
NON_FINITE = (float("inf"), float("-inf"))


def _replace(
    document: Document,
    dice: Dice,
    paths: Sequence[str],
    fits: Callable[[Any], bool],
    change: Callable[[Any], Any],
) -> bool:
    """Replace one fitting value by what `change` makes of it."""
    found = places(document, paths, fits)
    if not found:
        return False
    path = dice.choice(found)
    put(document, path, change(look(document, path)))
    return True


def code_unknown(document: Document, dice: Dice) -> bool:
    """A code that nobody declared."""
    return _replace(document, dice, CODES, is_text, lambda code: dice.choice(UNKNOWN_CODES))


def spellings(code: str) -> list[str]:
    """Return the usual other spellings of a code such as `InProgress`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", code)
    small = [word.lower() for word in words]
    spelled = [
        "".join(small),
        "".join(small).upper(),
        "".join(word.capitalize() for word in small),
        "".join(small[:1] + [word.capitalize() for word in small[1:]]),
        " ".join(small),
        " ".join(word.capitalize() for word in small),
        "_".join(small),
        "_".join(small).upper(),
        "-".join(small),
    ]
    return [spelling for spelling in dict.fromkeys(spelled) if spelling not in ("", code)]


def code_variant(document: Document, dice: Dice) -> bool:
    """A known code spelled another way."""
    found = places(document, CODES, lambda code: is_text(code) and bool(spellings(code)))
    if not found:
        return False
    path = dice.choice(found)
    put(document, path, dice.choice(spellings(look(document, path))))
    return True


def type_mixed_case(document: Document, dice: Dice) -> bool:
    """The kind of the work item as older software wrote it."""
    kind = document.get("type")
    if not isinstance(kind, str) or kind not in MIXED_TYPES:
        return False
    document["type"] = dice.choice(MIXED_TYPES[kind])
    return True


def required_missing(document: Document, dice: Dice) -> bool:
    """A required field is not there."""
    found = places(document, REQUIRED, anything)
    if found:
        remove(document, dice.choice(found))
    return bool(found)


def value_null(document: Document, dice: Dice) -> bool:
    """A field is null."""
    fields = [name for name, value in document.items() if name != "_id" and value is not None]
    document[dice.choice(fields)] = None
    return True


def text_empty(document: Document, dice: Dice) -> bool:
    """An empty string."""
    return _replace(document, dice, TEXTS + CODES, is_text, lambda text: "")


def text_blank(document: Document, dice: Dice) -> bool:
    """A string of white space."""
    return _replace(document, dice, TEXTS + CODES, is_text, lambda text: dice.choice(BLANKS))


def list_empty(document: Document, dice: Dice) -> bool:
    """An empty list."""
    return _replace(document, dice, LISTS, is_list, lambda rows: [])


def object_empty(document: Document, dice: Dice) -> bool:
    """An empty object."""
    return _replace(document, dice, OBJECTS, is_object, lambda value: {})


def text_as_list(document: Document, dice: Dice) -> bool:
    """A list where a string belongs."""
    return _replace(document, dice, TEXTS + CODES, is_text, lambda text: [text])


def text_as_object(document: Document, dice: Dice) -> bool:
    """An object where a string belongs."""
    return _replace(document, dice, TEXTS + CODES, is_text, lambda text: {"value": text})


def text_as_number(document: Document, dice: Dice) -> bool:
    """A number where a string belongs."""
    return _replace(document, dice, TEXTS, is_text, lambda text: dice.choice((0, 42, 3.5, 2**53)))


def text_as_boolean(document: Document, dice: Dice) -> bool:
    """A boolean where a string belongs."""
    return _replace(document, dice, TEXTS + CODES, is_text, lambda text: dice.chance(0.5))


def list_as_text(document: Document, dice: Dice) -> bool:
    """A string where a list belongs."""
    return _replace(document, dice, LISTS, is_list, lambda rows: "see attachment")


def object_as_list(document: Document, dice: Dice) -> bool:
    """A list of one where an object belongs."""
    return _replace(document, dice, OBJECTS, is_object, lambda value: [value])


def status_as_number(document: Document, dice: Dice) -> bool:
    """A number as status."""
    return _replace(
        document, dice, ("status", "life_cycle_status", "status.state"), is_text,
        lambda status: dice.choice((0, 1, 3, 2.0)),
    )  # fmt: skip


def null_in_list(document: Document, dice: Dice) -> bool:
    """A list with a null in it."""
    return _replace(document, dice, LISTS, is_list, lambda rows: [None, *rows])


def list_in_list(document: Document, dice: Dice) -> bool:
    """A list of lists."""
    return _replace(document, dice, LISTS, is_list, lambda rows: [rows])


def number_not_finite(document: Document, dice: Dice) -> bool:
    """An infinite number."""
    return _replace(document, dice, NUMBERS, is_number, lambda number: dice.choice(NON_FINITE))


def number_nan(document: Document, dice: Dice) -> bool:
    """A number that is none."""
    return _replace(document, dice, NUMBERS, is_number, lambda number: float("nan"))


def number_as_text(document: Document, dice: Dice) -> bool:
    """A number as a string."""
    return _replace(document, dice, NUMBERS, is_number, str)


def text_control_characters(document: Document, dice: Dice) -> bool:
    """Control characters in a text."""
    return _replace(
        document, dice, TEXTS, is_text, lambda text: text + dice.choice(CONTROL_CHARACTERS) + "!"
    )


def text_odd_characters(document: Document, dice: Dice) -> bool:
    """Characters that are allowed but rare: emoji, marks, line separators."""
    return _replace(
        document, dice, TEXTS, is_text, lambda text: f"{text} {dice.choice(ODD_CHARACTERS)} ok"
    )


def text_very_long(document: Document, dice: Dice) -> bool:
    """More than ten thousand characters."""
    return _replace(
        document, dice, TEXTS, is_text, lambda text: f"{text} " * (LONG // (len(text) + 1) + 1)
    )


def text_html(document: Document, dice: Dice) -> bool:
    """Markup in a text."""
    return _replace(document, dice, TEXTS, is_text, lambda text: HTML.format(text))
