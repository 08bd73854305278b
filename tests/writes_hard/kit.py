"""Resources to write, requests that write them, and what is expected of every refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from fhir_facade.store.base import Store
from tests.http.serving import the_issue
from tests.interactions.validity import problems

Json = dict[str, Any]

FHIR = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STALE = "The resource is not in the version that the request names; read it again."
ABSENT = "The request names a version of a resource that is not there."
SEVERAL = "The criteria match several resources; name more, or name one by its id."
COLLECTIONS = ("work_queue", "patient_case", "fhir_history")
COUNTER = "https://example.org/StructureDefinition/counter"


def task(**given: Any) -> Json:
    """A task of member M1; None leaves an element out."""
    return _made(
        {
            "resourceType": "Task",
            "status": "ready",
            "intent": "order",
            "description": "Call back",
            "for": {"reference": "Patient/M1"},
        },
        given,
    )


def flag(name: str = "fall-risk", member: str = "M1", **given: Any) -> Json:
    return _made(
        {
            "resourceType": "Flag",
            "status": "active",
            "code": {"text": name},
            "subject": {"reference": f"Patient/{member}"},
        },
        given,
    )


def goal(**given: Any) -> Json:
    return _made(
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": {"text": "Walk more"},
            "subject": {"reference": "Patient/M1"},
        },
        given,
    )


def communication(**given: Any) -> Json:
    return _made(
        {
            "resourceType": "Communication",
            "status": "completed",
            "subject": {"reference": "Patient/M1"},
            "sent": "2026-01-16T09:30:00Z",
        },
        given,
    )


def document(parent: str, **given: Any) -> Json:
    """A document of the interaction with an id."""
    return _made(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "content": [{"attachment": {"title": "Letter", "url": "gs://bucket/letter.pdf"}}],
            "context": {"related": [{"reference": f"Communication/{parent}"}]},
        },
        given,
    )


def _made(resource: Json, given: Mapping[str, Any]) -> Json:
    return {name: each for name, each in {**resource, **given}.items() if each is not None}


def counting(number: int) -> list[Json]:
    """An extension that no rule maps, with a number."""
    return [{"url": COUNTER, "valueInteger": number}]


def counted(resource: Json) -> int:
    (found,) = (each for each in resource["extension"] if each["url"] == COUNTER)
    return int(found["valueInteger"])


async def send(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    body: Any = None,
    headers: Mapping[str, str | bytes] | None = None,
    kind: str = FHIR,
) -> httpx.Response:
    """Send a request whose body is JSON, or bytes as they are."""
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    given = {} if body is None else {"Content-Type": kind}
    return await client.request(method, url, content=content, headers={**given, **(headers or {})})


async def made(client: httpx.AsyncClient, resource: Json) -> Json:
    """Create a resource and return it as it was answered."""
    response = await send(client, "POST", f"/{resource['resourceType']}", resource)
    assert response.status_code == 201, response.text
    return dict(response.json())


def etag(resource: Json) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'


def url_of(resource: Json) -> str:
    return f"/{resource['resourceType']}/{resource['id']}"


def refused(response: httpx.Response, status: int, code: str, text: str | None = None) -> Json:
    """Check an answer that is one error, and return its issue."""
    assert response.status_code == status, response.text
    issue = the_issue(response)
    assert (issue["severity"], issue["code"]) == ("error", code), issue
    if text is not None:
        assert issue["diagnostics"] == text
    assert problems(response.json()) == []
    assert "etag" not in response.headers
    assert "location" not in response.headers
    return issue


async def contents(store: Store) -> dict[str, list[bytes]]:
    """Everything in a store that a write may change."""
    return {
        name: [each async for batch in store.scan(name) for each in batch] for name in COLLECTIONS
    }
