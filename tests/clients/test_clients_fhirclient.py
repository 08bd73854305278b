"""Python's fhirclient (SMART on FHIR): strict models of all that is served, search and writing.

https://docs.smarthealthit.org/client-py/
"""

from __future__ import annotations

from typing import Any

import pytest
from fhirclient.models.bundle import Bundle
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.episodeofcare import EpisodeOfCare
from fhirclient.models.flag import Flag
from fhirclient.models.goal import Goal
from fhirclient.models.task import Task
from fhirclient.server import FHIRServer

from tests.clients.conftest import Served
from tests.clients.with_fhirclient import (
    connected,
    model,
    pages,
    parsed,
    problems,
    refusal,
    sent_as_bundle,
)
from tests.http.declared import PEOPLE
from tests.writes_hard.kit import Json, communication, document, flag, goal, task


@pytest.fixture(scope="module")
def server(served: Served) -> FHIRServer:
    return connected(served.url)


@pytest.fixture(scope="module")
def changed(changed_url: str) -> FHIRServer:
    return connected(changed_url)


def ids_of(found: Any) -> list[str]:
    return sorted(each.id for each in found)


def subject(member: str) -> Json:
    return {"reference": f"Patient/{member}"}


def made(server: FHIRServer, body: Json) -> Any:
    """Create a resource; the model of what the server answers."""
    return parsed(parsed(body).create(server))


def searched_types(server: FHIRServer) -> list[str]:
    statement = server.capabilityStatement
    return [
        each.type
        for each in statement.rest[0].resource
        if any(one.code == "search-type" for one in each.interaction or ())
        and each.type not in PEOPLE  # which are searched by ids
    ]


def test_metadata(server: FHIRServer) -> None:
    statement = server.capabilityStatement
    assert isinstance(statement, CapabilityStatement)
    assert (statement.fhirVersion, statement.rest[0].mode) == ("4.0.1", "server")
    assert server.ready
    assert server.authorize_uri is None


def test_every_type_of_clean_data_is_taken(server: FHIRServer) -> None:
    found = []
    types = searched_types(server)
    assert {"Task", "Goal", "Flag", "Communication", "EpisodeOfCare"} <= set(types)
    for type_ in types:
        for page in pages(server, f"{type_}?_count=100"):
            found += problems(page)
            found += [
                each for entry in page.get("entry", ()) for each in problems(entry["resource"])
            ]
    assert found == []


def test_every_type_of_dirty_data_is_taken(dirty_url: str) -> None:
    server = connected(dirty_url)
    count, found = 0, []
    for type_ in searched_types(server):
        for page in pages(server, f"{type_}?_count=200"):
            for entry in page.get("entry", ()):
                count += 1
                found += problems(entry["resource"])
    assert count > 500
    assert found == []


@pytest.mark.parametrize(
    "path",
    [
        "Task?_summary=count",
        "Task?_elements=status&_count=2",
        "Goal?_summary=true&_count=2",
        "_history?_count=5",
        "metadata?mode=normative",
        "metadata?mode=terminology",
        "Task/_history?_count=5",
        "?_type=Task,Goal&_count=5",
        "Task?_total=accurate&_count=1&_unknown=1",
    ],
)
def test_other_answers_are_taken(server: FHIRServer, path: str) -> None:
    assert problems(server.request_json(path)) == []


def test_case_bundles_are_taken(server: FHIRServer, served: Served) -> None:
    bundle = Bundle.read_from(f"EpisodeOfCare/{served.case}/$case", server)
    tasks = [each.resource for each in bundle.entry if isinstance(each.resource, Task)]
    assert ids_of(tasks) == served.cases[served.case]["Task"]
    assert problems(server.request_json(f"Case/{served.case}")) == []
    patient = EpisodeOfCare.read(served.case, server).patient.reference
    for path in (f"{patient}/$everything", f"DocumentReference/$docref?patient={patient}"):
        assert problems(server.request_json(path)) == []


def test_read(server: FHIRServer, served: Served) -> None:
    one = Task.read(served.ids["Task"][0], server)
    assert one.id == served.ids["Task"][0]
    assert one.as_json() == server.request_json(f"Task/{one.id}")


def test_a_reference_is_resolved_from_what_came_with_it(server: FHIRServer, served: Served) -> None:
    one = served.cases[served.case]["Task"][0]
    search = Task.where({"_id": one}).include("focus")
    (bundle,) = search.perform_iter(server)
    assert [each.search.mode for each in bundle.entry] == ["match", "include"]
    found = bundle.entry[0].resource
    case = found.focus.resolved(EpisodeOfCare)
    assert case.id == served.case


@pytest.mark.parametrize("type_", ["Task", "Goal", "Flag", "Communication", "DocumentReference"])
def test_pages_to_the_end(server: FHIRServer, served: Served, type_: str) -> None:
    search = model(type_).where({"_count": "7"})
    assert ids_of(search.perform_resources_iter(server)) == served.ids[type_]
    assert sum(1 for _ in search.perform_iter(server)) == -(-len(served.ids[type_]) // 7)


def test_search_by_values(server: FHIRServer) -> None:
    every = list(Task.where({}).perform_resources_iter(server))
    is_open = {"accepted", "in-progress"}
    expected = ids_of(each for each in every if each.status in is_open)
    assert expected
    search = Task.where({"status": {"$or": sorted(is_open)}})
    assert ids_of(search.perform_resources_iter(server)) == expected
    without = ids_of(each for each in every if each.priority is None)
    search = Task.where({"priority": {"$missing": "true"}})
    assert ids_of(search.perform_resources_iter(server)) == without
    due = [each for each in every if each.restriction.period.end.isostring >= "2026-01-01"]
    assert due
    search = Task.where({"due": "ge2026-01-01"})
    assert ids_of(search.perform_resources_iter(server)) == ids_of(due)


def test_a_chain(server: FHIRServer, served: Served) -> None:
    search = Task.where({"focus": {"$type": "EpisodeOfCare", "_id": served.case}})
    assert ids_of(search.perform_resources_iter(server)) == served.cases[served.case]["Task"]


def test_revinclude(server: FHIRServer, served: Served) -> None:
    search = EpisodeOfCare.where({"_id": served.case}).include("focus", Task, reverse=True)
    found = list(search.perform_resources_iter(server))
    assert found[0].id == served.case
    assert ids_of(found[1:]) == served.cases[served.case]["Task"]


def test_an_old_form_of_prefixes_is_refused(server: FHIRServer) -> None:
    """The client still writes `>` for `gt`."""
    search = Task.where({"due": {"$gt": "2026-01-01"}})
    issue = refusal(400, lambda: list(search.perform_iter(server)))
    assert issue["code"] == "invalid"


def test_create_update_delete(changed: FHIRServer, member: str) -> None:
    mine = made(changed, task(**{"for": subject(member)}))
    assert (mine.status, mine.for_fhir.reference) == ("ready", f"Patient/{member}")
    mine.description = "Call again"
    after = parsed(mine.update(changed))
    assert after.description == "Call again"
    assert after.meta.versionId != mine.meta.versionId
    assert Task.read(mine.id, changed).as_json() == after.as_json()
    assert mine.delete(changed) is None
    with pytest.raises(Exception, match="410"):
        Task.read(mine.id, changed)


def test_every_written_type(changed: FHIRServer, member: str) -> None:
    """Each is read back as it was built."""
    interaction = made(changed, communication(subject=subject(member), sent=None))
    for body in (
        goal(subject=subject(member), startDate="2026-01-01"),
        flag("fall-risk", member),
        document(interaction.id, subject=subject(member)),
    ):
        mine = made(changed, body)
        read = type(mine).read(mine.id, changed).as_json()
        assert {name: read.get(name) for name in body} == body


def test_history_and_vread(changed: FHIRServer, member: str) -> None:
    mine = made(changed, goal(subject=subject(member)))
    first = mine.meta.versionId
    mine.startDate = None
    mine.description.text = "Walk far"
    mine.update(changed)
    history = Bundle.read_from(f"Goal/{mine.id}/_history", changed)
    texts = [each.resource.description.text for each in history.entry]
    assert (history.type, texts) == ("history", ["Walk far", "Walk more"])
    old = Goal.read_from(f"Goal/{mine.id}/_history/{first}", changed)
    assert (old.meta.versionId, old.description.text) == (first, "Walk more")


def test_conditional_create(changed_url: str, member: str) -> None:
    server = connected(changed_url, If_None_Exist=f"patient={member}")
    first = made(server, goal(subject=subject(member)))
    assert made(server, goal(subject=subject(member))).id == first.id


@pytest.mark.parametrize("type_", ["batch", "transaction"])
def test_batch_and_transaction(changed: FHIRServer, member: str, type_: str) -> None:
    entries = [
        {"resource": flag("a", member), "request": {"method": "POST", "url": "Flag"}},
        {"request": {"method": "GET", "url": f"Goal?patient={member}"}},
    ]
    answer = sent_as_bundle(changed, type_, entries)
    assert answer.type == f"{type_}-response"
    assert [each.response.status[:3] for each in answer.entry] == ["201", "200"]
    assert isinstance(answer.entry[1].resource, Bundle)
    (found,) = Flag.where({"patient": member}).perform_resources_iter(changed)
    assert found.code.text == "a"


def test_a_batch_with_a_wrong_entry(changed: FHIRServer) -> None:
    entries = [
        {"resource": task(status="nonsense"), "request": {"method": "POST", "url": "Task"}},
        {"request": {"method": "GET", "url": "Task/none"}},
    ]
    answer = sent_as_bundle(changed, "batch", entries)
    assert [each.response.status[:3] for each in answer.entry] == ["422", "404"]
    codes = [each.response.outcome.issue[0].code for each in answer.entry]
    assert codes == ["code-invalid", "not-found"]


def test_what_is_not_there(server: FHIRServer) -> None:
    assert refusal(404, Task.read, "none", server) == {
        "severity": "error",
        "code": "not-found",
        "diagnostics": "There is no Task with this id.",
    }


def test_an_unknown_parameter(server: FHIRServer) -> None:
    search = Task.where({"stauts": "ready"})
    issue = refusal(400, lambda: list(search.perform_iter(server)))
    assert issue["code"] == "not-supported"
    assert "Did you mean 'status'?" in issue["diagnostics"]


def test_a_stale_version(changed: FHIRServer, changed_url: str, member: str) -> None:
    mine = made(changed, task(**{"for": subject(member)}))
    careful = connected(changed_url, If_Match=f'W/"{mine.meta.versionId}"')
    mine.description = "First"
    mine.update(careful)
    mine.description = "Second"
    assert refusal(412, mine.update, careful)["code"] == "conflict"
    assert Task.read(mine.id, changed).description == "First"


def test_a_refused_body(changed: FHIRServer) -> None:
    issue = refusal(422, parsed(task(status="nonsense")).create, changed)
    assert (issue["code"], issue["expression"]) == ("code-invalid", ["Task.status"])


def test_a_rule_of_the_platform(changed: FHIRServer, member: str) -> None:
    mine = made(changed, goal(subject=subject(member), lifecycleStatus="completed"))
    mine.lifecycleStatus = "proposed"
    assert refusal(422, mine.update, changed)["code"] == "business-rule"


def test_validate(changed: FHIRServer) -> None:
    for body, expected in ((task(), []), (task(status="nonsense"), [["Task.status"]])):
        answer = changed.post_json("Task/$validate", parsed(body).as_json())
        outcome = parsed(answer.json())
        errors = [each.expression for each in outcome.issue if each.severity == "error"]
        assert errors == expected


def test_a_whole_case(changed: FHIRServer, served: Served) -> None:
    """Read as a Bundle and posted as one, it becomes another case of the same parts."""
    read = Bundle.read(served.case, changed)
    read.id = None
    copy = Bundle(read.create(changed))
    assert copy.id != served.case
    assert _types(copy) == _types(read)


def _types(bundle: Bundle) -> list[str]:
    """Of its parts; the log is the platform's own."""
    types = (each.resource.resource_type for each in bundle.entry)
    return sorted(each for each in types if each != "Provenance")
