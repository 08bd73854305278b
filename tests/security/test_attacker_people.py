"""People whom others name, and pages for persons: questions about others, each asked by name."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
import pytest_asyncio

from fhir_facade.interactions.people import MOST
from tests.http.serving import HOST, Json
from tests.security.attacker_people import SYSTEMS
from tests.security.issuer import TestIssuer
from tests.security.leaks import (
    FORM,
    NEW,
    PATIENT_A,
    Answer,
    Both,
    Request,
    both_of,
    difference,
    issuing,
)
from tests.security.world_names import NOBODYS_EMPLOYER, OF_B_ALONE, OF_C_ALONE, PEOPLE, SHARED
from tests.security.world_of_two import OF_A, OF_A_AT_X, OF_X, View, ids_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE: Final = {"Accept": "text/html"}

CALLERS: Final[dict[str, tuple[View, str, Json]]] = {
    "a patient": (OF_A, "patient/*.cruds", PATIENT_A),
    "an employer": (OF_X, "system/*.cruds", {"tenants": "org-x"}),
    "one who may know names alone": (
        OF_A_AT_X,
        "patient/Patient.rs patient/Practitioner.rs patient/Organization.rs",
        {"patient": "pat-a", "tenants": "org-x"},
    ),
}

FOREIGN: Final = {
    "a patient": {
        "Patient": ("pat-b",),
        "Practitioner": ("mk-bx-user", OF_B_ALONE, OF_C_ALONE),
        "Organization": (NOBODYS_EMPLOYER,),
    },
    "an employer": {
        "Patient": ("crowd-1",),
        "Practitioner": ("mk-by-user", OF_C_ALONE),
        "Organization": ("org-y",),
    },
    "one who may know names alone": {
        "Patient": ("pat-b",),
        "Practitioner": ("mk-ay-user", OF_B_ALONE),
        "Organization": ("org-y",),
    },
}
"""Those whom only documents of others name."""

NAMES: Final = (
    *("name=mk-bx-member-name", "name=MK-BY-user-name", "name:exact=mk-cy-carer-name"),
    *("name:exact=mk-bn-employer-name", "name:contains=-ay-carer", "name=mk", "name:contains=m"),
    *("name:contains=nn-c", "name=carer&_count=1&_cursor=1", "name:contains=y-&_summary=count"),
    "name=mk-ax-user-name,mk-bx-user-name&_count=1",
)
"""Searches by names, or letters of names, that somebody has."""


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as started:
        yield started


@pytest_asyncio.fixture(params=CALLERS, scope="module", loop_scope="module")
async def both(request: pytest.FixtureRequest, issuer: TestIssuer) -> AsyncIterator[Both]:
    """Callers who change nothing."""
    view, scope, claims = CALLERS[request.param]
    async with both_of(issuer, view, issuer.token(scope, **claims)) as found:
        found.name = request.param
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def of_a(issuer: TestIssuer) -> AsyncIterator[Both]:
    view, scope, claims = CALLERS["a patient"]
    async with both_of(issuer, view, issuer.token(scope, **claims)) as found:
        yield found


async def test_who_is_anothers_is_answered_as_if_there_had_never_been_one(both: Both) -> None:
    """Status, headers, body and length are those of an id that nothing names."""
    for type_, ids in FOREIGN[both.name].items():
        for id in ids:
            there = await both.by_everybody(f"{type_}/{id}")
            assert there.status == 200
            version = {"If-None-Match": there.headers["etag"]}
            never = "z" * len(id)
            for url, headers in (
                (f"{type_}/{id}", {}),
                (f"{type_}/{id}", PAGE),
                (f"{type_}/{id}", version),
                (f"{type_}/{id}/_history", {}),
                (f"{type_}?_id={id}&name:contains=m", {}),
                (f"{type_}?identifier={SYSTEMS[type_]}|{id}", PAGE),
            ):
                for method in ("GET", "HEAD") if headers == {} else ("GET",):
                    asked = [url.replace(id, each) for each in (id, never)]
                    answers = [
                        await both.all.ask(Request(method, each, None, headers), both.token)
                        for each in asked
                    ]
                    assert answers[0].status in (200, 404)
                    assert _renamed(answers[0], id, never) == _renamed(answers[1], id, never), url


def _renamed(answer: Answer, id: str, never: str) -> tuple[Any, ...]:
    """What an answer says, the time and the request left out, and one id for the other."""
    text = re.sub(r"<li>(\d+\.\d ms|request <code>\w+</code>)</li>", "", answer.body.decode())
    own = ("x-request-id", "date", "content-length" if answer.is_page else "")
    headers = {name: each for name, each in answer.headers.items() if name not in own}
    return answer.status, headers, text.replace(id, never)


async def test_names_of_others_find_nobody_and_count_nobody(both: Both) -> None:
    shown = 0
    for type_ in PEOPLE:
        for query in NAMES:
            answer = await both.same(f"{type_}?{query}")
            assert answer.status == 200, query
            shown += answer.json["total"]
        await both.same(f"{type_}?{query}", **PAGE)
        await both.same(f"{type_}/_search", "POST", query.encode(), **FORM)
    assert shown >= 5  # one who finds nobody at all proves nothing
    for query in ("Patient?name=mk-bx-member-name", "Organization?name=mk-bn-employer-name"):
        assert (await both.as_everybody(query))["total"] > 0
    crowd = await both.by_everybody("Practitioner?name=mk")
    assert (crowd.status, str(MOST) in crowd.body.decode()) == (422, True)


async def test_who_is_shared_has_the_name_that_the_callers_own_show(both: Both) -> None:
    wanted = {
        "a patient": {"mk-ay-carer-name"},
        "an employer": {"mk-bx-carer-name"},
        "one who may know names alone": set(),
    }[both.name]
    for url in (f"Practitioner/{SHARED}", f"Practitioner?_id={SHARED}", "Practitioner?name=carer"):
        for headers in ({}, PAGE):
            answer = await both.same(url, **headers)
            assert set(re.findall(r"mk-\w\w-carer-name", answer.body.decode())) == wanted


async def test_who_comes_with_a_page_has_the_name_that_the_callers_own_show(both: Both) -> None:
    shown = set[str]()
    for url in (
        f"Task?owner={SHARED}&_include=Task:owner&_include=Task:employer&_include=Task:patient",
        "Communication?_count=2&_include=Communication:sender&_include:iterate=*",
        "EpisodeOfCare?_include=*&_count=1000",
        f"Task?owner={OF_B_ALONE},{OF_C_ALONE}&_include=Task:owner",
    ):
        answer = await both.same(url)
        await both.same(url, **PAGE)
        assert answer.status == (403 if both.name == "one who may know names alone" else 200)
        for entry in answer.json.get("entry", ()):
            kind, id = entry["resource"]["resourceType"], entry["resource"].get("id")
            if kind in PEOPLE:
                assert entry["resource"] == (await both.same(f"{kind}/{id}")).json
                shown.add(kind)
    assert shown == (set() if both.name == "one who may know names alone" else {*PEOPLE})


async def test_a_page_brings_nobody_whose_type_the_scopes_leave_out(of_a: Both) -> None:
    for scope, types in (
        ("patient/Task.rs", set()),
        ("patient/Task.rs patient/Practitioner.r", set()),
        ("patient/Task.rs patient/Practitioner.s?name=mk", set()),
        ("patient/Task.rs patient/Organization.s", {"Organization"}),
    ):
        token = of_a.issuer.token(scope, **PATIENT_A)
        url = "Task?_include=Task:owner&_include=Task:employer&_include=Task:patient"
        answer = await of_a.all.ask(Request("GET", url), token)
        found = {each["resource"]["resourceType"] for each in answer.json["entry"]}
        assert found.intersection(PEOPLE) == types, scope


async def test_a_scope_with_a_query_lets_nobody_be_known(of_a: Both) -> None:
    """What it asks cannot be asked of people, so it grants nothing: not even the caller's own."""
    queries = {"Patient": "_id=pat-a", "Practitioner": f"_id={SHARED}", "Organization": "name=mk"}
    scope = " ".join(f"patient/{type_}.rs?{query}" for type_, query in queries.items())
    token = of_a.issuer.token(scope, **PATIENT_A)
    for type_, query in queries.items():
        found = await of_a.all.ask(Request("GET", f"{type_}?{query}"), token)
        assert (found.status, found.json["total"]) == (200, 0)
        assert (await of_a.same(f"{type_}?{query}")).json["total"] == 1
    for url in ("Patient/pat-a", f"Practitioner/{SHARED}", "Organization/org-x"):
        assert (await of_a.all.ask(Request("GET", url), token)).status == 404


async def test_to_name_somebody_is_not_to_know_her(of_a: Both) -> None:
    """A task that the caller gives to a carer of another's shows that carer as it was sent."""
    task = (await of_a.same("Task/mk-ax-task")).json
    for name in ("id", "meta", "identifier", "text"):
        task.pop(name, None)
    for owner in ({}, {"display": "Somebody"}):
        body = {**task, "owner": {"reference": f"Practitioner/{OF_B_ALONE}", **owner}}
        assert (await of_a.same("Task", "POST", body)).status == 201
        found = await of_a.same(f"Practitioner/{OF_B_ALONE}")
        shown = [each["text"] for each in found.json.get("name", ())]
        assert shown == list(owner.values())


async def test_entries_of_a_bundle_know_no_more(both: Both) -> None:
    of_others = [f"{type_}/{id}" for type_, ids in FOREIGN[both.name].items() for id in ids]
    of_others += [f"{type_}?name=m&_count=1&_format=html" for type_ in PEOPLE]
    found = [f"{type_}?{query}" for type_ in PEOPLE for query in NAMES[::3]]
    for kind, urls in (("batch", of_others + found), ("transaction", found)):
        entries = [{"request": {"method": "GET", "url": url}} for url in urls]
        bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
        assert (await both.same("", "POST", bundle)).status == 200


async def test_a_condition_about_somebody_is_never_met(of_a: Both) -> None:
    """Neither as a reference that is searched for, nor as what a create depends on."""
    for criteria in ("name=mk-bx-member-name", "_id=pat-b", "identifier=pat-b"):
        goal = {**NEW, "subject": {"reference": f"Patient?{criteria}"}}
        for kind in ("batch", "transaction"):
            entry = {"request": {"method": "POST", "url": "Goal"}, "resource": goal}
            bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
            await of_a.same("", "POST", bundle)
        assert (await of_a.same("Goal", "POST", goal)).status >= 400
        person: Json = {"resourceType": "Patient", "id": "pat-b"}
        for asked in ("POST Patient", f"PUT Patient?{criteria}", "PUT Patient/pat-b"):
            method, url = asked.split(" ")
            answer = await of_a.same(url, method, person, **{"If-None-Exist": criteria})
            assert answer.status == 405


def _reads(view: View) -> Iterator[str]:
    """Every kind of read and search, of what a caller has and of what there is."""
    own, all_ids = ids_of(view), ids_of(View())
    for type_, ids in all_ids.items():
        yield f"{type_}/{own[type_][0]}"
        yield f"{type_}/{next(each for each in ids if each not in own[type_])}"
        yield f"{type_}?_count=2&_total=accurate"
    for id in ("mk-ax-goal", "mk-by-goal"):
        yield f"Goal/{id}/_history"
    for case in ("mk-ax-case", "mk-by-case"):
        yield f"EpisodeOfCare/{case}/$case"
        yield f"Case/{case}"
    for patient in ("pat-a", "pat-b"):
        yield f"Patient/{patient}/$everything?_count=5"
        yield f"Patient/{patient}/Goal"
        yield f"DocumentReference/$docref?patient={patient}"
    yield from (
        "_history?_count=3",
        "Goal/_history",
        "Case?_count=2",
        "?_type=Goal,Task",
        "Nothing/1",
    )
    yield "EpisodeOfCare?_id=mk-ax-case&_revinclude=Task:focus&_include=*"


async def test_a_page_shows_what_the_same_caller_gets_as_json(of_a: Both) -> None:
    """Also where one who may see all has just been shown the same page."""
    pages = 0
    for url in _reads(of_a.view):
        await of_a.by_everybody(url, **PAGE)
        page = await of_a.same(url, **PAGE)
        (plain, _) = await of_a.ask(url)
        assert page.is_page, url
        assert page.status == plain.status
        assert _json_of(page) == plain.json, url
        pages += page.status == 200
    assert pages > 30


def _json_of(page: Answer) -> Json:
    """The JSON that a page shows."""
    shown = page.body.decode().partition('id="json-text">')[2].partition("</section>")[0]
    found: Json = json.loads(html.unescape(re.sub(r"<[^>]*>", "", shown)))
    return found


async def test_beside_the_base_nothing_is_told_of_anybody(of_a: Both) -> None:
    """Not even how many resources there are."""
    for path in ("/", "/docs", "/openapi.json", "/health/live", "/health/ready", "/Patient/pat-b"):
        for headers in ({}, PAGE):
            url = f"{HOST}{path}"
            answer = await of_a.same(url, **headers)
            by_nobody = [await world.ask(Request("GET", url, None, headers), None)
                         for world in (of_a.all, of_a.own)]  # fmt: skip
            for each in by_nobody:
                assert difference(answer, each, exact=False) is None
