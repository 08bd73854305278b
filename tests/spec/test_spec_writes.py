"""Writing, reading what was written, and deleting it again; a deployment has to allow it.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.spec.live import Json, found, name_of

pytestmark = pytest.mark.usefixtures("may_write")

Create = Callable[[Json], Json]
PATIENT = "spec-test-patient"
"""Nobody's id: what is created belongs to no real patient."""
TEXT = "Created by tests/spec; may be deleted"


@pytest.fixture
def create(writable: httpx.Client) -> Iterator[Create]:
    """Creates resources, and deletes them in the end, the last one first."""
    made: list[str] = []

    def post(resource: Json) -> Json:
        response = writable.post(f"/{resource['resourceType']}", json=resource)
        assert response.status_code == 201, response.text
        created = dict(response.json())
        made.append(name_of(created))
        return created

    yield post
    for name in reversed(made):
        response = writable.delete(f"/{name}")
        assert response.status_code in (200, 204, 410), (name, response.text)


def goal(**given: object) -> Json:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "proposed",
        "description": {"text": TEXT},
        "subject": {"reference": f"Patient/{PATIENT}"},
        **given,
    }


def communication() -> Json:
    return {
        "resourceType": "Communication",
        "status": "completed",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "sent": "2026-01-05T09:30:00Z",
        "payload": [{"contentString": TEXT}],
    }


def test_what_is_created_is_read_and_found(writable: httpx.Client, create: Create) -> None:
    created = create(goal(startDate="2026-01-05"))
    name = name_of(created)
    read = writable.get(f"/{name}")
    assert read.json() == created
    for element, value in goal(startDate="2026-01-05").items():
        if element != "subject":
            assert created[element] == value
    assert created["subject"]["reference"].endswith(f"Patient/{PATIENT}")
    assert name in found(writable, "/Goal", patient=PATIENT)
    assert name in found(writable, "/Goal", _id=created["id"], **{"start-date": "2026-01-05"})


def test_a_stale_version_changes_nothing(writable: httpx.Client, create: Create) -> None:
    created = create(goal())
    name, etag = name_of(created), f'W/"{created["meta"]["versionId"]}"'
    changed = created | {"lifecycleStatus": "planned"}
    first = writable.put(f"/{name}", json=changed, headers={"If-Match": etag})
    assert first.status_code == 200, first.text
    stale = created | {"lifecycleStatus": "cancelled"}
    second = writable.put(f"/{name}", json=stale, headers={"If-Match": etag})
    assert second.status_code == 412
    assert second.json()["resourceType"] == "OperationOutcome"
    assert writable.get(f"/{name}").json()["lifecycleStatus"] == "planned"


def test_a_patch_changes_what_it_names(writable: httpx.Client, create: Create) -> None:
    created = create(goal())
    patch = [{"op": "replace", "path": "/description/text", "value": f"{TEXT} too"}]
    response = writable.patch(
        f"/{name_of(created)}",
        json=patch,
        headers={"Content-Type": "application/json-patch+json"},
    )
    assert response.status_code == 200, response.text
    now = writable.get(f"/{name_of(created)}").json()
    assert now["description"]["text"] == f"{TEXT} too"
    assert {**now, "meta": 0, "description": 0} == {**created, "meta": 0, "description": 0}


def test_what_is_deleted_is_gone(writable: httpx.Client, create: Create) -> None:
    created = create(goal())
    name = name_of(created)
    assert writable.delete(f"/{name}").status_code in (200, 204)
    response = writable.get(f"/{name}")
    assert response.status_code == 410
    assert response.json()["resourceType"] == "OperationOutcome"
    assert name not in found(writable, "/Goal", patient=PATIENT)


def test_what_is_invalid_is_refused(writable: httpx.Client) -> None:
    invalid = goal(lifecycleStatus="no-such-status")
    response = writable.post("/Goal", json=invalid)
    assert response.status_code in (400, 422)
    expressions = [
        each for issue in response.json()["issue"] for each in issue.get("expression", ())
    ]
    assert "Goal.lifecycleStatus" in expressions
    assert not found(writable, "/Goal", patient=PATIENT)


def test_a_document_is_created(writable: httpx.Client, create: Create) -> None:
    """US Core: a server SHALL support create of DocumentReference."""
    parent = create(communication())
    created = create(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": "34133-9"}]},
            "subject": {"reference": f"Patient/{PATIENT}"},
            "content": [
                {
                    "attachment": {
                        "contentType": "application/pdf",
                        "url": "gs://spec-test/none.pdf",
                        "title": TEXT,
                    }
                }
            ],
            "context": {"related": [{"reference": name_of(parent)}]},
        }
    )
    assert writable.get(f"/{name_of(created)}").json() == created
    assert found(writable, "/DocumentReference", patient=PATIENT, type="34133-9") == {
        name_of(created)
    }
