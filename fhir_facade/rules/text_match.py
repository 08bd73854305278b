"""String comparison of R4 search: blind to case and to accents, as regular expressions.

A pattern names every character that folds to each letter of what is looked for, so that any server
that knows regular expressions answers alike, without options or collations.

https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bson import Regex

from fhir_facade.rules.filters import NOTHING, Filter, any_of, scalar
from fhir_facade.rules.text import BLANK, CONTROL, LEGAL_CODE

_MARKS = re.compile("[\u0300-\u036f]")
_SIGMA, _FINAL_SIGMA = "\u03c3", "\u03c2"
_IGNORED = "[\u0300-\u036f]*"
_LAST_FOLDED = 0x2FFFF
_BETWEEN_WORDS = " \t\u00a0,.;:/(\"'\u2019\u2010-"
_WORD = f"(?:^|[{_BETWEEN_WORDS}])"
"""What stands before a word; the hyphen comes last, where a class takes it as it is."""

TEXT = f"[^{CONTROL}{BLANK}]"
"""Matches a text of which something is left to serve."""
KEY = f"^[{BLANK}]*{TEXT}[^{CONTROL}]*$"
"""Matches a text that is served as a key, in one way only: a long one is gone through once."""


def fold(text: str) -> str:
    """Return the text without case and accents."""
    plain = _MARKS.sub("", unicodedata.normalize("NFD", text.lower()))
    return unicodedata.normalize("NFC", plain).replace(_FINAL_SIGMA, _SIGMA)


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Return folded character → every other character that folds to it."""
    found: dict[str, list[str]] = defaultdict(list)
    for number in range(0x80, _LAST_FOLDED):
        character = chr(number)
        folded = fold(character) if character.isprintable() else character
        if folded != character and len(folded) == 1:
            found[folded].append(character)
    return {folded: "".join(each) for folded, each in found.items()}


def _character(folded: str) -> str:
    """Return the pattern of one folded character, in each of its spellings."""
    others = _spellings().get(folded, "")
    upper = folded.upper()
    same = dict.fromkeys([folded, *([upper] if fold(upper) == folded else []), *others])
    if len(same) == 1:
        return re.escape(folded)
    return f"[{''.join(map(re.escape, same))}]"


def _pattern(text: str) -> str:
    """Return the pattern of a text; marks may stand after its letters."""
    return "".join(_character(each) + _IGNORED for each in fold(text))


_STARTS = {"prefix": "^" + _IGNORED, "word": _WORD + _IGNORED, "contains": ""}
"""What stands before a pattern. Where it may begin anywhere, marks before it are no part of it: a
run of them would be gone through once for each."""


@dataclass(frozen=True, slots=True)
class TextMatch:
    """One string value of a search."""

    value: str
    how: str = "prefix"
    """`prefix`, `word` (the beginning of any word) and `contains` are blind to case and accents,
    `exact` is not."""

    def condition(self) -> Any:
        """Return the condition on a stored text."""
        if self.how == "exact":
            return self.value
        return {"$regex": _STARTS[self.how] + _pattern(self.value)}

    def no_code(self) -> Any:
        """Return the condition on a stored text that is not spelled as a code."""
        return {**self.condition(), "$nin": [Regex(LEGAL_CODE)]}

    def filter(self, path: str) -> Filter:
        """Return the filter of a stored text."""
        return NOTHING if self.blank else scalar(path, self.condition())

    @property
    def blank(self) -> bool:
        """Whether there is nothing to look for: blank texts are not served."""
        return not self.value.strip() or (self.how != "exact" and not fold(self.value).strip())

    def matches(self, text: str) -> bool:
        """Say whether a text that is not stored, the display of a code, fits."""
        if self.blank:
            return False
        if self.how == "exact":
            return text == self.value
        own, wanted = fold(text), fold(self.value)
        if self.how == "word":
            return re.search(_WORD + re.escape(wanted), own) is not None
        return wanted in own if self.how == "contains" else own.startswith(wanted)


SOME_TEXT = Regex(TEXT)


def texts(path: str) -> Filter:
    """Match where a text is stored of which something is left to serve."""
    return scalar(path, {"$regex": TEXT})


_KEY_TYPES = ["objectId", "binData", "int", "long", "double", "decimal"]


def keys(path: str) -> Filter:
    """Match where a key is stored that is served as text."""
    return any_of([scalar(path, {"$regex": KEY}), scalar(path, {"$type": _KEY_TYPES})])
