"""What goes into a log line, and what does not."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fhir_facade import logs, phases
from tests.http.serving import settings

NAME = "Anna Beispiel"
"""A patient's, nobody's."""
_LOGGERS = ("", logs.OWN, "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    kept = [(each, each.handlers[:], each.level, each.propagate) for each in loggers]
    hooks = sys.unraisablehook, threading.excepthook
    phases.end()
    yield
    phases.end()
    sys.unraisablehook, threading.excepthook = hooks
    for each, handlers, level, propagate in kept:
        each.handlers[:] = handlers
        each.setLevel(level)
        each.propagate = propagate


def _record(name: str, message: Any, *args: Any, **more: Any) -> logging.LogRecord:
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, None)
    record.__dict__.update(more)
    return record


def _caught() -> Any:
    try:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise ValueError(f"cannot map {NAME}") from error
    except ValueError:
        return sys.exc_info()


def _json(record: logging.LogRecord) -> dict[str, Any]:
    text = logs.formatter("json").format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_of_json_has_these_fields_and_no_others() -> None:
    phases.begin()
    phases.identify("r1")
    record = _record("fhir_facade", "request %s: %d", "r1", 200, patient=NAME)
    record.created = 1_768_555_800.5
    assert _json(record) == {
        "timestamp": "2026-01-16T09:30:00.500000+00:00",
        "level": "ERROR",
        "logger": "fhir_facade",
        "message": "request r1: 200",
        "request": "r1",
    }


def test_outside_of_a_request_there_is_no_request() -> None:
    assert "request" not in _json(_record("fhir_facade", "started"))


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_is_its_types_and_places(log_format: str) -> None:
    record = _record("fhir_facade", "failed", exc_info=_caught())
    record.exc_text = f"ValueError: cannot map {NAME}"  # what another handler may have left
    text = logs.formatter(log_format).format(record)
    assert "builtins.ValueError" in text
    assert "caused by builtins.KeyError" in text
    assert "in _caught" in text
    assert NAME not in text


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    ("message", "args", "shown"),
    [
        ("command %s failed", ({"name": NAME},), "command … failed"),
        (f"Task exception was never retrieved\nfuture: {NAME}", (), "Task exception was never"),
        (ValueError(NAME), (), "ValueError"),
        (OSError(98, "Address already in use"), (), "OSError: Address already in use"),
    ],
)
def test_of_a_library_s_message_only_its_own_words_are_kept(
    log_format: str, message: Any, args: tuple[Any, ...], shown: str
) -> None:
    text = logs.formatter(log_format).format(_record("elsewhere", message, *args))
    assert shown in text
    assert NAME not in text


def test_the_places_of_values_are_shown_as_such() -> None:
    message = logs.safe_message(
        _record("uvicorn.error", "Error of %s: %(why)r, 100%% at %-5.2f", 1)
    )
    assert message == "Error of …: …, 100%% at …"


def test_a_traceback_that_is_a_text_already_loses_its_values() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/app/main.py", line 7, in lifespan\n'
        f"    raise LookupError({NAME!r})\nLookupError: {NAME}\n"
    )
    message = logs.safe_message(_record("uvicorn.error", text))
    assert message == '  File "/app/main.py", line 7, in lifespan\nLookupError'


def test_uvicorn_and_the_program_go_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.addHandler(logging.StreamHandler(sys.stderr))
    uvicorn.propagate = False
    logs.configure(settings(log_format="json", log_level="info"))
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=_caught())
    logging.getLogger("pymongo.command").info("Command started: %s", NAME)
    logging.getLogger("fhir_facade").info("the head of chain %s", "abc")
    logging.getLogger("fhir_facade").debug("too fine")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [each["message"] for each in lines] == [
        "Exception in ASGI application",
        "the head of chain abc",
    ]
    assert NAME not in json.dumps(lines)


def test_configuring_twice_writes_a_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        logs.configure(settings(log_level="warning"))
    logging.getLogger("fhir_facade").warning("once")
    logging.getLogger("fhir_facade").info("never")
    assert capsys.readouterr().err == "WARNING: once\n"


def test_a_record_that_cannot_be_written_is_not_quoted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.getLogger().handlers.clear()  # pytest's own would raise
    logs.configure(settings())
    logging.getLogger("fhir_facade").warning("%d entries", NAME)
    assert capsys.readouterr().err == "a log record of fhir_facade could not be written\n"


async def test_a_task_that_nobody_waits_for_is_logged_without_its_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def fails() -> None:
        raise ValueError(NAME)

    logs.configure(settings())
    task = asyncio.get_running_loop().create_task(fails(), name=NAME)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
    told = capsys.readouterr().err
    assert told.startswith("ERROR: Task exception was never retrieved\nbuiltins.ValueError\n")
    assert NAME not in told


def test_what_python_would_print_itself_is_logged_without_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    logs.configure(settings())

    def fails() -> None:
        raise ValueError(NAME)

    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    sys.unraisablehook(SimpleNamespace(exc_value=ValueError(NAME)))  # type: ignore[arg-type]
    told = capsys.readouterr().err
    assert "ERROR: a thread died\nbuiltins.ValueError" in told
    assert "ERROR: an error had nowhere to go\nbuiltins.ValueError" in told
    assert NAME not in told


def test_another_program_s_hooks_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "unraisablehook", print)
    monkeypatch.setattr(threading, "excepthook", print)
    logs.configure(settings())
    assert sys.unraisablehook is print
    assert threading.excepthook is print


def test_the_http_servers_own_log_of_requests_is_off() -> None:
    """With a handler in its reach each line would be worded, and then thrown away."""
    access = logging.getLogger("uvicorn.access")
    access.propagate = True
    access.addHandler(logging.NullHandler())
    logs.configure(settings())
    assert not access.hasHandlers()
