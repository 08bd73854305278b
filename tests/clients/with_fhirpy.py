"""What the tests of both of fhirpy's clients share."""

from __future__ import annotations

import inspect
import json
from typing import Any

from fhirpy import AsyncFHIRClient, SyncFHIRClient

from tests.writes_hard.kit import Json

CLIENTS = {"async": AsyncFHIRClient, "sync": SyncFHIRClient}


async def done(result: Any) -> Any:
    """What a call gives, whichever of the two clients was called."""
    return await result if inspect.isawaitable(result) else result


async def everything(search: Any) -> list[Any]:
    """All matches of a search, page by page."""
    if hasattr(search, "__aiter__"):
        return [each async for each in search]
    return list(search)


def content(body: Json) -> Json:
    """A resource without its type, which these clients take by itself."""
    return {name: each for name, each in body.items() if name != "resourceType"}


async def created(client: Any, body: Json) -> Any:
    return await done(client.resource(body["resourceType"], **content(body)).create())


def ids_of(resources: list[Any]) -> list[str]:
    return sorted(each.id for each in resources)


def issue_of(error: BaseException) -> Json:
    """The issue of the OperationOutcome that an exception carries, as a resource or as text."""
    outcome = getattr(error, "resource", None) or json.loads(str(error))
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    return dict(issue)


def with_headers(client: Any, **headers: str) -> Any:
    """The same client, sending headers too; `_` stands for `-`."""
    given = {name.replace("_", "-"): each for name, each in headers.items()}
    return type(client)(client.url, extra_headers=given)
