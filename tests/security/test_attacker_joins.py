"""Searches that go through other resources: chains, `_has`, links that the other side holds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest

from tests.security.issuer import TestIssuer
from tests.security.leaks import Both, both_of_a, issuing


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as started:
        yield started


@pytest.fixture
async def both(issuer: TestIssuer) -> AsyncIterator[Both]:
    async with both_of_a(issuer) as found:
        yield found


THROUGH: Final = (
    "Task?focus:EpisodeOfCare.patient=pat-b",
    "Task?focus:EpisodeOfCare.identifier=mk-bx-case",
    "Task?case:EpisodeOfCare._id=mk-bx-case",
    "Goal?case:EpisodeOfCare.patient=pat-b",
    "Communication?case:EpisodeOfCare.patient=pat-b",
    "DocumentReference?encounter:EpisodeOfCare.patient=pat-b",
    "Observation?focus:EpisodeOfCare.patient=pat-b",
    "List?item:EpisodeOfCare.patient=pat-b",
    "EpisodeOfCare?_has:Task:focus:_id=mk-bx-task-in-a",
    "EpisodeOfCare?_has:Task:focus:patient=pat-b",
    "EpisodeOfCare?_has:Goal:case:_id=mk-bx-goal-in-a",
    "EpisodeOfCare?_has:Observation:focus:patient=pat-b",
    "EpisodeOfCare?_has:Communication:case:patient=pat-b",
    "EpisodeOfCare?_has:DocumentReference:encounter:patient=pat-b",
    "EpisodeOfCare?_has:CarePlan:case:goal=mk-bx-goal-in-a",
    "CarePlan?goal=mk-bx-goal-in-a",
    "CarePlan?goal._id=mk-bx-goal-in-a",
    "CarePlan?activity-reference=mk-bx-task-in-a",
    "CarePlan?activity-reference:Task.patient=pat-b",
)
"""Searches that find something of A's by something of B's, for whoever may see both."""


async def test_nothing_is_found_through_what_is_anothers(both: Both) -> None:
    for url in THROUGH:
        found = [each["resource"] for each in (await both.as_everybody(url)).get("entry", ())]
        assert any("mk-a" in each["id"] for each in found), url  # else it would prove nothing
        answer = await both.same(url)
        assert answer.json["total"] == 0, url
        assert (await both.same(f"{url}&_summary=count")).json["total"] == 0, url


async def test_what_is_anothers_comes_with_no_page(both: Both) -> None:
    for url in (
        "Task?_id=mk-ax-task-in-b&_include=Task:focus",
        "Task?_id=mk-ax-task-in-b&_include=*",
        "List?_id=mk-ax-pointing&_include=List:item",
        "EpisodeOfCare?_id=mk-ax-case&_revinclude=Task:focus&_revinclude=Goal:case"
        "&_revinclude=Communication:case&_revinclude=Observation:focus&_revinclude=Flag:case",
        "CarePlan?_id=mk-ax-case&_include=CarePlan:goal&_include=CarePlan:activity-reference",
        "EpisodeOfCare?_id=mk-ax-case&_revinclude=CarePlan:case"
        "&_include:iterate=CarePlan:goal&_revinclude:iterate=DocumentReference:encounter",
    ):
        assert b"mk-b" in json.dumps(await both.as_everybody(url)).encode(), url
        assert (await both.same(url)).json["total"] == 1, url
