"""A crash inside: 500 with the request's id, and nothing stored in the answer or in the log."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import error, serving

SECRET = "Ann Example, born 1970"


class Broken(Exception):
    """An error of which nobody has thought, whose message quotes what it was at."""


def _break(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> Any:
        raise Broken(SECRET)

    for name in ("get", "find", "count", "tally"):
        monkeypatch.setattr(store, name, fail, raising=False)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "Task/t1"),
        ("GET", "Task"),
        ("GET", "Task?_summary=count"),
        ("GET", "DocumentReference/d1"),
        ("GET", "Case/c1"),
        ("POST", "Task/_search"),
        ("HEAD", "Task/t1"),
    ],
)
async def test_a_crash_gives_an_id_and_no_internals(
    sqlite_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
    target: str,
) -> None:
    async with serving(sqlite_store) as asking:
        _break(sqlite_store, monkeypatch)
        caplog.clear()
        with caplog.at_level(logging.DEBUG):
            response = await asking.request(method, f"/{target}", headers={"X-Request-Id": "r-1"})
    assert response.status_code == 500
    assert response.headers["x-request-id"] == "r-1"
    if method != "HEAD":
        assert response.json() == error(
            "exception", "The server failed at this request; its id is r-1."
        )
    logged = [record for record in caplog.records if record.name == "fhir_facade"]
    (told,) = [record for record in logged if record.levelno == logging.ERROR]
    assert "request r-1 crashed: Broken" in told.getMessage()
    assert SECRET not in caplog.text
    assert SECRET not in response.text


async def test_the_server_goes_on_after_a_crash(
    small_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(small_store) as asking:
        with monkeypatch.context() as patched:
            _break(small_store, patched)
            assert (await asking.get("/Task")).status_code == 500
        assert (await asking.get("/Task")).status_code == 200


async def test_a_document_that_crashes_a_mapping_is_not_logged(
    small_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise Broken(SECRET)

    async with serving(small_store) as asking:
        monkeypatch.setattr("fhir_facade.rules.mapping.Compiled.encode", fail)
        assert (await asking.get("/Task/t1")).status_code == 500
    assert "Call back" not in caplog.text
    assert SECRET not in caplog.text


async def test_ordinary_requests_are_logged_without_what_they_asked(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="fhir_facade"):
        for target in ("Task/t1", "Task/stray", "Task?patient=M1", "Task?bogus=secret"):
            await client.get(f"/{target}")
    lines = [each.getMessage() for each in caplog.records if each.name.startswith("fhir_facade")]
    assert [line.split(": ")[1] for line in lines] == [
        "GET /{type}/{id} 200",
        "GET /{type}/{id} 404",
        "GET /{type} 200",
        "GET /{type} 400",
    ]
    assert "M1" not in caplog.text
    assert "secret" not in caplog.text
