"""Asking a live server, and reading its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import httpx
import pytest

Json = dict[str, Any]
Sample = Callable[[str], list[Json]]
"""Some resources of a type."""

OWN_SERVER: list[str] = []
"""The URL of the server that the test run started itself, if it did."""


def not_there(reason: str) -> NoReturn:
    """Skip what another's deployment need not have; our own server must have it."""
    if OWN_SERVER:
        pytest.fail(reason)
    pytest.skip(reason)


MOST_PAGES = 400
LONGEST_QUERY = 2000
"""Characters; what is longer is posted, because many a proxy refuses a long URL."""


def get(server: httpx.Client, url: str, /, **params: Any) -> Json:
    if sum(len(str(each)) for each in params.values()) > LONGEST_QUERY:
        return post(server, url, **params)
    response = server.get(url, params=params or None)
    assert response.status_code == 200, f"{url} {params}: {response.text}"
    return dict(response.json())


def post(server: httpx.Client, url: str, /, **params: Any) -> Json:
    """The same search by POST."""
    response = server.post(f"{url}/_search", data=params)
    assert response.status_code == 200, f"POST {url} {params}: {response.text}"
    return dict(response.json())


def entries(bundle: Json, mode: str = "match") -> list[Json]:
    return [each for each in bundle.get("entry", ()) if each["search"]["mode"] == mode]


def resources_of(bundle: Json, mode: str = "match") -> list[Json]:
    return [each["resource"] for each in entries(bundle, mode)]


def name_of(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def names(bundle: Json, mode: str = "match") -> list[str]:
    """The resources of a page, `Type/id`, in order."""
    return [name_of(each) for each in resources_of(bundle, mode)]


def following(bundle: Json) -> str | None:
    return next((each["url"] for each in bundle["link"] if each["relation"] == "next"), None)


def pages(server: httpx.Client, url: str, /, **params: Any) -> list[Json]:
    found = [get(server, url, **params)]
    for _ in range(MOST_PAGES):
        after = following(found[-1])
        if after is None:
            return found
        found.append(get(server, after))
    pytest.fail(f"{url}: more than {MOST_PAGES} pages")


def matches(server: httpx.Client, url: str, /, **params: Any) -> list[Json]:
    """Every matching resource of a search."""
    found = pages(server, url, _count=200, **params)
    return [each for page in found for each in resources_of(page)]


def walk(server: httpx.Client, url: str, /, **params: Any) -> list[str]:
    """Every match of a search, page by page."""
    return [name for page in pages(server, url, **params) for name in names(page)]


def found(server: httpx.Client, url: str, /, **params: Any) -> set[str]:
    return set(walk(server, url, _count=500, **params))


def total(server: httpx.Client, url: str, /, **params: Any) -> int:
    return int(get(server, url, _summary="count", **params)["total"])
