"""From a query string to the exact filter, as text: what is shown, tags and dates."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from fhir_facade.errors import BadRequest
from fhir_facade.rules.filters import NOTHING
from fhir_facade.search.plan import SearchOptions, explain_filter, plan_search
from tests.mappings.serving import registry
from tests.search.filters import MARKS, SHOWN, clause, plan
from tests.search.plans import BASE_URL, SYSTEM


class TestEverything:
    @pytest.mark.parametrize(
        ("resource", "where"),
        [
            ("Task", {"type": {"$in": ["task", "Task", "TASK"]}}),
            ("Flag", {"type": {"$in": ["flag", "Flag", "FLAG"]}}),
            ("Goal", {"type": {"$in": ["goal", "Goal", "GOAL"]}}),
            ("EpisodeOfCare", {}),
            ("Observation", {}),
        ],
    )
    def test_is_every_live_shown_document_of_the_type(
        self, resource: str, where: dict[str, Any]
    ) -> None:
        assert plan(resource).sources[0].filter == {**where, **SHOWN}

    def test_interactions_come_under_two_names(self) -> None:
        names = plan("Communication").sources[0].filter["type"]["$in"]
        assert names == [
            "interaction",
            "Interaction",
            "INTERACTION",
            "contact",
            "Contact",
            "CONTACT",
        ]

    def test_embedded_records_go_with_their_parent(self) -> None:
        found = plan("DocumentReference").sources[0].filter
        assert found == {**SHOWN, **{f"parent.{name}": mark for name, mark in SHOWN.items()}}

    def test_documents_are_of_two_sources(self) -> None:
        first, second = plan("DocumentReference").sources
        assert [first.source.mapping.collection, second.source.mapping.collection] == [
            "patient_case",
            "work_queue",
        ]
        assert "Contact" in second.filter["parent.type"]["$in"]


class TestTags:
    SHOW_ALL: ClassVar[dict[str, Any]] = {"is_deleted": MARKS, "isDeleted": MARKS}

    @pytest.mark.parametrize(
        "value", ["hidden", f"{SYSTEM}/record-state|hidden", "archived,hidden", "archived,x|hidden"]
    )
    def test_hidden_documents_are_shown_when_asked_for(self, value: str) -> None:
        found = plan("EpisodeOfCare", ("_tag", value)).sources[0].filter
        assert found["$and"][0] == self.SHOW_ALL

    def test_asking_for_another_tag_does_not_show_them(self) -> None:
        found = plan("EpisodeOfCare", ("_tag", "archived")).sources[0].filter
        assert found["$and"][0] == SHOWN

    def test_archived(self) -> None:
        marks = {"$in": [True, 1, "true", "True", "TRUE", "1"]}
        assert clause("Task", "_tag", "archived") == {
            "$or": [{"is_archived": marks}, {"isArchived": marks}]
        }

    @pytest.mark.parametrize("value", ["other", "http://example.org|archived", "|archived"])
    def test_no_such_tag(self, value: str) -> None:
        assert clause("Task", "_tag", value) == "nothing"


class TestDates:
    def test_a_day_is_compared_in_each_spelling(self) -> None:
        found = clause("Communication", "sent", "2026-01-16")["$or"]
        bson = explain_filter(found[0]["sent_on"])
        assert bson == {"$gte": "2026-01-16 00:00:00+00:00", "$lt": "2026-01-17 00:00:00+00:00"}
        bounds = [(each["sent_on"]["$gte"], each["sent_on"]["$lt"]) for each in found[1:]]
        assert ("2026-01-16", "2026-01-17") in bounds
        assert ("2026-01-16T00:00:00", "2026-01-17T00:00:00") in bounds
        assert ("2026-01-15T19:00:00", "2026-01-16T19:00:00") in bounds

    def test_a_day_of_the_deployments_zone(self) -> None:
        of = registry("America/Chicago")
        options = SearchOptions(of, BASE_URL)
        found = plan_search(of.types["Communication"], [("sent", "2026-01-16")], options)
        bson = explain_filter(found.sources[0].filter["$and"][1]["$or"][0]["sent_on"])
        assert bson == {"$gte": "2026-01-16 06:00:00+00:00", "$lt": "2026-01-17 06:00:00+00:00"}

    @pytest.mark.parametrize(
        "value",
        [
            "yesterday",
            "2026-13",
            "2026-02-30",
            "2026-1-6",
            "0000",
            "gt",
            "xx2026",
            "2026-01-16T09",
            "2026-01-16T25:00Z",
            "2026-01-16T09:30:60Z",
            "2026-01-16T09:30:00+25:00",
            "GT2026",
            "ge ge2026",
            "2026-01-16T",
            "20260116",
            "\uff12\uff10\uff12\uff16",
        ],
    )
    def test_a_value_that_is_no_date_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match="'sent' is not a FHIR date"):
            plan("Communication", ("sent", value))

    def test_a_plus_that_arrives_as_a_blank_is_a_plus(self) -> None:
        spelled = [
            plan("Communication", ("sent", f"ge2026-01-16T09:30:00{sign}02:00")).sources[0].filter
            for sign in "+ "
        ]
        assert spelled[0] == spelled[1]

    @pytest.mark.parametrize("value", ["0001", "0001-01-01", "9999", "9999-12-31T23:59:59Z"])
    @pytest.mark.parametrize("prefix", ["", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
    @pytest.mark.parametrize("name", ["_lastUpdated", "authored-on", "period"])
    def test_the_ends_of_time_can_be_asked_for(self, name: str, prefix: str, value: str) -> None:
        assert plan("Task", (name, prefix + value)).sources


class TestCombinations:
    def test_every_clause_must_hold(self) -> None:
        found = plan("Task", ("status", "ready"), ("patient", "M1"), ("status", "draft"))
        assert len(found.sources[0].filter["$and"]) == 4

    def test_one_that_matches_nothing_empties_the_search(self) -> None:
        found = plan("Task", ("status", "bogus"), ("patient", "M1"))
        assert found.sources[0].filter == NOTHING

    def test_explained_values_are_json(self) -> None:
        found = plan("Task", ("_lastUpdated", "ge2026"), ("_id", "64b000000000000000000001"))
        assert "64b000000000000000000001" in json.dumps(explain_filter(found.sources[0].filter))
