"""JSON as lines of HTML: indented, coloured, folded, and with its links.

The text is cut into tokens and never parsed into values, so every number keeps its digits.
https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Final, NamedTuple

from markupsafe import Markup

from fhir_facade.web.links import Links

LARGEST: Final = 1_000_000
MOST_LINES: Final = 30_000
"""Up to here JSON is coloured; beyond, a browser would suffer more than its reader gains."""

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_UNSEEN: Final = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What could make a text look like another: controls, and marks that turn the direction."""
_REFERENCES: Final = frozenset({'"reference"', '"location"'})
_INDENT: Final = "\t"
"""Its width is the style sheet's: a phone has less room."""
_CLOSING: Final = {"{": "}", "[": "]"}
_SHORTEST_FOLD: Final = 5
_DEEPEST_FOLD: Final = 6
_DEEPEST: Final = 12
"""Levels that are indented where a line is broken; deeper ones stay at that."""


class _Line(NamedTuple):
    depth: int
    html: str
    opens: bool = False
    closes: bool = False


def highlighted(text: str, links: Links) -> Markup | None:
    """Return JSON as HTML, one element a line; None where it is too long for that."""
    if len(text) > LARGEST:
        return None
    lines = _Lines(links).of(_TOKEN.findall(text))
    if len(lines) > MOST_LINES:
        return None
    return Markup("".join(_folded(lines)))  # noqa: S704  # every token is escaped below


def plain(text: str) -> str:
    """Return JSON that is too long for more: as it is, each entry of a Bundle on its own line."""
    # within a string the quotation marks would be escaped
    return text.replace('{"fullUrl":', '\n{"fullUrl":').replace('{"resource":', '\n{"resource":')


class _Lines:
    """Puts tokens on lines as an indented JSON text has them."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._found: list[_Line] = []
        self._here: list[str] = []
        self._depth = 0
        self._closes = False
        self._key = ""

    def of(self, tokens: list[str]) -> list[_Line]:
        """Return the lines of a text."""
        following = iter([*tokens[1:], ""])
        pieces = iter(tokens)
        for piece, after in zip(pieces, following, strict=False):
            if piece in _CLOSING and after == _CLOSING[piece]:
                self._here.append(piece + after)
                next(pieces), next(following)
            else:
                self._take(piece, after)
        if self._here:
            self._end()
        return self._found

    def _take(self, piece: str, after: str) -> None:
        if piece in _CLOSING:
            self._here.append(piece)
            self._end(opens=True)
            self._depth += 1
        elif piece in ("}", "]"):
            if self._here:
                self._end()
            self._depth = max(self._depth - 1, 0)
            self._here, self._closes = [piece], True
        elif piece == ",":
            self._here.append(piece)
            self._end()
        elif piece == ":":
            self._here.append(": ")
        elif after == ":":
            self._key = piece
            self._here.append(f'<span class="k">{_shown(piece)}</span>')
        else:
            self._here.append(_value(piece, self._key, self._links))

    def _end(self, *, opens: bool = False) -> None:
        self._found.append(_Line(self._depth, "".join(self._here), opens, self._closes))
        self._here, self._closes = [], False


def _value(token: str, key: str, links: Links) -> str:
    if token[0] != '"':
        kind = "b" if token in ("true", "false", "null") else "d"
        return f'<span class="{kind}">{_shown(token)}</span>'
    is_reference = key in _REFERENCES
    may_lead = is_reference or token.startswith('"http')
    target = links.of(json.loads(token), is_reference=is_reference) if may_lead else None
    if target is None:
        return f'<span class="s">{_shown(token)}</span>'
    return f'<a class="s" href="{escape(target)}" rel="noreferrer">{_shown(token)}</a>'


def _shown(token: str) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", escape(token))


def _folded(lines: list[_Line]) -> list[str]:
    """Return the lines as HTML, long objects and lists within `details`."""
    ends = _ends(lines)
    parts: list[str] = []
    open_until: set[int] = set()
    for number, line in enumerate(lines, 1):
        end = ends.get(number)
        if number in open_until:
            parts.append("</details>")
        code = (
            f'<code class="i{min(line.depth, _DEEPEST)}">{_INDENT * line.depth}{line.html}</code>'
        )
        if end is not None:
            open_until.add(end)
            parts.append(
                f'<details class="f" open><summary class="l" id="L{number}" data-n="{number}">'
                f"{code}</summary>"
            )
        else:
            parts.append(
                f'<div class="l" id="L{number}"><a class="n" href="#L{number}" '
                f'data-n="{number}" aria-hidden="true" tabindex="-1"></a>{code}</div>'
            )
    return parts


def _ends(lines: list[_Line]) -> dict[int, int]:
    """Return where each object or list that can be folded ends."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for number, line in enumerate(lines, 1):
        if line.closes and waiting:
            start = waiting.pop()
            if number - start >= _SHORTEST_FOLD and 0 < line.depth <= _DEEPEST_FOLD:
                found[start] = number
        if line.opens:
            waiting.append(number)
    return found
