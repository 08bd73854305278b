"""Bundles to send, and what the tests of batches and transactions read of the answers."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

from fhir_facade.store.base import Store
from tests.http.serving import Json

COLLECTIONS = ("work_queue", "patient_case", "outcomes", "fhir_history")
HEADERS = {"content-type": "application/fhir+json"}


def urn(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def task(**more: Any) -> Json:
    """The least Task, with what is given."""
    return {
        "resourceType": "Task",
        "status": "ready",
        "intent": "order",
        "description": "Call back",
        "for": {"reference": "Patient/M1"},
        **more,
    }


def flag(name: str = "diabetes", **more: Any) -> Json:
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": name},
        "subject": {"reference": "Patient/M1"},
        **more,
    }


def communication(**more: Any) -> Json:
    return {
        "resourceType": "Communication",
        "status": "completed",
        "subject": {"reference": "Patient/M1"},
        **more,
    }


def document(parent: str, **more: Any) -> Json:
    """A DocumentReference of an interaction."""
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"url": "gs://bucket/letter.pdf"}}],
        "context": {"related": [{"reference": parent}]},
        **more,
    }


def named(name: str) -> list[Json]:
    """The identifier that conditional requests search for."""
    return [{"system": "urn:test", "value": name}]


def entry(
    method: str, url: str, resource: Json | None = None, full: str | None = None, **request: str
) -> Json:
    found: Json = {"request": {"method": method, "url": url, **request}}
    if full is not None:
        found["fullUrl"] = full
    if resource is not None:
        found["resource"] = resource
    return found


def bundle(type: str, *entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


async def post(client: httpx.AsyncClient, body: Json, **headers: str) -> httpx.Response:
    return await client.post("/", json=body, headers={**HEADERS, **headers})


async def done(client: httpx.AsyncClient, body: Json, **headers: str) -> list[Json]:
    """The entries of the answer to a Bundle that is accepted."""
    response = await post(client, body, **headers)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["resourceType"] == "Bundle"
    assert answer["type"] == f"{body['type']}-response"
    entries = answer.get("entry", [])
    assert len(entries) == len(body.get("entry", []))
    return list(entries)


def statuses(entries: list[Json]) -> list[str]:
    return [each["response"]["status"] for each in entries]


def issues(response: httpx.Response) -> list[tuple[str, str]]:
    """(code, expression) of each issue of an OperationOutcome."""
    return of_outcome(response.json())


def of_outcome(outcome: Json) -> list[tuple[str, str]]:
    assert outcome["resourceType"] == "OperationOutcome"
    return [(each["code"], each["expression"][0]) for each in outcome["issue"]]


async def digest(store: Store) -> str:
    """A hash of every stored document but leases."""
    found = hashlib.sha256()
    for name in COLLECTIONS:
        async for batch in store.scan(name):
            for raw in batch:
                found.update(raw)
        found.update(name.encode())
    return found.hexdigest()


async def stored(store: Store, name: str = "work_queue") -> int:
    return await store.count(name, {})
