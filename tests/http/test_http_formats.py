"""What a client may ask FHIR JSON as, and what it gets for anything else."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import httpx
import pytest

from tests.http.serving import error, raw_get

NOT_ACCEPTABLE = error(
    "not-supported",
    "This server speaks FHIR JSON of R4: accept application/fhir+json; fhirVersion=4.0.",
)
NOT_A_FORMAT = error("not-supported", "_format must be json: this server speaks FHIR JSON.")
TARGETS = ("metadata", "Task/t1", "Task", "Task?_summary=count", "EpisodeOfCare/c/$case", "Case/c")


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        "application/json",
        "application/fhir+json",
        "APPLICATION/FHIR+JSON",
        "text/json",
        "application/fhir+json; fhirVersion=4.0",
        "application/fhir+json;fhirVersion=4.0.1",
        'application/fhir+json; fhirVersion="4.0"',
        "application/fhir+xml, application/fhir+json;q=0.1",
        "application/json;q=0.001",
        "application/json;charset=utf-8",
        ",,application/json",
    ],
)
async def test_accepted(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.get("/Task/t1", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/turtle",
        "text/csv",
        "application/json;q=0",
        "application/json;q=0.0",
        "application/json; q=0.000, text/csv",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+json; fhirVersion=5.0",
        "nonsense",
        "/",
        ";;;",
        "\xe9",
    ],
)
@pytest.mark.parametrize("target", TARGETS)
async def test_not_acceptable(client: httpx.AsyncClient, target: str, accept: str) -> None:
    response = await client.get(f"/{target}", headers={"Accept": accept.encode("latin-1")})
    assert response.status_code == 406
    assert response.json() == NOT_ACCEPTABLE
    assert response.headers["content-type"] == "application/fhir+json; charset=utf-8"


async def test_a_client_that_says_nothing_is_served(client: httpx.AsyncClient) -> None:
    del client.headers["accept"]
    assert (await client.get("/Task/t1")).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        "json",
        "application/json",
        "application/fhir%2Bjson",
        "application/fhir+json",
        "text/json",
        "application/fhir%2Bjson;fhirVersion=4.0",
    ],
)
async def test_format_outranks_accept(client: httpx.AsyncClient, wanted: str) -> None:
    client.headers["accept"] = "application/fhir+xml"
    response = await raw_get(client, f"Task/t1?_format={wanted}")
    assert response.status_code == 200


@pytest.mark.parametrize("wanted", ["xml", "application/fhir%2Bxml", "ttl", "", "JSON5", "%00"])
@pytest.mark.parametrize("target", TARGETS)
async def test_another_format(client: httpx.AsyncClient, target: str, wanted: str) -> None:
    response = await raw_get(client, f"{target}{'&' if '?' in target else '?'}_format={wanted}")
    assert response.status_code == 406
    assert response.json() == NOT_A_FORMAT


async def test_the_last_format_counts(client: httpx.AsyncClient) -> None:
    assert (await client.get("/Task/t1?_format=xml&_format=json")).status_code == 200
    assert (await client.get("/Task/t1?_format=json&_format=xml")).status_code == 406


async def test_an_error_is_json_even_where_xml_was_asked_for(client: httpx.AsyncClient) -> None:
    response = await client.get("/Patient/1?_format=xml")
    assert response.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert response.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("target", ["Goal/g1", "Goal", "metadata"])
async def test_pretty_is_the_same_indented(client: httpx.AsyncClient, target: str) -> None:
    compact = await client.get(f"/{target}")
    pretty = await client.get(f"/{target}?_pretty=true")
    assert b"\n" not in compact.content
    assert pretty.content.startswith(b'{\n  "resourceType": ')
    plain = json.loads(compact.content, parse_float=Decimal)
    shown = json.loads(pretty.content, parse_float=Decimal)
    if target == "Goal":
        del plain["link"], shown["link"]
    assert shown == plain
    assert compact.headers.get("etag") == pretty.headers.get("etag")


async def test_pretty_keeps_the_digits_of_a_decimal(client: httpx.AsyncClient) -> None:
    compact = (await client.get("/Goal/g1")).text
    pretty = (await client.get("/Goal/g1?_pretty=true")).text
    assert '"value":7.10,' in compact
    assert '"value": 7.10,' in pretty


@pytest.mark.parametrize("value", ["false", "TRUE", "1", ""])
async def test_anything_else_is_not_pretty(client: httpx.AsyncClient, value: str) -> None:
    assert b"\n" not in (await client.get(f"/Goal/g1?_pretty={value}")).content


async def test_a_long_answer_is_compressed_for_who_takes_it(client: httpx.AsyncClient) -> None:
    plain = await client.get("/metadata", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.content)
    async with client.stream("GET", "/metadata", headers={"Accept-Encoding": "gzip"}) as response:
        packed = b"".join([part async for part in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["vary"]
    assert int(response.headers["content-length"]) == len(packed) < len(plain.content)
    assert gzip.decompress(packed) == plain.content


async def test_a_short_answer_is_not_compressed(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task/nothing", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in response.headers
