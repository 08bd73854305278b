"""The outcome of a case: Observation (MAPPING's section 6)."""

from __future__ import annotations

from tests.mappings.cases import values
from tests.mappings.serving import identifier, serve


class TestOutcome:
    def test_what_it_is(self) -> None:
        found = serve(
            "Observation",
            {
                "_id": "o1",
                "patientId": "M1",
                "clientId": "BRAMBLE",
                "outcomeDate": "2026-02-01T00:00:00Z",
                "outcomeCategory": {"value": "resolved", "display": "Resolved"},
                "summary": "Better",
                "linkedModules": [{"type": "case", "id": "c1"}],
            },
        )
        assert found["status"] == "final"
        assert found["code"]["coding"][0]["code"] == "case-outcome"
        assert found["subject"]["reference"] == "Patient/M1"
        assert [each["reference"] for each in found["focus"]] == ["EpisodeOfCare/c1"]
        assert found["effectiveDateTime"] == "2026-02-01"
        assert found["valueCodeableConcept"]["text"] == "Resolved"
        assert found["note"] == [{"text": "Better"}]
        assert values(found, "employer")[0]["reference"] == "Organization/BRAMBLE"
        assert found["identifier"] == [identifier("outcome", "o1")]

    def test_with_nothing_stored(self) -> None:
        found = serve("Observation", {"_id": "o1"})
        assert set(found) == {"resourceType", "id", "meta", "status", "identifier", "code"}
