"""Apply a JSON Patch.

https://www.rfc-editor.org/rfc/rfc6902
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_facade.errors import BadRequest, Issue, TooCostly
from fhir_facade.rules.json_text import MAX_DEPTH
from fhir_facade.rules.patch.common import (
    Emptied,
    Refused,
    copied,
    named,
    same,
    size,
    still_a_resource,
)

_NEEDS = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "from"),
    "copy": ("path", "from"),
    "test": ("path", "value"),
}
_MOST_COPIED = 250_000
"""JSON values that one patch may copy and move."""

_INDEX = re.compile(r"0|[1-9][0-9]*")
_LONGEST_INDEX = 9
_WRONG_ESCAPE = re.compile(r"~(?![01])")


@dataclass(frozen=True, slots=True)
class _Pointer:
    """A JSON Pointer (RFC 6901)."""

    steps: tuple[str, ...]
    text: str

    @property
    def shown(self) -> str:
        return named(self.text, "the path" if self.text else "the whole resource")


@dataclass(frozen=True, slots=True)
class _Operation:
    op: str
    path: _Pointer
    source: _Pointer
    value: Any


def json_patch(resource: dict[str, Any], operations: Any) -> dict[str, Any]:
    """Return the resource with all operations applied; none is applied if one cannot be."""
    document = _Document(copied(resource))
    for number, operation in enumerate(_read(operations)):
        try:
            document.apply(operation)
        except Refused as refused:
            raise refused.error(f"Operation {number} ({operation.op}): {refused.text}") from None
    if isinstance(document.root, dict):
        document.emptied.prune(document.root)
    return still_a_resource(resource, document.root)


def _read(operations: Any) -> list[_Operation]:
    if not isinstance(operations, list):
        raise BadRequest("A JSON Patch must be a JSON array of operations.")
    problems = [
        f"Operation {number}: {problem}"
        for number, each in enumerate(operations)
        for problem in _problems(each)
    ]
    if problems:
        issues = [Issue("error", BadRequest.code, each) for each in problems]
        raise BadRequest(problems[0], issues=issues)
    return [
        _Operation(
            op=each["op"],
            path=_pointer(each["path"]),
            source=_pointer(each["from"] if "from" in _NEEDS[each["op"]] else ""),
            value=each.get("value"),
        )
        for each in operations
    ]


def _problems(operation: Any) -> Iterator[str]:
    if not isinstance(operation, dict):
        yield "it must be a JSON object."
        return
    op = operation.get("op")
    if not isinstance(op, str) or op not in _NEEDS:
        yield f"op must be one of {', '.join(_NEEDS)}."
        return
    for member in _NEEDS[op]:
        if member not in operation:
            yield f"{op} needs the member {member}."
        elif member != "value" and not _is_pointer(operation[member]):
            yield (
                f"{member} must be a JSON Pointer: empty or starting with /, "
                "with ~0 for ~ and ~1 for / in a name."
            )


def _is_pointer(text: Any) -> bool:
    return isinstance(text, str) and text[:1] in ("", "/") and _WRONG_ESCAPE.search(text) is None


def _pointer(text: str) -> _Pointer:
    steps = (each.replace("~1", "/").replace("~0", "~") for each in text.split("/")[1:])
    return _Pointer(tuple(steps), text)


class _Document:
    """The copy that the operations change."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.emptied = Emptied()
        self._work = 0

    def apply(self, operation: _Operation) -> None:
        """Apply one operation, or raise Refused."""
        path, value = operation.path, operation.value
        match operation.op:
            case "add":
                self._add(path, copied(value))
            case "remove":
                self._remove(path)
            case "replace":
                self._replace(path, copied(value))
            case "move":
                self._move(operation.source, path)
            case "copy":
                found = self._find(operation.source)
                self._count(found)
                self._add(path, copied(found))
            case _:
                self._test(path, value)

    def _test(self, path: _Pointer, value: Any) -> None:
        if not same(self._find(path), value):
            raise Refused(f"{path.shown} does not have the value that the test names.")

    def _move(self, source: _Pointer, path: _Pointer) -> None:
        if len(source.steps) < len(path.steps) and _starts(path, source):
            raise Refused("nothing can be moved into itself.")
        if source.steps == path.steps:
            self._find(source)
            return
        self._count(self._find(source))
        self._add(path, self._remove(source))

    def _add(self, path: _Pointer, value: Any) -> None:
        _check_depth(path, value)
        if not path.steps:
            self.root = value
            return
        parent, last = self._parent(path)
        if isinstance(parent, dict):
            parent[last] = value
        elif last == "-":
            parent.append(value)
        else:
            parent.insert(_index(last, len(parent), path), value)

    def _replace(self, path: _Pointer, value: Any) -> None:
        _check_depth(path, value)
        if not path.steps:
            self.root = value
            return
        parent, last = self._parent(path)
        parent[_key(parent, last, path)] = value

    def _remove(self, path: _Pointer) -> Any:
        if not path.steps:
            raise Refused("the whole resource cannot be removed by a patch.")
        parent, last = self._parent(path)
        value = parent.pop(_key(parent, last, path))
        self.emptied.note(parent)
        return value

    def _find(self, path: _Pointer) -> Any:
        value = self.root
        for step in path.steps:
            value = value[_key(value, step, path)]
        return value

    def _parent(self, path: _Pointer) -> tuple[Any, str]:
        parent = self.root
        for step in path.steps[:-1]:
            parent = parent[_key(parent, step, path)]
        if not isinstance(parent, dict | list):
            raise _missing(path)
        return parent, path.steps[-1]

    def _count(self, value: Any) -> None:
        """A patch that copies the resource into itself would double it with each operation."""
        self._work += size(value)[0]
        if self._work > _MOST_COPIED:
            raise Refused("the patch copies and moves too much.", error=TooCostly)


def _starts(path: _Pointer, source: _Pointer) -> bool:
    return path.steps[: len(source.steps)] == source.steps


def _check_depth(path: _Pointer, value: Any) -> None:
    if len(path.steps) + size(value)[1] > MAX_DEPTH:
        raise Refused(f"the resource would have more than {MAX_DEPTH} levels.")


def _key(container: Any, step: str, path: _Pointer) -> str | int:
    """Return the name or index of a member that is there."""
    if isinstance(container, dict) and step in container:
        return step
    if isinstance(container, list):
        return _index(step, len(container) - 1, path)
    raise _missing(path)


def _index(step: str, highest: int, path: _Pointer) -> int:
    if step == "-":
        raise Refused(f"{path.shown} names the end of an array, where nothing is.")
    if not _INDEX.fullmatch(step):
        raise Refused(f"{path.shown} goes into an array, whose members have numbers from 0.")
    # int() refuses thousands of digits with an error of its own
    if len(step) > _LONGEST_INDEX or int(step) > highest:
        raise Refused(f"{path.shown} has an index beyond the end of its array.")
    return int(step)


def _missing(path: _Pointer) -> Refused:
    return Refused(f"there is nothing at {path.shown}.")
