"""The published artefacts: read, searched by R4's own parameters, and never written."""

from __future__ import annotations

import httpx
import pytest

from fhir_facade import __released__, __version__
from fhir_facade.rules.validation import validate
from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED
from tests.http.serving import (
    Json,
    all_ids,
    error,
    ids,
    link,
    matches,
    outcomes,
    pages,
    serving,
    settings,
    the_issue,
)

CANONICAL = settings().canonical
TASK_STATUS = f"{CANONICAL}/ValueSet/task-status"


async def _all(client: httpx.AsyncClient, type_: str) -> list[Json]:
    return matches((await client.get(f"/{type_}?_count=1000")).json())


@pytest.mark.parametrize("type_", PUBLISHED)
async def test_each_is_read_as_it_is_found(client: httpx.AsyncClient, type_: str) -> None:
    found = await _all(client, type_)
    assert found
    for each in found:
        response = await client.get(f"/{type_}/{each['id']}")
        assert response.json() == each
        assert response.headers["etag"] == f'W/"{each["meta"]["versionId"]}"'
        assert each["meta"]["lastUpdated"] == f"{__released__}T00:00:00Z"
        assert response.headers["last-modified"].endswith("00:00:00 GMT")


@pytest.mark.parametrize("type_", PUBLISHED)
async def test_each_is_valid(client: httpx.AsyncClient, type_: str) -> None:
    for each in await _all(client, type_):
        errors = [issue for issue in validate(each, type=type_) if issue.severity == "error"]
        assert not errors, each["id"]


@pytest.mark.parametrize("type_", PUBLISHED)
async def test_each_is_found_by_its_name(client: httpx.AsyncClient, type_: str) -> None:
    for each in await _all(client, type_):
        for name in {"url", "version", "name", "status"} & each.keys():
            found = await client.get(f"/{type_}", params={name: each[name], "_count": "1000"})
            assert f"{type_}/{each['id']}" in ids(found.json()), name
        if "url" in each:
            one = await client.get(f"/{type_}", params={"url": each["url"]})
            assert ids(one.json()) == [f"{type_}/{each['id']}"]


async def test_what_is_not_there(client: httpx.AsyncClient) -> None:
    for id in ("nothing", "$", "%20", "a" * 300):
        response = await client.get(f"/ValueSet/{id}")
        assert response.status_code == 404
        assert response.json() == error("not-found", "There is no ValueSet with this id.")


@pytest.mark.parametrize("rest", ["_history", "x/_history", "x/_history/1"])
@pytest.mark.parametrize("type_", PUBLISHED)
async def test_they_have_no_history(client: httpx.AsyncClient, type_: str, rest: str) -> None:
    response = await client.get(f"/{type_}/{rest}")
    assert response.status_code == 404
    issue = the_issue(response)
    assert issue["code"] == "not-supported"
    assert issue["diagnostics"].startswith(f"This server keeps no versions of {type_}")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("url", ["ValueSet", "ValueSet/task-status", "ValueSet?url=x"])
async def test_they_are_not_written(client: httpx.AsyncClient, method: str, url: str) -> None:
    before = await _all(client, "ValueSet")
    response = await client.request(method, f"/{url}", json={"resourceType": "ValueSet"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert the_issue(response)["code"] == "not-supported"
    assert await _all(client, "ValueSet") == before


async def test_a_batch_reads_them_and_writes_none(client: httpx.AsyncClient) -> None:
    urls = (("GET", "ValueSet/task-status"), ("GET", f"ValueSet?url={TASK_STATUS}"))
    entries = [{"request": {"method": method, "url": url}} for method, url in urls]
    entries.append({"request": {"method": "DELETE", "url": "ValueSet/task-status"}})
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    read, found, deleted = (await client.post("", json=bundle)).json()["entry"]
    assert read["resource"] == matches(found["resource"])[0]
    assert deleted["response"]["status"].startswith("405")


async def test_they_stand_apart(client: httpx.AsyncClient) -> None:
    """No search over several types, no compartment and no history of the system shows them."""
    assert not {each.partition("/")[0] for each in await all_ids(client, "?_count=1000")} & {
        *PUBLISHED
    }
    response = await client.get("?_type=Task,ValueSet")
    assert response.status_code == 400
    assert (await client.get("/Patient/M1/ValueSet")).status_code == 404
    assert "ValueSet" not in (await client.get("/_history?_count=1000")).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"url": TASK_STATUS}, True),
        ({"url": f"{TASK_STATUS}/"}, False),
        ({"url": TASK_STATUS.upper()}, False),
        ({"url:below": CANONICAL}, True),
        ({"url:below": f"{CANONICAL}/ValueSet/"}, True),
        ({"url:below": TASK_STATUS[:-1]}, False),
        ({"url:above": f"{TASK_STATUS}/more"}, True),
        ({"url:above": CANONICAL}, False),
        ({"name": "taskst"}, True),
        ({"name": "status"}, False),
        ({"name:contains": "KSTAT"}, True),
        ({"name:exact": "TaskStatus"}, True),
        ({"name:exact": "taskstatus"}, False),
        ({"name": "nothing,task"}, True),
        ({"status": "active"}, True),
        ({"status": "http://hl7.org/fhir/publication-status|active"}, True),
        ({"status": "|active"}, False),
        ({"status": "http://hl7.org/fhir/publication-status|"}, True),
        ({"status": "urn:x|active"}, False),
        ({"status:not": "active"}, False),
        ({"status:not": "retired"}, True),
        ({"version": __version__}, True),
        ({"version": f"|{__version__}"}, True),
        ({"version": __version__[:-1]}, False),
        ({"_id": "task-status"}, True),
        ({"_id": "task"}, False),
        ({"date": __released__}, True),
        ({"date": __released__[:4]}, True),
        ({"date": f"gt{__released__}"}, False),
        ({"date": f"ge{__released__}"}, True),
        ({"date": f"lt{__released__}"}, False),
        ({"date": f"le{__released__}"}, True),
        ({"date": f"ne{__released__}"}, False),
        ({"date": "sa2020"}, True),
        ({"date": "eb2020"}, False),
        ({"date": f"ap{__released__}"}, True),
        ({"date": "eq9999"}, False),
        ({"_lastUpdated": f"ge{__released__}"}, True),
        ({"_lastUpdated": "lt2020"}, False),
        ({"publisher": "well"}, True),
        ({"publisher:missing": "false"}, True),
        ({"publisher:missing": "true"}, False),
        ({"code": "ready"}, True),
        ({"code": "http://hl7.org/fhir/task-status|ready"}, True),
        ({"code": "http://hl7.org/fhir/request-status|ready"}, False),
        ({"reference": "http://hl7.org/fhir/task-status"}, True),
        ({"url": TASK_STATUS, "status": "active"}, True),
        ({"url": TASK_STATUS, "status": "draft"}, False),
    ],
)
async def test_a_search(client: httpx.AsyncClient, query: dict[str, str], found: bool) -> None:
    params = {**query, "_count": "1000"}
    got = await client.get("/ValueSet", params=params)
    assert got.status_code == 200, got.text
    assert ("ValueSet/task-status" in ids(got.json())) == found
    assert got.json()["total"] == len(matches(got.json()))
    posted = await client.post("/ValueSet/_search", data=params)
    assert posted.json() == got.json()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("nonsense=1", "not-supported"),
        ("nam=x", "not-supported"),
        ("_profile=x", "not-supported"),
        ("_tag=x", "not-supported"),
        ("name:below=x", "not-supported"),
        ("status:text=x", "not-supported"),
        ("name.x=y", "not-supported"),
        ("_has:Task:focus:status=ready", "not-supported"),
        ("_include=ValueSet:url", "not-supported"),
        ("_revinclude=*", "not-supported"),
        ("_sort=code", "not-supported"),
        ("_sort=nonsense", "not-supported"),
        ("name=", "invalid"),
    ],
)
async def test_what_cannot_be_asked(client: httpx.AsyncClient, query: str, code: str) -> None:
    response = await client.get(f"/ValueSet?{query}&_count=2")
    assert response.status_code == 400
    assert the_issue(response)["code"] == code
    lenient = await client.get(
        f"/ValueSet?{query}&_count=2", headers={"Prefer": "handling=lenient"}
    )
    assert lenient.status_code == 200
    (issue,) = outcomes(lenient.json())
    assert (issue["severity"], issue["code"]) == ("warning", code)
    assert link(lenient.json(), "self") == f"{client.base_url}ValueSet?_count=2"


@pytest.mark.parametrize(
    "query",
    [
        "date=yesterday",
        "name:missing=maybe",
        "_count=x",
        "_summary=some",
        "_total=x",
        "_cursor=x",
        "name=%00",
        "name=%ff",
    ],
)
async def test_what_cannot_be_read(client: httpx.AsyncClient, query: str) -> None:
    for headers in ({}, {"Prefer": "handling=lenient"}):
        response = await client.get(f"/ValueSet?{query}", headers=headers)
        assert response.status_code == 400
        assert the_issue(response)["code"] == "invalid"


async def test_a_search_of_too_many_values(client: httpx.AsyncClient) -> None:
    for query in ({"name": ["x"] * 201}, {"name": ",".join(["x"] * 201)}):
        response = await client.post("/ValueSet/_search", data=query)
        assert response.status_code == 422
        assert the_issue(response)["code"] == "too-costly"
    assert (await client.get("/ValueSet", params={"name": "x" * 2049})).status_code == 400


async def test_a_word_close_to_a_parameter_is_guessed(client: httpx.AsyncClient) -> None:
    response = await client.get("/SearchParameter?bas=Task")
    assert "Did you mean 'base'? Valid ones are: _id," in the_issue(response)["diagnostics"]


async def test_lenient_is_a_setting(shared_store: Store) -> None:
    async with serving(shared_store, search_handling="lenient") as client:
        assert (await client.get("/ValueSet?nonsense=1")).status_code == 200
        strict = await client.get("/ValueSet?nonsense=1", headers={"Prefer": "handling=strict"})
        assert strict.status_code == 400


async def test_an_unknown_result_parameter_is_ignored(client: httpx.AsyncClient) -> None:
    response = await client.get("/ValueSet?_totalMethod=count&_count=1")
    (issue,) = outcomes(response.json())
    assert issue["severity"] == "warning"
    assert "_totalMethod" not in (link(response.json(), "self") or "")


@pytest.mark.parametrize("count", [1, 7, 50])
async def test_pages_partition_the_result(client: httpx.AsyncClient, count: int) -> None:
    whole = [f"ValueSet/{each['id']}" for each in await _all(client, "ValueSet")]
    url = f"/ValueSet?_count={count}&_sort=-name"
    found = await pages(client, url)
    walked = [each for page in found for each in ids(page)]
    assert sorted(walked) == sorted(whole)
    assert {page["total"] for page in found} == {len(whole)}
    names = [each["name"] for page in found for each in matches(page)]
    assert names == sorted(names, reverse=True)
    back = link(found[-1], "previous")
    assert back is not None
    assert ids((await client.get(back)).json()) == ids(found[-2])
    assert link(found[0], "previous") is None


async def test_a_page_link_is_of_its_search(client: httpx.AsyncClient) -> None:
    first = (await client.get("/ValueSet?_count=2")).json()
    token = (link(first, "next") or "").rpartition("_cursor=")[2]
    for url in ("CodeSystem?_count=2", "ValueSet?_count=2&status=active"):
        response = await client.get(f"/{url}&_cursor={token}")
        assert response.status_code == 400


async def test_a_count_alone(client: httpx.AsyncClient) -> None:
    whole = len(await _all(client, "ValueSet"))
    for query in ("_summary=count", "_count=0"):
        found = (await client.get(f"/ValueSet?{query}")).json()
        assert found["total"] == whole
        assert "entry" not in found
        assert [each["relation"] for each in found["link"]] == ["self"]


@pytest.mark.parametrize("type_", PUBLISHED)
async def test_a_summary(client: httpx.AsyncClient, type_: str) -> None:
    for whole in await _all(client, type_):
        found = (await client.get(f"/{type_}/{whole['id']}?_summary=true")).json()
        assert found["meta"].pop("tag")[-1]["code"] == "SUBSETTED"
        assert {"resourceType", "id", "meta", "name", "status"} <= found.keys() <= whole.keys()
        assert not {"text", "description", "differential", "compose", "group"} & found.keys() - (
            {"description"} if type_ == "SearchParameter" else set()
        )


async def test_the_other_summaries(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/ValueSet/task-status")).json()
    text = (await client.get("/ValueSet/task-status?_summary=text")).json()
    assert text.keys() == {"resourceType", "id", "meta", "text", "status"}
    for mode in ("false", "data"):
        assert (await client.get(f"/ValueSet/task-status?_summary={mode}")).json() == whole


async def test_some_elements(client: httpx.AsyncClient) -> None:
    found = (await client.get("/ValueSet/task-status?_elements=url,ValueSet.title")).json()
    assert found.keys() == {"resourceType", "id", "meta", "status", "url", "title"}
    page = (await client.get("/ValueSet?_elements=url,nonsense&_count=1")).json()
    assert matches(page)[0].keys() == {"resourceType", "id", "meta", "status", "url"}
    (issue,) = outcomes(page)
    assert issue["diagnostics"] == "_elements names what is not served here: nonsense."


async def test_a_canonical_of_any_version(client: httpx.AsyncClient) -> None:
    base = "http://hl7.org/fhir/StructureDefinition/Goal"
    found = (await client.get("/StructureDefinition", params={"base": base})).json()
    assert "StructureDefinition/facade-goal" in ids(found)
    other = (await client.get("/StructureDefinition", params={"base": f"{base}|3.0.1"})).json()
    assert not matches(other)


async def test_head_and_options(client: httpx.AsyncClient) -> None:
    for url in ("ValueSet", "ValueSet/task-status"):
        head = await client.head(f"/{url}")
        assert (head.status_code, head.content) == (200, b"")
        options = await client.options(f"/{url}")
        assert options.headers["allow"] == "GET, HEAD, OPTIONS"
    posted = await client.options("/ValueSet/_search")
    assert posted.headers["allow"] == "POST, OPTIONS"
    assert (await client.get("/ValueSet/x/y")).status_code == 404
