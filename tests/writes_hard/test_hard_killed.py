"""A server killed in the middle of many writes: what it acknowledged is there, whole."""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from fhir_facade.rules.json_text import read_json
from fhir_facade.store import open_store
from fhir_facade.store.codec import decode
from tests import mongo_server
from tests.http.serving import matches
from tests.interactions.validity import problems
from tests.writes_hard.killing import Acknowledged, killed_while_writing, serving_process
from tests.writes_hard.kit import flag, send, task
from tests.writes_hard.one_at_a_time import one_at_a_time

WRITES = 300
Document = dict[str, Any]


async def test_on_the_embedded_store(tmp_path: Path) -> None:
    await check(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", WRITES, together=True)


async def test_on_mongodb(tmp_path: Path, mongo_database: str, mongo_url: str) -> None:
    with ExitStack() as stack:
        url, together = mongo_database, not mongo_server.is_ferretdb(mongo_url)
        if not together:
            url = stack.enter_context(one_at_a_time(url))
        await check(tmp_path, url, WRITES // 3, together=together)


async def check(folder: Path, store: str, writes: int, *, together: bool) -> Acknowledged:
    """Kill a server after so many writes; `together` says whether the store has transactions."""
    with serving_process(folder, store) as (base, process):
        done = await killed_while_writing(base, process, writes)
    assert not [each for each in done.refused if each[0] >= 500]
    with serving_process(folder, store) as (base, process):
        documents, versions = await _stored(store)
        _check_versions(versions)
        async with httpx.AsyncClient(base_url=base, timeout=30) as client:
            current = await _served(client, documents)
            _check_acknowledged(done, current, versions)
            _check_newest(done, current, versions, together)
            again = await send(client, "POST", "/Task", task())
            assert again.status_code == 201
            assert (await send(client, "POST", "/Flag", flag("after"))).status_code == 201
    return done


async def _stored(url: str) -> tuple[list[Document], dict[str, list[Document]]]:
    """The documents, and the history of each resource by time."""
    store = open_store(url)
    try:
        documents = [decode(each) async for batch in store.scan("work_queue") for each in batch]
        versions: dict[str, list[Document]] = defaultdict(list)
        async for batch in store.scan("fhir_history"):
            for each in map(decode, batch):
                versions[f"{each['type']}/{each['id']}"].append(each)
    finally:
        await store.close()
    for each in versions.values():
        each.sort(key=lambda version: version["at"])
    return documents, versions


def _check_versions(versions: dict[str, list[Document]]) -> None:
    for name, found in versions.items():
        assert len({each["version"] for each in found}) == len(found), name
        assert len({each["at"] for each in found}) == len(found), name
        for each in found:
            assert each["_id"] == f"{name}/{each['version']}"
            if "body" in each:
                body = read_json(each["body"])
                assert body["meta"]["versionId"] == each["version"]
                assert f"{body['resourceType']}/{body['id']}" == name


async def _served(
    client: httpx.AsyncClient, documents: list[Document]
) -> dict[str, httpx.Response]:
    """Read every stored document, and every document of the parent, as it is served now."""
    kinds = {"task": "Task", "flag": "Flag", "Interaction": "Communication"}
    names = [f"{kinds[each['type']]}/{each['_id']}" for each in documents]
    names += [
        f"DocumentReference/{inner['document_id']}"
        for each in documents
        for inner in each.get("documents", ())
    ]
    found = {}
    for name in names:
        response = await client.get(f"/{name}")
        assert response.status_code in (200, 410), f"{name}: {response.text}"
        assert problems(response.json()) == [], name
        found[name] = response
    tasks = (await client.get("/Task?_count=1000")).json()
    assert len(matches(tasks)) == min(
        1000, sum(name.startswith("Task/") and each.is_success for name, each in found.items())
    )
    return found


def _check_acknowledged(
    done: Acknowledged,
    current: dict[str, httpx.Response],
    versions: dict[str, list[Document]],
) -> None:
    for name, version, body in done.writes:
        kept = {each["version"]: each for each in versions[name]}
        assert version in kept, f"{name}/{version} was acknowledged and is not in the history"
        assert kept[version].get("body", "").encode() == body
        assert name in current
    for name in done.deleted:
        assert current[name].status_code == 410


def _check_newest(
    done: Acknowledged,
    current: dict[str, httpx.Response],
    versions: dict[str, list[Document]],
    together: bool,
) -> None:
    """Only what was under way when the server died may be in the store and not in the history."""
    acknowledged = {(name, version) for name, version, _ in done.writes}
    ahead = 0
    for name, response in current.items():
        if not together and not versions[name]:
            ahead += 1
            continue
        newest = versions[name][-1]
        if response.status_code == 410:
            agrees = "body" not in newest
        else:
            agrees = newest.get("body") == response.text
        if not agrees:
            assert not together, f"{name}: the history ends before the document"
            tag = response.headers.get("etag", "")[3:-1]
            assert (name, tag) not in acknowledged
            ahead += 1
    assert ahead <= 32 + 1
