"""_summary and _elements: a part of each resource, marked as one."""

from __future__ import annotations

import httpx
import pytest

from tests.http.serving import Json, error, ids, link, matches, outcomes

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}


def _is_marked(resource: Json) -> bool:
    return any(SUBSETTED.items() <= tag.items() for tag in resource.get("meta", {}).get("tag", ()))


async def _one(client: httpx.AsyncClient, url: str) -> Json:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    (found,) = matches(response.json())
    return found


async def test_false_and_data_leave_it_whole(client: httpx.AsyncClient) -> None:
    whole = await _one(client, "/Goal?_id=g1")
    for value in ("false", "data"):  # there is no narrative that data could leave out
        part = await _one(client, f"/Goal?_id=g1&_summary={value}")
        assert part == whole
    assert not _is_marked(whole)


async def test_count_is_the_total_alone(client: httpx.AsyncClient) -> None:
    bundle = (await client.get("/Goal?_summary=count")).json()
    assert bundle["total"] == 1
    assert "entry" not in bundle


async def test_true_keeps_what_r4_marks(declared_client: httpx.AsyncClient) -> None:
    full = matches((await declared_client.get("/Task?_count=50")).json())
    part = matches((await declared_client.get("/Task?_count=50&_summary=true")).json())
    assert [each["id"] for each in part] == [each["id"] for each in full]
    for one, other in zip(part, full, strict=True):
        assert _is_marked(one)
        assert not _is_marked(other)
        assert not {"note", "extension", "restriction"} & {*one}
        assert not {"identifier", "priority", "authoredOn"} & {*one}
        kept = {"status", "intent", "code", "description", "focus", "for", "executionPeriod"}
        kept |= {"lastModified", "owner"}
        for name in kept & {*other}:
            assert one[name] == other[name], name


async def test_text_keeps_what_is_mandatory(client: httpx.AsyncClient) -> None:
    part = await _one(client, "/Task?_id=t1&_summary=text")
    assert {*part} == {"resourceType", "id", "meta", "status", "intent", "text"}
    assert "Call back" in part["text"]["div"]
    assert _is_marked(part)


async def test_a_part_claims_no_profile_of_others(client: httpx.AsyncClient) -> None:
    own, us_core = (await _one(client, "/Goal?_id=g1"))["meta"]["profile"]
    assert us_core.endswith("/us-core-goal")
    for cut in ("_summary=text", "_summary=true", "_elements=id"):
        assert (await _one(client, f"/Goal?_id=g1&{cut}"))["meta"]["profile"] == [own]


@pytest.mark.parametrize("value", ["True", "", "yes", "true,count", "none"])
async def test_another_value_is_refused(client: httpx.AsyncClient, value: str) -> None:
    response = await client.get(f"/Task?_summary={value}")
    assert response.status_code == 400
    assert response.json() == error(
        "invalid", "_summary must be one of: count, false, true, text, data."
    )


ALWAYS = {"resourceType", "id", "meta", "status", "intent"}


@pytest.mark.parametrize(
    ("elements", "kept"),
    [
        ("id", set()),
        ("description", {"description"}),
        ("description,for", {"description", "for"}),
        (" description , for ", {"description", "for"}),
        ("Task.description", {"description"}),
        ("Task.description,for", {"description", "for"}),
        ("Goal.description,Task.for", {"for"}),
        ("Goal.description", None),
        (",description,", {"description"}),
    ],
)
async def test_elements_of_a_type(
    client: httpx.AsyncClient, elements: str, kept: set[str] | None
) -> None:
    part = await _one(client, f"/Task?_id=t1&_elements={elements}")
    if kept is None:  # of a Task nothing was asked: it is whole, or has what is mandatory
        assert {*part} >= ALWAYS
        return
    assert {*part} == ALWAYS | kept
    assert _is_marked(part)
    whole = await _one(client, "/Task?_id=t1")
    assert all(part[name] == whole[name] for name in part if name != "meta")


async def test_elements_of_several_types(linked_client: httpx.AsyncClient) -> None:
    query = "_type=Task,Goal&case=c2&_elements=Task.description,Goal.subject"
    task, goal = matches((await linked_client.get(f"?{query}")).json())
    assert {*task} == ALWAYS | {"description"}
    assert {*goal} == {"resourceType", "id", "meta", "lifecycleStatus", "description", "subject"}


async def test_elements_of_what_a_page_brings(linked_client: httpx.AsyncClient) -> None:
    query = "/Task?_id=t1&_include=Task:focus"
    whole = (await linked_client.get(query)).json()["entry"][1]["resource"]
    match, included = (await linked_client.get(f"{query}&_elements=id")).json()["entry"]
    assert {*match["resource"]} == ALWAYS
    assert included["resource"] == whole
    elements = "_elements=id,EpisodeOfCare.period"
    bundle = (await linked_client.get(f"{query}&{elements}")).json()
    assert not outcomes(bundle)
    match, included = bundle["entry"]
    assert {*match["resource"]} == ALWAYS
    assert {*included["resource"]} == {"resourceType", "id", "meta", "status", "patient", "period"}
    assert _is_marked(included["resource"])


async def test_a_choice_is_asked_for_by_its_stem(declared_client: httpx.AsyncClient) -> None:
    found = matches((await declared_client.get("/Observation?_elements=value,effective")).json())
    assert any("valueCodeableConcept" in each for each in found)
    assert any("effectiveDateTime" in each for each in found)
    assert not any("note" in each for each in found)


async def test_elements_that_are_none_keep_what_is_mandatory(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task?_id=t1&_elements=bogus")
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        (part,) = matches(response.json())
        assert {*part} == ALWAYS
        assert all(each["severity"] == "warning" for each in outcomes(response.json()))


async def test_no_elements_are_all_of_them(client: httpx.AsyncClient) -> None:
    whole = await _one(client, "/Task?_id=t1")
    for value in ("", ",", ",,"):
        response = await client.get(f"/Task?_id=t1&_elements={value}")
        assert response.status_code in (200, 400)
        if response.status_code == 200:
            assert matches(response.json()) == [whole]


async def test_the_last_one_counts(client: httpx.AsyncClient) -> None:
    part = await _one(client, "/Task?_id=t1&_elements=for&_elements=description")
    assert {*part} in (ALWAYS | {"description"}, ALWAYS | {"description", "for"})


@pytest.mark.parametrize(
    "query", ["_elements=target", "_summary=true", "_elements=target&_pretty=true", "_pretty=true"]
)
async def test_decimals_keep_their_digits(client: httpx.AsyncClient, query: str) -> None:
    for url in (f"/Goal?{query}", f"/Goal/g1?{query}"):
        response = await client.get(url)
        assert response.status_code == 200
        if "target" in response.text:
            text = response.text.replace(" ", "")
            assert '"value":7.10,' in text, url


async def test_a_read_takes_them_too(client: httpx.AsyncClient) -> None:
    whole = await client.get("/Task/t1")
    part = await client.get("/Task/t1?_elements=description")
    assert {*part.json()} == ALWAYS | {"description"}
    assert _is_marked(part.json())
    summary = (await client.get("/Task/t1?_summary=true")).json()
    assert _is_marked(summary)
    assert summary["description"] == "Call back"
    for query in ("_summary=false", "_summary=data", "_format=json"):
        assert (await client.get(f"/Task/t1?{query}")).content == whole.content
    assert (await client.get("/Task/t1?_summary=x")).status_code == 400
    assert part.json()["meta"]["versionId"] == whole.json()["meta"]["versionId"]


async def test_so_many_elements_are_taken(client: httpx.AsyncClient) -> None:
    names = [f"no{number}" for number in range(200)]
    bundle = (
        await client.get("/Task", params={"_elements": ",".join([*names[1:], "description"])})
    ).json()
    (part,) = matches(bundle)
    assert {*part} == ALWAYS | {"description"}
    (issue,) = (each for each in outcomes(bundle) if each["code"] == "not-found")
    assert "no10" in issue["diagnostics"]
    assert "no11" not in issue["diagnostics"]  # of many names a few are shown
    repeated = await _one(client, f"/Task?_elements={'status,' * 500}description")
    assert {*repeated} == ALWAYS | {"description"}
    response = await client.get("/Task", params={"_elements": ",".join([*names, "description"])})
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        (part,) = matches(response.json())
        assert {*part} == ALWAYS


@pytest.mark.parametrize("url", ["Case/{}", "Bundle/{}", "EpisodeOfCare/{}/$case"])
async def test_a_read_of_a_case_is_whole(declared_client: httpx.AsyncClient, url: str) -> None:
    (found,) = matches((await declared_client.get("/Case?_count=1")).json())
    path = "/" + url.format(found["id"])
    for query in ("_elements=id", "_summary=true", "_summary=text", "_summary=count"):
        response = await declared_client.get(f"{path}?{query}")
        assert response.status_code == 400
        assert response.json() == error(
            "invalid", "A Case is whole as it is: it takes no _elements and no _summary."
        )
    assert (await declared_client.get(f"{path}?_pretty=true")).json() == found


async def test_a_case_is_whole(declared_client: httpx.AsyncClient) -> None:
    for query in ("_elements=id", "_summary=true", "_summary=text"):
        response = await declared_client.get(f"/Case?{query}")
        assert response.status_code == 400
    assert ids((await declared_client.get("/Case?_summary=data&_count=1")).json())


async def test_the_links_keep_them(declared_client: httpx.AsyncClient) -> None:
    bundle = (await declared_client.get("/Task?_elements=for&_count=1")).json()
    for relation in ("self", "next"):
        assert "_elements=for" in (link(bundle, relation) or "")
    following = (await declared_client.get(link(bundle, "next") or "")).json()
    assert _is_marked(matches(following)[0])
