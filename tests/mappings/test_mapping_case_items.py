"""The items of a case: List (MAPPING's section 6)."""

from __future__ import annotations

import pytest

from tests.mappings.cases import CASE
from tests.mappings.serving import BASE, read, serve


class TestList:
    @pytest.mark.parametrize(
        ("kind", "to", "sid"),
        [
            ("claim", "Claim", "claim"),
            ("Prescription", "MedicationRequest", "prescription"),
            ("moi", "RiskAssessment", "moi"),
            ("case", "EpisodeOfCare", "case"),
            ("medication", "MedicationStatement", "medication"),
        ],
    )
    def test_an_item_is_a_reference_by_its_type(self, kind: str, to: str, sid: str) -> None:
        for row in (
            {"item_type": kind, "item_id": "I1", "description": "One"},
            {"type": kind, "id": "I1", "description": "One"},
        ):
            (entry,) = serve("List", {**CASE, "items": [row]})["entry"]
            assert entry["item"] == {
                "reference": f"{to}/I1",
                "type": to,
                "identifier": {"system": f"{BASE}/sid/{sid}", "value": "I1"},
                "display": "One",
            }

    def test_other_items_have_an_identifier_only(self) -> None:
        found = serve(
            "List", {**CASE, "items": [{"item_type": "other", "item_id": 7}, {"id": "x"}]}
        )
        system = f"{BASE}/sid/case-item"
        assert [each["item"] for each in found["entry"]] == [
            {"identifier": {"system": system, "value": "7"}},
            {"identifier": {"system": system, "value": "x"}},
        ]

    def test_the_member_and_the_conditions_are_not_among_them(self) -> None:
        items = [{"item_type": "member", "item_id": "M1"}, {"type": "condition", "id": "E11"}]
        found = serve("List", {**CASE, "items": items})
        assert "entry" not in found
        assert (found["status"], found["mode"]) == ("current", "working")

    def test_an_item_without_an_id_is_a_finding(self) -> None:
        _, findings = read("List", {**CASE, "items": [{"item_type": "claim"}]})
        assert [each.reason for each in findings] == ["an item without a readable id"]

    def test_a_case_item_is_named_by_its_fhir_id(self) -> None:
        (entry,) = serve("List", {**CASE, "items": [{"type": "case", "id": "a b"}]})["entry"]
        assert entry["item"]["reference"] == "EpisodeOfCare/x-612062"
