"""Read the operations of a FHIRPath Patch out of its Parameters.

https://hl7.org/fhir/R4/fhirpatch.html#format
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_facade.errors import BadRequest, Issue, Unsupported
from fhir_facade.rules.patch.common import named
from fhir_facade.rules.patch.definitions import json_kind, value_types
from fhir_facade.rules.patch.path_syntax import Expression, PathError, PathUnsupported, parse_path
from fhir_facade.rules.patch.rows import Row, beside

_NEEDS = {
    "add": ("path", "name", "value"),
    "insert": ("path", "value", "index"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_TEXTS = ("path", "name")
_INTEGERS = ("index", "source", "destination")
_PARTS = ("type", *_TEXTS, "value", *_INTEGERS)
_TEXT_VALUES = ("valueCode", "valueString")
_INTEGER_VALUES = ("valueInteger", "valueUnsignedInt", "valuePositiveInt")
_BESIDE_VALUE = frozenset({"name", "_name", "id", "extension"})


@dataclass(frozen=True, slots=True)
class Value:
    """What is added: a row of a datatype, or parts that each give one element."""

    expression: str
    type: str | None = None
    row: Row = (None, None)
    parts: tuple[tuple[str, Value], ...] = ()


@dataclass(slots=True)
class Operation:
    """One operation; `parts` says where in the Parameters each of its parts stands."""

    number: int
    parts: dict[str, str] = field(default_factory=dict)
    type: str = ""
    path: Expression | None = None
    path_text: str = ""
    name: str = ""
    value: Value = field(default_factory=lambda: Value(""))
    integers: dict[str, int] = field(default_factory=dict)

    @property
    def expression(self) -> str:
        return f"Parameters.parameter[{self.number}]"


def read_operations(parameters: Any) -> list[Operation]:
    """Return the operations; raise BadRequest with all that is malformed, else Unsupported."""
    if not isinstance(parameters, dict) or parameters.get("resourceType") != "Parameters":
        raise BadRequest("A FHIRPath Patch must be a Parameters resource.")
    given = parameters.get("parameter", [])
    if not isinstance(given, list):
        raise BadRequest("parameter must be a list.", expression="Parameters.parameter")
    reader = _Reader()
    operations = [reader.operation(number, each) for number, each in enumerate(given)]
    for error, issues in ((BadRequest, reader.malformed), (Unsupported, reader.unsupported)):
        if issues:
            raise error(issues[0].diagnostics, issues=issues)
    return operations


class _Reader:
    """Reads on after a problem, so that a client hears of all at once."""

    def __init__(self) -> None:
        self.malformed: list[Issue] = []
        self.unsupported: list[Issue] = []
        self._number = 0

    def _problem(self, text: str, expression: str) -> None:
        diagnostics = f"Operation {self._number}: {text}"
        self.malformed.append(Issue("error", BadRequest.code, diagnostics, expression))

    def operation(self, number: int, given: Any) -> Operation:
        """Read one parameter; what could not be read is left out, and a problem noted."""
        self._number = number
        operation = Operation(number)
        if not isinstance(given, dict) or given.get("name") != "operation":
            self._problem("each parameter must have the name operation.", operation.expression)
            return operation
        if not set(given) <= _BESIDE_VALUE | {"part"}:
            self._problem("an operation has parts, and no value.", operation.expression)
        parts: dict[str, tuple[str, dict[str, Any]]] = {}
        for name, expression, part in self._named(given.get("part"), operation.expression):
            if name not in _PARTS:
                self._problem(f"the parts of an operation are {', '.join(_PARTS)}.", expression)
            elif name in parts:
                self._problem(f"the part {name} is given twice.", expression)
            else:
                parts[name] = (expression, part)
        operation.parts = {name: expression for name, (expression, _) in parts.items()}
        self._read_type(operation, parts)
        for name in _NEEDS.get(operation.type, ()):
            if name in parts:
                self._read(operation, name, *parts[name])
        return operation

    def _named(self, parts: Any, above: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        if not isinstance(parts, list) or not parts:
            self._problem("part must be a list with at least one part.", above)
            return
        for index, part in enumerate(parts):
            expression = f"{above}.part[{index}]"
            if isinstance(part, dict) and isinstance(part.get("name"), str):
                yield part["name"], expression, part
            else:
                self._problem("each part must have a name.", expression)

    def _read_type(
        self, operation: Operation, parts: dict[str, tuple[str, dict[str, Any]]]
    ) -> None:
        expression, part = parts.get("type", (operation.expression, {}))
        text = self._text(part)
        if text not in _NEEDS:
            self._problem(f"the part type must be one of {', '.join(_NEEDS)}.", expression)
            return
        operation.type = text
        needed = _NEEDS[text]
        for name in needed:
            if name not in parts:
                self._problem(f"{text} needs the part {name}.", operation.expression)
        for name, (place, _) in parts.items():
            if name not in ("type", *needed):
                self._problem(f"{text} takes no part {name}.", place)

    def _text(self, part: dict[str, Any]) -> str:
        found = next((part[name] for name in _TEXT_VALUES if name in part), None)
        return found if isinstance(found, str) else ""

    def _read(self, operation: Operation, name: str, expression: str, part: dict[str, Any]) -> None:
        if name == "value":
            operation.value = self._value(part, expression)
        elif name in _INTEGERS:
            found = next((part[each] for each in _INTEGER_VALUES if each in part), None)
            if type(found) is not int:
                self._problem(f"{name} must be a valueInteger.", expression)
            else:
                operation.integers[name] = found
        elif not (text := self._text(part)):
            self._problem(f"{name} must be a valueString.", expression)
        elif name == "name":
            operation.name = text
        else:
            operation.path_text = text
            operation.path = self._path(text, expression)

    def _path(self, text: str, expression: str) -> Expression | None:
        try:
            return parse_path(text)
        except PathError as error:
            self._problem(str(error), expression)
        except PathUnsupported as error:
            diagnostics = f"Operation {self._number}: {error}"
            self.unsupported.append(Issue("error", Unsupported.code, diagnostics, expression))
        return None

    def _value(self, part: dict[str, Any], expression: str) -> Value:
        given = {name.removeprefix("_") for name in part if name not in _BESIDE_VALUE}
        if len(given) != 1:
            self._problem(
                "a value is given by one value[x], or by a resource, or by parts.", expression
            )
            return Value(expression)
        name = given.pop()
        if name == "part" and "part" in part:
            return self._parts(part["part"], expression)
        if name == "resource" and isinstance(part.get("resource"), dict):
            return Value(expression, "Resource", (part["resource"], None))
        if name not in value_types():
            self._problem(
                f"a parameter cannot have {named(name, 'such a value')}; "
                "what is no open datatype is given by parts.",
                expression,
            )
            return Value(expression)
        return self._simple(part, name, expression)

    def _simple(self, part: dict[str, Any], name: str, expression: str) -> Value:
        datatype = value_types()[name]
        content, aside = part.get(name), part.get(beside(name))
        kind = json_kind(datatype)
        is_right = (content is None and aside is not None) or _is_kind(content, kind)
        if not is_right or not (aside is None or isinstance(aside, dict)):
            self._problem(f"{name} must be {kind}.", f"{expression}.value")
        return Value(expression, datatype, (content, aside))

    def _parts(self, parts: Any, expression: str) -> Value:
        found = [
            (name, self._value(part, place)) for name, place, part in self._named(parts, expression)
        ]
        return Value(expression, parts=tuple(found))


def _is_kind(value: Any, kind: str) -> bool:
    if kind == "an object":
        return isinstance(value, dict)
    if kind == "true or false":
        return isinstance(value, bool)
    if kind == "a string":
        return isinstance(value, str)
    return value is not None and not isinstance(value, bool | str | dict | list)
