"""What a request that cannot be answered gets: a 4xx OperationOutcome that says what is wrong."""

from __future__ import annotations

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED
from tests.http.serving import error, outcomes, raw_get, serving, the_issue

TASK_PARAMETERS = (
    "_id, _lastUpdated, _profile, _security, _tag, authored-on, case, code, description, due, "
    "employer, focus, identifier, intent, modified, owner, patient, period, priority, status, "
    "subject"
)
TYPES = (
    "AuditEvent, Bundle, CarePlan, CareTeam, Case, Communication, DocumentReference, "
    "EpisodeOfCare, Flag, Goal, List, Observation, Organization, Patient, Practitioner, "
    "Provenance, Task"
)
NOT_A_DATE = (
    "The value of 'due' is not a FHIR date: use YYYY, YYYY-MM, YYYY-MM-DD or "
    "YYYY-MM-DDThh:mm:ss with a zone, after an optional prefix "
    "(eq, ne, gt, lt, ge, le, sa, eb, ap)."
)
BAD_COUNT = "_count must be a whole number from 0 up, for example _count=50."
BAD_CURSOR = "The page link was changed or is of another search; start again without _cursor."
NOT_UTF8 = "The parameters are not percent-encoded UTF-8."
NOWHERE = "There is nothing at this URL; /metadata lists what this server offers."


@pytest.mark.parametrize(
    ("query", "code", "diagnostics"),
    [
        ("_count=-1", "invalid", BAD_COUNT),
        ("_count=abc", "invalid", BAD_COUNT),
        ("_count=", "invalid", BAD_COUNT),
        ("_count=1.5", "invalid", BAD_COUNT),
        ("_count=9999999999", "invalid", BAD_COUNT),
        ("_count=%D9%A1", "invalid", BAD_COUNT),
        ("due=2026-13-01", "invalid", NOT_A_DATE),
        ("due=2026-02-30", "invalid", NOT_A_DATE),
        ("due=2026-02-01T25:00", "invalid", NOT_A_DATE),
        ("due=2026-02-01T10:00:00+99:00", "invalid", NOT_A_DATE),
        ("due=0000", "invalid", NOT_A_DATE),
        ("due=xx2026", "invalid", NOT_A_DATE),
        ("due=01/16/2026", "invalid", NOT_A_DATE),
        ("_cursor=", "invalid", BAD_CURSOR),
        ("_cursor=xyz", "invalid", BAD_CURSOR),
        ("_cursor=%C3%BC", "invalid", BAD_CURSOR),
        ("status=", "invalid", "The search parameter 'status' has no value."),
        ("status=,", "invalid", "The search parameter 'status' has no value."),
        ("status=%ff", "invalid", NOT_UTF8),
        ("%ff=1", "invalid", NOT_UTF8),
        ("_total=all", "invalid", "_total must be one of: none, estimate, accurate."),
        ("_summary=x", "invalid", "_summary must be one of: count, false, true, text, data."),
        ("_count:exact=1", "invalid", "The result parameter '_count' takes no modifier."),
        (
            "_sort=",
            "invalid",
            "_sort names one or more search parameters, for example _sort=-date.",
        ),
        (
            "_sort=status,,due",
            "invalid",
            "_sort names one or more search parameters, for example _sort=-date.",
        ),
        (
            "status:bogus=ready",
            "not-supported",
            "The modifier ':bogus' is not supported here for 'status'; "
            "it takes: :missing, :not, :in, :not-in.",
        ),
        (
            "status[$ne]=x",
            "not-supported",
            "Task has no search parameter 'status[$ne]'. Did you mean 'status'? "
            f"Valid ones are: {TASK_PARAMETERS}.",
        ),
        (
            "$where=sleep(9)",
            "not-supported",
            f"Task has no search parameter '$where'. Valid ones are: {TASK_PARAMETERS}.",
        ),
        (
            "requester=1",
            "not-supported",
            "The search parameter 'requester' of Task is not supported here. "
            f"Valid ones are: {TASK_PARAMETERS}.",
        ),
        (
            "=1",
            "not-supported",
            f"Task has no search parameter ''. Valid ones are: {TASK_PARAMETERS}.",
        ),
        (
            "a%00b=1",
            "not-supported",
            f"Task has no search parameter 'a?b'. Valid ones are: {TASK_PARAMETERS}.",
        ),
        (
            "_text=x",
            "not-supported",
            f"Task has no search parameter '_text'. Valid ones are: {TASK_PARAMETERS}.",
        ),
    ],
)
async def test_a_search_that_cannot_be_asked(
    client: httpx.AsyncClient, query: str, code: str, diagnostics: str
) -> None:
    response = await raw_get(client, f"Task?{query}")
    assert response.status_code == 400
    assert response.json() == error(code, diagnostics)


async def test_a_sort_by_what_cannot_be_sorted_lists_what_can(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task?_sort=status,-bogus")
    assert response.status_code == 400
    issue = the_issue(response)
    assert issue["code"] == "not-supported"
    assert issue["diagnostics"].startswith("'bogus' cannot be sorted by. _sort takes: _id, ")
    assert "case" not in issue["diagnostics"].replace(",", " ").replace(".", " ").split()


@pytest.mark.parametrize("value", ["ready%00completed", "%00", "%00ready", "ready,%00"])
@pytest.mark.parametrize("name", ["status", "_cursor", "due", "_unknown"])
async def test_a_nul_in_a_value_is_refused(
    client: httpx.AsyncClient, name: str, value: str
) -> None:
    response = await client.get(f"/Task?{name}={value}")
    assert response.status_code == 400
    assert response.json() == error("invalid", "A parameter's value holds a NUL character.")


async def test_a_long_unknown_name_is_cut_short(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/Task?{'z' * 5000}=1")
    assert response.status_code == 400
    diagnostics = the_issue(response)["diagnostics"]
    assert f"'{'z' * 64}…'" in diagnostics
    assert "z" * 65 not in diagnostics


@pytest.mark.parametrize(
    "value",
    ['{"$ne":1}', '{"$gt":""}', "$where", "[$ne]", "ready' OR 1=1 --", "../../etc", ".*", "\\"],
)
@pytest.mark.parametrize("name", ["status", "_id", "patient", "identifier", "case", "_tag", "code"])
async def test_operators_in_values_are_only_text(
    client: httpx.AsyncClient, name: str, value: str
) -> None:
    response = await client.get("/Task", params={name: value})
    assert response.status_code == 200
    assert response.json()["total"] == 0


@pytest.mark.parametrize(
    "id",
    ["a%2Fb", "a/b", "..%2fx", "x%2F..%2F..", "a/b/c/d"],
)
async def test_an_id_with_slashes_is_another_url(client: httpx.AsyncClient, id: str) -> None:
    response = await raw_get(client, f"Task/{id}")
    assert response.status_code == 404
    assert response.json() == error("not-found", NOWHERE)


@pytest.mark.parametrize(
    "id",
    [
        "nothing",
        "a'b",
        'a"b',
        "%22%7B%7D",
        "a.b.c",
        "...",
        "a" * 64,
        "a" * 65,
        "a" * 5000,
        "%00",
        "t1%00",
        "$where",
        '{"$ne":1}',
        "[$ne]",
        "t1%20",
        "%20t1",
        "t1%0A",
        "%C3%BC",
        "%ff",
        "%c3",
        "x-",
        "x-7431",
        "x-ff",
        "x-zz",
        "T1",
        "g1",
        "0" * 24,
        "00000000-0000-0000-0000-000000000000",
    ],
)
async def test_an_id_that_nothing_has(client: httpx.AsyncClient, id: str) -> None:
    response = await raw_get(client, f"Task/{id}")
    assert response.status_code == 404
    assert response.json() == error("not-found", "There is no Task with this id.")


@pytest.mark.parametrize(
    "target", ["Encounter/1", "Encounter", "Encounter?name=x", "task", "task/t1"]
)
async def test_a_type_that_is_not_served(client: httpx.AsyncClient, target: str) -> None:
    response = await client.get(f"/{target}")
    assert response.status_code == 404
    assert response.json() == error(
        "not-supported",
        f"This server does not serve that type. It serves: {TYPES}. "
        f"It publishes: {', '.join(PUBLISHED)}.",
    )


@pytest.mark.parametrize(
    "target",
    [
        "Ta%00sk/1",
        "%ff",
        "Encounter/1/_history/2",
        "Encounter/1/_history",
        "Encounter/1/$x",
        "Patient/1/x",
    ],
)
async def test_a_type_that_cannot_be(client: httpx.AsyncClient, target: str) -> None:
    response = await raw_get(client, target)
    assert response.status_code == 404
    assert the_issue(response)["code"] == "not-supported"


@pytest.mark.parametrize(
    "target", ["Task//t1", "Task/t1/_histories/1", "Task/t1/$case", "Case/c1/$case"]
)
async def test_a_url_below_a_served_type_where_nothing_is(
    client: httpx.AsyncClient, target: str
) -> None:
    response = await raw_get(client, target)
    assert response.status_code == 404
    assert response.json() == error("not-found", NOWHERE)


@pytest.mark.parametrize("target", ["Task/t1", "Task", "metadata"])
async def test_a_slash_at_the_end_changes_nothing(client: httpx.AsyncClient, target: str) -> None:
    response = await raw_get(client, f"{target}/")
    assert response.status_code == 200
    assert response.content == (await raw_get(client, target)).content


async def test_a_deleted_resource_is_gone(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task/gone")
    assert response.status_code == 410
    assert response.json() == error("deleted", "This Task has been deleted.")


async def test_an_unservable_document_says_why_and_not_what(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task/stray")
    assert response.status_code == 404
    issue = the_issue(response)
    assert issue["code"] == "not-found"
    assert issue["expression"] == ["Task.status"]
    assert issue["diagnostics"].startswith(
        "The stored document cannot be expressed as Task: Task.status: "
    )
    assert "Parked" not in response.text


async def test_a_search_leaves_out_the_unservable_and_mentions_it(
    client: httpx.AsyncClient,
) -> None:
    bundle = (await client.get("/Task?_total=accurate")).json()
    assert bundle["total"] == 1
    assert outcomes(bundle) == [
        {
            "severity": "warning",
            "code": "incomplete",
            "diagnostics": "Matches at this place of the result that could not be expressed as "
            "Task and were left out: 1. A read of one says why.",
        }
    ]


async def test_a_count_mentions_the_unservable_too(client: httpx.AsyncClient) -> None:
    bundle = (await client.get("/Task?_summary=count")).json()
    assert bundle["total"] == 1
    (issue,) = outcomes(bundle)
    assert issue["diagnostics"].startswith("Matches that could not be expressed as Task")


async def test_a_url_too_long_is_refused_whole(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/Task?status={'x' * 50_000}")
    assert response.status_code == 414
    assert response.json() == error(
        "too-long", "The URL is longer than 16384 bytes; POST the search to _search instead."
    )


async def test_the_length_of_a_url_is_a_setting(small_store: Store) -> None:
    async with serving(small_store, max_url=300) as asking:
        assert (await asking.get(f"/Task?_id={'x' * 270}")).status_code == 200
        assert (await asking.get(f"/Task?_id={'x' * 300}")).status_code == 414
        assert (await asking.get(f"/Task/{'x' * 300}")).status_code == 414


async def test_an_error_is_never_kept_by_a_cache(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task/nothing")
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


ODD_VALUES = (
    "|",
    "a|b|c",
    "\\",
    "\\,",
    "/",
    "http://",
    "x-ff",
    "0" * 24,
    "99999999999999999999",
    "c.log.99999999999999999999",
    "9999-12-31T23:59:59.999-14:00",
    "ap0001-01-01",
    "ge9999-12-31T23:59:60Z",
    "\u2028😀",
    '{"$ne":1}',
)


async def test_no_value_of_any_parameter_breaks_the_server(client: httpx.AsyncClient) -> None:
    statement = (await client.get("/metadata")).json()
    for resource in statement["rest"][0]["resource"]:
        for param in resource.get("searchParam", ()):
            for value in ODD_VALUES:
                response = await client.get(f"/{resource['type']}", params={param["name"]: value})
                assert response.status_code in (200, 400), (resource["type"], param, value)
                if response.status_code == 400:
                    assert the_issue(response)["code"] == "invalid"
