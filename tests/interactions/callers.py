"""Callers that scopes, patients and tenants limit, and a few records of two patients."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from fhir_facade.interactions.access import NO_ACCESS, Limited
from fhir_facade.interactions.records import Records
from fhir_facade.main import build_registry
from fhir_facade.search.options import SearchOptions
from fhir_facade.security.principal import Level, Principal, Scope
from fhir_facade.store import open_store
from tests.http.serving import settings

BASE = "http://fhir.test/fhir"
REGISTRY = build_registry(settings())
TYPES = REGISTRY.types
OPTIONS = SearchOptions(REGISTRY, BASE)
CASE, OTHER_CASE = (str(ObjectId()) for _ in range(2))
AT = datetime(2026, 1, 16, 9, 30, tzinfo=UTC)

Json = dict[str, Any]


def scope(level: Level, resource: str, letters: str, *query: tuple[str, str]) -> Scope:
    return Scope(level, resource, frozenset(letters), query)


def access(*scopes: Scope, tenants: Any = None, **given: Any) -> Limited:
    return Limited(Principal("https://issuer.test", scopes, 9e9, tenants=tenants, **given), OPTIONS)


def of_patient(patient: str, *scopes: Scope) -> Limited:
    return access(*(scopes or (scope("patient", "*", "cruds"),)), patient=patient)


def goal(name: str, patient: Any, client: Any = "X", status: str = "active", **more: Any) -> Json:
    return {
        "_id": name,
        "type": "goal",
        "name": f"Goal {name}",
        "life_cycle_status": status,
        "subject": patient,
        "client": client,
        "updated": AT,
        **more,
    }


def case(name: str, patient: str) -> Json:
    return {
        "_id": ObjectId(name),
        "status": {"state": "active"},
        "subject": {"id": patient},
        "client": {"id": "X"},
        "updated": AT,
    }


def link(name: str) -> list[Json]:
    return [{"type": "case", "id": name}]


@asynccontextmanager
async def records_of_two() -> AsyncIterator[Records]:
    """Goals, a task and a case of two patients, in a store of their own; nobody may see them."""
    store = open_store("sqlite:///:memory:")
    await store.insert(
        "work_queue",
        [
            goal("g1", {"id": "A"}),
            goal("g2", "Patient/A", status="cancelled", client={"id": "Y"}),
            goal("g3", {"id": "B"}),
            goal("g4", ["A"]),
            goal("g5", None),
            {**goal("t1", {"id": "A"}), "type": "task", "status": "Ready", "intent": "Order"},
        ],
    )
    await store.insert("patient_case", [case(CASE, "A"), case(OTHER_CASE, "B")])
    yield Records(store, REGISTRY, access=NO_ACCESS)
    await store.close()


EMPLOYED = {
    "url": REGISTRY.context.extension("employer"),
    "valueReference": {"reference": "Organization/X"},
}


def written(patient: str | None, **more: Any) -> Json:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }
