"""The self link, and the warnings beside it: exactly what was applied."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import ids, link, outcomes, serving, the_issue

LEFT_OUT = " It was left out of the search."


def _applied(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 200
    url = link(response.json(), "self")
    assert url is not None
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://fhir.test/fhir/Task"
    return parse_qsl(parts.query, keep_blank_values=True)


@pytest.mark.parametrize(
    "query",
    [
        [],
        [("status", "ready")],
        [("status", "ready"), ("status", "ready,completed")],
        [("identifier", "https://fhir.wellnecity.com/sid/work-item|t1"), ("_count", "7")],
        [("patient", "Patient/M1"), ("_sort", "-due,status"), ("_total", "accurate")],
        [("status", "a&b=c#d"), ("_id", "ü %+")],
        [("due", "ge2026-01-01T00:00:00+02:00")],
        [("status", "rea\\,dy")],
        [("_summary", "count")],
        [("_summary", "true")],
        [("_elements", "status,Task.intent")],
        [("status:not", "ready,completed"), ("description:contains", "call")],
        [("owner:missing", "true"), ("focus:EpisodeOfCare", "c1")],
        [("focus:EpisodeOfCare.status", "active"), ("focus.status:not", "finished")],
        [("_include", "Task:focus"), ("_include:iterate", "*")],
        [("_revinclude", "CarePlan:activity-reference"), ("_include", "Task:case:EpisodeOfCare")],
        [("_pretty", "true"), ("_format", "json")],
    ],
)
async def test_what_was_asked_is_shown(
    client: httpx.AsyncClient, query: list[tuple[str, str]]
) -> None:
    response = await client.get("/Task", params=query)
    assert sorted(_applied(response)) == sorted(query)
    again = await client.get(link(response.json(), "self") or "")
    assert again.json() == response.json()


@pytest.mark.parametrize("name", ["_totalMethod", "_contained", "_containedType", "_score"])
async def test_an_unknown_result_parameter_is_ignored_with_a_warning(
    client: httpx.AsyncClient, name: str
) -> None:
    response = await client.get(f"/Task?status=ready&{name}=x&_count=0")
    assert _applied(response) == [("status", "ready"), ("_count", "0")]
    assert {
        "severity": "warning",
        "code": "not-supported",
        "diagnostics": f"The result parameter '{name}' is not supported here; it was ignored.",
    } in outcomes(response.json())


@pytest.mark.parametrize(
    "name",
    [
        "_content",
        "_filter",
        "_has",
        "_has:Goal",
        "_in",
        "_list",
        "_query",
        "_source",
        "_text",
        "_type",
    ],
)
async def test_a_filter_with_an_underscore_is_never_ignored(
    client: httpx.AsyncClient, name: str
) -> None:
    response = await client.get("/Task", params={name: "x"})
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("_lastupdated", "_lastUpdated"),
        ("_lastUpdate", "_lastUpdated"),
        ("_last-updated", "_lastUpdated"),
        ("_tags", "_tag"),
        ("_tags:not", "_tag"),
        ("_ids", "_id"),
        ("_profiles", "_profile"),
    ],
)
async def test_a_misspelt_filter_with_an_underscore_is_never_ignored(
    client: httpx.AsyncClient, name: str, meant: str
) -> None:
    response = await client.get("/Task", params={name: "2026"})
    assert response.status_code == 400
    issue = the_issue(response)
    assert issue["code"] == "not-supported"
    assert f"Did you mean '{meant}'?" in issue["diagnostics"]
    lenient = await client.get(
        "/Task", params={name: "2026"}, headers={"Prefer": "handling=lenient"}
    )
    assert _applied(lenient) == []
    assert any(each["diagnostics"].endswith(LEFT_OUT) for each in outcomes(lenient.json()))


async def test_a_link_longer_than_a_url_may_be(linked_store: Store) -> None:
    """The page says so, and the link's parameters by POST are the page that it leads to."""
    data = {"status": f"ready,completed,{'x' * 300}", "_count": "2"}
    async with serving(linked_store, max_url=256) as asking:
        first = await asking.post("/Task/_search", data=data)
        following = link(first.json(), "next")
        assert following is not None
        assert (await asking.get(following)).status_code == 414
        assert [(each["severity"], each["code"]) for each in outcomes(first.json())] == [
            ("warning", "too-long")
        ]
        second = await asking.post("/Task/_search", data=dict(parse_qsl(urlsplit(following).query)))
        assert ids(first.json()) == ["Task/t1", "Task/t2"]
        assert ids(second.json()) == ["Task/t3", "Task/t4"]
        short = await asking.post("/Task/_search", data={"_id": "t1"})
        assert not outcomes(short.json())


@pytest.mark.parametrize("value", ["true", "text", "data", "false", "count"])
async def test_every_summary_is_shown(client: httpx.AsyncClient, value: str) -> None:
    response = await client.get(f"/Task?_summary={value}")
    assert _applied(response) == [("_summary", value)]
    assert ids(response.json()) == ([] if value == "count" else ["Task/t1"])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("_count=5000", [("_count", "1000")]),
        ("_count=5&_count=1", [("_count", "1")]),
        ("_sort=due&_sort=status", [("_sort", "status")]),
    ],
)
async def test_what_was_changed_is_shown_as_it_was_applied(
    client: httpx.AsyncClient, query: str, shown: list[tuple[str, str]]
) -> None:
    assert _applied(await client.get(f"/Task?{query}")) == shown


@pytest.mark.parametrize(
    "prefer",
    [
        "handling=lenient",
        "return=minimal; handling=lenient",
        "return=representation, handling=lenient",
        'handling="lenient"',
        "HANDLING=Lenient",
    ],
)
async def test_lenient_leaves_out_and_says_so(client: httpx.AsyncClient, prefer: str) -> None:
    query = "status=ready&bogus=1&due=nonsense&_sort=bogus,-due&status:bogus=x"
    response = await client.get(f"/Task?{query}", headers={"Prefer": prefer})
    if response.status_code == 400:
        # a value that is malformed is no unknown parameter: it may stay refused
        assert "due" in response.json()["issue"][0]["diagnostics"]
        query = query.replace("due=nonsense&", "")
        response = await client.get(f"/Task?{query}", headers={"Prefer": prefer})
    assert sorted(_applied(response)) == [("_sort", "-due"), ("status", "ready")]
    texts = [each["diagnostics"] for each in outcomes(response.json())]
    assert any("search parameter 'bogus'" in text and text.endswith(LEFT_OUT) for text in texts)
    assert any("'bogus' cannot be sorted by" in text for text in texts)
    assert any("':bogus' is not supported" in text for text in texts)


async def test_lines_of_prefer_are_one_list(client: httpx.AsyncClient) -> None:
    lines = [("Prefer", "handling=lenient"), ("Prefer", "return=minimal")]
    assert (await client.get("/Task?bogus=1", headers=lines)).status_code == 200


@pytest.mark.parametrize(
    "prefer", ["handling=strict", "return=presentation", "handling", "", "handling=", "=lenient"]
)
async def test_strict_unless_asked(client: httpx.AsyncClient, prefer: str) -> None:
    assert (await client.get("/Task?bogus=1", headers={"Prefer": prefer})).status_code == 400


async def test_lenient_by_setting(lenient_client: httpx.AsyncClient) -> None:
    response = await lenient_client.get("/Task?bogus=1")
    assert _applied(response) == []
    strict = await lenient_client.get("/Task?bogus=1", headers={"Prefer": "handling=strict"})
    assert strict.status_code == 400


@pytest.mark.parametrize("prefer", ["return=presentation", "handling=odd", "respond-async"])
async def test_an_unknown_preference_leaves_the_setting(
    lenient_client: httpx.AsyncClient, prefer: str
) -> None:
    response = await lenient_client.get("/Task?bogus=1", headers={"Prefer": prefer})
    assert response.status_code == 200


async def test_lenient_with_nothing_left_to_sort_by(lenient_client: httpx.AsyncClient) -> None:
    assert _applied(await lenient_client.get("/Task?_sort=bogus")) == []


async def test_lenient_is_not_careless_with_values(lenient_client: httpx.AsyncClient) -> None:
    assert (await lenient_client.get("/Task?_count=abc")).status_code == 400


async def test_the_counts_are_settings(shared_store: Store) -> None:
    async with serving(shared_store, default_count=1, max_count=2) as asking:
        first = (await asking.get("/Task?_tag=hidden,x&_count=9")).json()
        assert ids(first) == ["Task/hidden"]
        assert link((await asking.get("/Goal")).json(), "next") is None
