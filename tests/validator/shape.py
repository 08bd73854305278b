"""What a resource looks like, apart from names, ids and numbers that make no difference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.validator.sample import Json, Sample
from tests.writing.exact_json import Digits

TELLING = {"url", "system", "code", "status", "intent", "priority", "type", "contentType"}
"""Elements whose very value decides how they are validated."""

LONG = 1000
_DATE = re.compile(r"\d{4}(-\d\d){0,2}(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?")


def shape(resource: Json) -> frozenset[str]:
    return frozenset(_marks("", resource))


def _marks(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _marks(f"{path}.{name}", each)
    elif isinstance(value, list):
        yield f"{path}[{min(len(value), 2)}]"
        for each in value:
            yield from _marks(path, each)
    else:
        yield f"{path}={_mark(path.rpartition('.')[2], value)}"


def _mark(name: str, value: Any) -> str:
    if isinstance(value, Digits):
        return re.sub(r"\d+", "9", value.text)
    if not isinstance(value, str):
        return str(value)
    if name in TELLING:
        return value
    if name == "reference":
        return value.rpartition("/")[0]
    if _DATE.fullmatch(value):
        return re.sub(r"\d", "9", value)
    odd = re.sub(r"[\w ,.;:!?()'-]", "", value, flags=re.ASCII)
    return ("long " if len(value) > LONG else "") + "".join(sorted(set(odd)))


def distinct(samples: Iterable[Sample], most: int) -> list[Sample]:
    """One sample of each shape, as many as wanted; then of the rest, as long as there is room."""
    seen: set[frozenset[str]] = set()
    first: list[Sample] = []
    rest: list[Sample] = []
    for each in samples:
        mark = shape(each.resource)
        (rest if mark in seen else first).append(each)
        seen.add(mark)
    return [*first, *rest][:most]
