"""The log of a case: Provenance (MAPPING's section 6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mappings.cases import ABSENT, CASE, coding, values
from tests.mappings.serving import records, registry, stored


class TestProvenance:
    def entries(self, *log: Any, **case: Any) -> list[dict[str, Any]]:
        sources = registry().types["Provenance"].sources
        (source,) = (each for each in sources if each.mapping.unwind == "log")
        document = stored({**CASE, **case, "log": list(log)})
        found = [source.encode(record, "1", []) for record in records(source, document)]
        return [each for each in found if each is not None]

    @pytest.mark.parametrize(
        "names",
        [
            ("log_item_type", "log_date", "log_item_owner", "previous_value", "new_value"),
            ("type", "date", "owner", "previousValue", "newValue"),
        ],
    )
    def test_an_entry_in_either_style(self, names: tuple[str, ...]) -> None:
        values_of = ("status_change", "2026-01-16T09:30:00Z", "U1", "active", "resolved")
        entry = dict(zip(names, values_of, strict=True))
        (found,) = self.entries({**entry, "description": "Closed"})
        assert found["id"] == "c1.log.1"
        assert found["recorded"] == found["meta"]["lastUpdated"] == "2026-01-16T09:30:00Z"
        assert found["activity"] == coding("log-type", "status_change", display="status_change")
        assert found["agent"][0]["who"]["reference"] == "Practitioner/U1"
        assert [each["reference"] for each in found["target"]] == [
            "EpisodeOfCare/c1",
            "CareTeam/c1",
            "CarePlan/c1",
        ]
        for name, wanted in (
            ("description", "Closed"),
            ("previous-value", "active"),
            ("new-value", "resolved"),
        ):
            assert values(found, name) == [wanted]
        assert values(found, "patient")[0]["reference"] == "Patient/M1"

    def test_entries_are_counted_where_they_stand(self) -> None:
        found = self.entries({"type": "activity"}, None, "x", {"type": "activity"})
        assert [each["id"] for each in found] == ["c1.log.1", "c1.log.4"]

    @pytest.mark.parametrize(
        ("date", "reason"), [(None, "unknown"), ("", "unknown"), ("soon", "unsupported")]
    )
    def test_without_a_date_it_says_why(self, date: Any, reason: str) -> None:
        (found,) = self.entries({"type": "activity", "date": date})
        assert "recorded" not in found
        assert found["_recorded"]["extension"][0]["valueCode"] == reason

    @pytest.mark.parametrize(("owner", "reason"), [(None, "unknown"), (["U1"], "unsupported")])
    def test_without_an_owner_the_agent_says_why(self, owner: Any, reason: str) -> None:
        (found,) = self.entries({"type": "activity", "owner": owner})
        (agent,) = found["agent"]
        assert agent["who"]["extension"] == [{"url": ABSENT, "valueCode": reason}]

    def test_a_case_whose_id_leaves_no_room(self) -> None:
        assert self.entries({"type": "activity"}, _id="y" * 64) == []
        assert len(self.entries({"type": "activity"}, _id="y" * 58)) == 1
        assert self.entries({"type": "activity"}, _id="y" * 65) == []

    def test_an_awkward_case_id(self) -> None:
        (found,) = self.entries({"type": "activity"}, _id="a b")
        assert found["id"] == "x-612062.log.1"
