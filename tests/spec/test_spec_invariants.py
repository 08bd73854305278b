"""Invariants of any FHIR server, asked of it by HTTP alone; nothing is known of its store.

Run them against a server with FHIR_FACADE_SPEC_URL=https://host/fhir.
"""

from __future__ import annotations

import httpx

from tests.spec.live import Json, get, names, walk


def test_the_statement_says_what_it_is(statement: Json, server: httpx.Client) -> None:
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"].startswith("4.0")
    assert statement["implementation"]["url"] == str(server.base_url).rstrip("/")
    assert {"json", "application/fhir+json"} & {*statement["format"]}


def test_pages_partition_the_result(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        type_ = resource["type"]
        first = walk(server, f"/{type_}", _count=23)
        assert len(first) == len(set(first)), type_
        assert first == walk(server, f"/{type_}", _count=200), type_


def test_the_count_is_what_is_fetched(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        type_ = resource["type"]
        counted = get(server, f"/{type_}", _summary="count")["total"]
        assert counted == len(walk(server, f"/{type_}", _count=200)), type_
        assert get(server, f"/{type_}", _total="accurate", _count=1)["total"] == counted


def test_a_filter_partitions_too(server: httpx.Client, resources: list[Json]) -> None:
    """What is before a moment and what is not before it are all there is."""
    for resource in resources:
        if "_lastUpdated" not in {each["name"] for each in resource["searchParam"]}:
            continue
        url = f"/{resource['type']}"
        total = get(server, url, _lastUpdated="ge0001", _summary="count")["total"]
        parts = [
            get(server, url, _lastUpdated=f"{prefix}2026-01-01", _summary="count")["total"]
            for prefix in ("lt", "ge")
        ]
        assert sum(parts) == total, url


def test_every_declared_parameter_is_answered(server: httpx.Client, resources: list[Json]) -> None:
    values = {"date": "2026-01-01", "reference": "none", "token": "none", "string": "none",
              "uri": "http://none.example", "number": "1", "quantity": "1",
              "composite": "none$none"}  # fmt: skip
    for resource in resources:
        whole = None
        for param in resource.get("searchParam", ()):
            query = {param["name"]: values[param["type"]], "_summary": "count"}
            found = get(server, f"/{resource['type']}", **query)
            whole = whole or get(server, f"/{resource['type']}", _summary="count")
            assert 0 <= found["total"] <= max(whole["total"], found["total"])
            self_url = next(each["url"] for each in found["link"] if each["relation"] == "self")
            assert f"{param['name']}=" in self_url


def test_an_undeclared_parameter_is_refused(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        response = server.get(f"/{resource['type']}?no-such-parameter=1")
        assert response.status_code == 400
        assert response.json()["resourceType"] == "OperationOutcome"


def test_what_is_found_is_read(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        bundle = get(server, f"/{resource['type']}", _count=5)
        for entry in bundle.get("entry", ()):
            if entry["search"]["mode"] != "match":
                continue
            response = server.get(entry["fullUrl"])
            assert response.json() == entry["resource"]
            version = entry["resource"]["meta"]["versionId"]
            assert response.headers["etag"] == f'W/"{version}"'
            again = server.get(entry["fullUrl"], headers={"If-None-Match": f'W/"{version}"'})
            assert (again.status_code, again.content) == (304, b"")


def test_what_is_not_there_is_not_found(server: httpx.Client, resources: list[Json]) -> None:
    for type_ in [*(each["type"] for each in resources), "Patient", "NoSuchType"]:
        response = server.get(f"/{type_}/no-such-id")
        assert response.status_code == 404
        assert response.json()["resourceType"] == "OperationOutcome"


def test_operations_on_a_resource_answer(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        for operation in resource.get("operation", ()):
            if operation["definition"].startswith("http://hl7.org/fhir/us/core/"):
                continue  # of the type, not of a resource
            for found in names(get(server, f"/{resource['type']}", _count=3)):
                bundle = get(server, f"/{found}/${operation['name']}")
                assert bundle["resourceType"] == "Bundle"
                for entry in bundle["entry"]:
                    if entry["fullUrl"].startswith("http"):
                        assert server.get(entry["fullUrl"]).json() == entry["resource"]
