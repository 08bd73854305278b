"""If-Match and If-None-Match on writes: what is expected is there, or nothing is done.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from __future__ import annotations

import httpx
import pytest

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.writes_hard.kit import (
    ABSENT,
    JSON_PATCH,
    STALE,
    contents,
    etag,
    made,
    refused,
    send,
    task,
    url_of,
)

CHANGE = [{"op": "replace", "path": "/description", "value": "Changed"}]
RIGHT = ["{}", '"{bare}"', "*", " * ", 'W/"other", {}', '{},W/"other"', '"a" , "{bare}"', "{bare}"]
WRONG = ['W/"other"', '"other"', "other", '"*"', 'W/"a", "b"', "", ",", '""', 'w/"{bare}"x', "é"]


def _shaped(shape: str, tag: str) -> str:
    return shape.replace("{bare}", tag[3:-1]).replace("{}", tag)


async def _write(
    client: httpx.AsyncClient, method: str, url: str, id: str, headers: dict[str, str | bytes]
) -> httpx.Response:
    if method == "PUT":
        return await send(client, "PUT", url, task(id=id, description="Changed"), headers)
    if method == "PATCH":
        return await send(client, "PATCH", url, CHANGE, headers, JSON_PATCH)
    return await send(client, "DELETE", url, None, headers)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("shape", RIGHT)
async def test_if_match_right(client: httpx.AsyncClient, method: str, shape: str) -> None:
    one = await made(client, task())
    header = {"If-Match": _shaped(shape, etag(one))}
    response = await _write(client, method, url_of(one), one["id"], header)
    assert response.status_code == (204 if method == "DELETE" else 200), response.text
    assert response.headers["etag"] != etag(one)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("shape", WRONG)
async def test_if_match_wrong(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, shape: str
) -> None:
    one = await made(client, task())
    before = await contents(sqlite_store)
    header = {"If-Match": _shaped(shape, etag(one)).encode("latin-1")}
    response = await _write(client, method, url_of(one), one["id"], header)
    refused(response, 412, "conflict", STALE)
    assert await contents(sqlite_store) == before
    assert (await client.get(url_of(one))).headers["etag"] == etag(one)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_an_older_version(client: httpx.AsyncClient, method: str) -> None:
    one = await made(client, task())
    second = await _write(client, "PUT", url_of(one), one["id"], {"If-Match": etag(one)})
    assert second.status_code == 200
    refused(
        await _write(client, method, url_of(one), one["id"], {"If-Match": etag(one)}),
        412,
        "conflict",
        STALE,
    )
    tag = {"If-Match": second.headers["etag"]}
    assert (await _write(client, method, url_of(one), one["id"], tag)).is_success


@pytest.mark.parametrize("tag", ["*", 'W/"a"', '"a", "b"'])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_if_match_where_nothing_is(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, tag: str
) -> None:
    response = await _write(client, method, "/Task/nobody", "nobody", {"If-Match": tag})
    refused(response, 412, "conflict", ABSENT)
    assert not any((await contents(sqlite_store)).values())


@pytest.mark.parametrize("tag", ["*", 'W/"a"'])
async def test_if_match_of_a_patch_where_nothing_is(client: httpx.AsyncClient, tag: str) -> None:
    response = await _write(client, "PATCH", "/Task/nobody", "nobody", {"If-Match": tag})
    refused(response, 404, "not-found", "There is no Task with this id.")


@pytest.mark.parametrize("tag", ["*", "the last one"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_if_match_of_what_is_deleted(
    client: httpx.AsyncClient, method: str, tag: str
) -> None:
    one = await made(client, task())
    assert (await client.delete(url_of(one))).status_code == 204
    header = {"If-Match": etag(one) if tag != "*" else tag}
    response = await _write(client, method, url_of(one), one["id"], header)
    refused(response, 412, "conflict", ABSENT)
    assert (await client.get(url_of(one))).status_code == 410


async def test_if_match_of_a_patch_of_what_is_deleted(client: httpx.AsyncClient) -> None:
    one = await made(client, task())
    assert (await client.delete(url_of(one))).status_code == 204
    response = await _write(client, "PATCH", url_of(one), one["id"], {"If-Match": "*"})
    refused(response, 410, "deleted", "This Task has been deleted.")


@pytest.mark.parametrize("shape", ["*", "{}", '"x", {}', '"{bare}"'])
async def test_if_none_match_of_what_is_there(client: httpx.AsyncClient, shape: str) -> None:
    one = await made(client, task())
    header = {"If-None-Match": _shaped(shape, etag(one))}
    response = await _write(client, "PUT", url_of(one), one["id"], header)
    refused(response, 412, "conflict")
    assert (await client.get(url_of(one))).headers["etag"] == etag(one)


async def test_if_none_match_of_another_version(client: httpx.AsyncClient) -> None:
    one = await made(client, task())
    header = {"If-None-Match": 'W/"other"'}
    assert (await _write(client, "PUT", url_of(one), one["id"], header)).status_code == 200


async def test_if_none_match_star_creates_once(creating_client: httpx.AsyncClient) -> None:
    header = {"If-None-Match": "*"}
    assert (await _write(creating_client, "PUT", "/Task/t1", "t1", header)).status_code == 201
    refused(await _write(creating_client, "PUT", "/Task/t1", "t1", header), 412, "conflict")
    assert (await creating_client.delete("/Task/t1")).status_code == 204
    assert (await _write(creating_client, "PUT", "/Task/t1", "t1", header)).status_code == 201


@pytest.mark.parametrize("tag", ["*", 'W/"a"'])
async def test_if_match_creates_nothing(
    creating_client: httpx.AsyncClient, sqlite_store: Store, tag: str
) -> None:
    response = await _write(creating_client, "PUT", "/Task/t1", "t1", {"If-Match": tag})
    refused(response, 412, "conflict", ABSENT)
    assert not any((await contents(sqlite_store)).values())


async def test_a_change_by_other_software_is_another_version(
    client: httpx.AsyncClient, sqlite_store: Store
) -> None:
    one = await made(client, task())
    (raw,) = [each async for batch in sqlite_store.scan("work_queue") for each in batch]
    assert await sqlite_store.replace("work_queue", raw, {**decode(raw), "theirs": 1})
    response = await _write(client, "PUT", url_of(one), one["id"], {"If-Match": etag(one)})
    refused(response, 412, "conflict", STALE)
    tag = (await client.get(url_of(one))).headers["etag"]
    response = await _write(client, "PUT", url_of(one), one["id"], {"If-Match": tag})
    assert response.status_code == 200
    (raw,) = [each async for batch in sqlite_store.scan("work_queue") for each in batch]
    assert decode(raw)["theirs"] == 1
