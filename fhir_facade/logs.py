"""Logs that hold no health data: what this program says, and of others only what is safe.

Messages of this program are written so that nothing stored and nothing sent is in them. Of a
library's message only the part that the library's authors wrote is kept, and of an exception its
type and where it was raised: messages and values may quote a document.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Final, TextIO

from pythonjsonlogger.json import JsonFormatter

from fhir_facade import phases
from fhir_facade.settings import Settings

OWN: Final = "fhir_facade"
_LIBRARIES: Final = ("uvicorn", "uvicorn.error", "uvicorn.asgi")
_ACCESS: Final = "uvicorn.access"
"""The HTTP server's own log of requests, which is off: the audit trail tells of them."""
_JSON_FIELDS: Final = "%(levelname)s %(name)s %(message)s"
_MOST_CAUSES: Final = 5
_TRACEBACK: Final = "Traceback (most recent call last):"
_FRAME: Final = re.compile(r"\s*File \"[^\"]*\", line \d+, in \S+")
_TYPE: Final = re.compile(r"[A-Za-z_][\w.]*")

_PLACE: Final = re.compile(r"(?<!%)%(?:\(\w+\))?[-#0+.\d*]*[sdrifgexc]")
"""Where a library would put a value into its message."""

logger = logging.getLogger(OWN)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def is_own(record: logging.LogRecord) -> bool:
    """Say whether a record is this program's own."""
    return record.name == OWN or record.name.startswith(f"{OWN}.")


def safe_message(record: logging.LogRecord) -> str:
    """Return a record's message; of a library's only what was written by its authors."""
    if is_own(record):
        return record.getMessage()
    given = record.msg
    if isinstance(given, OSError):
        return f"{type(given).__name__}: {given.strerror}"
    if isinstance(given, BaseException):
        return type(given).__name__
    text = str(given).strip()
    return _safe_traceback(text) if _TRACEBACK in text else _PLACE.sub("…", text.partition("\n")[0])


def _safe_traceback(text: str) -> str:
    """Return the places and the type of a traceback that is a text already."""
    lines = text.splitlines()
    places = [line for line in lines if _FRAME.match(line)]
    last = _TYPE.match(lines[-1])
    return "\n".join([*places, last.group() if last else "an error"])


def safe_exception(error: BaseException | None) -> str:
    """Return the types and places of an exception and of what caused it, without values."""
    parts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(parts) < _MOST_CAUSES:
        seen.add(id(error))
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
        parts.append(f"{type(error).__module__}.{type(error).__qualname__}\n{''.join(frames)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "caused by ".join(parts).rstrip()


def _request(record: logging.LogRecord) -> str:
    """Return the id of the request that a record belongs to, empty if none."""
    found = phases.current()
    return str(getattr(record, "request", "") or (found.request if found is not None else ""))


class TextFormatter(logging.Formatter):
    """One line a record, with the frames of an exception below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        text = f"{record.levelname}: {safe_message(record)}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return text

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        """Return the types and places of an exception."""
        return safe_exception(ei[1])


class SafeJsonFormatter(JsonFormatter):
    """One JSON object a record: timestamp, level, logger, message, request and exception.

    What else a library attaches to a record is left out.
    """

    def __init__(self) -> None:
        names = {"levelname": "level", "name": "logger", "exc_info": "exception"}
        super().__init__(_JSON_FIELDS, rename_fields=names, timestamp=True, json_ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON of a record."""
        clean = logging.makeLogRecord(
            {
                "name": record.name,
                "levelname": record.levelname,
                "created": record.created,
                "msg": safe_message(record),
                "exc_text": safe_exception(record.exc_info[1]) if record.exc_info else None,
            }
        )
        if request := _request(record):
            clean.request = request
        return super().format(clean)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment; a record that fails is not quoted."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say that a record could not be written: by default Python would print its arguments."""
        self.stream.write(f"a log record of {record.name} could not be written\n")


def formatter(log_format: str) -> logging.Formatter:
    """Return the formatter of a value of the setting `log_format`."""
    return SafeJsonFormatter() if log_format == "json" else TextFormatter()


def configure(settings: Settings) -> None:
    """Send the logs of this program and of every library to standard error, as the settings say."""
    root = logging.getLogger()
    for each in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(each)
    handler = _Handler()
    handler.setFormatter(formatter(settings.log_format))
    root.addHandler(handler)
    # a library's debug lines hold whole commands and headers
    root.setLevel(logging.WARNING)
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.WARNING)
    access = logging.getLogger(_ACCESS)
    access.handlers.clear()
    # where a handler may be reached each line is worded before it is thrown away
    access.propagate = False
    logger.setLevel(settings.log_level.upper())
    _take_hooks()


def _take_hooks() -> None:
    """Log what Python would print itself, with all its values; another program's hooks stay."""
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_died


def _unraisable(given: sys.UnraisableHookArgs) -> None:
    logger.error("an error had nowhere to go", exc_info=given.exc_value)


def _thread_died(given: threading.ExceptHookArgs) -> None:
    logger.error("a thread died", exc_info=given.exc_value)
