"""From /metadata alone: every operation that is declared is called, every other one refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED, SERVED
from tests.http.serving import Json, matches, serving, settings

CANONICAL = settings().canonical
TYPES = (*SERVED, *PUBLISHED, "Bundle")
TASK_STATUS = "http://hl7.org/fhir/task-status"
TASK_CATEGORY = f"{CANONICAL}/CodeSystem/task-category"


@dataclass(frozen=True)
class Call:
    """One way to ask for an operation, and what comes of it."""

    url: str
    returns: str
    parameters: tuple[tuple[str, str, Any], ...] = ()
    """Posted as well, as (name, datatype, value)."""
    reads: bool = True


def _of_value_sets(operation: str, returns: str, *more: tuple[str, str, Any]) -> tuple[Call, ...]:
    url = ("url", "Uri", f"{CANONICAL}/ValueSet/task-status")
    return (
        Call(f"ValueSet/${operation}", returns, (url, *more)),
        Call(f"ValueSet/task-status/${operation}", returns, more),
    )


CALLS: dict[tuple[str, str], tuple[Call, ...]] = {
    ("CodeSystem", "lookup"): (
        Call(
            "CodeSystem/$lookup",
            "Parameters",
            (("system", "Uri", TASK_CATEGORY), ("code", "Code", "Member")),
        ),
    ),
    ("CodeSystem", "validate-code"): (
        Call(
            "CodeSystem/$validate-code",
            "Parameters",
            (("url", "Uri", TASK_CATEGORY), ("code", "Code", "Member")),
        ),
        Call(
            "CodeSystem/task-category/$validate-code", "Parameters", (("code", "Code", "Member"),)
        ),
    ),
    ("ConceptMap", "translate"): tuple(
        Call(
            f"ConceptMap/{place}$translate",
            "Parameters",
            (("system", "Uri", TASK_STATUS), ("code", "Code", "ready")),
        )
        for place in ("", "fhir-to-platform-task-status/")
    ),
    ("DocumentReference", "docref"): (
        Call("DocumentReference/$docref", "Bundle", (("patient", "Id", "M100001"),)),
    ),
    ("EpisodeOfCare", "case"): (Call("EpisodeOfCare/{id}/$case", "Bundle"),),
    ("Patient", "everything"): (Call("Patient/M100001/$everything", "Bundle"),),
    ("ValueSet", "expand"): _of_value_sets("expand", "ValueSet"),
    ("ValueSet", "validate-code"): _of_value_sets(
        "validate-code", "Parameters", ("system", "Uri", TASK_STATUS), ("code", "Code", "ready")
    ),
    **{
        (type_, "validate"): (
            Call(f"{type_}/$validate", "OperationOutcome", reads=False),
            Call(f"{type_}/{{id}}/$validate", "OperationOutcome"),
        )
        for type_ in TYPES
    },
}
"""What must be declared, and nothing beside it."""


@pytest.fixture
async def client(recorded_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(recorded_store) as client:
        yield client


async def _rest(client: httpx.AsyncClient) -> Json:
    (rest,) = (await client.get("/metadata")).json()["rest"]
    return dict(rest)


async def _one(client: httpx.AsyncClient, type_: str) -> Json:
    if type_ == "Patient":
        return {"resourceType": type_, "id": "M100001"}
    (found,) = matches((await client.get(f"/{type_}?_count=1")).json())
    return found


async def test_they_are_declared(client: httpx.AsyncClient) -> None:
    declared = [
        (each["type"], operation["name"])
        for each in (await _rest(client))["resource"]
        for operation in each.get("operation", ())
    ]
    assert sorted(declared) == sorted(CALLS)


@pytest.mark.parametrize(("type_", "name"), sorted(CALLS))
async def test_it_answers(client: httpx.AsyncClient, type_: str, name: str) -> None:
    one = await _one(client, type_)
    for call in CALLS[type_, name]:
        url = "/" + call.url.format(id=one["id"])
        answers = []
        if call.reads:
            query = {name: value for name, _, value in call.parameters}
            answers.append(await client.get(url, params=query))
        answers.append(await client.post(url, json=_body(call, one)))
        for answer in answers:
            assert answer.status_code == 200, answer.text
            assert answer.json()["resourceType"] == call.returns
        assert len({_comparable(each.json()) for each in answers}) == 1


def _body(call: Call, one: Json) -> Json:
    if call.url.endswith("$validate"):
        return one
    given = [{"name": name, f"value{kind}": value} for name, kind, value in call.parameters]
    parameters: Json = {"resourceType": "Parameters"}
    return {**parameters, "parameter": given} if given else parameters


def _comparable(answer: Json) -> str:
    """The answer without the time, and the links, that GET and POST need not share."""
    left_out = ("timestamp", "link")
    answer = {name: each for name, each in answer.items() if name not in left_out}
    if "expansion" in answer:
        answer["expansion"] = {**answer["expansion"], "timestamp": ""}
    return str(answer)


async def test_of_the_system(client: httpx.AsyncClient) -> None:
    declared = [each["name"] for each in (await _rest(client)).get("operation", ())]
    assert declared == ["validate"]
    response = await client.post("/$validate", json=await _one(client, "Task"))
    assert response.status_code == 200
    assert response.json()["resourceType"] == "OperationOutcome"


async def test_the_others_are_refused(client: httpx.AsyncClient) -> None:
    """Every operation of one type, and some of R4's, are asked of every other type."""
    names = {name for _, name in CALLS} | {"meta", "graphql", "closure", "subsumes", "convert"}
    for type_ in (*TYPES, "Patient"):
        for name in sorted(names):
            if (type_, name) in CALLS:
                continue
            for url in (f"/{type_}/${name}", f"/{type_}/x/${name}"):
                for method in ("GET", "POST"):
                    response = await client.request(method, url, **_sent(method))
                    assert response.status_code in (400, 404, 405), (method, url)
                    assert response.json()["resourceType"] == "OperationOutcome"
    for name in sorted(names - {"validate"}):
        assert (await client.post(f"/${name}", json={})).status_code == 404


def _sent(method: str) -> dict[str, Any]:
    return {"json": {"resourceType": "Parameters"}} if method == "POST" else {}
