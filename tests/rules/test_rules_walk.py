"""Reading the values at an element, and the value sets that code tables give."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds import Code, Concept, Many, Text
from fhir_facade.rules.mapping import (
    Compiled,
    Mapping,
    rule,
)
from fhir_facade.rules.value_sets import bound_tables, code_tables, value_set_url, value_sets
from fhir_facade.rules.walk import references, walker
from tests.mappings.serving import BASE, registry

CONTEXT = Context()
RESOURCE: dict[str, Any] = {
    "resourceType": "Task",
    "status": "ready",
    "focus": {"reference": "EpisodeOfCare/c1"},
    "for": {"display": "Ann"},
    "participant": [
        {"member": {"reference": "Organization/O1"}},
        {"role": [{"text": "x"}]},
        {"member": {"reference": "Practitioner/U1"}},
    ],
    "extension": [
        {"url": f"{BASE}/StructureDefinition/case", "valueReference": {"reference": "E/1"}},
        {"url": f"{BASE}/StructureDefinition/case", "valueReference": {"reference": "E/2"}},
        {
            "url": f"{BASE}/StructureDefinition/campaign",
            "extension": [{"url": "id", "valueString": "k"}],
        },
        {"url": "http://example.org/case", "valueReference": {"reference": "E/3"}},
    ],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Task.status", ["ready"]),
        ("Task.focus.reference", ["EpisodeOfCare/c1"]),
        ("Task.participant.role.text", ["x"]),
        ("Task.participant[0].role", [{"text": "x"}]),
        ("Task.extension('case')", [{"reference": "E/1"}, {"reference": "E/2"}]),
        ("Task.extension('none')", []),
        ("Task.nothing.at.all", []),
        ("Task.status.deeper", []),
    ],
)
def test_what_stands_at_a_path(path: str, found: list[Any]) -> None:
    assert list(walker(path, BASE)(RESOURCE)) == found


def test_references() -> None:
    elements = ("Task.focus", "Task.extension('case')", "Task.for", "Task.participant.member")
    assert references(RESOURCE, elements, CONTEXT) == [
        "EpisodeOfCare/c1",
        "E/1",
        "E/2",
        "Organization/O1",
        "Practitioner/U1",
    ]
    assert references({"resourceType": "Task"}, elements, CONTEXT) == []


ONE, TWO = Codes("http://example.org/One", {"a": "A"}), Codes("local-two", {"b": "B", "c": "C"})


def compiled(*kinds: Any) -> Compiled:
    rules = (rule(f"e{place}", "x", kind) for place, kind in enumerate(kinds))
    return Compiled(Mapping("Task", "work_queue", tuple(rules)), CONTEXT)


def test_the_tables_of_a_kind() -> None:
    assert code_tables(Code(ONE)) == (ONE,)
    assert code_tables(Many(Concept("x", codes=(ONE, TWO)))) == (ONE, TWO)
    assert code_tables(Concept("x")) == code_tables(Text()) == ()


def test_a_set_is_named_after_its_code_system() -> None:
    sources = [compiled(Code(ONE), Concept(codes=(TWO,))), compiled(Code(ONE))]
    assert bound_tables(sources) == {"one": ONE, "local-two": TWO}
    assert value_sets(sources, CONTEXT) == {
        value_set_url("one", CONTEXT): (("http://example.org/One", "a"),),
        value_set_url("local-two", CONTEXT): (
            (f"{BASE}/CodeSystem/local-two", "b"),
            (f"{BASE}/CodeSystem/local-two", "c"),
        ),
    }


def test_two_tables_of_one_name_are_refused() -> None:
    other = Codes("http://example.org/more/one", {"a": "A"})
    with pytest.raises(ValueError, match="two code tables would give the value set one"):
        bound_tables([compiled(Code(ONE), Code(other))])


def test_every_table_that_is_read_has_a_set() -> None:
    urls = set(registry().value_sets)
    assert {f"{BASE}/ValueSet/task-status", f"{BASE}/ValueSet/goal-achievement"} <= urls
    assert all(url.startswith(f"{BASE}/ValueSet/") for url in urls)
