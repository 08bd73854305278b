"""What is told of an answer is the same in whichever way its bytes are read."""

from __future__ import annotations

import orjson
import pytest

from fhir_facade.audit.told import Told, scalar
from fhir_facade.main import create_app
from fhir_facade.store.base import Store
from tests.http.serving import Json, settings, started

BASE = f"{settings().canonical}/StructureDefinition/"

ASKED = [
    "Task?_count=40",
    "Task?_count=3&_include=Task:focus&_revinclude=Task:focus&_total=accurate",
    "Task?patient=nobody",
    "Task?status=nothing&_summary=count",
    "Task?_count=9&_elements=status",
    "Goal?_count=2&_pretty=true",
    "Task?_colour=red&_count=2",
    "?_type=Flag,Provenance,CareTeam,List&_count=60",
    "Task/_history?_count=5",
    "Patient/M100001/$everything",
    "CodeSystem?_count=2",
    "metadata",
    "Task/none",
]


def told(body: bytes) -> Told:
    found = Told(BASE)
    found.look_at(body)
    return found


def loosely(body: bytes) -> Told:
    """The same of other bytes of the same JSON, which cannot be taken apart."""
    return told(orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2))


async def test_a_page_is_its_resources_together(clean_store: Store) -> None:
    async with started(create_app(settings(audit="off"), clean_store)) as client:
        body = (await client.get("Task?_count=9&_include=Task:focus&_total=accurate")).content
    bundle = orjson.loads(body)
    page = Told(BASE)
    page.look_at_page([orjson.dumps(each["resource"]) for each in bundle["entry"]], bundle["total"])
    assert page == told(body)


async def test_a_page_is_read_as_its_json(clean_store: Store) -> None:
    async with started(create_app(settings(audit="off"), clean_store)) as client:
        for url in ASKED:
            body = (await client.get(url)).content
            for _ in range(2):
                assert told(body) == loosely(body), url
    assert told(body).issues == {"not-found": None}


def test_marks_in_texts_are_no_marks() -> None:
    text = '}},{"fullUrl":"x","resource":{},"search":{"mode":"match"}}]}'
    resource = {"resourceType": "Task", "id": "1", "description": text}
    entry = {"fullUrl": text, "resource": resource, "search": {"mode": "match"}}
    link = [{"relation": "self", "url": f',"entry":[{text}'}]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": [entry, entry]}
    found = told(orjson.dumps(bundle))
    assert (found.ids, found.count) == ({"Task/1": None}, 2)
    assert found == loosely(orjson.dumps(bundle))


@pytest.mark.parametrize("end", [b"", b"}", b" "])
def test_what_is_no_answer_tells_nothing(end: bytes) -> None:
    for body in (
        b"",
        b"[]",
        b"7",
        b'{"resourceType":"Bundle","type":"searchset","entry":[{',
        b"{}",
    ):
        assert told(body + end) == Told(BASE)


def test_a_bundle_within_a_page_is_looked_into() -> None:
    def page(*resources: Json) -> Json:
        entries = [
            {"fullUrl": "x", "resource": one, "search": {"mode": "match"}} for one in resources
        ]
        return {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": entries}

    one = {"resourceType": "Flag", "id": "1", "subject": {"reference": "https://ehr/r4/Patient/M1"}}
    found = told(orjson.dumps(page(page(one))))
    assert (found.ids, found.patients, found.count) == ({"Flag/1": None}, {"M1": None}, 1)


def test_who_reads_the_trail_reads_about_its_patients() -> None:
    entities = [{"what": {"reference": "Patient/M1"}}, {"what": {"reference": "Task/1"}}, {}]
    event = {"resourceType": "AuditEvent", "id": "a.1", "entity": entities}
    assert told(orjson.dumps(event)).patients == {"M1": None}


def test_a_resource_without_a_patient_may_be_of_anybody() -> None:
    found = told(orjson.dumps({"resourceType": "Task", "id": "1", "for": {"display": "Ann"}}))
    assert (found.patients, found.of_others, found.of_other_tenants) == ({}, True, True)


def test_one_value_is_a_scalar_unless_there_may_be_others() -> None:
    assert scalar([]) is None
    assert scalar(["a"]) == "a"
    assert scalar(["a"], of_others=True) == ["a"]
    assert scalar(["a", "b"]) == ["a", "b"]
    assert len(scalar(map(str, range(300))) or "") == 100


def test_an_extension_of_somebody_else_names_nobody() -> None:
    body = (
        b'{"resourceType":"Task","id":"1","for":{"reference":"Patient/A"},"extension":[%b]}'
        % b",".join(
            b'{"url":"https://evil.example/StructureDefinition/%b","valueReference":{"reference":"%b"}}'
            % each
            for each in ((b"patient", b"Patient/B"), (b"employer", b"Organization/Y"))
        )
    )
    found = told(body)
    assert ([*found.patients], [*found.tenants]) == (["A"], [])


def test_a_page_of_whole_cases_names_what_is_in_them() -> None:
    case = b'{"resourceType":"Bundle","id":"c","type":"collection","entry":[{"resource":%b}]}'
    task = b'{"resourceType":"Task","id":"1","for":{"reference":"Patient/A"}}'
    found = Told(BASE)
    found.look_at_page([case % task], 1)
    assert ([*found.ids], [*found.patients], found.count) == (["Task/1"], ["A"], 1)
