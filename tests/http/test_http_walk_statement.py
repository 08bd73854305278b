"""From /metadata alone: its formats, profiles, definitions and compartment are what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED, SERVED
from tests.http.serving import BASE, Json, matches, serving, settings
from tests.http.walking import copied, declaration, one_of, statement_of


@pytest.fixture
async def own_store(recorded_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    async with copied(recorded_file, tmp_path) as store:
        yield store


@pytest.fixture
async def client(own_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(own_store) as client:
        yield client


PATCHES: dict[str, Callable[[str], Any]] = {
    "application/json-patch+json": lambda text: [
        {"op": "add", "path": "/description", "value": text}
    ],
    "application/merge-patch+json": lambda text: {"description": text},
    "application/fhir+json": lambda text: {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "replace"},
                    {"name": "path", "valueString": "Task.description"},
                    {"name": "value", "valueString": text},
                ],
            }
        ],
    },
}


async def test_every_patch_format(client: httpx.AsyncClient) -> None:
    assert (await statement_of(client))["patchFormat"] == [*PATCHES]
    url = f"/Task/{(await one_of(client, 'Task'))['id']}"
    for number, (kind, patch) in enumerate(PATCHES.items()):
        text = f"Patched {number}"
        headers = {"Content-Type": kind}
        response = await client.patch(url, json=patch(text), headers=headers)
        assert response.status_code == 200, (kind, response.text)
        assert (await client.get(url)).json()["description"] == text
    for kind in ("application/xml-patch+xml", "application/fhir+xml", "text/plain"):
        response = await client.patch(url, content=b"x", headers={"Content-Type": kind})
        assert response.status_code == 415, kind


async def test_every_format(client: httpx.AsyncClient) -> None:
    declared = (await statement_of(client))["format"]
    for url in ("/metadata", "/Task?_count=1", "/ValueSet?_count=1"):
        plain = (await client.get(url)).json()
        for kind in declared:
            by_name = await client.get(url, params={"_format": kind})
            assert by_name.status_code == 200
            assert by_name.json()["resourceType"] == plain["resourceType"]
            accepted = {"Accept": kind if "/" in kind else f"application/{kind}"}
            assert (await client.get(url, headers=accepted)).json() == plain
        for kind in ("xml", "ttl", "application/fhir+xml", "text/turtle"):
            assert kind not in declared
            assert (await client.get(url, params={"_format": kind})).status_code == 406


async def test_its_head_is_true(client: httpx.AsyncClient) -> None:
    statement = await statement_of(client)
    assert statement["kind"] == "instance"
    assert statement["implementation"]["url"] == BASE
    assert statement["software"]["name"] == "fhir-facade"
    url = statement["url"].removeprefix(settings().canonical)
    published = (await client.get(url)).json()
    published.pop("meta")
    assert published == {**statement, "implementation": published["implementation"]}
    assert "url" not in published["implementation"]
    for guide in statement["implementationGuide"]:
        found = await client.get("/ImplementationGuide", params={"url": guide})
        assert found.json()["total"] == 1, guide


PATIENT = {"reference": "Patient/M100001"}
TALK: Json = {"resourceType": "Communication", "status": "completed", "subject": PATIENT}
DOCUMENT: Json = {
    "resourceType": "DocumentReference",
    "status": "current",
    "type": {"coding": [{"system": "http://loinc.org", "code": "34133-9"}]},
    "category": [{"text": "Clinical note"}],
    "subject": PATIENT,
    "content": [{"attachment": {"url": "https://example.org/note.pdf"}}],
}


async def _add_document(client: httpx.AsyncClient) -> None:
    """The demo's have types of their own, and belong to a case: US Core wants neither."""
    talk = await client.post("/Communication", json=TALK)
    related = {"reference": f"Communication/{talk.json()['id']}"}
    document = {**DOCUMENT, "context": {"related": [related]}}
    created = await client.post("/DocumentReference", json=document)
    assert created.status_code == 201, created.text


@pytest.mark.parametrize("type_", [*SERVED, "Bundle"])
async def test_its_profiles_are_published_and_claimed(
    client: httpx.AsyncClient, type_: str
) -> None:
    declared = await declaration(client, type_)
    if type_ == "DocumentReference":
        await _add_document(client)
    profiles = [*declared.get("supportedProfile", ())]
    if "profile" in declared:
        profiles.insert(0, declared["profile"])
    assert profiles
    for profile in profiles:
        if profile.startswith(settings().canonical):
            found = await client.get("/StructureDefinition", params={"url": profile})
            (definition,) = matches(found.json())
            assert definition["type"] == type_
        claims = await client.get(f"/{type_}?_count=1000")
        named = [each.get("meta", {}).get("profile", ()) for each in matches(claims.json())]
        assert any(profile in each for each in named), profile
        if profile == declared.get("profile"):
            assert all(profile in each for each in named)


async def test_its_definitions_are_published(client: httpx.AsyncClient) -> None:
    (rest,) = (await statement_of(client))["rest"]
    own = settings().canonical
    for resource in (rest, *rest["resource"]):
        for kind, name in (
            ("SearchParameter", "searchParam"),
            ("OperationDefinition", "operation"),
        ):
            for each in resource.get(name, ()):
                if each["definition"].startswith(own):
                    found = await client.get(f"/{kind}", params={"url": each["definition"]})
                    (definition,) = matches(found.json())
                    assert definition["code"] == each["name"]


async def test_its_compartment(client: httpx.AsyncClient) -> None:
    (rest,) = (await statement_of(client))["rest"]
    assert rest["compartment"] == ["http://hl7.org/fhir/CompartmentDefinition/patient"]
    goal = await one_of(client, "Goal")
    patient = goal["subject"]["reference"]
    assert goal in matches((await client.get(f"/{patient}/Goal?_count=1000")).json())
    assert (await client.get("/Practitioner/x/Goal")).status_code == 404
    for type_ in PUBLISHED:
        assert (await client.get(f"/{patient}/{type_}")).status_code == 404
