"""Invariants of any FHIR server, asked of it by HTTP alone; nothing is known of its store.

`pytest tests/spec --base-url https://host/fhir` asks a deployment.
"""

from __future__ import annotations

import httpx

from tests.spec.live import Json, get, names, resources_of, total, walk
from tests.spec.windows import Windows

NOTHING = {
    "date": "2026-01-01", "reference": "none", "token": "none", "string": "none",
    "uri": "http://none.example", "number": "1", "quantity": "1", "composite": "none$none",
}  # fmt: skip
"""A value of each type of search parameter, which need not find anything."""


def test_the_statement_says_what_it_is(statement: Json, server: httpx.Client) -> None:
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"].startswith("4.0")
    assert statement["implementation"]["url"] == str(server.base_url).rstrip("/")
    assert {"json", "application/fhir+json"} & {*statement["format"]}


def test_pages_partition_the_result(
    server: httpx.Client, served: list[Json], windows: Windows
) -> None:
    for resource in served:
        type_ = resource["type"]
        window = windows.of(type_).query
        first = walk(server, f"/{type_}", _count=23, **window)
        assert len(first) == len(set(first)), type_
        assert first == walk(server, f"/{type_}", _count=200, **window), type_


def test_the_count_is_what_is_fetched(
    server: httpx.Client, served: list[Json], windows: Windows
) -> None:
    for resource in served:
        type_ = resource["type"]
        window = windows.of(type_).query
        counted = total(server, f"/{type_}", **window)
        assert counted == len(walk(server, f"/{type_}", _count=200, **window)), type_
        page = get(server, f"/{type_}", _total="accurate", _count=1, **window)
        assert page["total"] == counted, type_


def test_a_filter_partitions_too(server: httpx.Client, resources: list[Json]) -> None:
    """What is before a moment and what is not before it are all there is."""
    for resource in resources:
        if "_lastUpdated" not in {each["name"] for each in resource["searchParam"]}:
            continue
        url = f"/{resource['type']}"
        whole = total(server, url, _lastUpdated="ge0001")
        parts = [total(server, url, _lastUpdated=f"{each}2026-01-01") for each in ("lt", "ge")]
        assert sum(parts) == whole, url


def test_every_declared_parameter_is_answered(
    server: httpx.Client, served: list[Json], windows: Windows
) -> None:
    for resource in served:
        type_ = resource["type"]
        window = windows.of(type_).query
        whole = total(server, f"/{type_}", **window)
        for param in resource.get("searchParam", ()):
            name, value = param["name"], NOTHING[param["type"]]
            narrowed = {} if name in window else window
            found = get(server, f"/{type_}", **{name: value}, _summary="count", **narrowed)
            assert 0 <= found["total"] <= whole or not narrowed, (type_, name)
            self_url = next(each["url"] for each in found["link"] if each["relation"] == "self")
            assert f"{name}=" in self_url


def test_an_undeclared_parameter_is_refused(server: httpx.Client, served: list[Json]) -> None:
    for resource in served:
        response = server.get(f"/{resource['type']}?no-such-parameter=1")
        assert response.status_code == 400
        assert response.json()["resourceType"] == "OperationOutcome"


def test_what_is_found_is_read(server: httpx.Client, served: list[Json]) -> None:
    for resource in served:
        bundle = get(server, f"/{resource['type']}", _count=5)
        for entry in bundle.get("entry", ()):
            if entry["search"]["mode"] != "match":
                continue
            response = server.get(entry["fullUrl"])
            assert response.json() == entry["resource"]
            etag = response.headers["etag"]
            if version := entry["resource"].get("meta", {}).get("versionId"):
                assert etag == f'W/"{version}"'
            again = server.get(entry["fullUrl"], headers={"If-None-Match": etag})
            assert (again.status_code, again.content) == (304, b"")


def test_what_is_not_there_is_not_found(server: httpx.Client, served: list[Json]) -> None:
    for type_ in [*(each["type"] for each in served), "Patient", "NoSuchType"]:
        response = server.get(f"/{type_}/no-such-id")
        assert response.status_code == 404
        assert response.json()["resourceType"] == "OperationOutcome"


def _operations(resources: list[Json], name: str) -> list[str]:
    """The types on which an operation is declared."""
    return [
        each["type"]
        for each in resources
        if name in [operation["name"] for operation in each.get("operation", ())]
    ]


def test_a_case_holds_what_is_read(server: httpx.Client, resources: list[Json]) -> None:
    for type_ in _operations(resources, "case"):
        for found in names(get(server, f"/{type_}", _count=3)):
            bundle = get(server, f"/{found}/$case")
            assert bundle["resourceType"] == "Bundle"
            for entry in bundle["entry"]:
                if entry["fullUrl"].startswith("http"):
                    assert server.get(entry["fullUrl"]).json() == entry["resource"]


def test_what_is_served_is_valid_to_the_server(server: httpx.Client, resources: list[Json]) -> None:
    """`$validate` of a few resources of each type reports no error; it stores nothing."""
    for type_ in _operations(resources, "validate"):
        for resource in resources_of(get(server, f"/{type_}", _count=3)):
            response = server.post(f"/{type_}/$validate", json=resource)
            assert response.status_code == 200, (type_, response.text)
            outcome = response.json()
            assert outcome["resourceType"] == "OperationOutcome"
            errors = [each for each in outcome["issue"] if each["severity"] in ("error", "fatal")]
            assert not errors, (type_, resource["id"], errors)
