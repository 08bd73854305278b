"""Python's fhirpy, asynchronous and not, where it reads.

https://github.com/beda-software/fhir-py
"""

from __future__ import annotations

from typing import Any

import pytest
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from fhirpy.base.searchset import Raw

from tests.clients.conftest import Served
from tests.clients.with_fhirpy import CLIENTS, done, everything, ids_of, issue_of, with_headers

CATEGORIES = "https://fhir.wellnecity.com/ValueSet/task-category"


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, served: Served) -> Any:
    return CLIENTS[request.param](served.url)


async def test_metadata(client: Any) -> None:
    statement = await done(client.execute("metadata", method="get"))
    assert (statement.resourceType, statement.fhirVersion) == ("CapabilityStatement", "4.0.1")
    assert statement.get_by_path("rest.0.mode") == "server"


async def test_read(client: Any, served: Served) -> None:
    id_ = served.ids["Task"][0]
    assert (await done(client.get("Task", id_)))["id"] == id_
    assert (await done(client.get(f"Task/{id_}")))["id"] == id_
    resource = await done(client.reference("Task", id_).to_resource())
    assert (resource.resource_type, resource.id) == ("Task", id_)


async def test_a_reference_in_a_resource_is_followed(client: Any, served: Served) -> None:
    id_ = served.cases[served.case]["Task"][0]
    found = await done(client.resources("Task").search(_id=id_).get())
    case = await done(found["focus"].to_resource())
    assert case.reference == f"EpisodeOfCare/{served.case}"


@pytest.mark.parametrize("type_", ["Task", "Goal", "Flag", "Communication", "DocumentReference"])
async def test_pages_to_the_end(client: Any, served: Served, type_: str) -> None:
    search = client.resources(type_).limit(7)
    found = await everything(search)
    assert ids_of(found) == served.ids[type_]
    assert ids_of(await done(search.fetch_all())) == served.ids[type_]
    assert len(await done(search.fetch())) == 7


async def test_cases_as_bundles(client: Any, served: Served) -> None:
    found = await everything(client.resources("Bundle").limit(4))
    assert {each["type"] for each in found} == {"collection"}
    assert len(found) == len(served.ids["EpisodeOfCare"])


async def test_count_and_first(client: Any, served: Served) -> None:
    search = client.resources("Goal").search(_lastUpdated__lt="2026-11-01")
    assert await done(search.count()) == len(served.ids["Goal"])
    assert (await done(search.sort("_id").first())).id == served.ids["Goal"][0]
    assert await done(client.resources("Goal").search(patient="nobody").first()) is None


async def test_search_by_values(client: Any, served: Served) -> None:
    tasks = client.resources("Task").search(_lastUpdated__lt="2026-11-01")
    every = await everything(tasks)
    is_open = {"accepted", "in-progress"}
    expected = ids_of([each for each in every if each.status in is_open])
    assert expected
    assert ids_of(await everything(tasks.search(status="accepted,in-progress"))) == expected
    other = ids_of([each for each in every if each.status not in is_open])
    assert ids_of(await everything(tasks.search(status__not=list(is_open)))) == other
    late = ids_of([each for each in every if _due(each) >= "2026-01-01"])
    assert late
    assert ids_of(await everything(tasks.search(due__ge="2026-01-01"))) == late


def _due(resource: Any) -> str:
    return str(resource.get_by_path("restriction.period.end", ""))


async def test_sort(client: Any, served: Served) -> None:
    search = client.resources("Task").search(_lastUpdated__lt="2026-11-01").sort("-due").limit(9)
    stamps = [_due(each) for each in await everything(search)]
    assert stamps == sorted(stamps, reverse=True)
    assert len(stamps) == len(served.ids["Task"])


async def test_chain_and_has(client: Any, served: Served) -> None:
    of_case = client.resources("Task").search(Raw(**{"focus:EpisodeOfCare._id": served.case}))
    assert ids_of(await everything(of_case)) == served.cases[served.case]["Task"]
    one = served.cases[served.case]["Task"][0]
    having = client.resources("EpisodeOfCare").has("Task", "focus", _id=one)
    assert ids_of(await everything(having)) == [served.case]


async def test_includes(client: Any, served: Served) -> None:
    search = client.resources("EpisodeOfCare").search(_id=served.case)
    search = search.revinclude("Task", "focus").revinclude("Goal", "case")
    bundle = await done(search.fetch_raw())
    found: dict[str, list[str]] = {}
    for entry in bundle.entry:
        found.setdefault(entry.resource.resource_type, []).append(entry.resource.id)
    linked = served.cases[served.case]
    assert found["EpisodeOfCare"] == [served.case]
    assert sorted(found["Task"]) == linked["Task"]
    assert sorted(found["Goal"]) == linked["Goal"]
    tasks = client.resources("Task").search(_id=linked["Task"][0]).include("Task", "focus")
    bundle = await done(tasks.fetch_raw())
    assert [each.search.mode for each in bundle.entry] == ["match", "include"]
    assert bundle.entry[1].resource.id == served.case


async def test_elements(client: Any, served: Served) -> None:
    """It asks for `resourceType` and `id` beside what was named."""
    found = await done(client.resources("Flag").elements("code").limit(1).fetch())
    assert {"id", "resourceType", "code"} <= set(found[0])
    assert "period" not in found[0]
    assert found[0].get_by_path(["meta", "tag", {"code": "SUBSETTED"}, "code"]) == "SUBSETTED"


async def test_elements_left_out(client: Any) -> None:
    """R4 has no such list, and the answer says so."""
    search = client.resources("Flag").elements("code", exclude=True).limit(1)
    bundle = await done(search.fetch_raw())
    (outcome,) = (each.resource for each in bundle.entry if each.search.mode == "outcome")
    assert (outcome.issue[0].severity, "-code" in outcome.issue[0].diagnostics) == ("warning", True)


async def test_operations(client: Any, served: Served) -> None:
    case = client.reference("EpisodeOfCare", served.case)
    bundle = await done(case.execute("$case", method="get"))
    of_type = [each.resource.id for each in bundle.entry if each.resource.resourceType == "Task"]
    assert sorted(of_type) == served.cases[served.case]["Task"]
    patient = (await done(case.to_resource()))["patient"].id
    found = await done(
        client.resources("DocumentReference").execute(
            "$docref", method="get", params={"patient": patient}
        )
    )
    assert found.type == "searchset"


async def test_what_is_not_there(client: Any) -> None:
    with pytest.raises(ResourceNotFound) as raised:
        await done(client.get("Task", "none"))
    assert issue_of(raised.value) == {
        "severity": "error",
        "code": "not-found",
        "diagnostics": "There is no Task with this id.",
    }
    with pytest.raises(ResourceNotFound):
        await done(client.resources("Task").search(_id="none").get())
    with pytest.raises(ResourceNotFound) as raised:
        await done(client.get("Encounter", "1"))
    assert issue_of(raised.value)["code"] == "not-supported"


async def test_an_unknown_parameter(client: Any) -> None:
    with pytest.raises(OperationOutcome) as raised:
        await everything(client.resources("Task").search(stauts="ready"))
    issue = issue_of(raised.value)
    assert issue["code"] == "not-supported"
    assert "Did you mean 'status'?" in issue["diagnostics"]
    lenient = with_headers(client, Prefer="handling=lenient")
    assert await done(lenient.resources("Task").search(stauts="ready").first()) is not None


async def test_terminology(client: Any) -> None:
    params = {"url": CATEGORIES}
    value_sets = client.resources("ValueSet")
    expanded = await done(value_sets.execute("$expand", method="get", params=params))
    codes = [each.code for each in expanded.expansion.contains]
    assert "Member" in codes
    params["code"] = "Member"
    params["system"] = expanded.expansion.contains[0].system
    answer = await done(value_sets.execute("$validate-code", method="get", params=params))
    assert answer.get_by_path(["parameter", {"name": "result"}, "valueBoolean"]) is True
