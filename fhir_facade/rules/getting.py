"""Reading stored fields by their paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from operator import methodcaller
from typing import Any

from bson import ObjectId

WHOLE = "*"
"""The field of a rule that reads the whole document."""


def getter(fields: Sequence[str]) -> Callable[[dict[str, Any]], Any]:
    """Return the function that reads the first of several paths that holds anything."""
    if len(fields) == 1:
        return _path_getter(fields[0])
    getters = [_fallback_getter(path) for path in fields]

    def get(document: dict[str, Any]) -> Any:
        for each in getters:
            value = each(document)
            if value is not None and value != "":
                return value
        return None

    return get


def _fallback_getter(path: str) -> Callable[[dict[str, Any]], Any]:
    """An `_id` stands in for other fields only by the time that an ObjectId holds."""
    get = _path_getter(path)
    if path.rpartition(".")[2] != "_id":
        return get

    def time_of_id(document: dict[str, Any]) -> Any:
        return _time_of_id(get(document))

    return time_of_id


def _time_of_id(value: Any) -> Any:
    return value.generation_time.replace(tzinfo=UTC) if isinstance(value, ObjectId) else None


def _path_getter(path: str) -> Callable[[dict[str, Any]], Any]:
    if path == WHOLE:
        return lambda document: document
    first, *rest = path.split(".")
    if not rest:
        return methodcaller("get", first)

    def get(document: dict[str, Any]) -> Any:
        value = document.get(first)
        for name in rest:
            if type(value) is not dict:
                return None
            value = value.get(name)
        return value

    return get
