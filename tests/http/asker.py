"""A client that asks one type's declared searches, and knows every resource of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from fhir_facade.store.base import Store
from tests.http.declared import Declared, declared
from tests.http.serving import Json, matches, serving

SERVED = (
    *("AuditEvent", "CarePlan", "CareTeam", "Communication", "DocumentReference", "EpisodeOfCare"),
    *("Flag", "Goal", "List", "Observation", "Provenance", "Task"),
)

PUBLISHED = (
    *("CapabilityStatement", "CodeSystem", "ConceptMap", "ImplementationGuide", "NamingSystem"),
    *("OperationDefinition", "SearchParameter", "StructureDefinition", "ValueSet"),
)


@dataclass(frozen=True)
class Asker:
    """What a client knows of one type from /metadata, and its resources."""

    client: httpx.AsyncClient
    statement: Json
    type: str
    params: list[Declared]
    resources: dict[str, Json]

    async def get(self, name: str, value: str, **more: str) -> httpx.Response:
        params = {name: value, "_count": "1000", **more}
        return await self.client.get(f"/{self.type}", params=params)

    async def ids(self, name: str, value: str) -> set[str]:
        """The ids of what a search by one parameter finds."""
        response = await self.get(name, value)
        assert response.status_code == 200, f"{self.type}?{name}={value}: {response.text}"
        return {each["id"] for each in matches(response.json())}

    def having(self, param: Declared) -> Iterator[tuple[str, object]]:
        """Each resource's id and each value of a parameter in it."""
        for id, resource in self.resources.items():
            for value in param.values(resource):
                yield id, value

    @property
    def declaration(self) -> Json:
        (found,) = (
            each for each in self.statement["rest"][0]["resource"] if each["type"] == self.type
        )
        return dict(found)


@asynccontextmanager
async def asking_of(store: Store, type_: str) -> AsyncIterator[Asker]:
    async with serving(store) as client:
        statement = (await client.get("/metadata")).json()
        params = [each for each in declared(statement) if each.type == type_]
        found = matches((await client.get(f"/{type_}?_count=1000")).json())
        resources = {each["id"]: each for each in found}
        assert params
        assert resources
        yield Asker(client, statement, type_, params, resources)
