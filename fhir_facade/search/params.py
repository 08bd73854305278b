"""The query string of a search: names, modifiers, values and the parameters that shape the result.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fhir_facade.errors import BadRequest, Issue

Pairs = Sequence[tuple[str, str]]

RESULT_PARAMS = frozenset(
    {"_count", "_sort", "_total", "_summary", "_format", "_pretty", "_cursor"}
)
FILTERS_BY_UNDERSCORE = frozenset(
    {"_content", "_filter", "_has", "_in", "_list", "_profile", "_query", "_security", "_source"}
    | {"_text", "_type", "_id", "_lastUpdated", "_tag"}
)
"""Names with an underscore that select: leaving one out would widen the result."""

_SPLIT_COMMA = re.compile(r"(?<!\\)((?:\\\\)*),")
_ESCAPED = re.compile(r"\\([,|$\\])")


@dataclass(frozen=True, slots=True)
class Clause:
    """One selecting parameter: alternatives joined by comma, still escaped inside."""

    name: str
    modifier: str | None
    values: tuple[str, ...]
    spelled: tuple[str, str]
    """The name and value as the client wrote them."""


@dataclass(slots=True)
class Query:
    """A query string taken apart."""

    clauses: list[Clause] = field(default_factory=list)
    sort: tuple[tuple[str, int], ...] = ()
    count: int | None = None
    total: str = "none"
    summary: str = "false"
    cursor: str | None = None
    applied: list[tuple[str, str]] = field(default_factory=list)
    """What the `self` link shows."""
    issues: list[Issue] = field(default_factory=list)


def split_values(value: str) -> tuple[str, ...]:
    """Split a value at its unescaped commas; escapes stay for the parameter's own type to undo."""
    return tuple(_SPLIT_COMMA.sub("\\1\x00", value).split("\x00"))


def unescape(value: str) -> str:
    return _ESCAPED.sub(r"\1", value)


def parse(pairs: Pairs, *, max_count: int) -> Query:
    """Take a query string apart; raise BadRequest for a malformed result parameter."""
    query = Query()
    for name, value in pairs:
        base, _, modifier = name.partition(":")
        if "\x00" in value:
            raise BadRequest("A parameter's value holds a NUL character.")
        if base in RESULT_PARAMS:
            _result_param(query, name, value, max_count)
        elif base.startswith("_") and base not in FILTERS_BY_UNDERSCORE:
            text = f"The result parameter '{base}' is not supported here; it was ignored."
            query.issues.append(Issue("warning", "not-supported", text))
        else:
            query.clauses.append(Clause(base, modifier or None, split_values(value), (name, value)))
    return query


def _result_param(query: Query, name: str, value: str, max_count: int) -> None:
    query.applied = [each for each in query.applied if each[0] != name]  # the last one counts
    if name == "_count":
        query.count = _count(value, max_count)
        value = str(query.count)
    elif name == "_sort":
        query.sort = _sort(value)
    elif name == "_total":
        query.total = _one_of(name, value, ("none", "estimate", "accurate"))
    elif name == "_summary":
        known = ("count", "false", "true", "text", "data")
        query.summary = _one_of(name, value, known)
        if value in ("true", "text", "data"):
            text = f"_summary={value} is not supported here; whole resources are returned."
            query.issues.append(Issue("warning", "not-supported", text))
            return
    elif name == "_cursor":
        query.cursor = value
        return
    elif name in ("_format", "_pretty"):
        pass
    else:
        raise BadRequest(f"The result parameter '{name.partition(':')[0]}' takes no modifier.")
    query.applied.append((name, value))


def _count(value: str, max_count: int) -> int:
    if not re.fullmatch("[0-9]{1,9}", value):
        raise BadRequest("_count must be a whole number from 0 up, for example _count=50.")
    return min(int(value), max_count)


def _sort(value: str) -> tuple[tuple[str, int], ...]:
    keys = []
    for part in value.split(","):
        name = part.removeprefix("-")
        if not name:
            raise BadRequest("_sort names one or more search parameters, for example _sort=-date.")
        keys.append((name, -1 if part.startswith("-") else 1))
    return tuple(keys)


def _one_of(name: str, value: str, known: Iterable[str]) -> str:
    if value not in known:
        raise BadRequest(f"{name} must be one of: {', '.join(known)}.")
    return value
