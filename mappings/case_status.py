"""The status of a case: its own word for it, and the states it has left."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.invariants import in_order
from fhir_facade.rules.kinds import Code, Concept, DateTime, Kind, Site
from fhir_facade.rules.kinds.base import wrong_type
from fhir_facade.rules.kinds.described import Given, given
from mappings.case_kinds import LOG_DATE_NAMES, LOG_TYPE_NAMES, STATUS_CHANGE, rows
from mappings.codes import EPISODE_STATUS
from mappings.common import first_text


@dataclass(frozen=True)
class CaseStatus(Concept):
    """The case's own status word, beside the state that FHIR's status comes from."""

    system: str = "case-status"

    def encoder(self, site: Site) -> Encode:
        encode_pair = super().encoder(site)

        def encode(value: Any, findings: Findings) -> Any:
            pair = value if isinstance(value, dict) else {}
            known = {name: pair[name] for name in ("value", "display") if pair.get(name)}
            return encode_pair(known, findings) if known else None

        return encode

    @property
    def clears(self) -> bool:
        return True

    def decoder(self, site: Site) -> Decode:
        decode_concept = super().decoder(site)

        def decode(value: Any, old: Any) -> Any:
            pair = old if isinstance(old, dict) else {}
            if value is None:
                others = {name: pair[name] for name in pair if name not in ("value", "display")}
                return others or None
            return decode_concept(value, pair)

        return decode


@dataclass(frozen=True)
class StatusHistory(Kind):
    """The states a case has left, from its log's status changes in order of time."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    @property
    def gives(self) -> tuple[Given, ...]:
        return (
            given("status", ("new_value", "newValue"), Code(EPISODE_STATUS)),
            given("period.start", LOG_DATE_NAMES, DateTime()),
            given("period.end", (), DateTime()),
        )

    def encoder(self, site: Site) -> Encode:
        encode_date = DateTime().encoder(site)
        readings = EPISODE_STATUS.readings()

        def changes(value: Any, findings: Findings) -> list[tuple[str, str]]:
            found = []
            for row in rows(value, site, findings):
                state = first_text(row, "new_value", "newValue")
                date = first_text(row, *LOG_DATE_NAMES)
                is_change = first_text(row, *LOG_TYPE_NAMES) in STATUS_CHANGE
                written = encode_date(date, []) if is_change and date is not None else None
                if written is not None and isinstance(state, str) and state in readings:
                    found.append((written, readings[state]))
            return found

        def encode(value: Any, findings: Findings) -> Any:
            if not isinstance(value, list):
                findings.append(site.degraded(wrong_type(value, "a list")))
                return None
            found = changes(value, findings)
            if not all(in_order(one[0], two[0]) for one, two in pairwise(found)):
                findings.append(
                    site.noted("status changes out of order; no history is made of them")
                )
                return None
            history = [
                {"status": code, "period": {"start": start, "end": end}}
                for (start, code), (end, _) in pairwise(found)
            ]
            if found:
                history.append({"status": found[-1][1], "period": {"start": found[-1][0]}})
            return history or None

        return encode

    def describe(self) -> str:
        return "history of status_change entries"
