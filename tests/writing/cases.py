"""What a generated resource needs around it to be accepted: a parent, no rule in its way."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import ObjectId
from hypothesis import HealthCheck, settings

from tests.writing.exact_json import Json
from tests.writing.world import World


def tried(times: int) -> settings:
    """How often a property is tried; one server is asked all along, and resources are large."""
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=times, deadline=None, suppress_health_check=slow)


def parent(world: World, **fields: Any) -> str:
    """Store an interaction for documents to stand in; return its id."""
    key = ObjectId()
    known = {"type": "Interaction", "status": "Completed", "subject": {"id": "M1"}, **fields}
    world.insert("work_queue", {"_id": key, **known})
    return str(key)


def under(resource: Json, communication: str) -> Json:
    """A document that belongs to an interaction; other resources as they are."""
    if resource["resourceType"] != "DocumentReference":
        return resource
    found = copy.deepcopy(resource)
    link = {"reference": f"Communication/{communication}"}
    context = found.setdefault("context", {})
    context["related"] = [link, *context.get("related", [])]
    return found


def without_move(resource: Json, before: Json) -> Json:
    """The resource in the life cycle status that the goal has."""
    if resource["resourceType"] != "Goal":
        return resource
    return {**resource, "lifecycleStatus": before["lifecycleStatus"]}


@contextmanager
def created(world: World, resource: Json) -> Iterator[Json]:
    """A resource as it is read, for a while: no rule about others stands in the way of the next."""
    found = world.create(resource)
    try:
        yield found
    finally:
        remove(world, found)


def remove(world: World, resource: Json) -> None:
    """Delete a resource."""
    url = f"/{resource['resourceType']}/{resource['id']}"
    assert world.ask("DELETE", url).status_code == 204
