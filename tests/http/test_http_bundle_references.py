"""References between the entries of a transaction, and to what a search finds.

https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.bundles import (
    bundle,
    communication,
    digest,
    document,
    done,
    entry,
    issues,
    named,
    post,
    task,
    urn,
)
from tests.http.serving import BASE, Json, serving

NEW = "<the new Task>"
VERSIONED = "<the new Task's version>"
ELSEWHERE = "http://elsewhere.test/base"
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'


@pytest.fixture
async def writer(small_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(small_store) as client:
        yield client


# fullUrl of the new Task, fullUrl of the entry that refers to it, the reference, what becomes of it
REFERENCES: list[tuple[str, str | None, str, str]] = [
    (urn(1), urn(2), urn(1), NEW),
    (urn(1), None, urn(1), NEW),
    ("urn:oid:1.2.3", urn(2), "urn:oid:1.2.3", NEW),
    (urn(1), urn(2), f"{urn(1)}/_history/7", VERSIONED),
    (f"{BASE}/Task/1", urn(2), f"{BASE}/Task/1", NEW),
    (f"{BASE}/Task/1", urn(2), "Task/1", NEW),
    (f"{BASE}/Task/1", f"{BASE}/Task/2", "Task/1", NEW),
    (f"{BASE}/Task/1", f"{BASE}/Task/2", "Task/1/_history/9", VERSIONED),
    (f"{ELSEWHERE}/Task/1", f"{ELSEWHERE}/Task/2", "Task/1", NEW),
    (f"{ELSEWHERE}/Task/1", urn(2), f"{ELSEWHERE}/Task/1", NEW),
    (f"{ELSEWHERE}/Task/1", urn(2), "Task/1", "Task/1"),
    (f"{BASE}/Task/1", f"{ELSEWHERE}/Task/2", "Task/1", "Task/1"),
    (urn(1), urn(2), "Task/1", "Task/1"),
    (urn(1), urn(2), "Task/t1/_history/1", "Task/t1/_history/1"),
    (urn(1), urn(2), "http://other.test/Task/1", "http://other.test/Task/1"),
    (urn(1), f"{ELSEWHERE}/Task/2", "Patient?x", "<refused>"),
]


@pytest.mark.parametrize(("full", "referrer", "reference", "expected"), REFERENCES)
@pytest.mark.parametrize("backwards", [False, True])
async def test_references(
    writer: httpx.AsyncClient,
    full: str,
    referrer: str | None,
    reference: str,
    expected: str,
    backwards: bool,
) -> None:
    pair = [
        entry("POST", "Task", task(id="1"), full),
        entry("POST", "Task", task(partOf=[{"reference": reference}]), referrer),
    ]
    body = bundle("transaction", *(reversed(pair) if backwards else pair))
    if expected == "<refused>":
        response = await post(writer, body)
        assert response.status_code == 422
        return
    entries = await done(writer, body)
    new, other = reversed(entries) if backwards else entries
    known = {
        NEW: f"Task/{new['resource']['id']}",
        VERSIONED: new["response"]["location"],
    }
    assert other["resource"]["partOf"] == [{"reference": known.get(expected, expected)}]


async def test_every_link_of_r4_is_replaced(writer: httpx.AsyncClient) -> None:
    full = urn(1)
    narrative = XHTML % f'<a class="x" href="{full}">y</a><img src=\'{full}\' alt="z"/> {full}'
    sent = task(
        text={"status": "generated", "div": narrative},
        contained=[{"resourceType": "Basic", "id": "b", "code": {"text": "x"}, "subject": {}}],
        focus={"reference": "#b"},
        instantiatesUri=full,
        instantiatesCanonical=full,
        note=[{"text": full}],
        meta={"source": full},
        _description={"extension": [{"url": "urn:a", "valueReference": {"reference": full}}]},
        input=[
            {"type": {"text": "r"}, "valueReference": {"reference": full}},
            {"type": {"text": "u"}, "valueUrl": full},
            {"type": {"text": "s"}, "valueString": full},
        ],
    )
    sent["contained"][0]["subject"] = {"reference": full}
    new, other = await done(
        writer,
        bundle("transaction", entry("POST", "Task", task(), full), entry("POST", "Task", sent)),
    )
    name = f"Task/{new['resource']['id']}"
    found = other["resource"]
    assert found["text"]["div"] == XHTML % (
        f'<a class="x" href="{name}">y</a><img src=\'{name}\' alt="z"/> {full}'
    )
    assert found["contained"][0]["subject"] == {"reference": name}
    assert found["instantiatesUri"] == name
    assert found["instantiatesCanonical"] == full
    assert found["note"] == [{"text": full}]
    assert found["_description"]["extension"][0]["valueReference"] == {"reference": name}
    assert [each.get("valueUrl") for each in found["input"]] == [None, name, None]
    assert found["input"][0]["valueReference"] == {"reference": name}
    assert found["input"][2]["valueString"] == full


async def test_a_document_of_an_interaction_of_the_same_transaction(
    writer: httpx.AsyncClient,
) -> None:
    """The interaction changes when a document is put into it: its last version is told."""
    letter, other, interaction = await done(
        writer,
        bundle(
            "transaction",
            entry("POST", "DocumentReference", document(urn(3)), urn(1)),
            entry("POST", "DocumentReference", document(urn(3)), urn(2)),
            entry("POST", "Communication", communication(), urn(3)),
        ),
    )
    assert letter["resource"]["id"] != other["resource"]["id"]
    name = interaction["fullUrl"].removeprefix(BASE)
    now = await writer.get(name)
    assert now.json() == interaction["resource"]
    assert now.headers["etag"] == interaction["response"]["etag"]
    history = await writer.get(f"/{interaction['response']['location']}")
    assert history.json() == interaction["resource"]


LOST: list[tuple[Json, int, str, str]] = [
    (task(partOf=[{"reference": urn(9)}]), 400, "not-found", "partOf[0].reference"),
    (task(focus={"reference": "urn:oid:1.2"}), 400, "not-found", "focus.reference"),
    (task(focus={"reference": "Task?identifier=none"}), 412, "not-found", "focus.reference"),
    (task(focus={"reference": "Task?patient=M1"}), 412, "multiple-matches", "focus.reference"),
    (task(focus={"reference": "Task?nonsense=1"}), 400, "not-supported", "focus.reference"),
    (task(focus={"reference": "Task?_count=1"}), 400, "not-supported", "focus.reference"),
    (task(focus={"reference": "Task?identifier=%FF"}), 400, "invalid", "focus.reference"),
    (task(owner={"reference": "Practitioner?name=x"}), 422, "not-supported", "owner.reference"),
    (task(encounter={"reference": urn(1)}), 400, "value", "encounter"),
    (task(focus={"reference": f"{urn(2)}/_history/1"}), 422, "invalid", "focus.reference"),
]


@pytest.mark.parametrize(("resource", "status", "code", "expression"), LOST)
async def test_what_cannot_be_resolved(
    writer: httpx.AsyncClient,
    small_store: Store,
    resource: Json,
    status: int,
    code: str,
    expression: str,
) -> None:
    before = await digest(small_store)
    response = await post(
        writer,
        bundle(
            "transaction",
            entry("POST", "Task", task(), urn(1)),
            entry("POST", "Task", resource, urn(2)),
        ),
    )
    assert response.status_code == status, response.text
    assert issues(response) == [(code, f"Bundle.entry[1].resource.{expression}")]
    assert await digest(small_store) == before


def searching(query: str, **more: Any) -> Json:
    return task(partOf=[{"reference": query}], **more)


@pytest.mark.parametrize("query", ["Task?identifier=a", f"{BASE}/Task?identifier=urn:test|a"])
async def test_conditional_references(writer: httpx.AsyncClient, query: str) -> None:
    """They are resolved last, so they find what the transaction itself creates."""
    (before,) = await done(
        writer, bundle("transaction", entry("POST", "Task", task(identifier=named("a"))))
    )
    name = f"Task/{before['resource']['id']}"
    by_search, created, of_created = await done(
        writer,
        bundle(
            "transaction",
            entry("POST", "Task", searching(query)),
            entry("PUT", "Task?identifier=b", task(identifier=named("b"))),
            entry("POST", "Task", searching("Task?identifier=b")),
        ),
    )
    assert by_search["resource"]["partOf"] == [{"reference": name}]
    new = f"Task/{created['resource']['id']}"
    assert of_created["resource"]["partOf"] == [{"reference": new}]


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_conditional_reference_that_the_transaction_makes_ambiguous(
    writer: httpx.AsyncClient, small_store: Store, backwards: bool
) -> None:
    await done(writer, bundle("transaction", entry("POST", "Task", task(identifier=named("a")))))
    before = await digest(small_store)
    pair = [
        entry("POST", "Task", searching("Task?identifier=a")),
        entry("POST", "Task", task(identifier=named("a"))),
    ]
    response = await post(writer, bundle("transaction", *(reversed(pair) if backwards else pair)))
    assert response.status_code == 412
    assert await digest(small_store) == before


async def test_a_resource_that_finds_itself_is_no_match(
    writer: httpx.AsyncClient, small_store: Store
) -> None:
    before = await digest(small_store)
    own = searching("Task?identifier=a", identifier=named("a"))
    response = await post(writer, bundle("transaction", entry("POST", "Task", own)))
    assert response.status_code == 412
    one = searching("Task?identifier=t1", identifier=named("x"))
    other = searching("Task?identifier=x", identifier=named("x"))
    body = bundle("transaction", entry("POST", "Task", one), entry("POST", "Task", other))
    assert (await post(writer, body)).status_code == 412
    assert await digest(small_store) == before


async def test_urns_that_a_patched_resource_had_already_stay(
    writer: httpx.AsyncClient,
) -> None:
    stored = await writer.post("/Task", json=task(partOf=[{"reference": urn(5)}]))
    name = f"Task/{stored.json()['id']}"
    parameters: Json = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "replace"},
                    {"name": "path", "valueString": "Task.description"},
                    {"name": "value", "valueString": "New"},
                ],
            }
        ],
    }
    (found,) = await done(writer, bundle("transaction", entry("PATCH", name, parameters)))
    assert found["resource"]["description"] == "New"
    assert found["resource"]["partOf"] == [{"reference": urn(5)}]
