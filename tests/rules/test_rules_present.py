"""`:missing` looks for what the encoder gives: a value that says more than why there is none.

Left out: doubles that are not whole and numbers of 19 digits as keys, binary that is no UUID,
case ids whose hex form would be longer than an id may be, and arrays in arrays; filters cannot
look into those.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.getting import (
    WHOLE,
)
from fhir_facade.rules.kinds import (
    CaseLinks,
    Code,
    Concept,
    Date,
    DateTime,
    Identifier,
    Key,
    Kind,
    Many,
    RecordTime,
    Reference,
    Tags,
    Text,
)
from fhir_facade.rules.kinds.base import DATA_ABSENT, Site
from fhir_facade.store.matching import compile_filter
from mappings.case_items import Conditions, ItemEntries
from mappings.case_kinds import ManagingOrganization, Origins, PartyIdentifiers
from mappings.case_log import Agent, Recorded
from mappings.case_plan import WorkflowActivities
from mappings.case_steps import StepDates, StepNames, StepPerformers
from mappings.case_team import Participants
from mappings.document_reference import BucketUrl, ContentType
from tests.mappings.serving import stored

SITE = Site("Task.x", "x", Context())
CODES = Codes("task-things", {"one": "One", "two": "TwoWords"}, {"Uno": "one"})

BLANKS = ["", " ", "\t\n", "\u00a0", "\u2003", "\x01", "\x7f", "\x01 ", "\ufffe", "\ufeff"]
WORDS = ["a\x01b", " a", "a ", "a b", "a  b", "é", "a\uffff", "7", "c1", "TRUE", "One", "uno"]
DATES = ["2026-01-16", "2026-02-30", "2026", "1/16/2026", "2026-01-16T09:30:00Z", "0000", "soon"]
TYPES = ["claim", " Claim ", "condition", "CONDITION", "case", "member", "originator", "tpa"]
PATHS = ["a/b.pdf", "/", ".pdf", "a.xyz", "x.tar.gz", "Patient/M1", "Patient/"]
TEXTS = st.sampled_from([*BLANKS, *WORDS, *DATES, *TYPES, *PATHS, "one", "two_words"])
NUMBERS = st.sampled_from(
    [0, 1, -1, 7, 10**12, Int64(5), 7.0, 0.0, -0.0, Decimal128("7"), Decimal128("7.00")]
)
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    TEXTS,
    NUMBERS,
    st.just(ObjectId("64b000000000000000000001")),
    st.just(uuid.UUID("12345678-1234-5678-1234-567812345678")),
    st.sampled_from([datetime(2026, 1, 16, 9, 30, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]),
)


def _objects(
    names: list[str], values: st.SearchStrategy[Any] = SCALARS
) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), values, max_size=4)


PAIRS = _objects(["id", "name", "display", "value"], st.one_of(SCALARS, st.just({}), st.just([])))
VALUES = st.one_of(SCALARS, PAIRS)
ANY = st.one_of(VALUES, VALUES, st.lists(VALUES, max_size=3))

MODULES = st.sampled_from(["case", "Case", "CASE", "cases", "task", "", None, 7, ["case"]])
LINK_IDS = st.one_of(SCALARS, st.just(["c1"]))
LINK = st.dictionaries(
    st.sampled_from(["type", "module", "moduleType"]), MODULES, max_size=2
).flatmap(
    lambda types: st.dictionaries(
        st.sampled_from(["id", "moduleId"]), LINK_IDS, max_size=2
    ).map(lambda ids: {**types, **ids})
)  # fmt: skip
LINKS = st.one_of(st.lists(st.one_of(LINK, SCALARS), max_size=3), LINK, SCALARS)

MARKS = ["is_deleted", "isDeleted"]


def _rows(*names: str) -> st.SearchStrategy[Any]:
    row = _objects([*names, *MARKS], VALUES)
    return st.one_of(st.lists(st.one_of(row, row, row, SCALARS), max_size=3), row, SCALARS)


ITEMS = _rows("item_type", "type", "itemType", "item_id", "id", "itemId", "description")
PARTIES = _rows(
    *(f"case_participant_{name}" for name in ("org_id", "owner_person_id", "is_primary", "role")),
    "case_participant_case_id",
)
STEPS = _rows(
    *(f"case_workflow_{name}" for name in ("step_name", "due_date", "assigned_person_id"))
)


def _says_more(value: Any) -> bool:
    """Say whether an element is more than the reason why it has no value."""
    if isinstance(value, list):
        return any(map(_says_more, value))
    if not isinstance(value, dict):
        return value is not None
    rest = {name: each for name, each in value.items() if name not in ("type", "extension")}
    extensions = [each for each in value.get("extension", ()) if each["url"] != DATA_ABSENT]
    return any(map(_says_more, [*rest.values(), *extensions]))


def _below(value: Any, path: str) -> Iterator[Any]:
    """Yield what stands below an element, each of a list on its own."""
    found = value if isinstance(value, list) else [value]
    if not path:
        yield from found
        return
    name, _, rest = path.partition(".")
    for each in found:
        if isinstance(each, dict) and name in each:
            yield from _below(each[name], rest)


def _assert_agrees(kind: Kind, served_by: Kind, path: str, document: dict[str, Any]) -> None:
    site = SITE if "x" in document else SITE.at(WHOLE)
    value = document.get("x") if "x" in document else document
    encode = served_by.encoder(site)
    served = None if value is None and not served_by.total else encode(value, [])
    is_there = any(map(_says_more, _below(served, path)))
    assert compile_filter(kind.present(site))(document) is is_there, served


PLAIN = [
    Text(),
    Text(concept=True),
    Text(concept=True, required=True),
    Key(),
    Date(),
    DateTime(),
    DateTime("instant"),
    RecordTime(),
    Code(CODES),
    Code(CODES, required=True, otherwise="unknown"),
    Concept("flag-name"),
    Concept("flag-name", shows=True),
    Concept("flag-name", says=True, required=True),
    Concept(codes=(CODES,)),
    Concept("things", codes=(CODES,), both=True),
    Identifier("case"),
    Reference("Patient", "member"),
    Reference("Patient", "member", required=True),
    Many(Concept("flag-name")),
    Many(Concept("things", codes=(CODES,), both=True)),
    Many(Reference("Patient", "member")),
    Agent(),
]


@pytest.mark.parametrize("kind", PLAIN, ids=repr)
@settings(max_examples=150)
@given(value=ANY)
def test_what_stands_in_a_field(kind: Kind, value: Any) -> None:
    _assert_agrees(kind, kind, "who" if isinstance(kind, Agent) else "", stored({"x": value}))


@settings(max_examples=150)
@given(value=ANY)
def test_a_recorded_time(value: Any) -> None:
    _assert_agrees(Recorded(), Recorded(), "recorded", stored({"x": value}))


@pytest.mark.parametrize("which", ["first", "all"])
@settings(max_examples=400)
@given(value=LINKS)
def test_linked_cases(which: str, value: Any) -> None:
    _assert_agrees(CaseLinks(which), CaseLinks(which), "", stored({"x": value}))


@pytest.mark.parametrize(
    ("kind", "path"),
    [(Conditions(), "condition"), (ItemEntries(), "item")],
    ids=["conditions", "entries"],
)
@settings(max_examples=400)
@given(value=ITEMS)
def test_items_of_a_case(kind: Kind, path: str, value: Any) -> None:
    _assert_agrees(kind, kind, path, stored({"x": value}))


@pytest.mark.parametrize(
    ("kind", "path"),
    [(Participants(), "member"), (ManagingOrganization(), ""), (PartyIdentifiers(), "value")],
    ids=["members", "organization", "numbers"],
)
@settings(max_examples=400)
@given(value=PARTIES)
@example(value=[{"case_participant_case_id": 7}])
def test_participants_of_a_case(kind: Kind, path: str, value: Any) -> None:
    _assert_agrees(kind, kind, path, stored({"x": value}))


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (StepNames(), "detail.code"),
        (StepDates(), "detail.scheduledPeriod"),
        (StepPerformers(), "detail.performer"),
    ],
    ids=["names", "dates", "performers"],
)
@settings(max_examples=400)
@given(value=STEPS)
def test_steps_of_a_case(kind: Kind, path: str, value: Any) -> None:
    _assert_agrees(kind, WorkflowActivities(), path, stored({"x": value}))


@pytest.mark.parametrize("kind", [BucketUrl(), ContentType()], ids=["url", "content type"])
@settings(max_examples=200)
@given(document=_objects(["bucket", "path"], VALUES))
def test_the_place_of_a_document(kind: Kind, document: dict[str, Any]) -> None:
    _assert_agrees(kind, kind, "", stored(document))


@settings(max_examples=200)
@given(document=_objects(["source", "referralSource"], ANY))
def test_origins_of_a_case(document: dict[str, Any]) -> None:
    _assert_agrees(Origins(), Origins(), "", stored(document))


@settings(max_examples=150)
@given(document=_objects(["is_archived", "isHidden", "is_acknowledged"], ANY))
def test_tags(document: dict[str, Any]) -> None:
    _assert_agrees(Tags(), Tags(), "", stored(document))
