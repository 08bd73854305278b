"""Conditional reads: entity tags, dates, 304, and versions that follow the stored bytes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.conftest import TASK
from tests.http.serving import serving

MODIFIED = "Fri, 16 Jan 2026 09:30:00 GMT"


async def _read(client: httpx.AsyncClient, *headers: tuple[str, str]) -> httpx.Response:
    return await client.get("/Task/t1", headers=list(headers))


async def test_a_read_says_its_version_and_its_time(client: httpx.AsyncClient) -> None:
    response = await _read(client)
    resource = response.json()
    assert response.headers["etag"] == f'W/"{resource["meta"]["versionId"]}"'
    assert response.headers["last-modified"] == MODIFIED
    assert resource["meta"]["lastUpdated"] == "2026-01-16T09:30:00.678Z"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "shape",
    ['W/"{}"', '"{}"', '"other", W/"{}"', 'W/"{}","other"', '"{}" , "b"', "*", '"a",*'],
)
async def test_if_none_match_with_the_known_version(client: httpx.AsyncClient, shape: str) -> None:
    full = await _read(client)
    version = full.json()["meta"]["versionId"]
    response = await _read(client, ("If-None-Match", shape.replace("{}", version)))
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == full.headers["etag"]
    assert response.headers["last-modified"] == MODIFIED
    assert response.headers["x-request-id"]


async def test_a_304_gives_no_length_of_a_body_it_has_not(client: httpx.AsyncClient) -> None:
    response = await _read(client, ("If-None-Match", "*"))
    assert response.headers.get("content-length") in (None, str(len((await _read(client)).content)))


@pytest.mark.parametrize("tags", ['W/"other"', '""', "", 'W/""', '"*"'])
async def test_if_none_match_with_another_version(client: httpx.AsyncClient, tags: str) -> None:
    response = await _read(client, ("If-None-Match", tags))
    assert response.status_code == 200
    assert response.json()["id"] == "t1"


async def test_lines_of_if_none_match_are_one_list(client: httpx.AsyncClient) -> None:
    etag = (await _read(client)).headers["etag"]
    for tags in ([etag, '"x"'], ['"x"', etag]):
        response = await _read(client, *(("If-None-Match", tag) for tag in tags))
        assert response.status_code == 304


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (MODIFIED, 304),
        ("Fri, 16 Jan 2026 09:30:01 GMT", 304),
        ("Sat, 17 Jan 2026 00:00:00 GMT", 304),
        ("Friday, 16-Jan-26 10:00:00 GMT", 304),
        ("Fri, 16 Jan 2026 09:29:59 GMT", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("yesterday", 200),
        ("2026-01-17", 200),
        ("", 200),
    ],
)
async def test_if_modified_since(client: httpx.AsyncClient, since: str, status: int) -> None:
    response = await _read(client, ("If-Modified-Since", since))
    assert response.status_code == status


async def test_if_none_match_outranks_if_modified_since(client: httpx.AsyncClient) -> None:
    late = ("If-Modified-Since", "Sat, 17 Jan 2026 00:00:00 GMT")
    assert (await _read(client, ("If-None-Match", '"other"'), late)).status_code == 200


async def test_without_a_time_a_read_is_never_dated(sqlite_store: Store) -> None:
    document = {name: value for name, value in TASK.items() if name != "updated"}
    await sqlite_store.insert("work_queue", [document])
    async with serving(sqlite_store) as asking:
        response = await _read(asking, ("If-Modified-Since", "Sat, 17 Jan 2099 00:00:00 GMT"))
    assert response.status_code == 200
    assert "last-modified" not in response.headers
    assert "lastUpdated" not in response.json()["meta"]


@pytest.mark.parametrize("updated", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"])
async def test_a_time_that_utc_does_not_have(sqlite_store: Store, updated: str) -> None:
    await sqlite_store.insert("work_queue", [{**TASK, "updated": updated}])
    async with serving(sqlite_store) as asking:
        response = await _read(asking, ("If-Modified-Since", MODIFIED))
    assert response.status_code == 200
    assert "last-modified" not in response.headers


@pytest.mark.parametrize(
    "change",
    [
        {"status": "ready"},
        {"message": "Call back "},
        {"unmapped": None},
        {"unmapped": 1},
        {"subject": {"name": "Ann", "id": "M1"}},
        {"fhir": {}},
    ],
)
async def test_any_change_of_a_stored_byte_is_another_version(
    small_store: Store, change: dict[str, Any]
) -> None:
    async with serving(small_store) as asking:
        before = (await _read(asking)).headers["etag"]
        (old,) = await small_store.get("work_queue", ["t1"])
        assert await small_store.replace("work_queue", old, {**decode(old), **change})
        response = await _read(asking, ("If-None-Match", before))
        assert response.status_code == 200
        assert response.headers["etag"] != before
        (new,) = await small_store.get("work_queue", ["t1"])
        assert await small_store.replace("work_queue", new, decode(old))
        assert (await _read(asking, ("If-None-Match", before))).status_code == 304


async def test_the_same_document_is_the_same_version(client: httpx.AsyncClient) -> None:
    assert (await _read(client)).headers["etag"] == (await _read(client)).headers["etag"]


async def test_the_deleted_are_gone_whatever_the_client_has(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task/gone", headers={"If-None-Match": "*"})
    assert response.status_code == 410


async def test_metadata_is_read_conditionally_too(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/metadata")).headers["etag"]
    response = await client.get("/metadata", headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert response.content == b""


async def test_a_search_has_no_version(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task", headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert "etag" not in response.headers
