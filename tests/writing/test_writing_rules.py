"""Business rules judge what a write changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from bson import ObjectId

from tests.writing.cases import created, parent
from tests.writing.equality import extension
from tests.writing.exact_json import Json
from tests.writing.whole import local
from tests.writing.world import JSON_PATCH, MERGE_PATCH, World, new_world

TASK: Json = {"resourceType": "Task", "status": "ready", "intent": "order"}


def _goal(status: str) -> Json:
    about = {"description": {"text": "A"}, "subject": {"reference": "Patient/M1"}}
    return {"resourceType": "Goal", "lifecycleStatus": status, **about}


def _issue(response: object) -> tuple[int, str, str, list[str]]:
    (issue,) = response.json()["issue"]  # type: ignore[attr-defined]
    status = response.status_code  # type: ignore[attr-defined]
    return status, issue["severity"], issue["code"], issue["expression"]


def test_a_task_that_becomes_completed_ended_now(world: World) -> None:
    with created(world, TASK) as got:
        after = world.update(got["id"], {**got, "status": "completed"})
        stored = world.stored("work_queue", ObjectId(got["id"]))
    assert after["executionPeriod"] == {"end": after["meta"]["lastUpdated"]}
    assert stored["completed_on"] == stored["updated"]
    assert isinstance(stored["completed_on"], dt.datetime)


def test_the_end_that_is_sent_counts(world: World) -> None:
    period = {"start": "2026-01-01", "end": "2026-02-03T00:00:00-05:00"}
    done = {**TASK, "status": "completed", "executionPeriod": period}
    with created(world, done) as got:
        assert got["executionPeriod"] == period
        again = world.update(got["id"], {**got, "description": "x"})
        assert again["executionPeriod"] == period


def test_a_start_without_an_end_is_completed(world: World) -> None:
    start = {"start": "2026-01-01T00:00:00-05:00"}
    with created(world, {**TASK, "status": "completed", "executionPeriod": start}) as got:
        assert got["executionPeriod"] == {**start, "end": got["meta"]["lastUpdated"]}


def test_a_completed_task_stays_as_it_is(world: World) -> None:
    """A task completed long ago without an end is not judged by a write of something else."""
    key = ObjectId()
    old = {"_id": key, "type": "task", "status": "Completed", "intent": "Order"}
    world.insert("work_queue", old)
    before = world.read("Task", str(key))
    after = world.update(str(key), {**before, "description": "x"})
    assert "executionPeriod" not in after
    assert "completed_on" not in world.stored("work_queue", key)


@pytest.mark.parametrize("kind", [JSON_PATCH, MERGE_PATCH])
def test_a_patch_completes_too(world: World, kind: str) -> None:
    patch = [{"op": "replace", "path": "/status", "value": "completed"}]
    with created(world, TASK) as got:
        body = patch if kind == JSON_PATCH else {"status": "completed"}
        after = world.patch("Task", got["id"], body, kind)
    assert after["executionPeriod"] == {"end": after["meta"]["lastUpdated"]}


STATES = ("proposed", "planned", "accepted", "active", "on-hold")
FINAL = ("completed", "cancelled", "rejected", "entered-in-error")
EVERY = (*STATES, *FINAL)


def allowed(before: str, after: str) -> bool:
    """Forward only, skipping allowed; rejected from the first three; what is final stays."""
    if before == after:
        return True
    if after == "entered-in-error":
        return before != "entered-in-error"
    if before in FINAL:
        return False
    if after in ("completed", "cancelled"):
        return True
    if after == "rejected":
        return before in STATES[:3]
    if before == "on-hold":
        return after == "active"
    if after == "on-hold":
        return before == "active"
    return STATES.index(after) > STATES.index(before)


PAIRS = [(before, after) for before in EVERY for after in EVERY]


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=[f"{a}-to-{b}" for a, b in PAIRS])
def test_a_goal_moves_forward(world: World, before: str, after: str) -> None:
    with created(world, _goal(before)) as got:
        response = world.ask("PUT", f"/Goal/{got['id']}", {**got, "lifecycleStatus": after})
        if allowed(before, after):
            assert response.status_code == 200, response.text
        else:
            refused = (422, "error", "business-rule", ["Goal.lifecycleStatus"])
            assert _issue(response) == refused
            assert world.read("Goal", got["id"]) == got


@pytest.fixture(scope="module")
def advising() -> Iterator[World]:
    with new_world(lifecycle="advise") as world:
        yield world


def test_a_move_may_only_be_advised_against(advising: World) -> None:
    with created(advising, _goal("completed")) as got:
        put = {**got, "lifecycleStatus": "active"}
        response = advising.ask("PUT", f"/Goal/{got['id']}", put, Prefer="return=OperationOutcome")
        expected = (200, "warning", "business-rule", ["Goal.lifecycleStatus"])
        assert _issue(response) == expected
        assert advising.read("Goal", got["id"])["lifecycleStatus"] == "active"


def _flag(member: str, name: str = "VIP", status: str = "active", text: str | None = None) -> Json:
    code: Json = {"coding": [{**local("flag-name", name), "display": name}]}
    return {
        "resourceType": "Flag",
        "status": status,
        "code": code if text is None else {**code, "text": text},
        "subject": {"reference": f"Patient/{member}"},
    }


CLASH = (409, "error", "duplicate", ["Flag.code"])


@pytest.mark.parametrize("text", [None, "why"])
def test_a_second_active_flag_is_refused(world: World, text: str | None) -> None:
    member = str(ObjectId())
    with created(world, _flag(member, text=text)) as first:
        assert _issue(world.ask("POST", "/Flag", _flag(member, text=text))) == CLASH
        for other in (_flag(member, "Other"), _flag(member, status="inactive"), _flag("else")):
            with created(world, other):
                pass
        world.update(first["id"], {**first, "period": {"start": "2026-01-01"}})
    with created(world, _flag(member, text=text)) as again:
        assert again["id"] != first["id"]


def test_a_flag_that_becomes_active_is_judged(world: World) -> None:
    member = str(ObjectId())
    with (
        created(world, _flag(member)) as first,
        created(world, _flag(member, status="inactive")) as second,
        created(world, _flag(member, "Other")) as third,
    ):
        url = f"/Flag/{second['id']}"
        assert _issue(world.ask("PUT", url, {**second, "status": "active"})) == CLASH
        named = {**third, "code": first["code"]}
        assert _issue(world.ask("PUT", f"/Flag/{third['id']}", named)) == CLASH
        world.update(first["id"], {**first, "status": "inactive"})
        world.update(second["id"], {**second, "status": "active"})


def test_flags_that_clash_already_may_be_changed_otherwise(world: World) -> None:
    keys = [ObjectId(), ObjectId()]
    for key in keys:
        stored = {"type": "flag", "name": "Old", "status": "Active", "subject": {"id": "M44"}}
        world.insert("work_queue", {"_id": key, **stored})
    before = world.read("Flag", str(keys[0]))
    world.update(str(keys[0]), {**before, "period": {"start": "2026-01-01"}})
    assert _issue(world.ask("POST", "/Flag", _flag("M44", "Old"))) == CLASH


def test_a_flag_without_status_is_active_while_its_period_is_open(world: World) -> None:
    stored = {"type": "flag", "name": "Age", "subject": {"id": "M45"}}
    world.insert("work_queue", {"_id": ObjectId(), **stored})
    assert _issue(world.ask("POST", "/Flag", _flag("M45", "Age"))) == CLASH


def _call(**more: object) -> Json:
    sender = {"reference": "Practitioner/U1", "display": "Ann"}
    return {"resourceType": "Communication", "status": "completed", "sender": sender, **more}


def test_a_new_owner_is_noted_in_the_history(world: World) -> None:
    with created(world, _call()) as got:
        assert "extension" not in got
        sender = {"reference": "Practitioner/U2", "display": "Bob"}
        after = world.update(got["id"], {**got, "sender": sender})
        stored = world.stored("work_queue", ObjectId(got["id"]))
        again = world.update(got["id"], {**after, "topic": {"text": "x"}})
        assert again["extension"] == after["extension"]
        third = world.update(got["id"], {**again, "sender": {"reference": "Practitioner/U3"}})
    (entry,) = stored["interactionHistory"]
    assert entry["date"] == stored["updated"]
    assert (entry["from"]["id"], entry["to"]["id"]) == ("U1", "U2")
    (shown,) = after["extension"]
    assert shown["url"] == extension("reassignment")
    parts = {each["url"]: each for each in shown["extension"]}
    assert parts["date"]["valueDateTime"] == after["meta"]["lastUpdated"]
    assert parts["from"]["valueReference"]["reference"] == "Practitioner/U1"
    assert parts["to"]["valueReference"]["reference"] == "Practitioner/U2"
    assert len(third["extension"]) == 2
    assert third["extension"][0] == shown


def test_the_history_is_noted_even_where_the_client_leaves_it_out(world: World) -> None:
    with created(world, _call()) as got:
        for key in ("U2", "U3"):
            after = world.update(
                got["id"], {**_call(), "sender": {"reference": f"Practitioner/{key}"}}
            )
        assert after["extension"]
        stored = world.stored("work_queue", ObjectId(got["id"]))
    assert stored["interactionHistory"][-1]["to"] in ("U3", {"id": "U3"})


def _document(**context: object) -> Json:
    found = {"status": "current", "content": [{"attachment": {"title": "A"}}]}
    return {"resourceType": "DocumentReference", **found, "context": context}


@pytest.mark.parametrize(
    ("context", "at"),
    [
        ({"facilityType": {"text": "x"}}, "context"),
        ({"related": [{"reference": "Task/1"}]}, "context"),
        ({"related": [{"reference": "Communication/absent"}]}, "context.related[0]"),
        ({"encounter": [{"reference": "EpisodeOfCare/absent"}]}, "context.encounter[0]"),
    ],
    ids=["nothing", "another type", "no interaction", "no case"],
)
def test_a_document_without_a_parent_is_refused(world: World, context: Json, at: str) -> None:
    response = world.ask("POST", "/DocumentReference", _document(**context))
    status, severity, _, expression = _issue(response)
    assert (status, severity, expression) == (422, "error", [f"DocumentReference.{at}"])


def test_a_document_is_about_the_member_of_its_parent(world: World) -> None:
    link = {"reference": f"Communication/{parent(world, subject={'id': 'M5'})}"}
    body = _document(related=[link])
    wrong = {**body, "subject": {"reference": "Patient/M6"}}
    response = world.ask("POST", "/DocumentReference", wrong)
    refused = (422, "error", "business-rule", ["DocumentReference.subject"])
    assert _issue(response) == refused
    with created(world, body) as got:
        assert got["subject"]["reference"] == "Patient/M5"
        url = f"/DocumentReference/{got['id']}"
        other = {**got, "subject": {"reference": "Patient/M6"}}
        assert _issue(world.ask("PUT", url, other)) == refused
    with created(world, {**body, "subject": {"reference": "Patient/M5", "display": "A"}}) as got:
        assert got["subject"] == {"reference": "Patient/M5", "display": "A"}


def test_a_document_of_a_case_stands_in_the_case(world: World) -> None:
    key = ObjectId()
    case = {"_id": key, "status": {"state": "active"}, "subject": {"id": "M5"}}
    world.insert("patient_case", case)
    link = {"reference": f"EpisodeOfCare/{key}"}
    with created(world, _document(encounter=[link])) as got:
        (stored,) = world.stored("patient_case", key)["documents"]
        assert stored["document_id"] == got["id"]
        assert got["context"]["encounter"] == [link]
