"""The OpenAPI description of the FHIR base, from the same types that are served."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from fhir_facade.rules.registry import Registry, ResourceType

_RESULT = ("_count", "_sort", "_total", "_summary", "_format", "_pretty")
_FHIR_JSON = "application/fhir+json"


def openapi(app: FastAPI, registry: Registry, base: str) -> dict[str, Any]:
    """Return the schema of the tool endpoints with the FHIR base's URLs added."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schema["paths"] = {**_fhir_paths(registry, base), **schema["paths"]}
        app.openapi_schema = schema
    return app.openapi_schema


def _fhir_paths(registry: Registry, base: str) -> dict[str, Any]:
    found = {f"{base}/metadata": {"get": _operation("CapabilityStatement", "capabilities", [])}}
    for each in registry:
        found |= _type_paths(each.name, each, base)
    case = registry.types["EpisodeOfCare"]
    found |= _type_paths("Case", case, base)
    found[f"{base}/EpisodeOfCare/{{id}}/$case"] = {
        "get": _operation("EpisodeOfCare", "$case", [_ID])
    }
    return found


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _type_paths(name: str, each: ResourceType, base: str) -> dict[str, Any]:
    query = [
        {"name": param, "in": "query", "schema": {"type": "string"}}
        for param in (*sorted(each.params), *_RESULT)
    ]
    return {
        f"{base}/{name}/{{id}}": {"get": _operation(name, "read", [_ID])},
        f"{base}/{name}": {"get": _operation(name, "search", query)},
        f"{base}/{name}/_search": {"post": _operation(name, "search by POST", [])},
    }


def _operation(tag: str, summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    content = {_FHIR_JSON: {"schema": {"type": "object"}}}
    return {
        "tags": [tag],
        "summary": f"{tag}: {summary}",
        "parameters": parameters,
        "responses": {
            "200": {"description": "FHIR JSON", "content": content},
            "4XX": {"description": "OperationOutcome", "content": content},
        },
    }
