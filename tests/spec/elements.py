"""Looking into a resource: elements by path, tokens, and dates as ranges.

https://hl7.org/fhir/R4/search.html#prefix
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.spec.live import Json

Range = tuple[datetime, datetime]

_EVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
_NEVER = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
_LENGTHS = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d"}


def at(value: Any, path: str) -> list[Any]:
    """Every value at a path of names, `target.dueDate`."""
    values = [value]
    for name in path.split(".") if path else ():
        values = [
            inner
            for each in values
            if isinstance(each, dict) and name in each
            for inner in (each[name] if isinstance(each[name], list) else [each[name]])
        ]
    return values


def holders(resource: Json, path: str) -> list[Any]:
    """The elements that hold the last name of a path."""
    return at(resource, path.rpartition(".")[0])


def absent(element: Any) -> str | None:
    """The code of data-absent-reason on an element."""
    for each in element.get("extension", ()) if isinstance(element, dict) else ():
        if each.get("url") == "http://hl7.org/fhir/StructureDefinition/data-absent-reason":
            return str(each.get("valueCode"))
    return None


def tokens(value: Any) -> set[tuple[str | None, str]]:
    """The (system, code) pairs of a code, a Coding or a CodeableConcept."""
    if isinstance(value, str):
        return {(None, value)}
    codings = value.get("coding", ()) if isinstance(value, dict) else ()
    return {(each.get("system"), each["code"]) for each in codings if "code" in each}


def date_range(text: str) -> Range:
    """The range a date stands for: from its first moment to just before what follows."""
    if len(text) in _LENGTHS:
        start = datetime.strptime(text, _LENGTHS[len(text)]).replace(tzinfo=UTC)
        days = {
            4: 365 + calendar.isleap(start.year),
            7: calendar.monthrange(start.year, start.month)[1],
        }
        return start, start + timedelta(days=days.get(len(text), 1))
    start = datetime.fromisoformat(text)
    return start, start + (timedelta(milliseconds=1) if "." in text else timedelta(seconds=1))


def ranges(value: Any) -> list[Range]:
    """The range of a date or a Period, whose open ends are endless."""
    if isinstance(value, str):
        return [date_range(value)]
    if not isinstance(value, dict) or not {"start", "end"} & {*value}:
        return []
    start = date_range(value["start"])[0] if "start" in value else _NEVER
    end = date_range(value["end"])[1] if "end" in value else _EVER
    return [(start, end)]


def compares(prefix: str, sought: Range, there: Range) -> bool:
    """Whether a range matches a searched one, as R4 3.1.1.4.7 says."""
    within = sought[0] <= there[0] and there[1] <= sought[1]
    if prefix in ("gt", "ge") and there[1] > sought[1]:
        return True
    if prefix in ("lt", "le") and there[0] < sought[0]:
        return True
    return prefix in ("", "ge", "le") and within
