"""Provenance of the writes that are made here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_facade.rules.findings import Findings, is_unservable
from fhir_facade.store.matching import compile_filter
from mappings.written_kinds import WRITTEN_TYPES
from tests.mappings.fhir_rules import problems
from tests.mappings.serving import extension, registry, serve, stored
from tests.mappings.test_mapping_validity import ODD
from tests.recorded import AGENTS, METHODS, written

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance"
ISSUER = "https://auth.example.org"
WRITE: dict[str, Any] = {
    "_id": "64b000000000000000000001",
    "target": {"type": "Goal", "id": "g1", "version": "1f"},
    "at": datetime(2026, 1, 16, 9, 30, 0, 678000, tzinfo=UTC),
    "method": "PUT",
    "agent": {
        "user": "Practitioner/7",
        "subject": "s7",
        "client": "app",
        "issuer": ISSUER,
    },
    "patient": "M1",
    "tenant": "OAK",
}
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def served(**fields: Any) -> dict[str, Any]:
    found = serve("Provenance", {**WRITE, **fields})
    assert list(problems(found)) == []
    return found


def test_a_version_and_who_made_it() -> None:
    found = served()
    assert found["id"] == WRITE["_id"]
    assert found["target"] == [{"reference": "Goal/g1/_history/1f", "type": "Goal"}]
    moments = {found["recorded"], found["occurredDateTime"], found["meta"]["lastUpdated"]}
    assert moments == {"2026-01-16T09:30:00.678Z"}
    author, sender = found["agent"]
    assert [each["type"]["coding"][0]["code"] for each in (author, sender)] == [
        "author",
        "transmitter",
    ]
    assert author["who"]["reference"] == "Practitioner/7"
    assert author["who"]["identifier"] == {"system": ISSUER, "value": "s7"}
    assert author["onBehalfOf"]["reference"] == "Organization/OAK"
    assert sender["who"] == {"identifier": {"system": ISSUER, "value": "app"}, "display": "app"}
    (patient,), (employer,) = extension(found, "patient"), extension(found, "employer")
    assert patient["valueReference"]["reference"] == "Patient/M1"
    assert employer["valueReference"]["reference"] == "Organization/OAK"


@pytest.mark.parametrize(
    ("method", "code"),
    [("POST", "CREATE"), ("PUT", "UPDATE"), ("PATCH", "UPDATE"), ("DELETE", "DELETE")],
)
def test_a_method_is_an_operation_on_data(method: str, code: str) -> None:
    (coding,) = served(method=method)["activity"]["coding"]
    assert coding["code"] == code


def test_a_client_alone_is_the_author() -> None:
    (author,) = served(agent={"subject": "ehr", "client": "ehr", "issuer": ISSUER})["agent"]
    assert author["who"] == {"identifier": {"system": ISSUER, "value": "ehr"}, "display": "ehr"}
    assert author["type"]["coding"][0]["code"] == "author"


@pytest.mark.parametrize("agent", [{}, None, {"issuer": ISSUER}])
def test_where_nobody_is_known_it_says_so(agent: Any) -> None:
    (author,) = served(agent=agent)["agent"]
    assert author["who"]["extension"] == [{"url": ABSENT, "valueCode": "unknown"}]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (None, "unknown"),
        ({"type": "Patient", "id": "1"}, "unsupported"),
        ({"type": "Task", "id": "a b"}, "unsupported"),
        ([], "unsupported"),
    ],
)
def test_a_target_that_is_none_of_ours_says_why(target: Any, reason: str) -> None:
    (found,) = served(target=target)["target"]
    assert found["extension"] == [{"url": ABSENT, "valueCode": reason}]


def test_a_target_without_a_version_is_the_resource() -> None:
    (found,) = served(target={"type": "Task", "id": "t1"})["target"]
    assert found["reference"] == "Task/t1"


@pytest.mark.parametrize(
    ("user", "tenant", "claims"),
    [
        ("Practitioner/7", "OAK", True),
        ("Practitioner/7", None, False),
        ("Device/7", None, False),
        ("Patient/7", None, True),
        ("Practitioner/a b", None, True),
        (None, None, True),
    ],
)
def test_us_core_is_claimed_where_it_is_known_on_whose_behalf(
    user: str | None, tenant: str | None, claims: bool
) -> None:
    document = {**WRITE, "agent": {**WRITE["agent"], "user": user}, "tenant": tenant}
    found = serve("Provenance", document)
    assert (US_CORE in found["meta"]["profile"]) is claims
    source = registry().types["Provenance"].sources[0]
    (claim,) = source.claims
    site = source.params["_profile"].targets[0].sites[0]
    assert compile_filter(claim.stored(site))(stored(document)) is claims


def test_every_type_that_is_written_can_be_a_target() -> None:
    written_types = {
        each.name
        for each in registry()
        if any(source.mapping.writes or source.mapping.decodes for source in each.sources)
    }
    assert written_types <= {*WRITTEN_TYPES, "Observation"}


FIELDS = [*WRITE, *(f"agent.{name}" for name in WRITE["agent"]), "target.type", "target.id"]


@pytest.mark.parametrize("field", FIELDS)
def test_whatever_stands_in_a_field_what_is_served_is_r4(field: str) -> None:
    source = registry().types["Provenance"].sources[0]
    for odd in ODD:
        first, _, inner = field.partition(".")
        value = {**WRITE[first], inner: odd} if inner else odd
        findings: Findings = []
        found = source.encode(stored({**WRITE, first: value}), "1", findings)
        assert (found is None) == is_unservable(findings)
        assert found is None or list(problems(found)) == [], odd


def test_every_write_is_r4() -> None:
    document = {"_id": "t1", "subject": {"id": "M1"}, "client": {"id": "OAK"}}
    for number in range(len(AGENTS) * len(METHODS)):
        found = serve("Provenance", written(number, "Task", document))
        assert list(problems(found)) == []
