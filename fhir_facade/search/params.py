"""The query string of a search: names, modifiers, values and the parameters that shape the result.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fhir_facade.errors import BadRequest, Issue

Pairs = Sequence[tuple[str, str]]

RESULT_PARAMS = frozenset(
    {"_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude"}
    | {"_format", "_pretty", "_cursor"}
)
_MOST_INCLUDES = 20
"""Each is a query of its own, and `:iterate` repeats it."""
_MOST_ELEMENTS = 200
_ALIKE = 0.8
_REPEATED = frozenset({"_include", "_revinclude"})
FILTERS_BY_UNDERSCORE = frozenset(
    {"_content", "_filter", "_has", "_in", "_list", "_profile", "_query", "_security", "_source"}
    | {"_text", "_type", "_id", "_lastUpdated", "_tag"}
)
"""Names with an underscore that select: leaving one out would widen the result."""

_IN_LOWER_CASE = [name.lower() for name in sorted(FILTERS_BY_UNDERSCORE)]

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
    chain: str | None = None
    """What follows the reference in a chain, or in `_has`: the parameter of the other type."""


def read_clause(name: str, value: str, spelled: tuple[str, str]) -> Clause:
    """Take a parameter apart: `focus:EpisodeOfCare.status:not`, `_has:Task:focus:status`."""
    if name.partition(":")[0] == "_has":
        parts = name.split(":", 3)
        if len(parts) < 4:
            raise BadRequest(
                "_has names a type, its reference parameter and a parameter of the type, "
                "for example _has:Task:focus:status=accepted."
            )
        return Clause("_has", f"{parts[1]}:{parts[2]}", (value,), spelled, chain=parts[3])
    own, dot, rest = name.partition(".")
    base, _, modifier = own.partition(":")
    if dot:
        return Clause(base, modifier or None, (value,), spelled, chain=rest)
    return Clause(base, modifier or None, split_values(value), spelled)


@dataclass(frozen=True, slots=True)
class Include:
    """One `_include` or `_revinclude`: `source:param[:target]`, or `*`."""

    source: str
    param: str
    target: str | None
    reverse: bool
    iterate: bool
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
    elements: tuple[str, ...] = ()
    includes: list[Include] = field(default_factory=list)
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
        base = name.partition(":")[0]
        if "\x00" in value:
            raise BadRequest("A parameter's value holds a NUL character.")
        if base in RESULT_PARAMS:
            _result_param(query, name, value, max_count)
        elif base.startswith("_") and not _may_select(base):
            text = f"The result parameter '{base}' is not supported here; it was ignored."
            query.issues.append(Issue("warning", "not-supported", text))
        else:
            query.clauses.append(read_clause(name, value, (name, value)))
    return query


def _may_select(name: str) -> bool:
    """Say whether a name is a filter's, or like one: leaving it out would widen the result."""
    base = name.partition(".")[0].lower()
    return bool(difflib.get_close_matches(base, _IN_LOWER_CASE, n=1, cutoff=_ALIKE))


def _result_param(query: Query, name: str, value: str, max_count: int) -> None:
    base, _, modifier = name.partition(":")
    if base in _REPEATED:
        include = _include(base, modifier, value)
        if include not in query.includes:
            query.includes.append(include)
            query.applied.append((name, value))
        if len(query.includes) > _MOST_INCLUDES:
            raise BadRequest(f"A search takes up to {_MOST_INCLUDES} includes.")
        return
    query.applied = [each for each in query.applied if each[0] != name]  # the last one counts
    if name == "_count":
        query.count = _count(value, max_count)
        value = str(query.count)
    elif name == "_sort":
        query.sort = _sort(value)
    elif name == "_total":
        query.total = _one_of(name, value, ("none", "estimate", "accurate"))
    elif name == "_summary":
        query.summary = _one_of(name, value, ("count", "false", "true", "text", "data"))
    elif name == "_elements":
        names = filter(None, map(str.strip, value.split(",")))
        query.elements = tuple(dict.fromkeys(names))
        if len(query.elements) > _MOST_ELEMENTS:
            raise BadRequest(f"_elements takes up to {_MOST_ELEMENTS} names.")
    elif name == "_cursor":
        query.cursor = value
        return
    elif name in ("_format", "_pretty"):
        pass
    else:
        raise BadRequest(f"The result parameter '{name.partition(':')[0]}' takes no modifier.")
    query.applied.append((name, value))


def _include(name: str, modifier: str, value: str) -> Include:
    if modifier not in ("", "iterate"):
        raise BadRequest(f"{name} takes no modifier but ':iterate'.")
    source, _, rest = value.partition(":")
    param, _, target = rest.partition(":")
    if source == "*" and not rest:
        param = "*"
    elif source == "*":
        source = ""
    if not source or not param or ":" in target:
        raise BadRequest(
            f"{name} names a type, its reference parameter and perhaps a target type, "
            f"for example {name}=Task:focus or {name}=Task:focus:EpisodeOfCare."
        )
    reverse = name == "_revinclude"
    spelled = (f"{name}:{modifier}" if modifier else name, value)
    return Include(source, param, target or None, reverse, modifier == "iterate", spelled)


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
