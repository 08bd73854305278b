"""Code tables: a one-to-one map between FHIR codes and the platform's own spellings.

https://hl7.org/fhir/R4/terminologies.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def variants(spelling: str) -> tuple[str, ...]:
    """Return the finite set of spellings that are read as `spelling` (`in_progress` …)."""
    words = [word.lower() for word in _WORD.findall(spelling)]
    title = [word.capitalize() for word in words]
    camel = [words[0], *title[1:]] if words else []
    forms = [
        spelling,
        "".join(title),
        "".join(camel),
        "".join(words),
        "".join(words).upper(),
        " ".join(title),
        " ".join(words),
        "_".join(words),
        "_".join(words).upper(),
        "-".join(words),
    ]
    return tuple(dict.fromkeys(form for form in forms if form))


@dataclass(frozen=True)
class Codes:
    """A code table; `system` is a URL, or the name of a code system under the canonical base."""

    system: str
    stored: Mapping[str, str]
    """FHIR code → the one spelling that a write stores."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Further stored spelling → FHIR code; only read."""
    displays: Mapping[str, str] = field(default_factory=dict)
    """FHIR code → display, where it is not the stored spelling."""
    nearest: Mapping[str, str] = field(default_factory=dict)
    """FHIR code → the spelling to store, where the platform does not know the code's own."""
    whole: bool = False
    """Whether the table has every code of a system that is not this guide's own."""
    _by_spelling: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_spelling: dict[str, str] = {}
        for spelling, code in self._spellings():
            if by_spelling.setdefault(spelling, code) != code:
                raise ValueError(
                    f"{self.system}: {spelling!r} means {by_spelling[spelling]} and {code}"
                )
        unknown = set(self.aliases.values()) - set(self.stored)
        if unknown:
            raise ValueError(
                f"{self.system}: aliases name codes without a spelling: {sorted(unknown)}"
            )
        object.__setattr__(self, "_by_spelling", by_spelling)

    def _spellings(self) -> Iterator[tuple[str, str]]:
        for code, canonical in self.stored.items():
            for spelling in (*variants(canonical), code):
                yield spelling, code
        for alias, code in self.aliases.items():
            for spelling in variants(alias):
                yield spelling, code

    def readings(self, strays: Mapping[str, str] | None = None, *more: str) -> dict[str, str]:
        """Return stored spelling → FHIR code, with a deployer's own decisions added.

        Raises ValueError for a decision that names no code of the table (or of `more`), or that is
        about a spelling the table reads already.
        """
        for spelling, code in (strays or {}).items():
            if code not in self.stored and code not in more:
                raise ValueError(f"{code!r} is not a code of {self.system}")
            if spelling in self._by_spelling:
                raise ValueError(f"{spelling!r} is read as {self._by_spelling[spelling]} already")
        return {**self._by_spelling, **(strays or {})}

    def spelling(self, code: str) -> str | None:
        """Return what a write stores for a code."""
        return self.nearest.get(code) or self.stored.get(code)

    def display(self, code: str) -> str:
        return self.displays.get(code) or self.stored.get(code, code)
