"""What a filter says about single paths, as intervals of BSON's order: what an index can answer.

Everything here is a superset: a document that satisfies the filter has, for each constraint, an
index entry inside one of its intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bson import MaxKey, MinKey, Regex

from fhir_facade.store.matching import is_element_condition, is_operators
from fhir_facade.store.order import UNDEFINED, invert, sort_bytes, successor
from fhir_facade.store.paths import position


class Interval(NamedTuple):
    """Values between two encodings or bare type tags; an inclusive end takes in all it begins."""

    low: bytes
    includes_low: bool
    high: bytes
    includes_high: bool

    def bounds(self, descending: bool) -> tuple[bytes, bytes]:
        """Return the half-open range of bytes that holds the values' encodings."""
        low, includes_low, high, includes_high = self
        if descending:
            low, high = invert(high), invert(low)
            includes_low, includes_high = includes_high, includes_low
        return low if includes_low else successor(low), successor(high) if includes_high else high


class Constraint(NamedTuple):
    """A document has an entry in one of the intervals."""

    intervals: tuple[Interval, ...]
    points: bool
    """Each interval is a single value."""


@dataclass
class Conjunction:
    """Constraints by path, all of which hold, and disjunctions of which one branch holds."""

    constraints: dict[str, list[Constraint]] = field(default_factory=dict)
    disjunctions: list[list[Conjunction]] = field(default_factory=list)

    def with_branch(self, branch: Conjunction) -> Conjunction:
        """Return what holds in one branch of a disjunction."""
        constraints = {path: list(found) for path, found in self.constraints.items()}
        for path, found in branch.constraints.items():
            constraints[path] = constraints.get(path, []) + found
        return Conjunction(constraints, branch.disjunctions)

    def points(self, path: str) -> Constraint | None:
        """Return the constraint with the fewest single values on a path."""
        found = [constraint for constraint in self.constraints.get(path, ()) if constraint.points]
        return min(found, key=lambda constraint: len(constraint.intervals), default=None)

    def interval(self, path: str, multikey: bool) -> Interval | None:
        """Return an interval for a path: of one entry per document, the intersection of all."""
        found = [
            constraint.intervals[0]
            for constraint in self.constraints.get(path, ())
            if not constraint.points
        ]
        if not found or multikey:
            return found[0] if found else None
        # Of two bounds that begin alike, the exclusive one is the narrower.
        low = max(found, key=lambda interval: interval.bounds(False)[0])
        high = min(found, key=lambda interval: interval.bounds(False)[1])
        return Interval(low.low, low.includes_low, high.high, high.includes_high)


def analyse(filter: dict[str, Any]) -> Conjunction:
    """Read the constraints out of a filter that `normalise` returned and `compile_filter` took."""
    conjunction = Conjunction()
    _read(filter, "", conjunction)
    return conjunction


def _read(filter: dict[str, Any], prefix: str, into: Conjunction) -> None:
    for key, argument in filter.items():
        if key == "$and":
            for branch in argument:
                _read(branch, prefix, into)
        elif key == "$or":
            _read_or(argument, prefix, into)
        elif not key.startswith("$"):
            _read_field(prefix + key, argument, into)


def _read_or(branches: list[dict[str, Any]], prefix: str, into: Conjunction) -> None:
    if len(branches) == 1:
        _read(branches[0], prefix, into)
        return
    disjunction = []
    for branch in branches:
        conjunction = Conjunction()
        _read(branch, prefix, conjunction)
        disjunction.append(conjunction)
    if all(branch.constraints or branch.disjunctions for branch in disjunction):
        into.disjunctions.append(disjunction)


def _read_field(path: str, argument: Any, into: Conjunction) -> None:
    if any(position(part) is not None for part in path.split(".")):
        return  # an index knows nothing of positions
    operators = argument if is_operators(argument) else {"$eq": argument}
    for name, value in operators.items():
        if name == "$elemMatch":
            _read_elem_match(path, value, into)
        elif constraint := constraint_of(name, value):
            into.constraints.setdefault(path, []).append(constraint)


def _read_elem_match(path: str, argument: dict[str, Any], into: Conjunction) -> None:
    if is_element_condition(argument):
        _read_field(path, argument, into)
    else:
        _read(argument, f"{path}.", into)


def constraint_of(name: str, value: Any) -> Constraint | None:
    """Return what one operator says of a path; None where that is no interval."""
    if name == "$eq":
        return None if isinstance(value, Regex) else _points([value])
    if name == "$in":
        return None if any(isinstance(item, Regex) for item in value) else _points(value)
    if name == "$all":
        plain = [item for item in value if not isinstance(item, Regex) and not is_operators(item)]
        return _points(plain[:1]) if plain else None
    if name == "$exists":
        return None if value else _points([None])
    if name in ("$gt", "$gte", "$lt", "$lte"):
        return _range(name, value)
    return None


def _points(values: list[Any]) -> Constraint:
    encoded = dict.fromkeys(point for value in values for point in _encodings(value))
    return Constraint(tuple(Interval(point, True, point, True) for point in encoded), True)


def _encodings(value: Any) -> Iterator[bytes]:
    """Yield the entries that a document equal to `value` at a path may have."""
    yield sort_bytes(value)
    if isinstance(value, list):  # the value may be an element, or be the whole array
        yield sort_bytes(value[0]) if value else UNDEFINED


def _range(name: str, value: Any) -> Constraint | None:
    if value is None:
        return _points([None]) if name in ("$gte", "$lte") else _points([])
    if isinstance(value, MinKey | MaxKey | list):
        return None
    point = sort_bytes(value)
    tag = point[:1]
    inclusive = name in ("$gte", "$lte")
    if name in ("$gt", "$gte"):
        interval = Interval(point, inclusive, tag, True)
    else:
        interval = Interval(tag, True, point, inclusive)
    return Constraint((interval,), False)
