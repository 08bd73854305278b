"""Kinds that no table uses yet, and what kinds say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.date_search import Comparison, day_unit
from fhir_facade.rules.findings import Finding
from fhir_facade.rules.kinds import (
    Code,
    Decimal,
    Integer,
    Many,
    Quantity,
    RecordId,
    Reference,
    Tags,
    Text,
)
from fhir_facade.rules.kinds.base import Site, Target
from fhir_facade.rules.kinds.record import odd_id_filter, plain_id_filter
from fhir_facade.rules.text import fhir_id
from fhir_facade.store.matching import compile_filter
from mappings.case_kinds import ManagingOrganization, Origins

SITE = Site("Task.x", "x", Context())
CODES = Codes("http://example.org", {"a": "One"})


def encoded(kind: Any, value: Any) -> tuple[Any, int]:
    findings: list[Finding] = []
    return kind.encoder(SITE)(value, findings), len(findings)


@pytest.mark.parametrize(
    ("kind", "value", "found", "count"),
    [
        (Decimal(), 7.5, 7.5, 0),
        (Decimal(), Decimal128("7.10"), Decimal128("7.10").to_decimal(), 0),
        (Decimal(), "x", None, 1),
        (Quantity(), 7, {"value": 7}, 0),
        (Quantity(), "x", None, 1),
    ],
)
def test_a_value_or_a_finding(kind: Any, value: Any, found: Any, count: int) -> None:
    assert encoded(kind, value) == (found, count)


@pytest.mark.parametrize(
    ("kind", "fhir_type", "search_type"),
    [
        (Decimal(), "decimal", None),
        (Quantity(), "Quantity", None),
        (Text(), "string", "string"),
        (Text(concept=True), "CodeableConcept", "token"),
        (Code(CODES), "code", "token"),
        (RecordId(), "id", "token"),
        (Tags(), "Coding", "token"),
        (ManagingOrganization(), "Reference", "reference"),
        (Origins(), "code", "token"),
        (Integer("positiveInt", least=1), "positiveInt", None),
    ],
)
def test_types(kind: Any, fhir_type: str, search_type: str | None) -> None:
    assert (kind.fhir_type, kind.search_type) == (fhir_type, search_type)


def test_what_cannot_be_sorted_by() -> None:
    assert not ManagingOrganization().sortable
    assert not Tags().sortable
    assert not Origins().sortable
    assert Text().sortable


def test_paths() -> None:
    assert Origins().paths("*") == ("source", "referralSource")
    assert Many(Text()).paths("a") == ("a",)


def test_references_in_a_list() -> None:
    members = Many(Reference("Patient", "member"))
    finds = compile_filter(members.reference(SITE, [Target(None, "M1")]))
    assert finds({"x": ["M0", "M1"]})
    assert finds({"x": [{"id": "M1"}]})
    assert not finds({"x": ["M2"]})


IDS = (
    "a",
    "y" * 64,
    "y" * 65,
    "a b",
    "b" * 31,
    "b" * 32,
    "x-6162",
    "x-" + "61" * 15,
    "ü",
    "ü" * 40,
)


@pytest.mark.parametrize("key", IDS)
def test_plain_ids_are_told_from_odd_ones_by_a_filter(key: str) -> None:
    odd = compile_filter(odd_id_filter("_id"))({"_id": key})
    plain = compile_filter(plain_id_filter("_id"))({"_id": key})
    assert odd is (not key.isascii())
    assert (plain or odd) is (fhir_id(key) is not None or odd)
    assert not (plain and odd)


def test_a_day_at_the_beginning_of_time() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    zone = Context().timezone
    assert day_unit(zone)(first)[0] == first
    assert Comparison("eq", first, None).high is None
