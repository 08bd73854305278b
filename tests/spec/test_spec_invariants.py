"""Invariants of any FHIR server, asked of it by HTTP alone; nothing is known of its store.

Run them against a server with FHIR_FACADE_SPEC_URL=https://host/fhir.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

Json = dict[str, Any]

MOST_PAGES = 400


@pytest.fixture(scope="session")
def statement(server: httpx.Client) -> Json:
    response = server.get("/metadata")
    assert response.status_code == 200
    return dict(response.json())


@pytest.fixture(scope="session")
def resources(statement: Json) -> list[Json]:
    return list(statement["rest"][0]["resource"])


def _get(server: httpx.Client, url: str, **params: Any) -> Json:
    response = server.get(url, params=params or None)
    assert response.status_code == 200, f"{url}: {response.text}"
    return dict(response.json())


def _matches(bundle: Json) -> list[str]:
    return [
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle.get("entry", ())
        if entry["search"]["mode"] == "match"
    ]


def _next(bundle: Json) -> str | None:
    return next((each["url"] for each in bundle["link"] if each["relation"] == "next"), None)


def _walk(server: httpx.Client, url: str, **params: Any) -> list[str]:
    bundle = _get(server, url, **params)
    found = _matches(bundle)
    for _ in range(MOST_PAGES):
        following = _next(bundle)
        if following is None:
            return found
        bundle = _get(server, following)
        found += _matches(bundle)
    pytest.fail(f"{url}: more than {MOST_PAGES} pages")


def test_the_statement_says_what_it_is(statement: Json, server: httpx.Client) -> None:
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"].startswith("4.0")
    assert statement["implementation"]["url"] == str(server.base_url).rstrip("/")
    assert {"json", "application/fhir+json"} & {*statement["format"]}


def test_pages_partition_the_result(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        type_ = resource["type"]
        first = _walk(server, f"/{type_}", _count=23)
        assert len(first) == len(set(first)), type_
        assert first == _walk(server, f"/{type_}", _count=200), type_


def test_the_count_is_what_is_fetched(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        type_ = resource["type"]
        counted = _get(server, f"/{type_}", _summary="count")["total"]
        assert counted == len(_walk(server, f"/{type_}", _count=200)), type_
        assert _get(server, f"/{type_}", _total="accurate", _count=1)["total"] == counted


def test_a_filter_partitions_too(server: httpx.Client, resources: list[Json]) -> None:
    """What is before a moment and what is not before it are all there is."""
    for resource in resources:
        if "_lastUpdated" not in {each["name"] for each in resource["searchParam"]}:
            continue
        url = f"/{resource['type']}"
        total = _get(server, url, _lastUpdated="ge0001", _summary="count")["total"]
        parts = [
            _get(server, url, _lastUpdated=f"{prefix}2026-01-01", _summary="count")["total"]
            for prefix in ("lt", "ge")
        ]
        assert sum(parts) == total, url


def test_every_declared_parameter_is_answered(server: httpx.Client, resources: list[Json]) -> None:
    values = {"date": "2026-01-01", "reference": "none", "token": "none", "string": "none",
              "uri": "http://none.example", "number": "1", "quantity": "1"}  # fmt: skip
    for resource in resources:
        whole = None
        for param in resource.get("searchParam", ()):
            query = {param["name"]: values[param["type"]], "_summary": "count"}
            found = _get(server, f"/{resource['type']}", **query)
            whole = whole or _get(server, f"/{resource['type']}", _summary="count")
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
        bundle = _get(server, f"/{resource['type']}", _count=5)
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
    for type_ in [*(each["type"] for each in resources), "NoSuchType"]:
        response = server.get(f"/{type_}/no-such-id")
        assert response.status_code == 404
        assert response.json()["resourceType"] == "OperationOutcome"


def test_operations_answer(server: httpx.Client, resources: list[Json]) -> None:
    for resource in resources:
        for operation in resource.get("operation", ()):
            for found in _matches(_get(server, f"/{resource['type']}", _count=3)):
                bundle = _get(server, f"/{found}/${operation['name']}")
                assert bundle["resourceType"] == "Bundle"
                for entry in bundle["entry"]:
                    if entry["fullUrl"].startswith("http"):
                        assert server.get(entry["fullUrl"]).json() == entry["resource"]
