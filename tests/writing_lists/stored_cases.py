"""Stored cases of one member, and what is read and sent of them."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import httpx

from tests.writing.equality import CANONICAL, extension
from tests.writing.exact_json import Json
from tests.writing.world import World

ROLE = f"{CANONICAL}/CodeSystem/participant-role"


def party(role: str, organization: Any = None, **fields: Any) -> Json:
    """A stored row of `participants`; fields without their prefix begin with `_`."""
    row: Json = {"case_participant_role": role}
    if organization is not None:
        row["case_participant_org_id"] = organization
    for name, value in fields.items():
        row[f"case_participant{name}" if name.startswith("_") else name] = value
    return row


def originator(**fields: Any) -> Json:
    return party("originator", "o1", _is_primary=True, **fields)


def step(number: int | None, name: str, status: str = "pending", **fields: Any) -> Json:
    """A stored row of `workflow`."""
    numbered = {} if number is None else {"case_workflow_step_sequence": number}
    known = {"case_workflow_step_name": name, "case_workflow_step_status": status}
    return {**numbered, **known, **fields}


def stored_case(world: World, id: str = "c1", member: str = "p1", **fields: Any) -> Json:
    """Store a case with one participant."""
    document: Json = {
        "_id": id,
        "status": {"state": "active"},
        "subject": {"id": member},
        "created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "updated": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        "isDeleted": False,
        "participants": [originator()],
        **fields,
    }
    world.insert("patient_case", document)
    return world.stored("patient_case", id)


def stored_item(world: World, id: str, kind: str, case: str | None = "c1", **fields: Any) -> Json:
    """Store a work item, linked to a case."""
    links = [] if case is None else [{"type": "case", "id": case}]
    subject = {"id": "p1"}
    document = {"_id": id, "type": kind, "subject": subject, "linkedModules": links, **fields}
    world.insert("work_queue", document)
    return world.stored("work_queue", id)


def case_of(world: World, id: str = "c1") -> Json:
    """The case's own document as it is stored now."""
    return world.stored("patient_case", id)


def read_case(world: World, id: str = "c1") -> Json:
    response = world.ask("GET", f"/Case/{id}")
    assert response.status_code == 200, response.text
    return dict(response.json())


def read_plain(world: World, type_: str, id: str = "c1") -> Json:
    """A resource with its numbers as Python has them."""
    response = world.ask("GET", f"/{type_}/{id}")
    assert response.status_code == 200, response.text
    return dict(response.json())


def the(bundle: Json, name: str) -> Json:
    """The first resource of a type in a bundle."""
    return next(
        each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == name
    )


def put_case(world: World, bundle: Json) -> httpx.Response:
    return world.ask("PUT", f"/Case/{bundle['id']}", bundle)


def written_case(world: World, bundle: Json) -> Json:
    """PUT a case that is accepted, and return it as it is answered."""
    response = put_case(world, bundle)
    assert response.status_code == 200, response.text
    return dict(response.json())


def with_entry(bundle: Json, *resources: Json) -> Json:
    """The bundle with further resources, in entries of their own."""
    more = [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{at:012}", "resource": each}
        for at, each in enumerate(resources)
    ]
    return {**bundle, "entry": [*copy.deepcopy(bundle["entry"]), *more]}


def only(bundle: Json, *types: str) -> Json:
    """The bundle with the resources of some types alone."""
    kept = [each for each in bundle["entry"] if each["resource"]["resourceType"] in types]
    return {**bundle, "entry": copy.deepcopy(kept)}


def row(bundle: Json, place: int) -> Json:
    """A participant of the CareTeam."""
    return dict(the(bundle, "CareTeam")["participant"][place])


def in_role(participant: Json, code: str) -> Json:
    """The participant in another role."""
    return {**participant, "role": [{"coding": [{"system": ROLE, "code": code}]}]}


def new_party(role: str, organization: str, **extensions: Any) -> Json:
    """A participant of a client's own."""
    found = {"member": {"type": "Organization", "reference": f"Organization/{organization}"}}
    if extensions:
        own = [{"url": name.replace("_", "-"), **value} for name, value in extensions.items()]
        found["extension"] = [{"url": extension("party-case"), "extension": own}]  # type: ignore[assignment]
    return in_role(found, role)


def refusal(response: httpx.Response) -> tuple[int, str]:
    """The status and code of an answer that refuses."""
    return response.status_code, response.json()["issue"][0]["code"]


def untouched(world: World, before: Json, **changed: Any) -> None:
    """Check that the case is stored as before but for some fields and what every write sets."""
    marks = ("updated", "fhir")
    after = case_of(world, before["_id"])
    kept = [{k: v for k, v in each.items() if k not in marks} for each in (before, after)]
    assert kept[1] == {**kept[0], **changed}
