"""A MongoDB filter compiled into a Python predicate that decides exactly as MongoDB does.

https://www.mongodb.com/docs/manual/reference/operator/query/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import bson
from bson import Regex
from bson.errors import BSONError

from fhir_facade.store.base import Filter, UnsupportedFilter
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.elements import (
    compared,
    equal_to,
    exists,
    matches,
    never,
    of_type,
    one_of,
)
from fhir_facade.store.paths import Predicate, Test, at_path

_OPTIONS: Final = {"i": re.I, "m": re.M, "s": re.S, "x": re.X, "u": re.U}


class Condition(NamedTuple):
    """One operator's test of an element; `negated` means that no element may satisfy it."""

    test: Test
    negated: bool = False
    expand: bool = True


def compile_filter(filter: Filter) -> Predicate:
    """Compile a filter; an operator outside the subset raises `UnsupportedFilter`."""
    return compile_normalised(normalise(filter))


def normalise(filter: Filter) -> dict[str, Any]:
    """Return the filter as a server would see it, with the types that decoded documents have."""
    return decode(encoded(filter))


def encoded(filter: Filter) -> bytes:
    """Return the filter as a server would receive it."""
    try:
        return encode(filter)
    except (BSONError, OverflowError, UnicodeEncodeError) as error:
        raise UnsupportedFilter(f"BSON cannot hold the filter: {type(error).__name__}") from None


def compile_normalised(filter: dict[str, Any]) -> Predicate:
    """Compile a filter that `normalise` returned."""
    predicates: list[Predicate] = []
    for key, argument in filter.items():
        if key in _LOGICAL:
            predicates.append(_LOGICAL[key](_branches(key, argument)))
        elif key.startswith("$"):
            raise UnsupportedFilter(f"unsupported operator {key}")
        else:
            predicates += [_at(key, condition) for condition in conditions(argument)]
    return _every(predicates)


def is_operators(argument: Any) -> bool:
    """Say whether the right-hand side of a field is a document of operators."""
    if not isinstance(argument, dict) or not argument:
        return False
    dollars = [key.startswith("$") for key in argument]
    if any(dollars) and not all(dollars):
        raise UnsupportedFilter("operators and fields are mixed")
    return all(dollars)


def is_element_condition(argument: Any) -> bool:
    """Say whether `$elemMatch` tests elements by operators rather than as documents."""
    if not isinstance(argument, Mapping):
        return False
    own = {name: value for name, value in argument.items() if name not in _LOGICAL}
    return bool(own) and is_operators(own)


def conditions(argument: Any) -> Iterator[Condition]:
    """Compile the right-hand side of a field."""
    if is_operators(argument):
        for name, value in argument.items():
            if name != "$options":
                yield from _operator(name, value, argument)
            elif "$regex" not in argument:
                raise UnsupportedFilter("$options needs a $regex")
    elif isinstance(argument, Regex):
        yield Condition(matches(argument.pattern, argument.flags))
    else:
        yield Condition(equal_to(argument))


def _operator(name: str, value: Any, siblings: Mapping[str, Any]) -> Iterator[Condition]:
    if name == "$regex":
        yield Condition(_regex(value, siblings.get("$options", "")))
    elif name == "$all":
        yield from _all(value)
    elif name in _SIMPLE:
        yield _SIMPLE[name](value)
    else:
        raise UnsupportedFilter(f"unsupported operator {name}")


def _at(path: str, condition: Condition) -> Predicate:
    predicate = at_path(path, condition.test, expand=condition.expand)
    return _not(predicate) if condition.negated else predicate


def _branches(name: str, argument: Any) -> list[Predicate]:
    if not isinstance(argument, list) or not argument:
        raise UnsupportedFilter(f"{name} needs a list that is not empty")
    if not all(isinstance(branch, dict) for branch in argument):
        raise UnsupportedFilter(f"{name} needs a list of documents")
    return [compile_normalised(branch) for branch in argument]


def _every(predicates: list[Predicate]) -> Predicate:
    if len(predicates) == 1:
        return predicates[0]

    def every(document: dict[str, Any]) -> bool:
        for predicate in predicates:  # noqa: SIM110 - a generator costs more than the tests
            if not predicate(document):
                return False
        return True

    return every


def _any(predicates: list[Predicate]) -> Predicate:
    if len(predicates) == 1:
        return predicates[0]

    def some(document: dict[str, Any]) -> bool:
        for predicate in predicates:  # noqa: SIM110 - a generator costs more than the tests
            if predicate(document):
                return True
        return False

    return some


def _not(predicate: Predicate) -> Predicate:
    return lambda document: not predicate(document)


def _nor(predicates: list[Predicate]) -> Predicate:
    return _not(_any(predicates))


def _regex(value: Any, options: Any) -> Test:
    if not isinstance(value, Regex | str) or not isinstance(options, str):
        raise UnsupportedFilter("$regex and $options take a string")
    if unknown := set(options) - set(_OPTIONS):
        raise UnsupportedFilter(f"unknown $options {''.join(sorted(unknown))}")
    flags = 0
    for letter in options:
        flags |= _OPTIONS[letter]
    if isinstance(value, Regex):
        return matches(value.pattern, flags or value.flags)
    return matches(value, flags)


def _all(value: Any) -> Iterator[Condition]:
    if not isinstance(value, list):
        raise UnsupportedFilter("$all needs a list")
    if not value:
        yield Condition(never)
    for item in value:
        if isinstance(item, dict) and "$elemMatch" in item:
            yield from conditions(item)
        elif is_operators(item):
            raise UnsupportedFilter("$all takes no operator but $elemMatch")
        else:
            yield (
                Condition(matches(item.pattern, item.flags))
                if isinstance(item, Regex)
                else Condition(equal_to(item))
            )


def _in(value: Any) -> Test:
    if not isinstance(value, list):
        raise UnsupportedFilter("$in and $nin need a list")
    if any(is_operators(item) for item in value):
        raise UnsupportedFilter("$in and $nin take no operators")
    return one_of(value)


def _ne(value: Any) -> Condition:
    if isinstance(value, Regex):
        raise UnsupportedFilter("$ne does not take a regular expression")
    return Condition(equal_to(value), negated=True)


def _elem_match(argument: Any) -> Condition:
    if not isinstance(argument, dict):
        raise UnsupportedFilter("$elemMatch needs a document")
    test = _element_test(argument) if is_element_condition(argument) else _document_test(argument)

    def some_element(value: Any) -> bool:
        return value.__class__ is list and any(map(test, value))

    return Condition(some_element, expand=False)


def _element_test(argument: Any) -> Test:
    tests = [(condition.test, condition.negated) for condition in conditions(argument)]
    return lambda element: all(test(element) != negated for test, negated in tests)


def _document_test(argument: dict[str, Any]) -> Test:
    predicate = compile_normalised(argument)

    def test(element: Any) -> bool:
        if element.__class__ is list:  # an array is a document whose keys are the positions
            return predicate({str(index): item for index, item in enumerate(element)})
        if isinstance(element, bson.DBRef):
            return predicate(element.as_doc())
        return element.__class__ is dict and predicate(element)

    return test


_LOGICAL: Final[dict[str, Callable[[list[Predicate]], Predicate]]] = {
    "$and": _every,
    "$or": _any,
    "$nor": _nor,
}

_SIMPLE: Final[dict[str, Callable[[Any], Condition]]] = {
    "$eq": lambda value: Condition(equal_to(value)),
    "$ne": _ne,
    "$in": lambda value: Condition(_in(value)),
    "$nin": lambda value: Condition(_in(value), negated=True),
    "$gt": lambda value: Condition(compared("$gt", value)),
    "$gte": lambda value: Condition(compared("$gte", value)),
    "$lt": lambda value: Condition(compared("$lt", value)),
    "$lte": lambda value: Condition(compared("$lte", value)),
    "$exists": lambda value: Condition(exists, negated=not value),
    "$type": lambda value: Condition(of_type(value)),
    "$elemMatch": _elem_match,
}
