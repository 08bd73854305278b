"""$docref: the documents of a patient, as US Core defines it.

https://hl7.org/fhir/us/core/STU6.1/OperationDefinition-docref.html
"""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from tests.http.declared import escaped
from tests.spec.elements import ranges, tokens
from tests.spec.live import Json, Sample, get, matches, name_of, pages, resources_of

PATH = "/DocumentReference/$docref"


@pytest.fixture(scope="session")
def patient(sample: Sample) -> str:
    """The patient with the most documents."""
    found = Counter(
        each["subject"]["reference"].rpartition("/")[2]
        for each in sample("DocumentReference")
        if "reference" in each.get("subject", {})
    )
    return found.most_common(1)[0][0]


@pytest.fixture(scope="session")
def documents(server: httpx.Client, patient: str) -> dict[str, Json]:
    found = matches(server, "/DocumentReference", patient=patient)
    return {name_of(each): each for each in found}


def _found(server: httpx.Client, **params: str) -> set[str]:
    return {name_of(each) for page in pages(server, PATH, **params) for each in resources_of(page)}


def test_without_dates_the_current_documents_are_in_scope(
    server: httpx.Client, patient: str, documents: dict[str, Json]
) -> None:
    bundle = get(server, PATH, patient=patient)
    assert bundle["type"] == "searchset"
    found = _found(server, patient=patient)
    assert found <= {*documents}
    current = {name: each for name, each in documents.items() if each["status"] == "current"}
    newest = max(current, key=lambda name: current[name].get("date", ""))
    assert newest in found


def test_it_is_asked_by_post_too(server: httpx.Client, patient: str) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "patient", "valueId": patient}],
    }
    posted = server.post(PATH, json=body)
    assert posted.status_code == 200
    asked = get(server, PATH, patient=patient)
    assert resources_of(posted.json()) == resources_of(asked)


def test_another_patient_has_none(server: httpx.Client) -> None:
    assert _found(server, patient="no-such-patient") == set()


def test_a_patient_is_required(server: httpx.Client) -> None:
    response = server.get(PATH)
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"


def test_start_and_end_are_dates_of_care(
    server: httpx.Client, patient: str, documents: dict[str, Json]
) -> None:
    starts = sorted(
        each["context"]["period"]["start"]
        for each in documents.values()
        if "start" in each.get("context", {}).get("period", {})
    )
    if not starts:
        pytest.skip("no document of the patient has a period")
    (moment, _), *_ = ranges(starts[len(starts) // 2])
    spelled = moment.isoformat().replace("+00:00", "Z")
    for name, sign in (("start", 1), ("end", -1)):
        found = _found(server, patient=patient, **{name: spelled})
        for each in found:
            (low, high), *_ = ranges(documents[each]["context"]["period"])
            assert high >= moment if sign > 0 else low <= moment, (name, each)
    assert _found(server, patient=patient, start=spelled)
    assert _found(server, patient=patient, start="1900-01-01", end="1900-12-31") == set()


def test_type_narrows(server: httpx.Client, patient: str, documents: dict[str, Json]) -> None:
    codes = {name: tokens(each.get("type", {})) for name, each in documents.items()}
    pairs = sorted({pair for each in codes.values() for pair in each}, key=str)
    if not pairs:
        pytest.skip("no document of the patient has a coded type")
    for system, code in pairs[:3]:
        whole = f"{escaped(system or '')}|{escaped(code)}"
        there = {name for name, each in codes.items() if (system, code) in each}
        assert _found(server, patient=patient, type=whole) == there
        coding = {"name": "type", "valueCoding": {"system": system, "code": code}}
        body = {
            "resourceType": "Parameters",
            "parameter": [{"name": "patient", "valueId": patient}, coding],
        }
        posted = server.post(PATH, json=body, params=None)
        assert posted.status_code == 200, posted.text
        assert {name_of(each) for each in resources_of(posted.json())} <= there


def test_what_is_made_on_demand_and_what_is_there(server: httpx.Client, patient: str) -> None:
    made = _found(server, patient=patient, **{"on-demand": "true"})
    assert _found(server, patient=patient, **{"on-demand": "false"}) >= made
