"""The file that anchors are copied to: what a change of the database cannot reach."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from pathlib import Path
from typing import Any, Final

import orjson

from fhir_facade.audit.entry import Document, instant

logger = logging.getLogger("fhir_facade")

_MOST: Final = 10_000
"""Lines that wait for a file that cannot be written."""


def as_line(anchor: Document) -> bytes:
    """Return an anchor as one line of JSON."""
    shown = {**anchor, "at": instant(anchor["at"])}
    return orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)


class AnchorFile:
    """Appends anchors to a file; several processes may share it, since a line is one write."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._waiting: deque[bytes] = deque(maxlen=_MOST)
        self._is_failing = False

    async def append(self, anchor: Document) -> None:
        """Add a line; where the file cannot be written it waits for the next anchor."""
        if self._path is None:
            return
        self._waiting.append(as_line(anchor))
        try:
            await asyncio.to_thread(self._write, self._path)
        except OSError as error:
            if not self._is_failing:
                logger.error("the file of audit anchors cannot be written: %s", error.strerror)
            self._is_failing = True
        else:
            self._is_failing = False

    def _write(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        file = os.open(path, flags, 0o640)
        try:
            while self._waiting:
                os.write(file, self._waiting[0])
                self._waiting.popleft()
        finally:
            os.close(file)


def read_anchors(path: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the anchors in a file, and the numbers of the lines that hold none.

    Raises OSError where the file cannot be read.
    """
    found, unreadable = [], []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                value = None
            if isinstance(value, dict) and isinstance(value.get("_id"), str):
                found.append(value)
            else:
                unreadable.append(number)
    return found, unreadable
