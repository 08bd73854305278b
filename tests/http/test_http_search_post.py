"""POST _search: the same search as by GET, with its parameters in a form."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import error, serving, settings

FORM = "application/x-www-form-urlencoded"
WRONG_TYPE = error("not-supported", f"A POSTed search is a form: send Content-Type: {FORM}.")
TOO_MANY = error(
    "too-costly", "The search asks for too many values at once; ask in several searches."
)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "status=ready",
        "status=ready,completed&_sort=-due&_count=2",
        "_tag=hidden",
        "_summary=count",
        "_total=accurate&_count=1",
        "status=ready&_elements=id",
        "status=parked",
        "_pretty=true&_count=1",
        "_format=json",
        "_format=xml",
        "bogus=1",
        "due=nonsense",
        "_sort=bogus",
        "_count=-1",
        "status=%ff",
    ],
)
@pytest.mark.parametrize("type_", ["Task", "Case"])
async def test_post_equals_get(client: httpx.AsyncClient, type_: str, query: str) -> None:
    got = await client.get(f"/{type_}?{query}")
    posted = await client.post(
        f"/{type_}/_search", content=query.encode(), headers={"Content-Type": FORM}
    )
    assert posted.status_code == got.status_code
    assert posted.content == got.content


async def test_parameters_of_the_url_and_of_the_form_join(client: httpx.AsyncClient) -> None:
    joined = await client.post("/Task/_search?status=ready", data={"_id": "t1"})
    assert joined.json()["total"] == 1
    none = await client.post("/Task/_search?status=completed", data={"_id": "t1"})
    assert none.json()["total"] == 0


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/fhir+json", "text/plain", "multipart/form-data"],
)
async def test_a_body_that_is_no_form(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post(
        "/Task/_search", content=b'{"status":"ready"}', headers={"Content-Type": content_type}
    )
    assert response.status_code == 415
    assert response.json() == WRONG_TYPE


async def test_a_body_without_a_type(client: httpx.AsyncClient) -> None:
    response = await client.post("/Task/_search", content=b"status=ready")
    assert response.status_code == 415
    assert response.json() == WRONG_TYPE


@pytest.mark.parametrize("content_type", [f"{FORM}; charset=utf-8", FORM.upper(), f" {FORM} ;x"])
async def test_a_form_by_other_spellings(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post(
        "/Task/_search", content=b"_id=t1", headers={"Content-Type": content_type}
    )
    assert response.json()["total"] == 1


async def test_an_empty_body_of_any_type_is_a_search_of_all(client: httpx.AsyncClient) -> None:
    response = await client.post("/Task/_search", headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert response.json()["total"] == 1


@pytest.mark.parametrize("body", [b"status=%ff", b"status=\xff", b"%c3=1"])
async def test_a_form_that_is_not_utf8(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/Task/_search", content=body, headers={"Content-Type": FORM})
    assert response.status_code == 400
    assert response.json() == error("invalid", "The parameters are not percent-encoded UTF-8.")


async def test_a_form_longer_than_a_url_may_be(client: httpx.AsyncClient) -> None:
    ids = ",".join(["t1", *(f"n{number:025}" for number in range(900))])
    assert len(ids) > settings().max_url
    response = await client.post("/Task/_search", data={"_id": ids, "_summary": "count"})
    assert response.status_code == 200
    assert response.json()["total"] == 1


async def test_more_values_than_one_search_takes(client: httpx.AsyncClient) -> None:
    ids = ",".join(f"n{number}" for number in range(1001))
    response = await client.post("/Task/_search", data={"_id": ids})
    assert response.status_code == 422
    assert response.json() == TOO_MANY


async def test_a_form_too_long(shared_store: Store) -> None:
    async with serving(shared_store, max_body=2000) as asking:
        fits = await asking.post("/Task/_search", data={"_id": "x" * 1900})
        assert fits.status_code == 200
        response = await asking.post("/Task/_search", data={"_id": "x" * 2000})
    assert response.status_code == 413
    assert response.json() == error("too-long", "The request body is longer than 2000 bytes.")


async def test_a_body_that_comes_in_pieces(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"_i", b"d=", b"", b"t1"):
            yield piece

    response = await client.post("/Task/_search", content=pieces(), headers={"Content-Type": FORM})
    assert response.json()["total"] == 1


async def test_too_many_parameters(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/Task/_search", content=b"status=x&" * 20_000, headers={"Content-Type": FORM}
    )
    assert response.status_code == 422
    assert response.json() == TOO_MANY
