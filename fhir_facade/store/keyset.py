"""The filter that continues a sorted search after a given position, over values of any BSON type.

MongoDB compares only values of one type with `$gt` and `$lt`; across types its sort follows the
order of the types. So "beyond a value" is: further in its own type, or any type further on.

Not covered, because no filter can say it: values of the types regular expression and JavaScript
have no "further in their own type", and a path that holds an array sorts by one of its elements.
Whoever sorts excludes documents with an array on the path from the search.

https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from fhir_facade.store import order
from fhir_facade.store.base import Filter, Sort
from fhir_facade.store.elements import is_nan

Types = Sequence[tuple[int, Sequence[str]]]
"""The names that `$type` has for the values of each tag of `order`, in BSON's order."""

ALL_TYPES: Final[Types] = (
    (order.MIN_KEY, ("minKey",)),
    (order.NUMBER, ("number",)),
    (order.STRING, ("string", "symbol")),
    (order.OBJECT, ("object",)),
    (order.BINARY, ("binData",)),
    (order.OBJECT_ID, ("objectId",)),
    (order.BOOL, ("bool",)),
    (order.DATE, ("date",)),
    (order.TIMESTAMP, ("timestamp",)),
    (order.REGEX, ("regex",)),
    (order.CODE, ("javascript",)),
    (order.CODE_WITH_SCOPE, ("javascriptWithScope",)),
    (order.MAX_KEY, ("maxKey",)),
)

FERRETDB_TYPES: Final[Types] = (
    (order.NUMBER, ("number",)),
    (order.STRING, ("string",)),
    *ALL_TYPES[3:10],
)
"""FerretDB 1 neither stores the others nor knows their names."""

_UNCOMPARABLE: Final = frozenset(
    {order.MIN_KEY, order.REGEX, order.CODE, order.CODE_WITH_SCOPE, order.MAX_KEY}
)


def after_filter(sort: Sort, after: Sequence[Any], types: Types = ALL_TYPES) -> dict[str, Any]:
    """Return the filter of the documents strictly after the sort values `after`."""
    branches: list[dict[str, Any]] = []
    equal: list[dict[str, Any]] = []
    for (path, direction), value in zip(sort, after, strict=True):
        further = _beyond(path, direction, value, types)
        if further:
            alternative = further[0] if len(further) == 1 else {"$or": further}
            branches.append({"$and": [*equal, alternative]} if equal else alternative)
        equal.append({path: {"$eq": value}})
    if not branches:
        return {"$nor": [{}]}
    return branches[0] if len(branches) == 1 else {"$or": branches}


def continued(
    filter: Filter, sort: Sort, after: Sequence[Any] | None, types: Types = ALL_TYPES
) -> Filter:
    """Return a filter narrowed to what comes after a position."""
    if after is None:
        return filter
    further = after_filter(sort, after, types)
    return {"$and": [filter, further]} if filter else further


def _beyond(path: str, direction: int, value: Any, types: Types) -> list[dict[str, Any]]:
    """Return the alternatives of "the value at `path` comes after `value`"."""
    tag = order.sort_bytes(value)[0]
    ascending = direction > 0
    alternatives = _in_type(path, ascending, value, tag)
    further = [
        name for rank, names in types if (rank > tag if ascending else rank < tag) for name in names
    ]
    if further:
        alternatives.append({path: {"$type": further}})
    if (tag < order.NULL) if ascending else (tag > order.NULL):
        alternatives.append({path: {"$eq": None}})
    return alternatives


def _in_type(path: str, ascending: bool, value: Any, tag: int) -> list[dict[str, Any]]:
    """Return what comes after `value` within its own type; NaN, the least number, is apart."""
    if value is None or tag in _UNCOMPARABLE:
        return []
    if is_nan(value):
        return [{path: {"$gte": -math.inf}}] if ascending else []
    if ascending:
        return [{path: {"$gt": value}}]
    if tag == order.NUMBER:  # so that NaN is below every number
        return [{"$and": [{path: {"$type": "number"}}, {"$nor": [{path: {"$gte": value}}]}]}]
    return [{path: {"$lt": value}}]
