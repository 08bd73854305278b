"""FHIRPath Patch: which places a path names, and which paths are refused."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import BadRequest, FacadeError, Unprocessable, Unsupported
from fhir_facade.rules.patch import fhirpath_patch
from tests.rules.patch.operations import add, delete, parameters, replace, value

EXTENSIONS = [
    {"url": "http://a", "valueString": "1"},
    {"url": "http://b", "valueQuantity": {"value": 5}},
    {"url": "http://c", "valueBoolean": True},
]
TASK: dict[str, Any] = {
    "resourceType": "Task",
    "extension": EXTENSIONS,
    "identifier": [
        {"system": "s", "value": "one", "use": "usual"},
        {"system": "s", "value": "two"},
        {"system": "it's", "value": "three"},
    ],
    "priority": "routine",
    "restriction": {"repetitions": 2},
    "note": [{"text": "hello world", "authorString": "x"}],
    "input": [{"type": {"text": "t"}, "valueDecimal": 1.5}],
}

PLACES = [
    ("identifier.where(system = 's' and value = 'two')", "identifier", 1),
    ("Task.identifier.where(system = 's').first()", "identifier", 0),
    ("Task.identifier.where(system = 's').last()", "identifier", 1),
    ("Task.identifier.where(value = 'two').single()", "identifier", 1),
    ("Task.identifier.where(system = 's')[1]", "identifier", 1),
    ("Resource.identifier[2]", "identifier", 2),
    ("DomainResource.identifier[2]", "identifier", 2),
    ("Task.identifier.where(system = 'it\\'s')", "identifier", 2),
    ("Task.identifier.where(system = 'it\\u0027s')", "identifier", 2),
    ("Task.`identifier`.where(value = 'three')", "identifier", 2),
    ("Task.identifier.where(system != 's')", "identifier", 2),
    ("identifier.where(value = 'x' or value = 'three')", "identifier", 2),
    ("identifier.where((value = 'x' or value = 'one') and system = 's')", "identifier", 0),
    ("identifier.where(use.exists())", "identifier", 0),
    ("identifier.where(use)", "identifier", 0),
    ("identifier.where(use.empty() and system = 's')", "identifier", 1),
    ("identifier.where(use.exists().not() and system = 's')", "identifier", 1),
    ("identifier.where((system = 's').not())", "identifier", 2),
    ("identifier.where(exists(value = 'two'))", "identifier", 1),
    ("identifier.where($this.exists($this.value = 'two'))", "identifier", 1),
    ("identifier.where(value.startsWith('thr'))", "identifier", 2),
    ("identifier.where(value.endsWith('wo'))", "identifier", 1),
    ("identifier.where(value.contains('hre'))", "identifier", 2),
    ("identifier.where(use = 'x' or value = 'two')", "identifier", 1),
    (
        "identifier.where(system = 's' and %resource.identifier.exists() and value='two')",
        "identifier",
        1,
    ),
    ("identifier.where($this = %resource.identifier[1])", "identifier", 1),
    ("%resource.identifier[1]", "identifier", 1),
    ("%context.identifier[1]", "identifier", 1),
    ("$this.identifier[1]", "identifier", 1),
    ("(Task.identifier)[1]", "identifier", 1),
    ("Task.extension('http://b')", "extension", 1),
    ("extension.where(url = 'http://b')", "extension", 1),
    ("extension.where(value = 1 or value = true)", "extension", 2),
    ("extension.where(value.ofType(Quantity).value = 5.0)", "extension", 1),
    ("extension.where((value as Quantity).exists())", "extension", 1),
    ("extension.where(value.as(FHIR.Quantity).exists())", "extension", 1),
    ("extension.where(value.ofType(string).exists())", "extension", 0),
    ("extension.where(value.ofType(System.String) = '1')", "extension", 0),
    ("input.where(value = 1.5)", "input", 0),
    ("\n Task . note [ 0 ] ", "note", 0),
    ("note.where(author.exists())", "note", 0),
]


@pytest.mark.parametrize(("path", "name", "index"), PLACES)
def test_a_path_names(path: str, name: str, index: int) -> None:
    """What the path names is deleted, and nothing else."""
    expected = {**TASK, name: [e for place, e in enumerate(TASK[name]) if place != index]}
    if not expected[name]:
        del expected[name]
    assert fhirpath_patch(TASK, parameters(delete(path))) == expected


NOTHING = [
    "identifier[3]",
    "identifier.where(value = 'x')",
    "identifier.where(use = 'usual' and value = 'two')",
    "identifier.where(use.startsWith('x'))",
    "identifier.where(value.startsWith(use) and use.empty())",
    "identifier.where(use.not() and use.empty())",
    "focus.display",
    "note.author.ofType(Reference)",
    "note[0].time",
    "priority.extension('http://a')",
    "restriction.where(repetitions.contains('2'))",
    "restriction.where(repetitions = true)",
    "priority.ofType(string)",
    "identifier.where('a'.ofType(string).exists())",
]


@pytest.mark.parametrize("path", NOTHING)
def test_a_path_names_nothing(path: str) -> None:
    assert fhirpath_patch(TASK, parameters(delete(path))) == TASK


def issue_of(error: type[FacadeError], path: str) -> str:
    with pytest.raises(error) as caught:
        fhirpath_patch(TASK, parameters(delete("Task.focus"), delete(path)))
    assert type(caught.value) is error
    (issue,) = caught.value.issues
    assert issue.expression == "Parameters.parameter[1].part[1]"
    assert issue.code == error.code
    return issue.diagnostics


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("Task.identifier", "Task.identifier must name one element, and names 3."),
        ("identifier.where(system='s')", "the path must name one element, and names 2."),
        ("Task.identifer", "Task has no element identifer."),
        ("Flag.status", "Task has no element Flag."),
        ("Task.resourceType", "Task has no element resourceType."),
        ("Task._priority", "Task has no element _priority."),
        (
            "Task.note.authorString",
            "FHIRPath writes author, or author.ofType(string), for authorString.",
        ),
        ("Task.`a b`", "Task has no element of that name."),
        ("Task.priority.foo", "code has no element foo."),
        ("Task.exists()", "the path gives a value, and not a place in the resource."),
        ("'text'", "the path gives a value, and not a place in the resource."),
        ("'text'.length", "a value has no element length."),
        ("Task", "a patch cannot delete or replace the whole resource."),
        ("$this", "a patch cannot delete or replace the whole resource."),
        ("identifier.single()", "single() finds 3 elements."),
        ("identifier.where(%resource.identifier)", "a condition in the path gives 3 elements."),
        ("identifier.value.startsWith('a')", "a function on a string gets 3 elements."),
    ],
)
def test_not_applicable(path: str, problem: str) -> None:
    assert issue_of(Unprocessable, path) == f"Operation 1 (delete): {problem}"


FROM = "the path is no FHIRPath from character {} on."


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("Task.", FROM.format(6)),
        ("Task..note", FROM.format(6)),
        (".note", FROM.format(1)),
        ("Task note", FROM.format(6)),
        ("note[0", FROM.format(7)),
        ("note[0.5]", FROM.format(6)),
        ("note[99999999999]", FROM.format(6)),
        ("note.where(", FROM.format(12)),
        ("note.where()", FROM.format(6)),
        ("note.first(1)", FROM.format(6)),
        ("note.where(text = 'a)", FROM.format(19)),
        ("note.where(text = '\\x')", FROM.format(19)),
        ("note.where(a, b)", FROM.format(6)),
        ("note.ofType('a')", FROM.format(13)),
        ("note as 1", FROM.format(9)),
        ("and", FROM.format(1)),
        ("note.where(text = 'a' = 'b')", FROM.format(23)),
        ("note ? 1", FROM.format(6)),
        ("(note", FROM.format(6)),
        ("a" * 2001, "a path must not be longer than 2000 characters."),
        ("(" * 21 + "note", "a path must not have more than 20 levels of parentheses."),
        ("a" + ".a" * 50, "a path must not have more than 50 steps."),
    ],
)
def test_no_fhirpath(path: str, problem: str) -> None:
    assert issue_of(BadRequest, path) == f"Operation 1: {problem}"


KNOWN = (
    "where, exists, empty, not, first, last, single, extension, startsWith, endsWith, "
    "contains, ofType, as"
)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("note.tail()", f"the function tail() is not supported in a path; known are {KNOWN}."),
        (
            "owner.resolve()",
            f"the function resolve() is not supported in a path; known are {KNOWN}.",
        ),
        ("note | note", "the operator | is not supported in a path."),
        ("note.where(1 + 1 = 2)", "the operator + is not supported in a path."),
        ("note.where(time >= 1)", "the operator >= is not supported in a path."),
        ("note.where(text is string)", "the operator is is not supported in a path."),
        ("note.where(text in text)", "the operator in is not supported in a path."),
        ("note.where(-1 = 1)", "the operator - is not supported in a path."),
        ("note[$index]", "an index in a path can only be a number."),
        ("note.where($index = 1)", "the variable $index is not supported in a path."),
        ("%ucum", "the variable %ucum is not supported in a path."),
        (
            "note.where(time = @2020)",
            "literals of dates, times and {} are not supported in a path.",
        ),
        ("note.where(time = {})", "literals of dates, times and {} are not supported in a path."),
    ],
)
def test_unsupported(path: str, problem: str) -> None:
    assert issue_of(Unsupported, path) == f"Operation 1: {problem}"


@pytest.mark.parametrize("given", [None, 1, "nope", "code", "", {"a": 1}])
def test_a_type_that_is_none(given: Any) -> None:
    patch = parameters(add("status", "id", value(valueString="x")))
    with pytest.raises(Unprocessable, match=r"has no element status|is no type of R4"):
        fhirpath_patch({"resourceType": given}, patch)


def test_a_path_costs_what_it_looks_at() -> None:
    many = {"resourceType": "Task", "identifier": [{"value": str(n)} for n in range(1000)]}
    path = "identifier.where(%resource.identifier.where(value = 'x').exists())"
    with pytest.raises(FacadeError, match="look at too much") as caught:
        fhirpath_patch(many, parameters(delete(path)))
    assert caught.value.code == "too-costly"


def test_a_long_number_is_compared() -> None:
    patch = parameters(delete(f"restriction.where(repetitions = 2.{'0' * 30})"))
    patched = fhirpath_patch(TASK, patch)
    assert "restriction" not in patched
    other = parameters(replace("restriction[0]", value(valueString="x")))
    with pytest.raises(Unprocessable, match="restriction takes TaskRestriction, and not string"):
        fhirpath_patch(TASK, other)
