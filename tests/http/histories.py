"""A client that writes, other software beside it, and what a history shows of both."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import BASE, Json
from tests.interactions.validity import problems

TASK: Json = {
    "resourceType": "Task",
    "status": "ready",
    "intent": "order",
    "for": {"reference": "Patient/M1"},
    "description": "one",
}
STORED: dict[str, Any] = {
    "_id": "t1",
    "type": "task",
    "status": "Ready",
    "intent": "Order",
    "message": "stored",
    "subject": {"id": "M1"},
    "updated": datetime(2026, 1, 16, 9, 30, 0, 678000),  # noqa: DTZ001
}


async def create(client: httpx.AsyncClient, resource: Json) -> Json:
    response = await client.post(f"/{resource['resourceType']}", json=resource)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def put(client: httpx.AsyncClient, resource: Json, **changes: Any) -> httpx.Response:
    sent = {**resource, **changes}
    response = await client.put(f"/{sent['resourceType']}/{sent['id']}", json=sent)
    assert response.status_code in (200, 201), response.text
    return response


async def change(store: Store, key: Any, fields: Json, *removed: str) -> None:
    """Change a document as other software does: beside this server."""
    (raw,) = await store.get("work_queue", [key])
    document = {name: each for name, each in decode(raw).items() if name not in removed}
    assert await store.replace("work_queue", raw, {**document, **fields})


async def history(client: httpx.AsyncClient, url: str) -> Json:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    bundle = dict(response.json())
    assert_valid(bundle)
    return bundle


def assert_valid(bundle: Json) -> None:
    """The model's structure, and the invariants of R4 that it does not know."""
    assert problems({**bundle, "type": "searchset"}) == []
    assert bundle["type"] == "history"
    for each in bundle.get("entry", ()):
        assert each["request"]["method"] in ("POST", "PUT", "PATCH", "DELETE")  # bdl-3
        assert each["response"]["status"]  # bdl-4
        assert ("resource" in each) == (each["request"]["method"] != "DELETE")  # bdl-5
        assert "/_history/" not in each["fullUrl"]  # bdl-8
        assert "search" not in each  # bdl-2


def shown(bundle: Json) -> list[tuple[str, str, str | None]]:
    """Of each entry the method, the status, and the description of the resource."""
    return [
        (
            each["request"]["method"],
            each["response"]["status"][:3],
            each.get("resource", {}).get("description"),
        )
        for each in bundle.get("entry", ())
    ]


def entry(resource: Json, method: str, status: str) -> Json:
    url = f"Task/{resource['id']}"
    return {
        "fullUrl": f"{BASE}/{url}",
        "resource": resource,
        "request": {"method": method, "url": "Task" if method == "POST" else url},
        "response": {
            "status": status,
            "etag": f'W/"{resource["meta"]["versionId"]}"',
            "lastModified": resource["meta"]["lastUpdated"],
        },
    }
