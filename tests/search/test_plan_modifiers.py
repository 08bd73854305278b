"""Each modifier on each type of parameter: the exact filter, as text."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.rules.kinds.record import servable_id_filter
from fhir_facade.rules.text_match import KEY, TEXT
from tests.mappings.serving import registry
from tests.search.plans import (
    BASE_URL,
    LENIENT,
    LIVE,
    SID,
    TRUE,
    VALUE_SET,
    added,
    both,
    either,
    is_empty,
    nor,
    plan,
    scalar,
)

NOTHING = "nothing"
EVERYTHING: dict[str, Any] = {}
STAT = scalar("priority", {"$in": ["STAT", "Stat", "stat"]})
SPELLINGS = ["Routine", "routine", "ROUTINE", "Urgent", "urgent", "URGENT"]
SPELLINGS += ["ASAP", "Asap", "asap", "STAT", "Stat", "stat"]
PRIORITIES = scalar("priority", {"$in": SPELLINGS})
MARKS = ["is_archived", "isArchived", "is_acknowledged", "isAcknowledged"]
MARKS += ["is_hidden", "isHidden"]
CLAIM = either(
    scalar("category", {"$in": ["Claim", "claim", "CLAIM"]}),
    scalar("category.value", {"$in": ["Claim", "claim", "CLAIM"]}),
)
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"
KEY_TYPES = ["objectId", "binData", "int", "long", "double", "decimal"]
MEMBER = either(
    scalar("subject.id", {"$in": ["M1", "Patient/M1"]}),
    scalar("subject", {"$in": ["M1", "Patient/M1"]}),
)


def text_at(path: str) -> Any:
    return scalar(path, {"$regex": TEXT})


def key_at(path: str) -> Any:
    return either(scalar(path, {"$regex": KEY}), scalar(path, {"$type": KEY_TYPES}))


def link(types: str, ids: str, wanted: Any) -> Any:
    half = {types: {"$in": ["case", "Case", "CASE"]}, ids: wanted}
    arrays = nor({types: {"$type": "array"}}, {ids: {"$type": "array"}})
    return {"linkedModules": {"$elemMatch": {**half, **arrays}}}


def links(wanted: Any) -> Any:
    pairs = (("type", "id"), ("module", "moduleId"), ("moduleType", "moduleId"))
    return either(*(link(types, ids, wanted) for types, ids in pairs))


def concept_at(path: str) -> Any:
    return either(text_at(path), text_at(f"{path}.value"), text_at(f"{path}.display"))


PRESENT = {
    "Task?priority": PRIORITIES,  # a code that need not be there
    "Task?status": EVERYTHING,  # one that must
    "Task?intent": EVERYTHING,  # or that is `unknown` otherwise
    "Task?code": concept_at("category"),
    "Flag?category": either(
        concept_at("category"), both(is_empty("category"), concept_at("CATEGORY"))
    ),
    "Communication?topic": text_at("topic"),
    "Communication?category": either(
        *({f"categories{at}": {"$regex": TEXT}} for at in ("", ".value", ".display"))
    ),
    "EpisodeOfCare?program-key": key_at("programKey"),
    "Task?identifier": EVERYTHING,
    "Task?_id": EVERYTHING,
    "Task?_tag": either(*({name: {"$in": TRUE}} for name in MARKS)),
    "Task?_security": NOTHING,
    "Task?_profile": EVERYTHING,
    "Task?description": text_at("message"),
    "List?title": EVERYTHING,
    "DocumentReference?location": both(text_at("bucket"), text_at("path")),
    "DocumentReference?category": EVERYTHING,
    "Task?patient": either(
        key_at("subject.id"), key_at("subject"), text_at("subject.name"), text_at("subject.display")
    ),
    "Task?case": links({"$type": ["objectId", "string", "binData"], "$nin": [""]}),
    "CareTeam?case": EVERYTHING,
    "Observation?code": EVERYTHING,
    "CarePlan?activity-code": {
        "workflow": {"$elemMatch": both(text_at("case_workflow_step_name"), LIVE)}
    },
}


class TestMissing:
    @pytest.mark.parametrize("search", PRESENT)
    def test_false_is_where_there_is_a_value(self, search: str) -> None:
        assert added(f"{search}:missing=false") == PRESENT[search]

    @pytest.mark.parametrize("search", PRESENT)
    def test_true_is_everything_else(self, search: str) -> None:
        present = PRESENT[search]
        opposite = {NOTHING: EVERYTHING, "{}": NOTHING}.get(str(present), nor(present))
        assert added(f"{search}:missing=true") == opposite

    @pytest.mark.parametrize("value", ["yes", "True", "1", "", "true,maybe"])
    @pytest.mark.parametrize("name", ["status", "patient", "_id", "due", "description"])
    def test_nothing_but_true_and_false_is_understood(self, name: str, value: str) -> None:
        with pytest.raises(BadRequest):
            plan(f"Task?{name}:missing={value}")

    def test_a_source_without_the_parameter_has_no_value(self) -> None:
        """Only documents of interactions have something related."""
        assert added("DocumentReference?related:missing=true", at=0) == EVERYTHING
        assert added("DocumentReference?related:missing=false", at=0) == NOTHING
        assert added("DocumentReference?related=x", at=0) == NOTHING
        unserved = added("DocumentReference?related:missing=true", at=1)
        assert unserved == {"$nor": [servable_id_filter("parent._id")]}
        assert added("DocumentReference?related=x", at=1) == {"parent._id": {"$in": ["x"]}}


class TestNot:
    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("Task?priority:not=stat", nor(STAT)),
            ("Task?priority:not=stat,bogus", nor(STAT)),
            ("Task?priority:not=bogus", EVERYTHING),
            ("Task?priority:not=http://hl7.org/fhir/request-priority|", nor(PRIORITIES)),
            ("Task?code:not=Claim", nor(CLAIM)),
            ("Task?_id:not=w1,w2", nor({"_id": {"$in": ["w1"]}}, {"_id": {"$in": ["w2"]}})),
            ("Task?identifier:not=w1", nor(scalar("_id", {"$in": ["w1"]}))),
            ("CarePlan?intent:not=plan", NOTHING),
            ("CarePlan?intent:not=order", EVERYTHING),
            ("Observation?code:not=case-outcome", NOTHING),
            ("Task?_security:not=x", EVERYTHING),
            ("DocumentReference?category:not=clinical-note,case-document", None),
        ],
    )
    def test_is_whatever_the_value_does_not_find(self, search: str, found: Any) -> None:
        if found is None:
            first = scalar("document_type", {"$in": ["clinical-note"]})
            found = nor(first, nor(first))
        assert added(search) == found

    def test_hidden_records_stay_hidden(self) -> None:
        marks = either(*({name: {"$in": TRUE}} for name in ("is_hidden", "isHidden")))
        assert added("Task?_tag:not=hidden") == nor(marks)

    @pytest.mark.parametrize("name", ["patient", "due", "description", "_profile"])
    def test_only_tokens_take_it(self, name: str) -> None:
        with pytest.raises(UnknownParameter, match="':not' is not supported here"):
            plan(f"Task?{name}:not=x")


class TestIn:
    @pytest.mark.parametrize("name", ["priority", "code", "status", "intent"])
    def test_not_in_is_the_opposite(self, name: str) -> None:
        urls = {"status": "task-status", "intent": "request-intent", "code": "task-category"}
        value = f"{VALUE_SET}/{urls.get(name, 'request-priority')}"
        assert added(f"Task?{name}:not-in={value}") == nor(added(f"Task?{name}:in={value}"))

    def test_every_spelling_of_every_code(self) -> None:
        assert added(f"Task?priority:in={VALUE_SET}/request-priority") == PRIORITIES

    def test_each_code_of_a_concept(self) -> None:
        first, *others = added(f"Task?code:in={VALUE_SET}/task-category")["$or"]
        assert first == CLAIM
        assert len(others) == 2

    def test_the_code_of_unreadable_values_is_in_the_set_it_belongs_to(self) -> None:
        """`unknown` is of the set task-intent, not of the one that the table reads."""
        found = added(f"Task?intent:in={VALUE_SET}/request-intent")
        assert found["intent"].keys() == {"$in"}
        assert "$nor" in str(added("Task?intent=unknown"))

    def test_codes_of_another_system_are_not_found(self) -> None:
        assert added(f"Task?priority:in={VALUE_SET}/task-status") == NOTHING
        assert added(f"Task?priority:not-in={VALUE_SET}/task-status") == EVERYTHING

    @pytest.mark.parametrize("modifier", ["in", "not-in"])
    @pytest.mark.parametrize(
        "value", ["http://hl7.org/fhir/ValueSet/task-status", "task-status", f"{VALUE_SET}/none"]
    )
    def test_another_value_set_is_refused_with_those_that_are_known(
        self, modifier: str, value: str
    ) -> None:
        with pytest.raises(UnknownParameter, match=r"ValueSet/task-status"):
            plan(f"Task?status:{modifier}={value}")

    def test_another_value_set_may_be_left_out(self) -> None:
        found = plan("Task?status:in=http://example.org/x", LENIENT)
        assert found.sources == plan("Task").sources
        assert [each.code for each in found.issues] == ["not-supported"]

    def test_every_published_set_can_be_asked_for(self) -> None:
        for url in registry().value_sets:
            assert plan(f"Task?status:in={url}").sources

    @pytest.mark.parametrize("name", ["_id", "identifier", "_tag", "_security"])
    def test_only_what_a_table_is_read_for_takes_it(self, name: str) -> None:
        with pytest.raises(UnknownParameter):
            plan(f"Task?{name}:in={VALUE_SET}/task-status")


class TestOfType:
    NUMBERS = either(*(scalar(each, {"$in": ["7", 7]}) for each in ("wellnecityId", "caseId")))

    def test_our_own_number(self) -> None:
        found = added(f"Task?identifier:of-type={V2}|FILL|w1")
        assert found == scalar("_id", {"$in": ["w1"]})

    def test_the_numbers_of_a_case(self) -> None:
        found = added(f"EpisodeOfCare?identifier:of-type={V2}|FILL|7")
        first, *others = found["$or"]
        assert first == scalar("_id", {"$in": ["7"]})
        assert either(*others) == self.NUMBERS

    def test_the_number_of_another_party(self) -> None:
        row = both(scalar("case_participant_case_id", {"$in": ["7", 7]}), LIVE)
        found = added(f"EpisodeOfCare?identifier:of-type={V2}|PLAC|7")
        assert found == {"participants": {"$elemMatch": row}}
        assert added(f"Task?identifier:of-type={V2}|PLAC|7") == NOTHING

    @pytest.mark.parametrize("kind", [f"{V2}|MR", "http://example.org|FILL", "FILL|FILL"])
    def test_no_identifier_of_that_type(self, kind: str) -> None:
        assert added(f"Task?identifier:of-type={kind}|w1") == NOTHING

    def test_a_bar_in_the_value_is_escaped(self) -> None:
        found = added(rf"EpisodeOfCare?identifier:of-type={V2}|PLAC|a\|b")
        assert "'a|b'" in str(found)

    @pytest.mark.parametrize("value", ["w1", "FILL|w1", "|FILL|w1", "a||w1", "a|FILL|", "a|b|c|d"])
    def test_anything_but_three_parts_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match=r"system\|code\|value"):
            plan(f"Task?identifier:of-type={value}")

    @pytest.mark.parametrize("name", ["_id", "status", "code", "_tag"])
    def test_only_identifiers_take_it(self, name: str) -> None:
        with pytest.raises(UnknownParameter):
            plan(f"Task?{name}:of-type={V2}|FILL|w1")


class TestReferences:
    @pytest.mark.parametrize(
        "value", ["M1", "Patient/M1", f"{BASE_URL}/Patient/M1"], ids=["id", "relative", "absolute"]
    )
    @pytest.mark.parametrize("name", ["patient", "patient:Patient", "subject:Patient"])
    def test_the_type_as_modifier(self, name: str, value: str) -> None:
        assert added(f"Task?{name}={value}") == MEMBER

    def test_a_value_of_another_type_than_the_modifier(self) -> None:
        assert added("Task?patient:Patient=Practitioner/M1") == NOTHING

    @pytest.mark.parametrize("name", ["patient:Group", "patient:Practitioner", "patient:patient"])
    def test_a_type_that_it_does_not_refer_to_is_refused(self, name: str) -> None:
        with pytest.raises(UnknownParameter, match="it takes: :missing, :identifier, :Patient"):
            plan(f"Task?{name}=M1")

    @pytest.mark.parametrize("name", ["case", "case:EpisodeOfCare", "focus:EpisodeOfCare"])
    def test_linked_cases(self, name: str) -> None:
        assert added(f"Task?{name}=c1") == links({"$in": ["c1"]})

    def test_one_of_several_types(self) -> None:
        organization, person = (
            either(*(scalar(f"{field}{at}", {"$in": ["O1", f"{to}/O1"]}) for at in (".id", "")))
            for field, to in (
                ("case_participant_org_id", "Organization"),
                ("case_participant_owner_person_id", "Practitioner"),
            )
        )
        for modifier, wanted in (
            ("", either(organization, person)),
            (":Organization", organization),
            (":Practitioner", person),
        ):
            found = added(f"CareTeam?participant{modifier}=O1")
            assert found == {"participants": {"$elemMatch": both(wanted, LIVE)}}

    def test_the_entries_of_a_list_by_type(self) -> None:
        by_claim = added("List?item:Claim=I1")
        assert by_claim == added("List?item=Claim/I1")
        assert "*claim" in str(by_claim)
        assert by_claim in added("List?item=I1")["$or"]
        assert len(added("List?item=I1")["$or"]) == 5
        assert added("List?item:Claim=Patient/I1") == NOTHING


class TestIdentifier:
    @pytest.mark.parametrize("value", [f"{SID}/member|M1", "M1"])
    def test_by_number(self, value: str) -> None:
        assert added(f"Task?patient:identifier={value}") == MEMBER

    def test_one_that_cannot_be_an_id(self) -> None:
        known = {"$in": ["M 1", "Patient/M 1"]}
        found = either(scalar("subject.id", known), scalar("subject", known))
        assert added("Task?patient:identifier=M 1") == found

    def test_by_system_alone(self) -> None:
        wanted = either(key_at("subject.id"), key_at("subject"))
        assert added(f"Task?patient:identifier={SID}/member|") == wanted
        assert added(f"CareTeam?case:identifier={SID}/case|") == EVERYTHING

    @pytest.mark.parametrize("value", ["|M1", f"{SID}/user|M1", "http://example.org|"])
    def test_no_such_system(self, value: str) -> None:
        assert added(f"Task?patient:identifier={value}") == NOTHING

    def test_cases(self) -> None:
        for name in ("focus", "case"):
            value = f"{SID}/case|c1"
            assert added(f"Task?{name}:identifier={value}") == links({"$in": ["c1"]})
        assert added("CareTeam?case:identifier=c1") == {"_id": {"$in": ["c1"]}}

    def test_items_that_are_nothing_but_a_number(self) -> None:
        found = str(added(f"List?item:identifier={SID}/case-item|7"))
        assert "(claim|prescription|moi|case|medication|member|condition)" in found
        assert "['7', 7]" in found

    @pytest.mark.parametrize("name", ["status", "_id", "due", "description", "identifier"])
    def test_only_references_take_it(self, name: str) -> None:
        with pytest.raises(UnknownParameter):
            plan(f"Task?{name}:identifier=x")


@pytest.mark.parametrize("each", list(registry()), ids=lambda each: str(each.name))
def test_every_parameter_takes_the_modifiers_it_declares_and_no_other(each: Any) -> None:
    values = {"missing": "true", "of-type": "a|b|c", "in": f"{VALUE_SET}/task-status"}
    values["not-in"] = values["in"]
    plain = {"date": "2026", "composite": "a$b"}
    names = ["missing", "not", "in", "not-in", "text", "of-type", "exact", "contains", "below"]
    names += ["above", "identifier", "iterate", "Patient", "Group", "Resource", "x", ""]
    for name, param in each.params.items():
        for modifier in {*names, *param.modifiers}:
            search = f"{each.name}?{name}:{modifier}="
            value = values.get(modifier, plain.get(param.type, "x"))
            if modifier in param.modifiers or modifier == "":
                assert plan(search + value).sources
            else:
                with pytest.raises(UnknownParameter):
                    plan(search + value)
