"""Questions about others that are put in the form of something else, each asked by name."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest

from fhir_facade.store.codec import decode
from tests.http.serving import Json
from tests.security.issuer import TestIssuer
from tests.security.leaks import (
    MERGE,
    NEW,
    NOTE,
    PATIENT_A,
    Answer,
    Both,
    Request,
    both_of_a,
    difference,
    issuing,
    normal,
)
from tests.security.world_of_two import OF_A, View, contents, foreign, ids_of

TYPES: Final = (
    *("Task", "Goal", "Flag", "Communication", "DocumentReference", "EpisodeOfCare", "CareTeam"),
    *("CarePlan", "List", "Observation", "Provenance", "AuditEvent"),
)
OF_B: Final = View(frozenset("b"), frozenset("x"))


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as started:
        yield started


@pytest.fixture
async def both(issuer: TestIssuer) -> AsyncIterator[Both]:
    async with both_of_a(issuer) as found:
        yield found


async def test_what_is_anothers_is_answered_as_if_it_had_never_been(both: Both) -> None:
    """Status, headers, body and length are those of an id that nothing has."""
    for type_ in TYPES:
        id = next(each for each in ids_of(OF_B)[type_])
        never = f"{'z' * 6}{id[6:]}" if ".log." not in id else f"zz-{id[3:]}"
        for method, url, body in (
            ("GET", "{}", None),
            ("HEAD", "{}", None),
            ("GET", "{}?_elements=id", None),
            ("GET", "{}/_history", None),
            ("GET", "{}/_history/mk-bx-v2", None),
            ("GET", "{}/$validate", None),
            ("GET", "{}/$case", None),
            ("DELETE", "{}", None),
            ("PATCH", "{}", NOTE),
            ("PUT", "{}", {**NEW, "resourceType": type_, "id": id}),
        ):
            headers = MERGE if method == "PATCH" else {}
            known = Request(method, f"{type_}/" + url.format(id), body, headers)
            text = json.dumps(body).replace(id, never) if body else "null"
            unknown = Request(method, f"{type_}/" + url.format(never), json.loads(text), headers)
            answers = [await both.all.ask(each, both.token) for each in (known, unknown)]
            apart = difference(*answers, exact=False)
            assert apart is None, f"{known}\n{apart}"
            assert answers[0].headers.get("content-length") == answers[1].headers.get(
                "content-length"
            )


async def test_an_outcome_of_another_does_not_count_as_the_outcome_of_a_case(both: Both) -> None:
    case = (await both.same("Case/mk-ax-second")).json
    outcome = (await both.same("Observation/mk-ax-outcome")).json
    for name in ("id", "meta", "identifier"):
        outcome.pop(name)
    outcome["focus"] = [{"reference": "EpisodeOfCare/mk-ax-second"}]
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    case["entry"].append({"fullUrl": urn, "resource": outcome})
    assert (await both.same("Case/mk-ax-second", "PUT", case)).status == 200


async def test_a_whole_case_under_anothers_id_is_refused_as_one_that_is_nowhere(both: Both) -> None:
    text = json.dumps((await both.same("Case/mk-ax-second")).json)
    before = await contents(both.all.store)
    answers = []
    for id in ("mk-bx-second", "mk-zz-second"):
        case = json.loads(text.replace("mk-ax-second", id))
        case["entry"] = [
            each for each in case["entry"] if each["resource"]["resourceType"] != "Provenance"
        ]
        answers.append(await both.same(f"Case/{id}", "PUT", case))
    assert [each.status for each in answers] == [404, 404]
    assert answers[0].body == answers[1].body
    assert await contents(both.all.store) == before


async def test_parts_of_a_case_cannot_take_over_what_is_anothers(both: Both) -> None:
    """A goal of B that is linked to A's case keeps its id and its content."""
    before = foreign(await contents(both.all.store), OF_A)
    case = (await both.same("Case/mk-ax-case")).json
    for entry in case["entry"]:
        if entry["resource"]["resourceType"] in ("Goal", "Task", "Communication", "Flag"):
            kind = entry["resource"]["resourceType"].lower().replace("communication", "contact")
            entry["resource"]["id"] = f"mk-bx-{kind}-in-a"
    await both.same("Case/mk-ax-case", "PUT", case)
    await both.same("Case", "POST", case)
    after = await contents(both.all.store)
    assert {key: after[key] for key in before} == before


@pytest.mark.parametrize(
    "criteria",
    [
        "identifier=mk-bx-goal",
        "_id=mk-bx-goal",
        "description:text=mk-bx-goal-name",
        "case=mk-ax-case&patient=pat-b",
        "_has:Provenance:target:_id=mk-bx-case.log.1",
    ],
)
async def test_a_condition_about_another_is_never_met(both: Both, criteria: str) -> None:
    made = {"If-None-Exist": criteria}
    assert (await both.same("Goal", "POST", NEW, **made)).status in (201, 400)
    await both.same(f"Goal?{criteria}", "DELETE")
    await both.same(f"Goal?{criteria}", "PATCH", NOTE, **MERGE)
    await both.same(f"Goal?{criteria}", "PUT", NEW)
    for method in ("POST", "PUT", "DELETE"):
        asked: Json = {"method": method, "url": "Goal" if method == "POST" else f"Goal?{criteria}"}
        if method == "POST":
            asked["ifNoneExist"] = criteria
        entry: Json = {"request": asked, **({} if method == "DELETE" else {"resource": NEW})}
        for kind in ("batch", "transaction"):
            bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
            await both.same("", "POST", bundle)


async def test_a_reference_to_anothers_case_is_one_to_nowhere(both: Both) -> None:
    """To link to a case is to learn that it is there, so a case of another is not there."""
    task = (await both.same("Task/mk-ax-task")).json
    document = (await both.same("DocumentReference/mk-ax-contact-document")).json
    for each in (task, document):
        for name in ("id", "meta", "identifier", "masterIdentifier", "text"):
            each.pop(name, None)
    answers: dict[str, list[tuple[int, str]]] = {}
    for id in ("mk-bx-case", "mk-zz-case"):
        for name, body in (
            ("focus", {**task, "focus": {"reference": f"EpisodeOfCare/{id}"}}),
            (
                "absolute",
                {**task, "focus": {"reference": f"http://fhir.test/fhir/EpisodeOfCare/{id}"}},
            ),
            ("conditional", {**task, "focus": {"reference": f"EpisodeOfCare?_id={id}"}}),
            (
                "document",
                {**document, "context": {"encounter": [{"reference": f"EpisodeOfCare/{id}"}]}},
            ),
            (
                "related",
                {**document, "context": {"related": [{"reference": f"Communication/{id}"}]}},
            ),
        ):
            answer = await both.same(body["resourceType"], "POST", body)
            answers.setdefault(name, []).append(_plain(answer))
            bundle = {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [
                    {"request": {"method": "POST", "url": body["resourceType"]}, "resource": body}
                ],
            }
            answer = await both.same("", "POST", bundle)
            answers.setdefault(f"{name} in a transaction", []).append(_plain(answer))
            answer = await both.same(f"{body['resourceType']}/$validate", "POST", body)
            answers.setdefault(f"{name} validated", []).append(_plain(answer))
    for name, (of_b, of_nobody) in answers.items():
        assert of_b == of_nobody, name
        # outside of a transaction a conditional reference is a text that is kept
        assert of_b[0] >= 400 or name == "conditional" or name.endswith("validated"), name


def _plain(answer: Answer) -> tuple[int, str]:
    """What an answer says, one case's id for the other's."""
    return answer.status, normal(answer.body.decode().replace("mk-zz-", "mk-bx-"))


async def test_a_case_that_was_linked_before_may_stay_linked(both: Both) -> None:
    task = (await both.same("Task/mk-ax-task-in-b")).json
    task["description"] = "Call back"
    answer = await both.same("Task/mk-ax-task-in-b", "PUT", task)
    assert answer.status == 200
    assert answer.json["focus"]["reference"] == "EpisodeOfCare/mk-bx-case"


async def test_an_active_flag_of_another_is_no_clash(both: Both) -> None:
    """The members' flags of one name are told apart, within what the caller may see."""
    flag = (await both.same("Flag/mk-ax-vip")).json
    for name in ("id", "meta", "identifier"):
        flag.pop(name)
    assert (await both.same("Flag", "POST", flag)).status == 409  # the member's own
    at_x = both.issuer.token("system/*.cruds", tenants=["org-x"])
    flag["code"] = {"text": "VIP at Y"}
    answer = await both.all.ask(Request("POST", "Flag", flag), at_x)
    assert answer.status == 201  # the one at the other employer is not to be known


async def test_pages_of_a_wider_token_show_a_narrower_one_no_more(both: Both) -> None:
    wide = both.issuer.token("patient/*.rs", **PATIENT_A)
    narrow = both.issuer.token("patient/Goal.rs?lifecycle-status=active", **PATIENT_A)
    for sort in ("", "&_sort=-_lastUpdated", "&_sort=start-date", "&_sort=description"):
        following: Any = f"Goal?_count=1{sort}"
        for _ in range(12):
            page = await both.all.ask(Request("GET", following), wide)
            if page.status != 200:
                break
            same = await both.all.ask(Request("GET", following), narrow)
            for entry in same.json.get("entry", ()):
                assert entry["resource"]["lifecycleStatus"] == "active"
            assert "second-goal" not in same.body.decode().replace(following, "")
            links = {each["relation"]: each["url"] for each in page.json["link"]}
            following = links.get("next")
            if following is None:
                break


async def test_a_page_link_is_good_for_its_owner_alone(both: Both) -> None:
    for claims, scope in (
        ({**PATIENT_A, "patient": "pat-b"}, "patient/*.rs"),
        ({"tenants": "*"}, "system/*.rs"),
        ({**PATIENT_A, "subject": "u2"}, "patient/*.rs"),
        ({**PATIENT_A, "client": "app2"}, "patient/*.rs"),
        ({**PATIENT_A, "tenants": ["org-x"]}, "patient/*.rs"),
    ):
        other = both.issuer.token(scope, **claims)
        for url in ("Goal?_count=1", "DocumentReference?_count=1", "Goal/_history?_count=1"):
            page = await both.all.ask(Request("GET", url), other)
            links = {each["relation"]: each["url"] for each in page.json["link"]}
            answer = await both.same(links["next"])
            assert answer.status == 400, (claims, url)


async def test_what_was_anothers_once_shows_its_own_versions_alone(both: Both) -> None:
    """Other software gives a goal to B and back; each reads what it was when it was theirs."""
    store = both.all.store
    of_b = both.issuer.token("patient/*.cruds", patient="pat-b", tenants="*")

    async def written(token: str, id: str, text: str, patient: str) -> Answer:
        body = {**NEW, "id": id, "description": {"text": text}}
        body["subject"] = {"reference": f"Patient/{patient}"}
        return await both.all.ask(Request("PUT", f"Goal/{id}", body), token)

    async def given_to(id: str, patient: str) -> None:
        (raw,) = await store.find("work_queue", {"_id": {"$in": [id]}}, limit=1)
        document = decode(raw)
        document["subject"] = {"id": patient}
        document["name"] = f"given-to-{patient}"
        assert await store.replace("work_queue", raw, document)

    async def read(token: str, id: str) -> tuple[str, list[Json]]:
        answer = await both.all.ask(Request("GET", f"Goal/{id}/_history"), token)
        return answer.body.decode(), answer.json.get("entry", [])

    id = "mk-ax-goal"
    assert (await written(both.token, id, "first-of-a", "pat-a")).status == 200
    await given_to(id, "pat-b")
    assert (await written(of_b, id, "first-of-b", "pat-b")).status == 200
    text, entries = await read(both.token, id)
    assert "first-of-a" in text
    assert "first-of-b" not in text
    assert "given-to" not in text
    assert (await both.all.ask(Request("GET", f"Goal/{id}"), both.token)).status == 404
    b_text, b_entries = await read(of_b, id)
    assert "first-of-b" in b_text
    assert "first-of-a" not in b_text
    assert "mk-ax-" not in b_text.replace(id, "")
    assert len(b_entries) == 2
    for token, others in ((both.token, b_entries), (of_b, entries)):
        for each in others:
            version = each["response"]["etag"].removeprefix('W/"').removesuffix('"')
            url = f"Goal/{id}/_history/{version}"
            assert (await both.all.ask(Request("GET", url), token)).status == 404
    await given_to(id, "pat-a")
    text, _ = await read(both.token, id)
    assert "first-of-b" not in text
    assert "given-to-pat-a" in text
    for url in ("Goal/_history?_count=1000", "_history?_count=1000"):
        answer = await both.all.ask(Request("GET", url), both.token)
        assert b"first-of-b" not in answer.body
        assert b"given-to-pat-b" not in answer.body


async def test_what_is_kept_of_a_write_has_the_owner_of_its_resource(both: Both) -> None:
    before = await contents(both.all.store)
    assert (await both.same("Goal", "POST", NEW)).status == 201
    assert (await both.same("Task/mk-ay-task", "PATCH", NOTE, **MERGE)).status == 200
    assert (await both.same("Flag/mk-an-flag", "DELETE")).status == 204
    after = await contents(both.all.store)
    new = {key: decode(raw) for key, raw in after.items() if key not in before}
    assert {name for name, _ in new} == {"work_queue", "fhir_history", "fhir_provenance"}
    for (name, id), document in new.items():
        if name in ("fhir_history", "fhir_provenance"):
            assert document["patient"] == "pat-a", id
    tenants = [each.get("tenant") for (name, _), each in new.items() if name == "fhir_provenance"]
    assert sorted(map(str, tenants)) == ["None", "org-x", "org-y"]


async def test_a_refused_write_leaves_nothing_behind(both: Both) -> None:
    before = await contents(both.all.store)
    to_b = {**copy.deepcopy(NEW), "subject": {"reference": "Patient/pat-b"}}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"request": {"method": "POST", "url": "Goal"}, "resource": NEW},
            {"request": {"method": "POST", "url": "Goal"}, "resource": to_b},
        ],
    }
    assert (await both.same("", "POST", bundle)).status == 403
    assert (await both.same("Goal", "POST", to_b)).status == 403
    assert await contents(both.all.store) == before
