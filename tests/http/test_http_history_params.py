"""What a history can be asked: _since, _at, the shape of its resources; and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from fhir_facade.interactions.versions import Version
from fhir_facade.rules.registry import HISTORY
from fhir_facade.store.base import Store
from tests.http.serving import BASE, Json, error, link, pages, raw_get, serving

TAKES = "_since, _at, _count, _sort=-_lastUpdated, _total, _summary, _elements"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def version(id: str, name: str, at: str, method: str | None = "PUT") -> Version:
    body = b'{"resourceType":"Task","id":"%b","meta":{"versionId":"%b"},"status":"ready"}' % (
        id.encode(),
        name.encode(),
    )
    return Version("Task", id, name, utc(at), method, None if method == "DELETE" else body)


VERSIONS = [
    version("a", "a1", "2026-01-10T08:00:00", "POST"),
    version("a", "a2", "2026-01-12T08:00:00.500"),
    version("a", "a3", "2026-01-16T08:00:00", "DELETE"),
    version("b", "b1", "2026-01-11T00:00:00", None),
    version("b", "b2", "2026-01-20T12:00:00", "PATCH"),
]
CURRENT: dict[str, Any] = {
    "_id": "b",
    "type": "task",
    "status": "Completed",
    "intent": "Order",
    "subject": {"id": "M1"},
    "updated": utc("2026-02-01T00:00:00"),
}


@pytest.fixture
async def client(empty_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """Task a is deleted; Task b was changed by other software on the first of February."""
    assert not await empty_store.insert(HISTORY, [each.document() for each in VERSIONS])
    assert not await empty_store.insert("work_queue", [CURRENT])
    async with serving(empty_store) as client:
        yield client


async def names(client: httpx.AsyncClient, url: str) -> str:
    """The versions of a history by name; `now` is the one that is not kept."""
    found = []
    for page in await pages(client, url):
        for each in page.get("entry", ()):
            name = each["response"]["etag"][3:-1]
            found.append(name if len(name) == 2 else "now")
    return " ".join(found)


SINCE = [
    ("2026-01-01T00:00:00Z", "b2 a3 a2 b1 a1", "now b2 b1"),
    ("2026-01-12T08:00:00.500Z", "b2 a3 a2", "now b2"),
    ("2026-01-12T08:00:00.501Z", "b2 a3", "now b2"),
    ("2026-01-12T03:00:00.500-05:00", "b2 a3 a2", "now b2"),
    ("2026-01-20T12:00:00Z", "b2", "now b2"),
    ("2026-01-20T12:00:01Z", "", "now"),
    ("2026-02-01T00:00:00Z", "", "now"),
    ("2026-02-01T00:00:01Z", "", ""),
]


@pytest.mark.parametrize(("since", "all_of_type", "of_b"), SINCE)
async def test_since(client: httpx.AsyncClient, since: str, all_of_type: str, of_b: str) -> None:
    for count in ("", "&_count=1"):
        assert await names(client, f"/Task/_history?_since={since}{count}") == all_of_type
        assert await names(client, f"/_history?_since={since}{count}") == all_of_type
        assert await names(client, f"/Task/b/_history?_since={since}{count}") == of_b


AT = [
    # what was current: of all tasks, of a, of b
    ("2026-01-09", "", "", ""),
    ("2026-01-10", "a1", "a1", ""),
    ("2026-01-10T07:59:59Z", "", "", ""),
    ("2026-01-10T08:00:00Z", "a1", "a1", ""),
    ("2026-01-10T08:00:01Z", "a1", "a1", ""),
    ("2026-01-11", "b1 a1", "a1", "b1"),
    ("2026-01-12", "a2 b1 a1", "a2 a1", "b1"),
    ("2026-01-12T08:00:00.499Z", "b1 a1", "a1", "b1"),
    ("2026-01-12T08:00:00.500Z", "a2 b1", "a2", "b1"),
    ("2026-01-12T09:00:00.500%2B01:00", "a2 b1", "a2", "b1"),
    ("2026-01-12T09:00:00.500+01:00", "a2 b1", "a2", "b1"),
    ("2026-01-15", "a2 b1", "a2", "b1"),
    ("2026-01-16", "a3 a2 b1", "a3 a2", "b1"),
    ("2026-01-17", "b1", "", "b1"),
    ("2026-01-20", "b2 b1", "", "b2 b1"),
    ("2026-01", "b2 a3 a2 b1 a1", "a3 a2 a1", "b2 b1"),
    ("2026", "b2 a3 a2 b1 a1", "a3 a2 a1", "now b2 b1"),
    ("2025", "", "", ""),
    ("2026-02-01", "b2", "", "now"),
    ("2026-02-02", "b2", "", "now"),
    ("2026-01-31", "b2", "", "b2"),
    ("9999", "b2", "", "now"),
    ("0001-01-01", "", "", ""),
]


@pytest.mark.parametrize(("at", "all_of_type", "of_a", "of_b"), AT)
async def test_at(
    client: httpx.AsyncClient, at: str, all_of_type: str, of_a: str, of_b: str
) -> None:
    wanted = [("/Task", all_of_type), ("", all_of_type), ("/Task/a", of_a), ("/Task/b", of_b)]
    for url, expected in wanted:
        for count in ("", "&_count=1"):
            assert await names(client, f"{url}/_history?_at={at}{count}") == expected
        total = (await client.get(f"{url}/_history?_at={at}&_count=0")).json()["total"]
        assert total == len(expected.split())


async def test_both_at_once(client: httpx.AsyncClient) -> None:
    asked = "_at=2026-01-16&_since=2026-01-12T00:00:00Z"
    assert await names(client, f"/Task/_history?{asked}") == "a3 a2"
    bundle = (await client.get(f"/Task/_history?{asked}&_count=1")).json()
    url = f"{BASE}/Task/_history"
    assert link(bundle, "self") == f"{url}?_at=2026-01-16&_since=2026-01-12T00:00:00Z&_count=1"


SINCE_TEXT = "_since takes one value, an instant such as 2026-01-16T09:30:00Z."
AT_TEXT = "_at takes one value, a date, a time with its zone or an instant, such as 2026-01-16."


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "%00", "2026-01-16", "2026-01-16T09:30Z", "2026-01-16T09:30:00"),
        *("ge2026-01-16T09:30:00Z", "2026-02-30T09:30:00Z"),
        "2026-01-16T09:30:00Z,2026-01-17T09:30:00Z",
        "2026-01-16T09:30:00Z&_since=2026-01-17T09:30:00Z",
    ],
)
async def test_a_since_that_is_no_instant(client: httpx.AsyncClient, value: str) -> None:
    for path in ("_history", "Task/_history", "Task/a/_history"):
        response = await raw_get(client, f"{path}?_since={value}")
        assert response.status_code == 400
        assert response.json() == error("invalid", SINCE_TEXT, "http._since")


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "%00", "26", "2026-1", "2026-13", "2026-01-32", "ge2026", "2026,2027"),
        *("2026-01-16T", "2026-01-16T25:00:00Z", "2026&_at=2027"),
    ],
)
async def test_an_at_that_is_no_time(client: httpx.AsyncClient, value: str) -> None:
    for path in ("_history", "Task/_history", "Task/a/_history"):
        response = await raw_get(client, f"{path}?_at={value}")
        assert response.status_code == 400
        assert response.json() == error("invalid", AT_TEXT, "http._at")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("status=ready", "'status'"),
        ("_id=a", "'_id'"),
        ("_type=Task", "'_type'"),
        ("a=1&b:not=2", "'a', 'b:not'"),
        ("_has:Task:focus:status=x", "'_has:Task:focus:status'"),
    ],
)
async def test_filters_are_refused_or_left_out(
    client: httpx.AsyncClient, asked: str, names: str
) -> None:
    response = await client.get(f"/Task/_history?{asked}")
    text = f"A history does not take {names}; it takes {TAKES}."
    assert (response.status_code, response.json()) == (400, error("not-supported", text))
    lenient = {"Prefer": "handling=lenient"}
    response = await client.get(f"/Task/_history?{asked}&_count=9", headers=lenient)
    assert response.status_code == 200
    assert link(response.json(), "self") == f"{BASE}/Task/_history?_count=9"
    assert len(response.json()["entry"]) == 5


async def test_an_unknown_result_parameter_is_left_out(client: httpx.AsyncClient) -> None:
    bundle = (await client.get("/Task/_history?_totalMethod=count")).json()
    assert link(bundle, "self") == f"{BASE}/Task/_history"


async def test_what_is_always_refused(client: httpx.AsyncClient) -> None:
    headers = {"Prefer": "handling=lenient"}

    async def refused(asked: str) -> Json:
        response = await client.get(f"/Task/_history?{asked}", headers=headers)
        assert response.status_code == 400
        return dict(response.json())

    text = f"A history does not take _list; it takes {TAKES}."
    assert await refused("_list=42") == error("not-supported", text)
    text = f"A history has no includes; it takes {TAKES}."
    assert await refused("_include=Task:focus") == error("not-supported", text)
    assert await refused("_revinclude=Task:focus") == error("not-supported", text)
    text = (
        "A history is sorted with the newest version first, and in no other way: "
        "_sort=-_lastUpdated."
    )
    assert await refused("_sort=_lastUpdated") == error("invalid", text, "http._sort")
    assert await refused("_sort=status") == error("invalid", text, "http._sort")
    text = "_count must be a whole number from 0 up, for example _count=50."
    assert await refused("_count=x") == error("invalid", text)
    assert (await client.get("/Task/_history?_format=xml")).status_code == 406
    assert await names(client, "/Task/_history?_sort=-_lastUpdated") == "b2 a3 a2 b1 a1"


async def test_the_resources_may_be_cut(client: httpx.AsyncClient) -> None:
    for asked in ("_elements=status", "_summary=true", "_summary=text"):
        bundle = (await client.get(f"/Task/b/_history?{asked}")).json()
        assert bundle["total"] == 3
        for each in bundle["entry"]:
            assert each["resource"]["meta"]["tag"][-1]["code"] == "SUBSETTED"
            assert "for" not in each["resource"] or asked == "_summary=true"
    assert (await client.get("/Task/b/_history?_pretty=true")).text.startswith("{\n")


async def test_a_change_whose_time_nothing_tells_is_taken_as_new(empty_store: Store) -> None:
    stored = {name: value for name, value in CURRENT.items() if name != "updated"}
    await empty_store.insert("work_queue", [stored])
    async with serving(empty_store) as client:
        past = (datetime.now() - timedelta(days=2)).date().isoformat()  # noqa: DTZ005
        assert await names(client, f"/Task/b/_history?_since={past}T00:00:00Z") == "now"
        assert await names(client, f"/Task/b/_history?_at={past}") == ""
        assert await names(client, "/Task/b/_history?_at=2020") == ""
