"""What the tests of Python's fhirclient share."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.fhirabstractbase import FHIRValidationError
from fhirclient.server import FHIRNotFoundException, FHIRServer

from tests.writes_hard.kit import Json


def connected(url: str, **headers: str) -> FHIRServer:
    """The client's server object after it has read the CapabilityStatement."""
    client = FHIRClient(settings={"app_id": "tests", "api_base": url})
    assert client.prepare()
    client.server.session.headers.update(
        {name.replace("_", "-"): each for name, each in headers.items()}
    )
    return client.server


def model(type_: str) -> Any:
    """The client's class of a resource type."""
    return getattr(import_module(f"fhirclient.models.{type_.lower()}"), type_)


def parsed(resource: Json) -> Any:
    """A resource as the client's strict class, which refuses what its table does not know."""
    return model(resource["resourceType"])(resource, strict=True)


def problems(resource: Json) -> list[str]:
    """What the client's strict class has against a resource."""
    try:
        parsed(resource)
    except FHIRValidationError as error:
        return [f"{resource['resourceType']}/{resource.get('id')}: {error}"]
    return []


def pages(server: FHIRServer, path: str) -> list[Json]:
    """The pages of a search, as JSON."""
    found = []
    following: str | None = path
    while following:
        page = server.request_json(following)
        found.append(page)
        following = next((each["url"] for each in page["link"] if each["relation"] == "next"), None)
    return found


def refusal(status: int, call: Any, *arguments: Any) -> Json:
    """The issue of the OperationOutcome behind the exception that the client raises."""
    error = requests.HTTPError if status != 404 else FHIRNotFoundException
    with pytest.raises(error) as raised:
        call(*arguments)
    response = raised.value.response
    assert response.status_code == status, response.text
    outcome = parsed(response.json())
    (issue,) = outcome.issue
    return dict(issue.as_json())


def sent_as_bundle(server: FHIRServer, type_: str, entries: list[Json]) -> Bundle:
    bundle = Bundle({"resourceType": "Bundle", "type": type_, "entry": entries})
    return Bundle(bundle.create(server))
