"""Whole cases as clients send them: copied, compared, changed."""

from __future__ import annotations

import copy
import json
from typing import Any

from fhir_facade.store.base import Store
from tests.http.serving import Json

SERVER_GIVEN = ("id", "meta")


def parts(bundle: Json) -> list[Json]:
    """The resources of a case but its log, which is never copied."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [each for each in found if each["resourceType"] != "Provenance"]


def the(bundle: Json, name: str) -> Json:
    """The first resource of a type."""
    return next(each for each in parts(bundle) if each["resourceType"] == name)


def comparable(bundle: Json) -> list[Json]:
    """A case with its ids named by place, so that a copy of it is equal."""
    text = json.dumps(parts(bundle))
    for place, each in enumerate(parts(bundle)):
        if "id" in each:
            for before, after in (('"', '"'), ("/", '"')):
                old, new = before + each["id"] + after, f"{before}#{place}{after}"
                text = text.replace(old, new)
    return [
        {name: value for name, value in each.items() if name not in SERVER_GIVEN}
        for each in json.loads(text)
    ]


def without(bundle: Json, name: str) -> Json:
    """A case without the parts of a type."""
    left = [each for each in bundle["entry"] if each["resource"]["resourceType"] != name]
    return {**copy.deepcopy(bundle), "entry": copy.deepcopy(left)}


async def contents(store: Store) -> dict[str, list[bytes]]:
    """Everything in the store but the turns that writers took."""
    names = ("work_queue", "patient_case", "outcomes", "fhir_history")
    return {name: [each async for batch in store.scan(name) for each in batch] for name in names}


def entry(resource: Any, number: int) -> Json:
    return {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{number:012}", "resource": resource}
