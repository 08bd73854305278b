"""Resources that a client wrote, as they are read then: kept content is served beside our own."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.validator.control import official
from tests.validator.sample import Json, Sample
from tests.validator.server import Asking
from tests.validator.shape import distinct
from tests.writes_hard.samples import WRITABLE, rich
from tests.writing.exact_json import read

MOST_CASES = 20
COMMUNICATION: Json = {
    "resourceType": "Communication",
    "status": "completed",
    "subject": {"reference": "Patient/M1"},
}


async def written(asking: Asking) -> AsyncIterator[Sample]:
    """The official examples and others, written and read; those of a case, within their case."""
    parent = await _created(asking, COMMUNICATION)
    for sample in official():
        resource = sample.resource
        if resource["resourceType"] in WRITABLE:
            made = await _created(asking, _belonging(resource, parent["id"]))
            yield Sample(sample.name, f"written {resource['resourceType']}", made)
    for number, resource in enumerate(rich()):
        made = await _created(asking, resource)
        yield Sample(f"rich {number}", f"written {resource['resourceType']}", made)
    async for sample in _cases(asking):
        yield sample


async def provenance(asking: Asking) -> list[Sample]:
    """Who made the versions that were written: of each shape one."""
    found = [
        Sample(f"Provenance/{each['id']}", "written Provenance", each)
        async for each in asking.resources("/Provenance?_count=500")
        if "/_history/" in each["target"][0]["reference"]
    ]
    return distinct(found, MOST_CASES)


async def _created(asking: Asking, resource: Json) -> Json:
    response = await asking.send("POST", f"/{resource['resourceType']}", resource)
    assert response.status_code == 201, response.text
    return await asking.get(response.headers["location"].partition("/_history")[0])


def _belonging(resource: Json, communication: str) -> Json:
    """A document belongs to an interaction or a case; other resources are as they are."""
    if resource["resourceType"] != "DocumentReference":
        return resource
    given = {name: each for name, each in resource.items() if name != "subject"}
    link = {"reference": f"Communication/{communication}"}
    return {**given, "context": {**given.get("context", {}), "related": [link]}}


async def _cases(asking: Asking) -> AsyncIterator[Sample]:
    """Copies of cases with what the official examples of a case's parts say."""
    examples = {each.name: each.resource for each in official()}
    # all are read first: the copies are cases too
    for case in [each async for each in asking.resources("/Case?_count=20")][:MOST_CASES]:
        sent = {**case, "entry": [_changed(each, examples) for each in case["entry"]]}
        response = await asking.send("POST", "/Case", sent)
        if response.status_code == 409:  # its active flag is there already
            continue
        assert response.status_code == 201, response.text
        id = read(response.content)["id"]
        yield Sample(f"Case/{id}", "written Case", await asking.get(f"/Case/{id}"))


def _changed(entry: Json, examples: dict[str, Json]) -> Json:
    """An entry with elements that the platform has no fields for."""
    resource = entry["resource"]
    more: Json = {
        "CarePlan": {"contributor": [{"display": "Ann"}], "description": "The plan"},
        "CareTeam": {"telecom": [{"system": "phone", "value": "1"}], "note": [{"text": "A team"}]},
        "EpisodeOfCare": {"account": [{"reference": "Account/1"}], "language": "en"},
    }
    given = more.get(resource["resourceType"], {})
    return {**entry, "resource": {**resource, **given}}
