"""JSON Patch: the examples of RFC 6902, FHIR's empty containers, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhir_facade.errors import BadRequest, FacadeError, TooCostly, Unprocessable
from fhir_facade.rules.json_text import read_json, to_json
from fhir_facade.rules.patch import json_patch


def op(name: str, path: Any, *value: Any, source: str | None = None) -> dict[str, Any]:
    found = {"op": name, "path": path}
    if value:
        found["value"] = value[0]
    return found if source is None else {**found, "from": source}


RFC_6902 = [
    ("A.1", {"foo": "bar"}, [op("add", "/baz", "qux")], {"baz": "qux", "foo": "bar"}),
    (
        "A.2",
        {"foo": ["bar", "baz"]},
        [op("add", "/foo/1", "qux")],
        {"foo": ["bar", "qux", "baz"]},
    ),
    ("A.3", {"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
    ("A.4", {"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
    (
        "A.5",
        {"baz": "qux", "foo": "bar"},
        [op("replace", "/baz", "boo")],
        {"baz": "boo", "foo": "bar"},
    ),
    (
        "A.6",
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [op("move", "/qux/thud", source="/foo/waldo")],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        "A.7",
        {"foo": ["all", "grass", "cows", "eat"]},
        [op("move", "/foo/3", source="/foo/1")],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        "A.8",
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [op("test", "/baz", "qux"), op("test", "/foo/1", 2)],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    (
        "A.10",
        {"foo": "bar"},
        [op("add", "/child", {"grandchild": {}})],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    (
        "A.11",
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}],
        {"foo": "bar", "baz": "qux"},
    ),
    ("A.14", {"/": 9, "~1": 10}, [op("test", "/~01", 10)], {"/": 9, "~1": 10}),
    ("A.16", {"foo": ["bar"]}, [op("add", "/foo/-", ["abc"])], {"foo": ["bar", ["abc"]]}),
]

OTHERS = [
    ("nothing", {"a": 1}, [], {"a": 1}),
    ("add replaces a member", {"a": 1}, [op("add", "/a", 2)], {"a": 2}),
    ("add at the end", {"a": [1]}, [op("add", "/a/1", 2)], {"a": [1, 2]}),
    ("replace in a list", {"a": [1, 2]}, [op("replace", "/a/0", 3)], {"a": [3, 2]}),
    ("copy", {"a": {"b": 1}}, [op("copy", "/c", source="/a")], {"a": {"b": 1}, "c": {"b": 1}}),
    (
        "a copy is no reference",
        {"a": {"b": 1}},
        [op("copy", "/c", source="/a"), op("replace", "/c/b", 2)],
        {"a": {"b": 1}, "c": {"b": 2}},
    ),
    ("move to itself", {"a": 1}, [op("move", "/a", source="/a")], {"a": 1}),
    ("move beside itself", {"a": 1}, [op("move", "/ab", source="/a")], {"ab": 1}),
    ("the empty name", {"": 1}, [op("replace", "/", 2)], {"": 2}),
    ("escapes", {"a/b": {"m~n": 1}}, [op("replace", "/a~1b/m~0n", 2)], {"a/b": {"m~n": 2}}),
    ("test of null", {"a": None}, [op("test", "/a", None)], {"a": None}),
    (
        "an emptied list goes",
        {"note": [{"text": "x"}], "b": 1},
        [op("remove", "/note/0")],
        {"b": 1},
    ),
    (
        "and all that held nothing else",
        {"a": {"b": [{"c": {"d": 1}}]}},
        [op("remove", "/a/b/0/c/d")],
        {},
    ),
    (
        "emptied and filled again",
        {"a": [1]},
        [op("remove", "/a/0"), op("add", "/a/-", 2)],
        {"a": [2]},
    ),
    (
        "an index means the same until the end",
        {"a": [{"x": 1}, {"x": 2}]},
        [op("remove", "/a/0/x"), op("replace", "/a/1/x", 3)],
        {"a": [{"x": 3}]},
    ),
    (
        "moving the last member away",
        {"a": {"b": 1}},
        [op("move", "/c", source="/a/b")],
        {"c": 1},
    ),
    (
        "what the patch brings stays",
        {},
        [op("add", "/a", []), op("add", "/b", {})],
        {"a": [], "b": {}},
    ),
    (
        "an extension of a repeating primitive keeps its place",
        {"given": ["a", "b"], "_given": [{"id": "1"}, {"extension": [{"url": "u"}]}]},
        [op("remove", "/_given/1/extension/0")],
        {"given": ["a", "b"], "_given": [{"id": "1"}, None]},
    ),
    (
        "the last extension of a repeating primitive",
        {"given": ["a", "b"], "_given": [None, {"extension": [{"url": "u"}]}]},
        [op("remove", "/_given/1/extension/0")],
        {"given": ["a", "b"]},
    ),
]


@pytest.mark.parametrize(("_name", "before", "patch", "after"), RFC_6902 + OTHERS)
def test_result(_name: str, before: Any, patch: Any, after: Any) -> None:
    typed = {"resourceType": "Task"}
    assert json_patch({**typed, **before}, patch) == {**typed, **after}


@pytest.mark.parametrize("name", ["add", "replace", "test"])
def test_the_whole_resource(name: str) -> None:
    task = {"resourceType": "Task", "status": "draft"}
    assert json_patch(task, [op(name, "", dict(task))]) == task


def test_digits_stay() -> None:
    resource = read_json(b'{"resourceType":"Goal","a":1.10,"b":[1e2]}')
    patch = read_json(
        b'[{"op":"copy","from":"/b/0","path":"/c"},{"op":"add","path":"/d","value":2.50}]'
    )
    patched = to_json(json_patch(resource, patch))
    assert patched == b'{"resourceType":"Goal","a":1.10,"b":[1e2],"c":1e2,"d":2.50}'


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1.10", "1.1", True),
        ("100", "1e2", True),
        ("0", "-0", True),
        ("1", "true", False),
        ("0", "false", False),
        ("1", '"1"', False),
        ("[true]", "[1]", False),
        ('{"a":[1.0,{"b":null}]}', '{"a":[1,{"b":null}]}', True),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', True),
        ('{"a":1}', '{"a":1,"b":2}', False),
        ("[1,2]", "[1]", False),
        ("null", "false", False),
        ("{}", "[]", False),
    ],
)
def test_a_test_compares(one: str, other: str, equal: bool) -> None:
    resource = {"resourceType": "Goal", "a": read_json(one)}
    patch = [op("test", "/a", read_json(other))]
    if equal:
        assert json_patch(resource, patch) == resource
    else:
        with pytest.raises(Unprocessable, match="does not have the value that the test names"):
            json_patch(resource, patch)


def test_decimals_of_python() -> None:
    assert json_patch({"resourceType": "Goal", "a": Decimal("1.0")}, [op("test", "/a", 1)])


POINTER = "must be a JSON Pointer: empty or starting with /, with ~0 for ~ and ~1 for / in a name."
OPS = "op must be one of add, remove, replace, move, copy, test."


@pytest.mark.parametrize(
    ("patch", "problems"),
    [
        ({}, ["A JSON Patch must be a JSON array of operations."]),
        (None, ["A JSON Patch must be a JSON array of operations."]),
        ([1], ["Operation 0: it must be a JSON object."]),
        ([{}], [f"Operation 0: {OPS}"]),
        ([{"op": ["add"], "path": "/a"}], [f"Operation 0: {OPS}"]),
        ([{"op": "Add", "path": "/a"}], [f"Operation 0: {OPS}"]),
        (
            [{"op": "add"}],
            ["Operation 0: add needs the member path.", "Operation 0: add needs the member value."],
        ),
        ([op("remove", "a")], [f"Operation 0: path {POINTER}"]),
        ([op("remove", 1)], [f"Operation 0: path {POINTER}"]),
        ([op("remove", "/a~2")], [f"Operation 0: path {POINTER}"]),
        ([op("remove", "/a~")], [f"Operation 0: path {POINTER}"]),
        ([op("move", "/a")], ["Operation 0: move needs the member from."]),
        ([op("copy", "/a", source="b")], [f"Operation 0: from {POINTER}"]),
        (
            [op("test", "/a"), 1],
            ["Operation 0: test needs the member value.", "Operation 1: it must be a JSON object."],
        ),
    ],
)
def test_malformed(patch: Any, problems: list[str]) -> None:
    with pytest.raises(BadRequest) as caught:
        json_patch({"resourceType": "Task"}, patch)
    assert [each.diagnostics for each in caught.value.issues] == problems
    assert all(each.expression is None for each in caught.value.issues)


TYPE = "A patch cannot change or remove the resourceType."


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        (op("remove", "/b"), "Operation 0 (remove): there is nothing at /b."),
        (
            op("remove", ""),
            "Operation 0 (remove): the whole resource cannot be removed by a patch.",
        ),
        (op("replace", "/b", 1), "Operation 0 (replace): there is nothing at /b."),
        (
            op("replace", "/a/2", 1),
            "Operation 0 (replace): /a/2 has an index beyond the end of its array.",
        ),
        (op("add", "/b/c", 1), "Operation 0 (add): there is nothing at /b/c."),
        (
            op("add", "/resourceType/c", 1),
            "Operation 0 (add): there is nothing at /resourceType/c.",
        ),
        (op("add", "/a/3", 1), "Operation 0 (add): /a/3 has an index beyond the end of its array."),
        (
            op("add", "/a/" + "9" * 100, 1),
            f"Operation 0 (add): /a/{'9' * 100} has an index beyond the end of its array.",
        ),
        (
            op("add", "/a/01", 1),
            "Operation 0 (add): /a/01 goes into an array, whose members have numbers from 0.",
        ),
        (
            op("add", "/a/-1", 1),
            "Operation 0 (add): /a/-1 goes into an array, whose members have numbers from 0.",
        ),
        (
            op("add", "/a/²", 1),
            "Operation 0 (add): the path goes into an array, whose members have numbers from 0.",
        ),
        (
            op("remove", "/a/-"),
            "Operation 0 (remove): /a/- names the end of an array, where nothing is.",
        ),
        (op("test", "/a/0/x", 1), "Operation 0 (test): there is nothing at /a/0/x."),
        (op("test", "/a b", 1), "Operation 0 (test): there is nothing at the path."),
        (
            op("test", "", 1),
            "Operation 0 (test): the whole resource does not have the value that the test names.",
        ),
        (op("copy", "/c", source="/b"), "Operation 0 (copy): there is nothing at /b."),
        (op("move", "/c", source="/b"), "Operation 0 (move): there is nothing at /b."),
        (op("move", "/b", source="/b"), "Operation 0 (move): there is nothing at /b."),
        (op("move", "/a/0", source="/a"), "Operation 0 (move): nothing can be moved into itself."),
        (op("replace", "", []), "The patch leaves no JSON object, so no resource."),
        (op("replace", "", {}), TYPE),
        (op("remove", "/resourceType"), TYPE),
        (op("replace", "/resourceType", "Flag"), TYPE),
    ],
)
def test_not_applicable(patch: Any, problem: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        json_patch({"resourceType": "Task", "a": [1, 2]}, [patch])
    (issue,) = caught.value.issues
    assert (issue.diagnostics, issue.expression, issue.code) == (problem, None, "invalid")


def test_the_number_of_the_operation() -> None:
    patch = [op("add", "/a", 1), op("test", "/a", 2)]
    with pytest.raises(FacadeError, match=r"^Operation 1 \(test\): /a does not"):
        json_patch({"resourceType": "Task"}, patch)


def test_copies_do_not_fill_the_memory() -> None:
    patch = [op("copy", "/a/-", source="/a")] * 40
    with pytest.raises(FacadeError) as caught:
        json_patch({"resourceType": "Task", "a": [1] * 100}, patch)
    assert isinstance(caught.value, TooCostly | Unprocessable)
    wide = [op("copy", f"/b{number}", source="/a") for number in range(40)]
    with pytest.raises(TooCostly, match="copies and moves too much"):
        json_patch({"resourceType": "Task", "a": [1] * 10_000}, wide)


@pytest.mark.parametrize("name", ["add", "replace"])
def test_levels(name: str) -> None:
    value: Any = 1
    for _ in range(63):
        value = [value]
    assert json_patch({"resourceType": "Task", "a": 1}, [op(name, "/a", value)])
    with pytest.raises(Unprocessable, match="more than 64 levels"):
        json_patch({"resourceType": "Task", "a": 1}, [op(name, "/a", [[value]])])
