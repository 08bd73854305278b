"""The way through a resource: every property is met once, with its shape.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from typing import Any

from fhir_facade.rules.validation import references, schema, xhtml
from fhir_facade.rules.validation.bindings import RESOURCE_TYPES, ValueSet
from fhir_facade.rules.validation.differences import UNCHECKED
from fhir_facade.rules.validation.invariants import Holder
from fhir_facade.rules.validation.report import Report
from fhir_facade.rules.validation.resource_invariants import rules_of
from fhir_facade.rules.validation.schema import Element, Shape
from fhir_facade.rules.validation.scope import Scope, scope_of
from fhir_facade.rules.validation.values import exists, items, text

DEEPEST = 64
"""Elements within one another; a request has no more levels."""
_MOST_CODES = 40
_ABSENT = object()
_NULL = "must not be null"
_NO_OBJECT = "must be a JSON object"
_NO_LIST = "must be a JSON list"
_NO_SINGLE = "must be a single value, not a list"
_ELE_1 = "must have a value or children (Element ele-1)"
_SQTY_1 = "must have no comparator (SimpleQuantity sqty-1)"
_DOM_3 = "must be referred to, or refer to its container (DomainResource dom-3)"
_DOM_4 = "must have no versionId and no lastUpdated (DomainResource dom-4)"
_DOM_5 = "must have no security label (DomainResource dom-5)"
_RELATIVE = "must be an absolute URL: only an extension within another has a relative one"
_MODIFIED = "modifier extensions are refused: this server understands none"


class Walk:
    """Walks elements whose shape is known and reports what is wrong with them."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def resource(self, value: Any, path: str, scope: Scope | None, depth: int) -> None:
        """Check a resource; without a scope it is an outermost one and opens its own."""
        name = self._type(value, path)
        if name is None:
            return
        path = path or name
        around = scope or scope_of(value, name)
        if name in UNCHECKED:
            self.report.warning("not-supported", f"the elements of {name} are not checked", path)
            self._unchecked(value, path, around)
        else:
            self._object(value, schema.shape_of_resource(name), path, around, depth)
        if scope is None:
            self._all_linked(value, path, around)

    def _type(self, value: Any, path: str) -> str | None:
        """Return the type of a resource; None, and an issue, if there is none."""
        where = path or "Resource"
        if not isinstance(value, dict):
            self.report.error("structure", _NO_OBJECT, where)
            return None
        name = value.get("resourceType")
        if name is None:
            self.report.error("required", "resourceType is missing", where)
        elif not isinstance(name, str) or name not in RESOURCE_TYPES:
            self.report.error("value", "resourceType must be a resource type of R4", where)
        else:
            return name
        return None

    def _unchecked(self, value: Any, path: str, scope: Scope) -> None:
        """Look for modifier extensions and links where nothing more is known."""
        rest = [value]
        while rest:
            each = rest.pop()
            if isinstance(each, dict):
                if "modifierExtension" in each:
                    self.report.error("extension", _MODIFIED, path)
                rest.extend(each.values())
            elif isinstance(each, list):
                rest.extend(each)
            elif isinstance(each, str) and each.startswith("#"):
                scope.link(each)

    def _all_linked(self, value: Holder, path: str, scope: Scope) -> None:
        for at, each in enumerate(items(value, "contained")):
            name = text(each, "id")
            linked = name is not None and f"#{name}" in scope.linked
            if isinstance(each, dict) and not linked and at not in scope.linking_back:
                self.report.error("invariant", _DOM_3, f"{path}.contained[{at}]")

    def _object(self, holder: Any, shape: Shape, path: str, scope: Scope, depth: int) -> None:
        if not isinstance(holder, dict):
            self.report.error("structure", _NULL if holder is None else _NO_OBJECT, path)
        elif depth > DEEPEST:
            self.report.error("too-long", f"more than {DEEPEST} levels", path)
        elif not shape.resource and not holder.keys() - {"id"}:
            self.report.error("invariant", _ELE_1, path)
        else:
            self._properties(holder, shape, path, scope, depth)
            for name, elements in shape.required:
                if not any(_given(holder, each) for each in elements):
                    self.report.error("required", "is mandatory", f"{path}.{name}")
            for label, rule in rules_of(shape.name):
                if not rule.holds(holder, scope):
                    self.report.error("invariant", f"{rule.text} ({label})", path)

    def _properties(
        self, holder: Holder, shape: Shape, path: str, scope: Scope, depth: int
    ) -> None:
        choices: dict[str, str] = {}
        for key, value in holder.items():
            element = shape.elements.get(key)
            if element is None:
                if key == "resourceType" and shape.resource:
                    continue
                element = None if key == "_id" and not shape.resource else shape.twins.get(key)
                if element is None:
                    self.report.unknown(key, path)
                    continue
                if element.key in holder:
                    continue
                value = _ABSENT
            where = f"{path}.{element.name}"
            if element.choice and choices.setdefault(element.name, element.key) != element.key:
                self.report.error("structure", "only one value is allowed", where)
            if element.primitive:
                twin = holder.get(element.twin, _ABSENT)
                self._primitives(element, value, twin, where, scope, depth)
            else:
                self._children(element, value, where, scope, depth)

    def _children(self, element: Element, value: Any, path: str, scope: Scope, depth: int) -> None:
        if not element.many:
            if isinstance(value, list):
                self.report.error("structure", _NO_SINGLE, path)
            else:
                self._child(element, value, path, scope, depth)
        elif self._is_list(value, path):
            for at, each in enumerate(value):
                if element.key == "contained":
                    self._contained(each, at, f"{path}[{at}]", scope, depth)
                else:
                    self._child(element, each, f"{path}[{at}]", scope, depth)

    def _is_list(self, value: Any, path: str) -> bool:
        if not isinstance(value, list):
            self.report.error("structure", _NULL if value is None else _NO_LIST, path)
        elif not value:
            self.report.error("structure", "must not be an empty list", path)
        else:
            return True
        return False

    def _child(self, element: Element, value: Any, path: str, scope: Scope, depth: int) -> None:
        if element.key == "modifierExtension":
            self.report.error("extension", _MODIFIED, path)
        elif element.model == schema.RESOURCE:
            self.resource(value, path, None, depth + 1)
        else:
            self._object(value, schema.shape_of(element.model), path, scope, depth + 1)
            if isinstance(value, dict):
                self._in_context(element, value, path, scope)
                if element.key == "extension" and _is_relative(value, path):
                    self.report.error("extension", _RELATIVE, f"{path}.url")

    def _in_context(self, element: Element, value: Holder, path: str, scope: Scope) -> None:
        """Check what an element demands of its datatype: codes, targets, no comparator."""
        if element.model == schema.REFERENCE:
            for name, code, problem in references.problems(value, element.targets, scope):
                self.report.error(code, problem, f"{path}.{name}" if name else path)
        if element.value_set and not _has_coding(value, element.value_set):
            self.report.error("code-invalid", _one_of(element.value_set), path)
        if element.simple and exists(value, "comparator"):
            self.report.error("invariant", _SQTY_1, path)

    def _contained(self, value: Any, at: int, path: str, scope: Scope, depth: int) -> None:
        if scope.inside is not None:
            self.report.error(
                "invariant",
                "a contained resource may contain no other (DomainResource dom-2)",
                path,
            )
            return
        scope.inside = at
        self.resource(value, path, scope, depth + 1)
        scope.inside = None
        meta = value.get("meta") if isinstance(value, dict) else None
        if exists(meta, "versionId") or exists(meta, "lastUpdated"):
            self.report.error("invariant", _DOM_4, path)
        if exists(meta, "security"):
            self.report.error("invariant", _DOM_5, path)

    def _primitives(
        self, element: Element, value: Any, twin: Any, path: str, scope: Scope, depth: int
    ) -> None:
        if not element.many:
            self._single(element, value, twin, path, scope, depth)
            return
        for each in (value, twin):
            if each is not _ABSENT and not self._is_list(each, path):
                return
        values = value if value is not _ABSENT else [None] * len(twin)
        twins = twin if twin is not _ABSENT else [None] * len(value)
        if len(values) != len(twins):
            problem = f"{element.key} and {element.twin} must have the same length"
            self.report.error("structure", problem, path)
        for at, (each, beside) in enumerate(zip(values, twins, strict=False)):
            where = f"{path}[{at}]"
            if each is None and beside is None:
                self.report.error("structure", _NULL, where)
            else:
                one, other = (_ABSENT if part is None else part for part in (each, beside))
                self._single(element, one, other, where, scope, depth)

    def _single(
        self, element: Element, value: Any, twin: Any, path: str, scope: Scope, depth: int
    ) -> None:
        if value is not _ABSENT:
            self._value(element, value, path, scope)
        if twin is not _ABSENT:
            self._object(twin, schema.shape_of(schema.ELEMENT), path, scope, depth + 1)

    def _value(self, element: Element, value: Any, path: str, scope: Scope) -> None:
        if value is None or isinstance(value, dict | list) or element.check is None:
            problem = _NULL if value is None else f"must be a {element.primitive}"
            self.report.error("structure", problem, path)
            return
        wrong = element.check(value)
        if wrong is not None:
            self.report.error(*wrong, path)
        elif element.value_set is not None and value not in element.value_set.codes:
            self.report.error("code-invalid", _one_of(element.value_set), path)
        elif element.primitive == "xhtml":
            for code, problem in xhtml.problems(value):
                self.report.error(code, problem, path)
        elif element.linking and value[0] == "#":
            scope.link(value)


def _is_relative(extension: Holder, path: str) -> bool:
    """Say whether an extension that stands in no other has a url that is not absolute."""
    around = path.split(".")[-2]
    url = text(extension, "url")
    return url is not None and ":" not in url and not around.startswith("extension[")


def _given(holder: Holder, element: Element) -> bool:
    """Say whether a mandatory element is there; extensions may stand for the value."""
    if holder.get(element.key) is not None:
        return True
    twin = holder.get(element.twin) if element.primitive else None
    parts = twin if isinstance(twin, list) else [twin]
    return any(exists(each, "extension") for each in parts)


def _has_coding(concept: Holder, value_set: ValueSet) -> bool:
    return any(
        text(each, "system") == value_set.system and text(each, "code") in value_set.codes
        for each in items(concept, "coding")
    )


def _one_of(value_set: ValueSet) -> str:
    codes = ", ".join(sorted(value_set.codes))
    if len(value_set.codes) > _MOST_CODES:
        codes = "its codes"
    system = f" of {value_set.system}" if value_set.system else ""
    return f"must be one of {codes}{system} (value set {value_set.name})"
