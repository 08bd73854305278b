"""The OpenAPI description of the FHIR base, from the same types that are served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from fhir_facade.derive.capability_types import ARTEFACT_PARAMS, PUBLISHED_TYPES
from fhir_facade.http.terminology import OPERATIONS
from fhir_facade.interactions.capabilities import MODES
from fhir_facade.interactions.people import PARAMS
from fhir_facade.interactions.people_names import NAME
from fhir_facade.rules.registry import CASE_ALIASES, Registry, ResourceType

_RESULT = ("_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude")
_EVERYTHING = ("_since", "_type", "_count")
_VALIDATE = ("mode", "profile")
_DOCREF = ("patient", "start", "end", "type", "on-demand")
_FHIR_JSON = "application/fhir+json"
_KIND: Final = "x-search-type"
"""Where a search parameter of a type has its own type: `token`, `date`."""
_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "An access token of the authorization server that "
    "`.well-known/smart-configuration` below the FHIR base names.",
}


def require_tokens(app: FastAPI, *, definitions: bool) -> None:
    """Have the description say that requests want a token, and whether definitions do too."""
    app.state.tokens_for_definitions = definitions


def openapi(app: FastAPI, registry: Registry, base: str) -> dict[str, Any]:
    """Return the schema of the tool endpoints with the FHIR base's URLs added."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        tools = schema["paths"]
        schema["paths"] = {**_fhir_paths(registry, base), **tools}
        definitions = getattr(app.state, "tokens_for_definitions", None)
        if definitions is not None:
            is_open = {f"{base}/metadata", *tools}
            if not definitions:
                is_open |= {each for each in schema["paths"] if _is_of_definitions(each, base)}
            _secure(schema, is_open)
        app.openapi_schema = schema
    return app.openapi_schema


def search_parameters(schema: Mapping[str, Any], base: str) -> dict[str, dict[str, str]]:
    """Return type → search parameter → its type, as a description lists them."""
    found = {}
    for path, methods in schema["paths"].items():
        given = methods.get("get", {}).get("parameters", ())
        kinds = {each["name"]: each[_KIND] for each in given if _KIND in each}
        if kinds:
            found[path.removeprefix(f"{base}/")] = kinds
    return found


def _secure(schema: dict[str, Any], is_open: set[str]) -> None:
    """Say of every operation that it wants a token, but of those on paths that are open."""
    schema.setdefault("components", {})["securitySchemes"] = {"bearer": _BEARER}
    schema["security"] = [{"bearer": []}]
    for path in is_open:
        for operation in schema["paths"][path].values():
            operation["security"] = []


def _is_of_definitions(path: str, base: str) -> bool:
    return path.removeprefix(f"{base}/").partition("/")[0] in ARTEFACT_PARAMS


def _fhir_paths(registry: Registry, base: str) -> dict[str, Any]:
    mode = {"name": "mode", "in": "query", "schema": {"type": "string", "enum": list(MODES)}}
    found = {f"{base}/metadata": {"get": _operation("system", "capabilities", [mode])}}
    for each in registry:
        writes = each.sources[0].mapping.writes
        found |= _type_paths(each.name, each, base, writes, history=bool(writes))
    case = registry.types["EpisodeOfCare"]
    for name in CASE_ALIASES:
        found |= _type_paths(name, case, base, ("create", "update", "delete"), history=False)
    found[f"{base}/EpisodeOfCare/{{id}}/$case"] = {
        "get": _operation("EpisodeOfCare", "$case", [_ID])
    }
    found |= _artefact_paths(base) | _terminology_paths(base)
    wider = {**_wider_paths(base), **_people_paths(registry, base)}
    return {**found, **wider, **_validate_paths(registry, base)}


def _artefact_paths(base: str) -> dict[str, Any]:
    """The types that artefacts are published as: read and search."""
    found: dict[str, Any] = {}
    for name, params in ARTEFACT_PARAMS.items():
        kinds = {each.name: each.type for each in params.values()}
        result = _query(each for each in _RESULT if not each.endswith("include"))
        query = [*_searched(kinds), *result]
        found |= {
            f"{base}/{name}": {"get": _operation(name, "search", query)},
            f"{base}/{name}/_search": {"post": _operation(name, "search by POST", [])},
            f"{base}/{name}/{{id}}": {"get": _operation(name, "read", [_ID])},
        }
    return found


def _terminology_paths(base: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in OPERATIONS:
        query = [name for name, what in each.spec.items() if what.taken and what.kind[0].islower()]
        places: list[tuple[str, list[dict[str, Any]]]] = [(each.type, [])]
        if each.of_instances:
            places.append((f"{each.type}/{{id}}", [_ID]))
        for place, ids in places:
            found[f"{base}/{place}/${each.name}"] = {
                "get": _operation(each.type, f"${each.name}", [*ids, *_query(query)]),
                "post": _operation(each.type, f"${each.name} by POST", ids, body=True),
            }
    return found


def _validate_paths(registry: Registry, base: str) -> dict[str, Any]:
    query = _query(_VALIDATE)
    found = {f"{base}/$validate": {"post": _operation("system", "$validate", query, body=True)}}
    for name in (*sorted(registry.types), "Bundle", *PUBLISHED_TYPES):
        found |= {
            f"{base}/{name}/$validate": {"post": _operation(name, "$validate", query, body=True)},
            f"{base}/{name}/{{id}}/$validate": {
                "get": _operation(name, "$validate", [_ID, *query]),
                "post": _operation(name, "$validate by POST", [_ID, *query], body=True),
            },
        }
    return found


def _wider_paths(base: str) -> dict[str, Any]:
    """The searches over several types, and the operations that are searches."""
    compartment = [_ID, {**_ID, "name": "type"}]
    everything = _operation("Patient", "$everything", [_ID, *_query(_EVERYTHING)])
    docref = _query(_DOCREF)
    return {
        base: {
            "get": _operation("system", "search several types", _query(["_type", *_RESULT])),
            "post": _operation("system", "batch or transaction", [], body=True),
        },
        f"{base}/_history": {"get": _operation("system", "history", _query(_SINCE))},
        f"{base}/_search": {"post": _operation("system", "search by POST", [])},
        f"{base}/Patient/{{id}}/$everything": {
            "get": everything,
            "post": _operation("Patient", "$everything by POST", [_ID]),
        },
        f"{base}/Patient/{{id}}/{{type}}": {"get": _operation("Patient", "search", compartment)},
        f"{base}/DocumentReference/$docref": {
            "get": _operation("DocumentReference", "$docref", docref),
            "post": _operation("DocumentReference", "$docref by POST", []),
        },
    }


def _people_paths(registry: Registry, base: str) -> dict[str, Any]:
    """The types that only references tell of."""
    found: dict[str, Any] = {}
    for name in (each.type for each in registry.people):
        kinds = {each: "string" if each == NAME else "token" for each in PARAMS}
        query = [*_searched(kinds), *_query(["_count", "_summary", "_elements"])]
        found |= {
            f"{base}/{name}": {"get": _operation(name, "search", query)},
            f"{base}/{name}/_search": {"post": _operation(name, "search by POST", [])},
            f"{base}/{name}/{{id}}": {"get": _operation(name, "read", [_ID])},
        }
    return found


def _query(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]


def _searched(kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a type is searched by."""
    found = _query(kinds)
    return [{**each, _KIND: kinds[each["name"]]} for each in found]


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _type_paths(
    name: str, each: ResourceType, base: str, writes: Sequence[str], *, history: bool
) -> dict[str, Any]:
    kinds = {param: each.params[param].type for param in sorted(each.params)}
    query = [*_searched(kinds), *_query(_RESULT)]
    instance = {"get": _operation(name, "read", [_ID]), **_instance_writes(name, writes)}
    whole = {"get": _operation(name, "search", query), **_type_writes(name, writes)}
    found = {
        f"{base}/{name}/{{id}}": instance,
        f"{base}/{name}": whole,
        f"{base}/{name}/_search": {"post": _operation(name, "search by POST", [])},
    }
    return {**found, **_histories(f"{base}/{name}", name)} if history else found


_METHODS = {"update": "put", "patch": "patch", "delete": "delete"}
_SINCE = ("_since", "_at", "_count")


def _instance_writes(name: str, writes: Iterable[str]) -> dict[str, Any]:
    return {
        _METHODS[code]: _operation(name, code, [_ID], body=code != "delete")
        for code in writes
        if code in _METHODS
    }


def _type_writes(name: str, writes: Iterable[str]) -> dict[str, Any]:
    return {"post": _operation(name, "create", [], body=True)} if "create" in writes else {}


def _histories(url: str, name: str) -> dict[str, Any]:
    version = {**_ID, "name": "vid"}
    return {
        f"{url}/_history": {"get": _operation(name, "history", _query(_SINCE))},
        f"{url}/{{id}}/_history": {"get": _operation(name, "history", [_ID, *_query(_SINCE)])},
        f"{url}/{{id}}/_history/{{vid}}": {"get": _operation(name, "vread", [_ID, version])},
    }


def _operation(
    tag: str, summary: str, parameters: list[dict[str, Any]], *, body: bool = False
) -> dict[str, Any]:
    content = {_FHIR_JSON: {"schema": {"type": "object"}}}
    return {
        "tags": [tag],
        "summary": f"{tag}: {summary}",
        "parameters": parameters,
        **({"requestBody": {"content": content, "required": True}} if body else {}),
        "responses": {
            "200": {"description": "FHIR JSON", "content": content},
            "4XX": {"description": "OperationOutcome", "content": content},
        },
    }
