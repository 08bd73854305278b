"""What the OpenAPI description says of tokens, and of what is searched by."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.http.openapi import search_parameters
from fhir_facade.store.base import Store
from tests.http.serving import asking
from tests.web.fronts import HOST, front, paged

OPEN = {"/fhir/metadata", "/health/live", "/health/ready"}


async def _described(store: Store, patch: pytest.MonkeyPatch, **told: Any) -> dict[str, Any]:
    async with asking(paged(store, patch, front(**told)), HOST) as client:
        found: dict[str, Any] = (await client.get("/openapi.json")).json()
    return found


def _without_token(description: dict[str, Any]) -> set[str]:
    return {
        path
        for path, methods in description["paths"].items()
        if all(each.get("security") == [] for each in methods.values())
    }


async def test_tokens_where_they_are_asked_for(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = await _described(clean_store, monkeypatch, open=False)
    scheme = description["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert description["security"] == [{"bearer": []}]
    assert _without_token(description) == OPEN


async def test_definitions_may_be_open(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    description = await _described(clean_store, monkeypatch, open=False, definitions=True)
    found = _without_token(description)
    assert found > OPEN
    assert {"/fhir/ValueSet", "/fhir/ValueSet/$expand", "/fhir/StructureDefinition/{id}"} <= found
    assert not any(each.startswith(("/fhir/Task", "/fhir/Patient")) for each in found)


async def test_no_tokens_where_none_are_asked_for(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = await _described(clean_store, monkeypatch)
    assert "security" not in description
    assert "securitySchemes" not in description.get("components", {})
    assert not any(
        "security" in each for methods in description["paths"].values() for each in methods.values()
    )


async def test_search_parameters_are_those_of_the_statement(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = search_parameters(await _described(clean_store, monkeypatch), "/fhir")
    async with asking(paged(clean_store, monkeypatch), HOST) as client:
        statement = (await client.get("/fhir/metadata")).json()
    for each in statement["rest"][0]["resource"]:
        declared = {one["name"]: one["type"] for one in each.get("searchParam", ())}
        assert described.get(each["type"], {}) == declared, each["type"]
