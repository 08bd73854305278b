"""Find the places in a resource that a FHIRPath names.

http://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fhir_facade.errors import TooCostly
from fhir_facade.rules.patch.common import Refused, named, same, size
from fhir_facade.rules.patch.definitions import Element, elements, is_primitive
from fhir_facade.rules.patch.path_syntax import (
    At,
    Compare,
    Expression,
    Literal,
    Logic,
    Name,
    OfType,
    Path,
    Step,
)
from fhir_facade.rules.patch.rows import Row, beside, read_row, read_rows, write_one, write_rows

_MOST_WORK = 1_000_000
"""Elements that the paths of one patch may look at."""

_ROOT = "resource"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands: its holder, its name there, and its index if it is in a list."""

    holder: dict[str, Any]
    name: str
    index: int | None
    type: str
    element: Element | None

    @classmethod
    def of(cls, resource: dict[str, Any]) -> Place:
        """Return the place of a whole resource."""
        return cls({_ROOT: resource}, _ROOT, None, _resource_type(resource), None)

    @property
    def row(self) -> Row:
        """The value, and what stands beside it."""
        if self.index is None:
            return self.holder.get(self.name), self.holder.get(beside(self.name))
        return read_row(self.holder, self.name, self.index)

    @property
    def content(self) -> Any:
        return self.row[0]

    def container(self) -> dict[str, Any] | None:
        """Return the object that has the elements of this one."""
        found = self.row[1 if is_primitive(self.type) else 0]
        return found if isinstance(found, dict) else None

    def made_container(self) -> dict[str, Any] | None:
        """Return that object; a primitive that has no id and no extension gets one."""
        content, aside = self.row
        if not is_primitive(self.type) or aside is not None:
            return self.container()
        made: dict[str, Any] = {}
        self.write((content, made))
        return made

    def write(self, row: Row) -> None:
        """Put another value in this place."""
        if self.index is None:
            write_one(self.holder, self.name, row)
            return
        rows = read_rows(self.holder, self.name)
        rows[self.index] = row
        write_rows(self.holder, self.name, rows)


Item = Place | str | int | bool | Any


def _resource_type(resource: Any) -> str:
    found = resource.get("resourceType") if isinstance(resource, dict) else None
    return found if isinstance(found, str) and not is_primitive(found) else "Resource"


class Evaluator:
    """Evaluates expressions on one resource, and gives up when a patch asks too much."""

    def __init__(self, root: Place) -> None:
        self._root = root
        self._left = _MOST_WORK

    def places(self, expression: Expression) -> list[Place]:
        """Return the places that the expression names; raise Refused if it names values."""
        found = self._evaluate(expression, self._root)
        places = [each for each in found if isinstance(each, Place)]
        if len(places) < len(found):
            raise Refused("the path gives a value, and not a place in the resource.")
        return places

    def _spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise Refused("the paths of the patch look at too much.", error=TooCostly)

    def _evaluate(self, expression: Expression, this: Item) -> list[Item]:
        self._spend(1)
        match expression:
            case Literal():
                return [expression.value]
            case Compare():
                return self._compare(expression, this)
            case Logic():
                return self._logic(expression, this)
            case _:
                return self._path(expression, this)

    def _path(self, path: Path, this: Item) -> list[Item]:
        if not isinstance(path.start, str):
            items = self._evaluate(path.start, this)
        else:
            items = [self._root if path.start == "resource" else this]
        steps = path.steps
        if path.start == "context" and steps and _is_type_of(steps[0], this):
            steps = steps[1:]
        for step in steps:
            items = self._step(step, items, this)
        return items

    def _step(self, step: Step, items: list[Item], this: Item) -> list[Item]:
        self._spend(len(items))
        match step:
            case Name():
                return [each for item in items for each in self.children(item, step.name)]
            case At():
                return items[step.index : step.index + 1]
            case OfType():
                return [each for each in items if _is_of_type(each, step.type)]
            case _:
                return _FUNCTIONS[step.function](self, items, step.arguments, this)

    def children(self, item: Item, name: str) -> list[Item]:
        """Return the places of one element below an item."""
        if not isinstance(item, Place):
            raise Refused(f"a value has no element {named(name, 'of that name')}.")
        element = element_of(item.type, name)
        container = item.container()
        if container is None:
            return []
        found = [
            place
            for datatype, json_name in element.types.items()
            for place in _places(container, json_name, datatype, element)
        ]
        self._spend(len(found))
        return list(found)

    def _compare(self, compare: Compare, this: Item) -> list[Item]:
        left = [_value(each) for each in self._evaluate(compare.left, this)]
        right = [_value(each) for each in self._evaluate(compare.right, this)]
        if not left or not right:
            return []
        self._spend(size(left)[0])
        return [same(left, right) is compare.equal]

    def _logic(self, logic: Logic, this: Item) -> list[Item]:
        """Three-valued: a term without an answer leaves the answer to the others."""
        deciding = logic.operator == "or"
        answers = [self._truth(term, this) for term in logic.terms]
        if deciding in answers:
            return [deciding]
        return [] if None in answers else [not deciding]

    def _truth(self, expression: Expression, this: Item) -> bool | None:
        return _truth(self._evaluate(expression, this))

    def where(self, items: list[Item], arguments: tuple[Expression, ...], _: Item) -> list[Item]:
        return [each for each in items if self._truth(arguments[0], each)]

    def exists(self, items: list[Item], arguments: tuple[Expression, ...], _: Item) -> list[Item]:
        return [any(not arguments or self._truth(arguments[0], each) for each in items)]

    def extension(
        self, items: list[Item], arguments: tuple[Expression, ...], this: Item
    ) -> list[Item]:
        url = [_value(each) for each in self._evaluate(arguments[0], this)]
        found = [each for item in items for each in self.children(item, "extension")]
        return [each for each in found if [_url(each)] == url]

    def test_text(
        self,
        items: list[Item],
        arguments: tuple[Expression, ...],
        this: Item,
        test: Callable[[str, str], bool],
    ) -> list[Item]:
        """Answer one of the functions on strings; without a string there is no answer."""
        text, wanted = _text(items), _text(self._evaluate(arguments[0], this))
        return [] if text is None or wanted is None else [test(text, wanted)]


_Function = Callable[[Evaluator, list[Item], tuple[Expression, ...], Item], list[Item]]


def _single(items: list[Item]) -> list[Item]:
    if len(items) > 1:
        raise Refused(f"single() finds {len(items)} elements.")
    return items


def _not(items: list[Item]) -> list[Item]:
    truth = _truth(items)
    return [] if truth is None else [not truth]


def _on_text(test: Callable[[str, str], bool]) -> _Function:
    return lambda run, items, arguments, this: run.test_text(items, arguments, this, test)


_FUNCTIONS: dict[str, _Function] = {
    "where": Evaluator.where,
    "exists": Evaluator.exists,
    "extension": Evaluator.extension,
    "empty": lambda run, items, arguments, this: [not items],
    "not": lambda run, items, arguments, this: _not(items),
    "first": lambda run, items, arguments, this: items[:1],
    "last": lambda run, items, arguments, this: items[-1:],
    "single": lambda run, items, arguments, this: _single(items),
    "startsWith": _on_text(str.startswith),
    "endsWith": _on_text(str.endswith),
    "contains": _on_text(str.__contains__),
}


def element_of(type_name: str, name: str) -> Element:
    """Return the definition of an element; raise Refused if the type has none of that name."""
    known = elements(type_name)
    if known is None:
        raise Refused(f"{named(type_name, 'the resource')} is no type of R4.")
    if name in known:
        return known[name]
    for element in known.values():
        if element.choice and name in element.types.values():
            datatype = next(each for each, json in element.types.items() if json == name)
            raise Refused(
                f"FHIRPath writes {element.name}, or {element.name}.ofType({datatype}), for {name}."
            )
    raise Refused(f"{type_name} has no element {named(name, 'of that name')}.")


def _places(container: dict[str, Any], name: str, datatype: str, element: Element) -> list[Place]:
    is_list = element.many or isinstance(container.get(name), list)
    return [
        Place(container, name, index if is_list else None, _actual(datatype, row[0]), element)
        for index, row in enumerate(read_rows(container, name))
        if row != (None, None)
    ]


def _actual(datatype: str, content: Any) -> str:
    return _resource_type(content) if datatype == "Resource" else datatype


def _is_type_of(step: Step, item: Item) -> bool:
    """A path may start with the type of the resource, or with one that all resources are."""
    if not isinstance(item, Place) or item.element is not None or not isinstance(step, Name):
        return False
    return step.name in (item.type, "Resource", "DomainResource")


def _is_of_type(item: Item, wanted: str) -> bool:
    if isinstance(item, Place):
        primitive = wanted[:1].lower() + wanted[1:]
        return item.type in (wanted, primitive)
    return False


def _value(item: Item) -> Any:
    return item.content if isinstance(item, Place) else item


def _url(item: Item) -> Any:
    content = _value(item)
    return content.get("url") if isinstance(content, dict) else None


def _text(items: list[Item]) -> str | None:
    if len(items) > 1:
        raise Refused(f"a function on a string gets {len(items)} elements.")
    value = _value(items[0]) if items else None
    return value if isinstance(value, str) else None


def _truth(items: list[Item]) -> bool | None:
    """One element that is no boolean counts as true."""
    if len(items) > 1:
        raise Refused(f"a condition in the path gives {len(items)} elements.")
    if not items:
        return None
    value = _value(items[0])
    return value if isinstance(value, bool) else True
