"""$validate with a mode: it says what the write would say, and stores nothing."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.demo import generate
from fhir_facade.rules.profiles import US_CORE
from tests.http.test_http_validate import GOAL, errors, parameters, said
from tests.writing.cases import parent, tried, under
from tests.writing.exact_json import Json, read
from tests.writing.world import World, new_world

FOLDER = Path(__file__).parents[3] / "shared" / "examples"
WRITTEN = ("Communication", "DocumentReference", "Flag", "Goal", "Task")
FILES = sorted(
    path
    for path in FOLDER.glob("*/*.json")
    if json.loads(path.read_bytes()).get("resourceType") in WRITTEN
)
COLLECTIONS = ("work_queue", "patient_case", "outcomes", "fhir_history", "fhir_leases")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with new_world() as world:
        yield world


@pytest.fixture(scope="module")
def refusing_world() -> Iterator[World]:
    with new_world(unmapped="refuse") as world:
        yield world


@pytest.fixture(scope="module")
def cases() -> Iterator[World]:
    """A server with whole cases in its store."""
    with new_world() as world:
        for collection, document in generate(4):
            world.insert(collection, document)
        yield world


def stored(world: World) -> dict[str, list[Json]]:
    return {name: world.documents(name) for name in COLLECTIONS}


def asked(world: World, resource: Any, mode: str, url: str = "/$validate") -> httpx.Response:
    """Ask, and see that nothing was stored."""
    before = stored(world)
    response = world.ask("POST", f"{url}?mode={mode}", resource)
    assert stored(world) == before
    return response


def judged(world: World, resource: Json) -> None:
    """What create accepts is accepted, and what it refuses is reported with the same words."""
    validation = asked(world, resource, "create")
    found = validation.json()["issue"]
    response = world.ask("POST", f"/{resource['resourceType']}", resource)
    if response.status_code == 201:
        assert errors(validation) == [], response.text
        name = response.headers["location"].split("/")[-3]
        url = f"/{resource['resourceType']}/{name}"
        again = world.read(resource["resourceType"], name)
        assert errors(asked(world, again, "update")) == []
        assert errors(asked(world, None, "delete", f"{url}/$validate")) == []
        assert world.ask("DELETE", url).status_code == 204
    else:
        assert response.status_code < 500
        texts = {each["diagnostics"] for each in found if each["severity"] in ("error", "fatal")}
        assert {each["diagnostics"] for each in response.json()["issue"]} <= texts
        assert texts


def test_the_examples_are_here() -> None:
    if not FILES and not os.environ.get("CI"):
        pytest.skip("../shared/examples is not here")
    assert len(FILES) >= 20


def _example(world: World, path: Path) -> Json:
    found: Json = read(path.read_bytes())
    member = found.get("subject", {}).get("reference", "").rpartition("/")[2]
    return under(found, parent(world, subject={"id": member}))


@pytest.mark.parametrize("path", FILES, ids=[each.stem for each in FILES])
@pytest.mark.parametrize("unmapped", ["keep", "refuse"])
def test_an_example_is_judged_as_by_create(
    world: World, refusing_world: World, path: Path, unmapped: str
) -> None:
    chosen = world if unmapped == "keep" else refusing_world
    judged(chosen, _example(chosen, path))


def _places(value: Any) -> list[tuple[Any, Any]]:
    pairs = list(value.items()) if isinstance(value, dict) else []
    if isinstance(value, list):
        pairs = list(enumerate(value))
    return [(value, key) for key, _ in pairs] + [
        place for _, each in pairs for place in _places(each)
    ]


ODD = st.sampled_from(
    [None, [], {}, "", "x", 1, True, "2020-01-01", "Patient/1", "#x", "draft", "completed",
     {"reference": "Group/1"}, [{"text": "x"}], {"text": "x"}]
)  # fmt: skip


@pytest.mark.skipif(not FILES, reason="../shared/examples is not here")
@tried(60)
@given(data=st.data())
def test_a_changed_example_is_judged_as_by_create(world: World, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FILES))
    resource = copy.deepcopy(_example(world, path))
    for _ in range(data.draw(st.integers(1, 2))):
        holder, key = data.draw(st.sampled_from(_places(resource)))
        if data.draw(st.booleans()) or key == "resourceType":
            if key != "resourceType":
                del holder[key]
        else:
            holder[key] = data.draw(ODD)
    # a claim that is not kept is an error here; a write leaves it out
    resource.get("meta", {}).pop("profile", None) if isinstance(
        resource.get("meta"), dict
    ) else None
    judged(world, resource)


def test_business_rules(world: World) -> None:
    flag = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "Falls"},
        "subject": {"reference": "Patient/rules"},
    }
    assert errors(asked(world, flag, "create")) == []
    created = world.create(flag)
    assert errors(asked(world, flag, "create")) == ["error duplicate Flag.code"]
    assert errors(asked(world, created, "update")) == []
    goal = world.create({**GOAL, "lifecycleStatus": "completed"})
    back = {**goal, "lifecycleStatus": "proposed"}
    assert errors(asked(world, back, "update")) == ["error business-rule Goal.lifecycleStatus"]
    assert errors(asked(world, back, "profile")) == []


def test_a_broken_life_cycle_that_is_advised_against() -> None:
    with new_world(lifecycle="advise") as world:
        goal = world.create({**GOAL, "lifecycleStatus": "completed"})
        found = said(asked(world, {**goal, "lifecycleStatus": "proposed"}, "update"))
        assert "warning business-rule Goal.lifecycleStatus" in found
        assert not [each for each in found if each.startswith("error")]


def test_the_id_of_an_update(world: World) -> None:
    goal = world.create(GOAL)
    url = f"/Goal/{goal['id']}/$validate"
    assert errors(asked(world, goal, "update", url)) == []
    assert errors(asked(world, goal, "update", "/Goal/$validate")) == []
    assert errors(asked(world, GOAL, "update", url)) == ["error invalid Goal.id"]
    assert errors(asked(world, {**goal, "id": "x"}, "update", url)) == ["error invalid Goal.id"]
    assert errors(asked(world, GOAL, "update", "/Goal/$validate")) == ["error invalid Goal.id"]
    assert errors(asked(world, goal, "create", url)) == [], "the id of a create is the server's"
    assert errors(world.ask("GET", f"{url}?mode=update")) == [], "what is stored, as an update"


def test_an_update_of_what_is_not_there(world: World) -> None:
    absent = {**GOAL, "id": str(ObjectId())}
    assert errors(asked(world, absent, "update")) == ["error not-supported Goal"]
    with new_world(update_create=True) as other:
        assert errors(asked(other, absent, "update")) == []


def test_a_delete(world: World) -> None:
    goal = world.create(GOAL)
    url = f"/Goal/{goal['id']}/$validate"
    assert errors(asked(world, None, "delete", url)) == []
    assert errors(world.ask("GET", f"{url}?mode=delete")) == []
    assert errors(world.ask("POST", url, parameters(mode="delete"))) == []
    assert world.ask("DELETE", f"/Goal/{goal['id']}").status_code == 204
    (issue,) = asked(world, None, "delete", url).json()["issue"]
    assert issue["severity"] == "information"
    assert issue["diagnostics"].startswith("There is nothing under this id")


def test_types_that_are_not_written(cases: World) -> None:
    for type_ in ("CareTeam", "CarePlan", "List", "Provenance", "Observation"):
        (found,) = cases.ask("GET", f"/{type_}?_count=1").json()["entry"]
        resource = found["resource"]
        url = f"/{type_}/{resource['id']}/$validate"
        expected = [f"error not-supported {type_}"]
        assert (
            errors(asked(cases, resource, "", "/$validate").request and cases.ask("GET", url)) == []
        )
        assert errors(asked(cases, resource, "create", f"/{type_}/$validate")) == expected
        assert errors(asked(cases, resource, "update", url)) == expected
        assert errors(asked(cases, None, "delete", url)) == expected
    patient = {"resourceType": "Patient"}
    (issue,) = asked(cases, patient, "create").json()["issue"]
    assert issue["code"] == "not-supported"
    assert (
        "it takes them of: Communication, DocumentReference, EpisodeOfCare" in issue["diagnostics"]
    )


def _case(world: World) -> Json:
    identifier = world.ask("GET", "/EpisodeOfCare?_count=1").json()["entry"][0]["resource"]["id"]
    found: Json = world.ask("GET", f"/Case/{identifier}").json()
    return found


@pytest.mark.parametrize("alias", ["Case", "Bundle"])
def test_a_whole_case(cases: World, alias: str) -> None:
    case = _case(cases)
    url = f"/{alias}/{case['id']}/$validate"
    assert errors(cases.ask("GET", url)) == []
    for mode in ("create", "update", "profile"):
        assert errors(asked(cases, case, mode, url)) == []
        assert errors(asked(cases, case, mode, f"/{alias}/$validate")) == []
        assert errors(asked(cases, case, mode)) == []
    assert errors(asked(cases, None, "delete", url)) == []


def test_a_case_that_is_refused(cases: World) -> None:
    case = _case(cases)
    team = next(each for each in case["entry"] if each["resource"]["resourceType"] == "CareTeam")
    lonely = {**case, "entry": [each for each in case["entry"] if each is not team]}
    assert "error business-rule Bundle.entry" in errors(asked(cases, lonely, "create"))
    assert cases.ask("POST", "/Case", lonely).status_code == 422
    batch = {"resourceType": "Bundle", "type": "batch"}
    found = errors(asked(cases, batch, "create"))
    assert "error invalid Bundle.type" in found
    with new_world(max_entries=2) as other:
        assert errors(asked(other, case, "create")) == ["error too-long Bundle.entry"]


def test_a_case_that_is_tried_can_be_written(cases: World) -> None:
    case = _case(cases)
    assert errors(asked(cases, case, "create")) == []
    assert cases.ask("POST", "/Case", case).status_code == 201


def test_what_the_server_gives_a_case_need_not_be_sent(cases: World) -> None:
    sent = {**_case(cases)}
    del sent["identifier"], sent["timestamp"], sent["id"], sent["meta"]
    assert errors(asked(cases, sent, "profile")) == [
        "error required Bundle.identifier",
        "error required Bundle.timestamp",
    ]
    assert errors(asked(cases, sent, "create")) == []
    assert cases.ask("POST", "/Case", sent).status_code == 201


def test_two_outcomes_in_one_case_are_noticed(cases: World) -> None:
    """The second is refused for the first, which is not stored either."""
    found = cases.ask("GET", "/Observation?_count=50").json()["entry"]
    for each in found:
        focus = each["resource"]["focus"][0]["reference"].rpartition("/")[2]
        response = cases.ask("GET", f"/Case/{focus}")
        if response.status_code == 200:
            break
    case = response.json()
    twin = copy.deepcopy(
        next(e for e in case["entry"] if e["resource"]["resourceType"] == "Observation")
    )
    twin["resource"]["id"], twin["fullUrl"] = (
        "another",
        "urn:uuid:7f0e5f0e-0000-4000-8000-000000000001",
    )
    double = {**case, "entry": [*case["entry"], twin]}
    assert [each for each in errors(asked(cases, double, "create")) if " invalid " in each]
    assert cases.ask("POST", "/Case", double).status_code == 422


def test_a_store_without_transactions(mongo_url: str, mongo_database: str) -> None:
    with new_world(mongo_database) as world:
        for collection, document in generate(2):
            world.insert(collection, document)
        case = _case(world)
        status = world.ask("POST", "/Case", case).status_code
        refused = [each for each in errors(asked(world, case, "create")) if "not-supported" in each]
        assert bool(refused) == (status == 422)


def test_claims_are_kept_or_reported(world: World) -> None:
    document = {"resourceType": "CareTeam", "meta": {"profile": [f"{US_CORE}careteam"]}}
    found = errors(world.ask("POST", "/$validate", document))
    assert "error required CareTeam.subject" in found
    assert "error required CareTeam.participant" in found
