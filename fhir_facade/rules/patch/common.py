"""What the patch formats share: copies, equality, refusals, and the containers a patch emptied."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from fhir_facade.errors import FacadeError, Unprocessable

_SAFE = re.compile(r"[A-Za-z0-9\[\]./_~-]{1,200}")


class Refused(Exception):
    """An operation that cannot be applied; the sentence is safe to show.

    `part` is the part of a FHIRPath Patch operation that is at fault, `expression` its place where
    that is deeper than a part.
    """

    def __init__(
        self,
        text: str,
        *,
        part: str = "path",
        expression: str | None = None,
        error: type[FacadeError] = Unprocessable,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.part = part
        self.expression = expression
        self.error = error


def named(text: str, otherwise: str) -> str:
    """Return a path or name if it can hold no health data but by malice, else the other words."""
    return text if _SAFE.fullmatch(text) else otherwise


def copied(value: Any) -> Any:
    """Copy objects and arrays; copy.deepcopy would write a Number's digits anew (`1e2`, `1E+2`)."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value


def same(one: Any, other: Any) -> bool:
    """Compare as RFC 6902 does: numbers by what they are worth, all else by structure.

    https://www.rfc-editor.org/rfc/rfc6902#section-4.6
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def size(value: Any) -> tuple[int, int]:
    """Return how many values there are, and how many levels."""
    if not isinstance(value, dict | list):
        return 1, 0
    inner = [size(each) for each in (value.values() if isinstance(value, dict) else value)]
    return 1 + sum(each for each, _ in inner), 1 + max((levels for _, levels in inner), default=0)


def still_a_resource(before: dict[str, Any], after: Any) -> dict[str, Any]:
    """Return the patched resource if it is an object of the same type."""
    if not isinstance(after, dict):
        raise Unprocessable("The patch leaves no JSON object, so no resource.")
    if not same(before.get("resourceType"), after.get("resourceType")):
        raise Unprocessable("A patch cannot change or remove the resourceType.")
    return after


class Emptied:
    """The objects and arrays that lost their last member to the patch.

    FHIR knows no empty ones: https://hl7.org/fhir/R4/json.html. They stay until the last operation,
    so that an index means the same element throughout. Those that the patch brings are left for
    validation to refuse.
    """

    def __init__(self) -> None:
        # the containers are held so that no other object can come by the same id
        self._containers: dict[int, Any] = {}

    def note(self, container: dict[str, Any] | list[Any]) -> None:
        """Remember a container that something was taken from, if it is empty now."""
        if not container:
            self._containers[id(container)] = container

    def prune(self, container: dict[str, Any] | list[Any], *, aligned: bool = False) -> bool:
        """Take the emptied containers out of this one; True if it must go as well.

        `aligned` is for the arrays of `_given`, whose places belong to those of `given`.
        """
        if not container:
            return id(container) in self._containers
        gone = self._gone(container)
        for key in reversed(gone):
            if aligned:
                container[key] = None
            else:
                del container[key]
        if aligned:
            return bool(gone) and all(each is None for each in container)
        return bool(gone) and not container

    def _gone(self, container: Any) -> list[Any]:
        members = container.items() if isinstance(container, dict) else enumerate(container)
        return [
            key
            for key, each in members
            if isinstance(each, dict | list) and self.prune(each, aligned=_is_aligned(key, each))
        ]


def _is_aligned(key: Any, value: Any) -> bool:
    return isinstance(value, list) and isinstance(key, str) and key.startswith("_")
