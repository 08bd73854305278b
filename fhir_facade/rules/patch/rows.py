"""The values of an element with what stands beside them: `given` and `_given`.

https://hl7.org/fhir/R4/json.html#primitive
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

Row = tuple[Any, Any]
"""A value, and the object with its id and extensions; None for what is not there."""


def beside(name: str) -> str:
    """Return the name under which the id and extensions of a primitive stand."""
    return f"_{name}"


def read_rows(holder: dict[str, Any], name: str) -> list[Row]:
    """Return the rows of a list; those of an element that is no list are one or none."""
    return list(zip_longest(_column(holder, name), _column(holder, beside(name))))


def _column(holder: dict[str, Any], name: str) -> list[Any]:
    found = holder.get(name)
    if isinstance(found, list):
        return found
    return [] if found is None else [found]


def read_row(holder: dict[str, Any], name: str, index: int) -> Row:
    """Return one row of a list."""
    return _at(holder.get(name), index), _at(holder.get(beside(name)), index)


def _at(column: Any, index: int) -> Any:
    if isinstance(column, list):
        return column[index] if index < len(column) else None
    return column if index == 0 else None


def add_row(holder: dict[str, Any], name: str, row: Row) -> None:
    """Add a row at the end of a list."""
    found = holder.get(name)
    if row[1] is None and beside(name) not in holder and isinstance(found, list):
        found.append(row[0])
    else:
        write_rows(holder, name, [*read_rows(holder, name), row])


def write_rows(holder: dict[str, Any], name: str, rows: list[Row]) -> None:
    """Write a list; a column with nothing in it goes."""
    for key, column in ((name, [row[0] for row in rows]), (beside(name), [row[1] for row in rows])):
        if any(each is not None for each in column):
            holder[key] = column
        else:
            holder.pop(key, None)


def write_one(holder: dict[str, Any], name: str, row: Row) -> None:
    """Write an element that is no list."""
    for key, value in ((name, row[0]), (beside(name), row[1])):
        if value is not None:
            holder[key] = value
        else:
            holder.pop(key, None)
