"""Python's fhirpy, asynchronous and not, where it writes.

https://github.com/beda-software/fhir-py
"""

from __future__ import annotations

from typing import Any

import pytest
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from tests.clients.with_fhirpy import (
    CLIENTS,
    content,
    created,
    done,
    everything,
    ids_of,
    issue_of,
    with_headers,
)
from tests.writes_hard.kit import Json, communication, document, flag, goal, task


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, changed_url: str) -> Any:
    return CLIENTS[request.param](changed_url)


async def test_refresh(client: Any, member: str) -> None:
    mine = await created(client, task(**{"for": {"reference": f"Patient/{member}"}}))
    before = dict(mine)
    await done(mine.refresh())
    assert dict(mine) == before
    await done(client.patch("Task", mine.id, priority="stat"))
    await done(mine.refresh())
    assert mine["priority"] == "stat"


async def test_create_update_patch_delete(client: Any, member: str) -> None:
    mine = await created(client, task(**{"for": {"reference": f"Patient/{member}"}}))
    assert mine.id
    versions = {mine["meta"]["versionId"]}
    mine["description"] = "Call again"
    await done(mine.update())
    assert mine["description"] == "Call again"
    versions.add(mine["meta"]["versionId"])
    await done(mine.patch(priority="urgent", note=[{"text": "No answer"}]))
    assert (mine["priority"], mine.get_by_path("note.0.text")) == ("urgent", "No answer")
    versions.add(mine["meta"]["versionId"])
    mine["status"] = "accepted"
    await done(mine.save(fields=["status"]))
    assert (mine["status"], mine["priority"]) == ("accepted", "urgent")
    versions.add(mine["meta"]["versionId"])
    assert len(versions) == 4
    await done(mine.patch(priority=None))
    assert "priority" not in await done(client.get(mine.reference))
    await done(mine.delete())
    with pytest.raises(ResourceNotFound) as raised:
        await done(client.get(mine.reference))
    assert issue_of(raised.value)["code"] == "deleted"


async def test_json_patch(client: Any, member: str) -> None:
    """A list that the client sends as `application/json`."""
    mine = await created(client, task(**{"for": {"reference": f"Patient/{member}"}}))
    change = [{"op": "replace", "path": "/status", "value": "accepted"}]
    patched = await done(client.execute(mine.reference, method="patch", data=change))
    assert (patched.id, patched.status) == (mine.id, "accepted")


async def test_every_written_type(client: Any, member: str) -> None:
    subject = {"reference": f"Patient/{member}"}
    interaction = await created(client, communication(subject=subject, sent=None))
    bodies = [
        flag("fall-risk", member),
        goal(subject=subject),
        document(interaction.id, subject=subject),
    ]
    for body in bodies:
        resource = await created(client, body)
        read = await done(client.get(resource.reference))
        assert {name: read.get(name) for name in body} == body
        await done(client.delete(resource.reference))


async def test_a_saved_resource_is_a_value_of_another(client: Any, member: str) -> None:
    """A resource in place of a reference is sent as its reference."""
    subject = client.reference("Patient", member)
    mine = client.resource("Goal", **content(goal()) | {"subject": subject})
    await done(mine.save())
    assert mine["subject"].id == member
    by_patient = await everything(client.resources("Goal").search(patient=subject))
    assert ids_of(by_patient) == [mine.id]


async def test_conditional_create(client: Any, member: str) -> None:
    criteria = client.resources("Goal").search(patient=member)
    body = client.resource("Goal", **content(goal(subject={"reference": f"Patient/{member}"})))
    first, was_created = await done(criteria.get_or_create(body))
    assert was_created
    second, was_created = await done(criteria.get_or_create(body))
    assert (second.id, was_created) == (first.id, False)


@pytest.mark.filterwarnings("ignore:The first arg of method patch:DeprecationWarning")
async def test_conditional_update_patch_delete(client: Any, member: str) -> None:
    criteria = client.resources("Goal").search(patient=member)
    body = content(goal(subject={"reference": f"Patient/{member}"}))
    mine, was_created = await done(criteria.update(client.resource("Goal", **body)))
    assert was_created
    body["description"] = {"text": "Walk far"}
    changed, was_created = await done(criteria.update(client.resource("Goal", **body)))
    assert (changed.id, was_created) == (mine.id, False)
    assert changed.get_by_path("description.text") == "Walk far"
    patched = await done(criteria.patch(startDate="2026-02-01"))
    assert (patched.id, patched["startDate"]) == (mine.id, "2026-02-01")
    _, status = await done(criteria.delete())
    assert status == 204
    assert await everything(criteria) == []


async def test_a_condition_that_several_match(client: Any, member: str) -> None:
    body = goal(subject={"reference": f"Patient/{member}"})
    for _ in range(2):
        await created(client, body)
    criteria = client.resources("Goal").search(patient=member)
    with pytest.raises(MultipleResourcesFound) as raised:
        await done(criteria.get_or_create(client.resource("Goal", **content(body))))
    assert issue_of(raised.value)["code"] == "multiple-matches"


async def test_history_and_vread(client: Any, member: str) -> None:
    mine = await created(client, task(**{"for": {"reference": f"Patient/{member}"}}))
    first = mine["meta"]["versionId"]
    await done(mine.patch(description="Second"))
    history = await done(client.execute(f"{mine.reference}/_history", method="get"))
    assert (history.type, history.total) == ("history", 2)
    assert [each.resource.description for each in history.entry] == ["Second", "Call back"]
    old = await done(client.execute(f"{mine.reference}/_history/{first}", method="get"))
    assert (old.description, old.meta.versionId) == ("Call back", first)
    of_resource = await done(mine.execute("_history", method="get"))
    assert of_resource.entry[1].resource.meta.versionId == first


@pytest.mark.parametrize("type_", ["batch", "transaction"])
async def test_batch_and_transaction(client: Any, member: str, type_: str) -> None:
    body = task(**{"for": {"reference": f"Patient/{member}"}})
    entries = [
        {"fullUrl": "urn:uuid:0a6d3f0e-6c1b-4a57-8a42-1d8b1a5f2c11", "resource": body}
        | {"request": {"method": "POST", "url": "Task"}},
        {"request": {"method": "GET", "url": f"Goal?patient={member}"}},
    ]
    bundle = client.resource("Bundle", type=type_, entry=entries)
    await done(bundle.save())
    assert bundle["type"] == f"{type_}-response"
    assert [each.response.status[:3] for each in bundle["entry"]] == ["201", "200"]
    assert len(await everything(client.resources("Task").search(patient=member))) == 1


async def test_a_transaction_that_fails_leaves_nothing(client: Any, member: str) -> None:
    good = task(**{"for": {"reference": f"Patient/{member}"}})
    entries = [
        {"resource": each, "request": {"method": "POST", "url": "Task"}}
        for each in (good, {**good, "status": "nonsense"})
    ]
    with pytest.raises(OperationOutcome) as raised:
        await done(client.resource("Bundle", type="transaction", entry=entries).save())
    assert "Bundle.entry[1]" in issue_of(raised.value)["expression"][0]
    assert await everything(client.resources("Task").search(patient=member)) == []


async def test_validate(client: Any, member: str) -> None:
    good = client.resource("Task", **content(task()))
    assert await done(good.is_valid()) is True
    bad = client.resource("Task", **content(task(status="nonsense")))
    assert await done(bad.is_valid()) is False
    with pytest.raises(OperationOutcome) as raised:
        await done(bad.is_valid(raise_exception=True))
    assert raised.value.resource["issue"][0]["expression"] == ["Task.status"]


async def test_a_stale_version(client: Any, member: str) -> None:
    mine = await created(client, task(**{"for": {"reference": f"Patient/{member}"}}))
    stale = with_headers(client, If_Match=f'W/"{mine["meta"]["versionId"]}"')
    await done(mine.patch(priority="urgent"))
    with pytest.raises(MultipleResourcesFound) as raised:
        await done(stale.patch("Task", mine.id, priority="stat"))
    assert issue_of(raised.value)["code"] == "conflict"
    assert (await done(client.get("Task", mine.id)))["priority"] == "urgent"


@pytest.mark.parametrize(
    ("change", "code", "expression"),
    [
        pytest.param({"status": "nonsense"}, "code-invalid", "Task.status", id="code"),
        pytest.param({"status": None}, "required", "Task.status", id="missing"),
        pytest.param({"stauts": "ready"}, "structure", "Task.stauts", id="unknown-element"),
        pytest.param({"authoredOn": "soon"}, "value", "Task.authoredOn", id="date"),
        pytest.param(
            {"owner": {"reference": "Goal/1"}},
            "value",
            "Task.owner",
            id="reference-type",
        ),
    ],
)
async def test_a_refused_body(client: Any, change: Json, code: str, expression: str) -> None:
    with pytest.raises(OperationOutcome) as raised:
        await created(client, task(**change))
    issue = issue_of(raised.value)
    assert (issue["severity"], issue["code"], issue["expression"]) == ("error", code, [expression])


async def test_a_rule_of_the_platform(client: Any, member: str) -> None:
    await created(client, flag("fall-risk", member))
    with pytest.raises(OperationOutcome) as raised:
        await created(client, flag("fall-risk", member))
    assert issue_of(raised.value)["code"] == "duplicate"
