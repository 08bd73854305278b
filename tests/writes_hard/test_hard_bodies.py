"""Bodies that are no JSON, no FHIR, or too much of it: refused, and nothing is stored.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.interactions.validity import problems
from tests.writes_hard.fuzz import deep
from tests.writes_hard.judged import outcome_problem
from tests.writes_hard.kit import (
    FHIR,
    MERGE_PATCH,
    communication,
    contents,
    goal,
    made,
    refused,
    send,
    task,
    url_of,
)

BOMB = 100_000


def _with(text: str) -> bytes:
    """A task with something as its description, as it is."""
    return json.dumps(task(description="%")).replace('"%"', text).encode("utf-8", "surrogatepass")


NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blank": b"  \n ",
    "lists": b"[" * BOMB,
    "closed lists": b"[" * BOMB + b"]" * BOMB,
    "objects": b'{"a":' * BOMB,
    "closed objects": b'{"a":' * BOMB + b"1" + b"}" * BOMB,
    "lists in it": _with("[" * BOMB + "]" * BOMB),
    "65 levels": _with("[" * 65 + "]" * 65),
    "a name twice": _with('"a","description":"b"'),
    "a name twice, escaped": _with('"a","\\u0064escription":"b"'),
    "a name twice within": _with('{"a":1,"a":1}'),
    "half a surrogate": _with('"\\ud800"'),
    "the other half": _with('"a\\udc00b"'),
    "halves the wrong way round": _with('"\\udc00\\ud800"'),
    "half a surrogate as a name": _with('"a","\\ud800":1'),
    "half a surrogate in bytes": _with('"\ud800"'),
    "no UTF-8": _with('"a"').replace(b'"a"', b'"\xff\xfe"'),
    "overlong UTF-8": _with('"a"').replace(b'"a"', b'"\xc0\xaf"'),
    "cut UTF-8": _with('"a"').replace(b'"a"', b'"\xe2\x82"'),
    "UTF-16": json.dumps(task()).encode("utf-16"),
    "UTF-32": json.dumps(task()).encode("utf-32"),
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbf" + json.dumps(task()).encode(),
    "NaN": _with("NaN"),
    "Infinity": _with("Infinity"),
    "-Infinity": _with("-Infinity"),
    "a thousand digits": _with("9" * 1000),
    "a million digits": _with("9" * 1_000_000),
    "a thousand decimals": _with("0." + "9" * 1000),
    "leading zero": _with("01"),
    "plus": _with("+1"),
    "dot": _with(".5"),
    "hexadecimal": _with("0x10"),
    "exponent of twenty digits": _with("1e99999999999999999999"),
    "control character": _with('"a\x01b"'),
    "line end in a string": _with('"a\nb"'),
    "single quotes": b"{'resourceType': 'Task'}",
    "comment": b"/* a */" + json.dumps(task()).encode(),
    "comma at the end": b'{"resourceType":"Task",}',
    "two values": json.dumps(task()).encode() * 2,
    "cut": json.dumps(task()).encode()[:-1],
    "XML": b'<Task xmlns="http://hl7.org/fhir"/>',
    "NUL": json.dumps(task()).encode() + b"\x00",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
}
NO_FHIR: dict[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a string": "Task",
    "a list": [task()],
    "an empty list": [],
    "an empty object": {},
    "an operator": task(**{"$set": {"status": "x"}}),
    "an operator alone": {"$set": {"status": "x"}},
    "a dotted name": task(**{"for.reference": "Patient/M2"}),
    "a prototype": task(**{"__proto__": {"status": "x"}}),
    "a stored field": task(is_deleted=True),
    "the kept fields": task(fhir={"Task": {}}),
    "the stored id": task(_id={"$oid": "507f1f77bcf86cd799439011"}),
    "an operator as a value": task(description={"$gt": ""}),
    "a date as MongoDB writes it": task(authoredOn={"$date": 0}),
    "a null": {**task(), "note": None},
    "a null in a list": task(note=[None]),
    "an object for a list": task(note={"text": "a"}),
    "a list for an object": task(**{"for": [{"reference": "Patient/M1"}]}),
    "a list for a string": task(description=["a"]),
    "an empty string": task(description=""),
    "a name of 100,000 letters": task(**{"a" * 100_000: 1}),
    "a name that is empty": task(**{"": 1}),
    "50 levels": task(extension=deep(50)),
    "a string over a megabyte": task(description="x" * 1_100_000),
    "a boolean for a string": task(description=True),
    "a string for a number": task(input=[{"type": {"text": "a"}, "valueInteger": "1"}]),
    "a decimal for an integer": task(input=[{"type": {"text": "a"}, "valueInteger": 1.5}]),
    "an integer of 33 bits": task(input=[{"type": {"text": "a"}, "valueInteger": 2**32}]),
    "modifier extension": task(modifierExtension=[{"url": "urn:a", "valueString": "b"}]),
}


async def _write(client: httpx.AsyncClient, method: str, body: bytes) -> httpx.Response:
    if method == "POST":
        return await send(client, "POST", "/Task", body)
    kind = FHIR if method == "PUT" else "application/json"
    return await send(client, method, "/Task/t1", body, kind=kind)


@pytest.mark.parametrize("name", NO_JSON)
async def test_no_json(creating_client: httpx.AsyncClient, sqlite_store: Store, name: str) -> None:
    await send(creating_client, "PUT", "/Task/t1", task(id="t1"))
    before = await contents(sqlite_store)
    for method in ("POST", "PUT", "PATCH"):
        response = await _write(creating_client, method, NO_JSON[name])
        assert response.status_code == 400, response.text[:1000]
        assert response.json()["issue"][0]["code"] in ("invalid", "structure", "value")
        assert outcome_problem(response) is None
        assert await contents(sqlite_store) == before


@pytest.mark.parametrize("name", NO_FHIR)
async def test_no_fhir(creating_client: httpx.AsyncClient, sqlite_store: Store, name: str) -> None:
    body = NO_FHIR[name]
    for method in ("POST", "PUT"):
        sent = {**body, "id": "t1"} if isinstance(body, dict) else body
        response = await _write(creating_client, method, json.dumps(sent).encode())
        assert response.status_code in (400, 422), response.text[:1000]
        assert outcome_problem(response) is None
        assert not any((await contents(sqlite_store)).values())


async def test_ten_megabytes(client: httpx.AsyncClient, sqlite_store: Store) -> None:
    for size in (10_000_001, 15_000_000):
        body = _with('"' + "x" * (size - len(_with('""'))) + '"')
        assert len(body) == size
        response = await send(client, "POST", "/Task", body)
        refused(response, 413, "too-long", "The request body is longer than 10000000 bytes.")
    body = _with('"' + "x" * (10_000_000 - len(_with('""'))) + '"')
    response = await send(client, "POST", "/Task", body)
    assert response.status_code in (400, 422)
    assert "x" * 100 not in response.text
    assert not any((await contents(sqlite_store)).values())


async def test_much_that_is_good(client: httpx.AsyncClient) -> None:
    """Strings of a megabyte each, to nearly ten of them."""
    one = await made(client, task(note=[{"text": "x" * 950_000} for _ in range(9)]))
    read = await client.get(url_of(one))
    assert read.status_code == 200
    assert read.json() == one
    response = await send(client, "PATCH", url_of(one), {"priority": "stat"}, kind=MERGE_PATCH)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "elements",
    [
        {"note": [{"text": "a"}] * 20_000},
        {"extension": [{"url": f"urn:{each}", "valueInteger": 1} for each in range(10_000)]},
        {"identifier": [{"value": f"{each}"} for each in range(20_000)]},
        {"input": [{"type": {"text": "a"}, "valueString": "b"}] * 10_000},
    ],
    ids=["notes", "extensions", "identifiers", "inputs"],
)
async def test_many_elements(client: httpx.AsyncClient, elements: dict[str, Any]) -> None:
    """Work that grew with the square of their number would take minutes."""
    response = await send(client, "POST", "/Task", task(**elements))
    assert response.status_code in (201, 400, 413, 422)
    if response.status_code == 201:
        assert (await client.get(url_of(response.json()))).status_code == 200


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\n \t\r\n", b""])
async def test_what_may_stand_before_json(client: httpx.AsyncClient, mark: bytes) -> None:
    response = await send(client, "POST", "/Task", mark + json.dumps(task()).encode())
    assert response.status_code == 201


@pytest.mark.parametrize("blank", [" ", "\t\n", "\u00a0", "\u2028", "\u3000", "\u200b"])
async def test_a_string_of_blanks_is_refused_or_kept(client: httpx.AsyncClient, blank: str) -> None:
    response = await send(client, "POST", "/Task", task(description=blank))
    assert response.status_code in (201, 400, 422)
    if response.status_code == 201:
        assert (await client.get(url_of(response.json()))).json()["description"] == blank


async def test_an_element_id_has_no_extensions(client: httpx.AsyncClient) -> None:
    """Element.id is a string of FHIRPath's, not of FHIR's: https://hl7.org/fhir/R4/element.html"""
    member = {"reference": "Patient/M1", "_id": {"extension": [{"url": "a", "valueCode": "b"}]}}
    response = await send(client, "POST", "/Task", task(**{"for": member}))
    assert response.status_code in (400, 422)
    assert outcome_problem(response) is None


NUMBERS = [
    "1.10",
    "1E+2",
    "-0",
    "-0.0",
    "1e400",
    "1e-400",
    "1e6000",
    "1e-6100",
    "1e7000",
    "9" * 300,
]


@pytest.mark.parametrize("number", NUMBERS)
async def test_numbers_keep_their_digits_or_are_refused(
    client: httpx.AsyncClient, number: str
) -> None:
    target = [{"measure": {"text": "a"}, "detailQuantity": {"value": 0, "unit": "%"}}]
    extension = {
        "url": "https://fhir.wellnecity.com/StructureDefinition/duration",
        "valueDuration": {"value": 0, "unit": "min"},
    }
    for resource in (goal(target=target), communication(extension=[extension])):
        text = json.dumps(resource).replace('"value": 0', f'"value": {number}')
        response = await send(client, "POST", f"/{resource['resourceType']}", text.encode())
        assert response.status_code in (201, 400, 422), response.text
        if response.status_code == 201:
            assert f'"value":{number}' in response.text
            url = response.headers["location"].partition("/_history")[0]
            assert f'"value":{number}' in (await client.get(url)).text


DATES = [
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999999999Z"),
    *("0001-01-01", "9999-12-31", "9999", "0001", "2016-12-31T23:59:60Z", "2026-01-16T24:00:00Z"),
]


@pytest.mark.parametrize("date", DATES)
async def test_dates_at_the_ends_of_time(client: httpx.AsyncClient, date: str) -> None:
    period = {"start": date, "end": date}
    resources = [
        task(authoredOn=date, executionPeriod=period, restriction={"period": {"end": date}}),
        task(note=[{"text": "a", "time": date}], lastModified=date),
        communication(sent=date, received=date),
    ]
    for resource in resources:
        response = await send(client, "POST", f"/{resource['resourceType']}", resource)
        assert response.status_code in (201, 400, 422), response.text
        if response.status_code == 201:
            one = response.json()
            assert problems(one) == []
            for name in ("authoredOn", "executionPeriod", "restriction", "note", "sent"):
                assert one.get(name) == resource.get(name)
            again = await send(client, "PUT", url_of(one), {**one, "language": "en"})
            assert again.status_code == 200
            response = await client.get(f"/{resource['resourceType']}?patient=M1")
            assert response.status_code == 200
