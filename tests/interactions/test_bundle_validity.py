"""Whatever is sent, the answer is a valid Bundle or OperationOutcome, and never a crash."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.operationoutcome import OperationOutcome

from fhir_facade.errors import Issue
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.validation import validate
from fhir_facade.store.base import Store
from tests.http.bundles import (
    bundle,
    communication,
    digest,
    document,
    entry,
    flag,
    named,
    post,
    task,
    urn,
)
from tests.http.serving import Json, serving

ROUNDS = 150
ODD: tuple[Any, ...] = (
    *(None, [], {}, "", " ", 0, -1, 1.5, True, "x", "\u0000", "é", "urn:uuid:x", "Task", "Task/"),
    *(
        "Task?",
        "?",
        "/",
        "//",
        "#",
        "%",
        "%41",
        "Task/%2F",
        "Task/t1?_format=xml",
        "http://[",
        "a" * 3000,
    ),
    *(["x"], [None], {"a": 1}, [[]], urn(1), "Task?identifier=a", "POST", "PUT", "PATCH", "GET"),
    *("_history", "Task/_history", "Case", "Bundle", "$x", "metadata", "EpisodeOfCare/x/$case"),
)


def samples() -> Json:
    """A Bundle with an entry of every kind."""
    patch = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": "W10="}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            entry("POST", "Task", task(basedOn=[{"reference": urn(2)}]), urn(1)),
            entry("POST", "Communication", communication(), urn(2), ifNoneExist="identifier=a"),
            entry("POST", "DocumentReference", document(urn(2)), urn(3)),
            entry("PUT", "Task/t1", task(id="t1"), ifMatch='W/"1"'),
            entry("PUT", "Task?identifier=b", task(identifier=named("b")), urn(5)),
            entry("PATCH", "Task/t2", patch),
            entry("DELETE", "Task?identifier=c"),
            entry("POST", "Flag", flag()),
            entry("GET", "Task?_count=2"),
            entry("GET", "Task/t2", ifModifiedSince="2020-01-01T00:00:00Z"),
        ],
    }


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) in a JSON value."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, each in pairs:
        yield value, key
        if isinstance(each, dict | list):
            yield from places(each)


def spoiled(dice: random.Random) -> Json:
    """The samples with some things replaced, dropped, doubled or swapped."""
    body = samples()
    body["type"] = dice.choice(["batch", "transaction"])
    body["entry"] = dice.sample(body["entry"], dice.randint(1, 6))
    for _ in range(dice.randint(0, 3)):
        holder, key = dice.choice(list(places(body)))
        how = dice.randrange(4)
        if how == 0:
            holder[key] = dice.choice(ODD)
        elif how == 1:
            del holder[key]
        elif how == 2 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            other, name = dice.choice(list(places(body)))
            holder[key] = copy.deepcopy(other[name])
    return body


def check(response: httpx.Response) -> None:
    """The answer is what the R4B models and this project's own validator accept."""
    assert response.status_code < 500, response.text
    body = read_json(response.content, max_depth=1000)
    model = Bundle if response.status_code == 200 else OperationOutcome
    model.model_validate(json.loads(response.content))
    errors: list[Issue] = [each for each in validate(body) if each.severity != "warning"]
    assert errors == []
    if response.status_code == 200:
        kind = {"batch-response", "transaction-response"}
        assert body["type"] in kind


@pytest.mark.parametrize("seed", range(4))
async def test_spoiled_bundles(sqlite_store: Store, seed: int) -> None:
    dice = random.Random(seed)
    await sqlite_store.insert(
        "work_queue",
        [
            {"_id": name, "type": "task", "status": "Ready", "intent": "Order", "subject": "M1"}
            for name in ("t1", "t2")
        ],
    )
    accepted = 0
    async with serving(sqlite_store) as client:
        for _ in range(ROUNDS):
            body = spoiled(dice)
            before = await digest(sqlite_store)
            try:
                json.dumps(body).encode()
            except ValueError:
                continue
            response = await post(client, body)
            check(response)
            if response.status_code == 200:
                accepted += 1
            else:
                assert await digest(sqlite_store) == before
    assert accepted > ROUNDS / 20


async def test_answers_of_every_kind(clean_client: httpx.AsyncClient) -> None:
    """Reads of all types, a Case, metadata, the same twice, and refusals."""
    urls = ["metadata", "Task?_count=2", "Nothing/1", "Task/none", "?_type=Task,Goal&_count=2"]
    for name in ("Task", "Goal", "Flag", "Communication", "EpisodeOfCare", "DocumentReference"):
        found = (await clean_client.get(f"/{name}?_count=1")).json()["entry"][0]["resource"]
        urls += [f"{name}/{found['id']}"] * 2
        if name == "EpisodeOfCare":
            urls += [f"Case/{found['id']}", f"{name}/{found['id']}/$case"]
    reads = [entry("GET", url) for url in urls]
    check(await post(clean_client, bundle("batch", *reads)))
    good = [each for each in reads if each["request"]["url"] not in ("Nothing/1", "Task/none")]
    response = await post(clean_client, bundle("transaction", *good))
    assert response.status_code == 200
    check(response)
