"""Bundles and OperationOutcomes as the server answers with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

from tests.http.asker import SERVED
from tests.interactions.test_bundle_validity import samples as bundle_of_every_kind
from tests.validator.sample import Json, Sample
from tests.validator.server import Asking
from tests.writing.exact_json import read

MEMBER = "M100001"
LENIENT = {"prefer": "handling=lenient"}
OF_A_TYPE = (
    "_count=4",
    "_count=2&_include=*&_revinclude=*",
    "_count=4&_summary=true",
    "_count=4&_summary=text",
    "_count=4&_summary=data",
    "_summary=count",
    "_count=5&_elements=id,identifier,extension",
    "_count=0&_total=accurate",
    "_id=none",
)
OTHERS = (
    "?_type=Task,Goal,Flag&_count=6&_sort=-_lastUpdated",
    f"?_type=Task,Communication&patient={MEMBER}&_summary=true",
    f"Patient/{MEMBER}/Task?_count=5",
    f"Patient/{MEMBER}/*?_count=10",
    f"Patient/{MEMBER}/$everything?_count=20",
    f"DocumentReference/$docref?patient={MEMBER}",
    "Task?_tag=hidden&_count=10",
    "Case?_count=1",
    "EpisodeOfCare?_count=2&_include:iterate=*&_revinclude:iterate=Task:focus",
    "Goal?_count=3&_include=Goal:case&_total=accurate&_sort=-target-date",
)
REFUSED = (
    ("GET", "Task/none", None),
    ("GET", "Nothing/1", None),
    ("GET", "Task?stauts=ready&nothing=1", None),
    ("GET", "Task?due=yesterday", None),
    ("GET", "Task?_sort=description", None),
    ("GET", "Task?_count=many", None),
    ("GET", "Task?_format=xml", None),
    ("GET", "Task/_history?_since=never", None),
    ("GET", "Task/none/_history/1", None),
    ("GET", "DocumentReference/$docref", None),
    ("GET", "Task/none/$nothing", None),
    ("PUT", "Provenance/x", {"resourceType": "Provenance", "id": "x"}),
    ("POST", "EpisodeOfCare", {"resourceType": "EpisodeOfCare"}),
    ("POST", "Task", b"{"),
    ("POST", "Task", {"resourceType": "Task"}),
    ("POST", "Task", {"resourceType": "Goal"}),
    ("POST", "Task", {"resourceType": "Task", "status": "odd", "intent": 1, "for": [], "x": {}}),
    ("POST", "Case", {"resourceType": "Bundle", "type": "collection"}),
    ("POST", "", {"resourceType": "Bundle", "type": "history"}),
    ("DELETE", "Task", None),
    ("PATCH", "Task/none", b"[]"),
)


async def searchsets(asking: Asking, kind: str) -> AsyncIterator[Sample]:
    """Pages of every kind, of each type and of several."""
    for url in (*(f"{type_}?{each}" for type_ in SERVED for each in OF_A_TYPE), *OTHERS):
        yield Sample(url, f"{kind} searchset", await asking.get(f"/{url}"))
    url = "Task?nothing=1&_count=5"
    yield Sample(f"{url} (lenient)", f"{kind} searchset", await asking.get(f"/{url}", **LENIENT))


async def summaries(asking: Asking, kind: str) -> AsyncIterator[Sample]:
    """Single resources of which only a part was asked for."""
    for type_ in SERVED:
        resource = await anext(asking.resources(f"/{type_}?_count=1"))
        for query in ("_summary=true", "_summary=text", "_summary=data", "_elements=id"):
            url = f"{type_}/{resource['id']}?{query}"
            yield Sample(url, f"{kind} summary", await asking.get(f"/{url}"))


async def histories(asking: Asking) -> AsyncIterator[Sample]:
    """History of an instance, a type and the whole server, after some writes."""
    task = await _changed_task(asking)
    urls = [
        f"Task/{task}/_history",
        f"Task/{task}/_history?_count=2",
        "Task/_history?_count=15",
        "Goal/_history?_count=15",
        "EpisodeOfCare/_history?_count=10",
        "_history?_count=40",
        "_history?_count=10&_since=2030-01-01T00:00:00Z",
    ]
    for url in urls:
        yield Sample(url, "history", await asking.get(f"/{url}"))


async def _changed_task(asking: Asking) -> str:
    """A task with a version of each kind of write, deleted in the end."""
    task = await anext(asking.resources("/Task?_count=1&status=ready"))
    url = f"/Task/{task['id']}"
    await asking.send("PUT", url, {**task, "description": "Call again"})
    patch: Any = [{"op": "replace", "path": "/description", "value": "Call once more"}]
    await asking.send("PATCH", url, patch, content_type="application/json-patch+json")
    response = await asking.send("DELETE", url)
    assert response.status_code == 204, response.text
    return str(task["id"])


async def bundle_responses(asking: Asking) -> AsyncIterator[Sample]:
    """Answers to batches and transactions, in each form that a client can ask for."""
    for type_ in ("batch", "transaction"):
        for form in ("minimal", "representation", "OperationOutcome"):
            body = await _bundle(asking, type_, member=f"{type_}-{form}")
            response = await asking.send("POST", "/", body, prefer=f"return={form}")
            assert response.status_code == 200, response.text
            yield Sample(f"{type_}, {form}", f"{type_}-response", read(response.content))


async def _bundle(asking: Asking, type_: str, member: str) -> Json:
    """Writes of every kind, reads and searches; in a batch also what is refused."""
    entries = _writes(member)
    if type_ == "batch":
        entries += [_reading(url) for method, url, _ in REFUSED if method == "GET"]
    else:
        entries = [each for each in entries if each["request"]["method"] == "POST"]
    entries += [_reading(each) for each in ("metadata", *OTHERS[:4], OTHERS[-1])]
    for name in SERVED:
        resource = await anext(asking.resources(f"/{name}?_count=1"))
        entries.append(_reading(f"{name}/{resource['id']}"))
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


def _writes(member: str) -> list[Json]:
    """An entry of every kind of write; only one flag of a name is active for a member."""
    found = [each for each in bundle_of_every_kind()["entry"] if each["request"]["method"] != "GET"]
    for entry in found:
        if entry.get("resource", {}).get("resourceType") == "Flag":
            entry["resource"]["subject"] = {"reference": f"Patient/{member}"}
    return found


def _reading(url: str) -> Json:
    return {"request": {"method": "GET", "url": url}}


async def outcomes(asking: Asking) -> AsyncIterator[Sample]:
    """OperationOutcomes of refusals, and those that accompany successes."""
    for method, url, body in REFUSED:
        response = await asking.send(method, f"/{url}", body)
        assert 400 <= response.status_code < 500, f"{method} {url}: {response.status_code}"
        yield Sample(f"{method} {url}", "outcome", read(response.content))
    async for resource in _unread(asking):
        yield resource


async def _unread(asking: Asking) -> AsyncIterator[Sample]:
    """Outcomes of searches that could not express all they found."""
    for type_ in SERVED:
        page = await asking.get(f"/{type_}?_count=200")
        entries = [each for each in page["entry"] if each["search"]["mode"] == "outcome"]
        for entry in islice(entries, 1):
            yield Sample(f"{type_}, left out", "outcome", entry["resource"])
