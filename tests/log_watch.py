"""Looks at every line that the program logs while its tests run, and fails the test that logs data.

A plugin of pytest. Each record is written in both formats, as a deployment at its most talkative
setting would write it, and searched for what the demo data is made of, for tokens and for secrets.
Under pytest-xdist each worker does so for its own tests.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any, Final

import pytest

from fhir_facade import logs

CONTENT: Final = (
    *("people", "general", "organizations"),
    *(f"programs.{name}" for name in ("adherence", "authorization", "diabetes", "discharge")),
    *(f"programs.{name}" for name in ("heart", "high_cost", "outreach", "reprice")),
)
_SHORTEST: Final = 18
"""Letters of a text that is nobody's but the demo data's."""
_TOKENS: Final = (
    r"eyJ[\w-]{8,}\.[\w-]{8,}",
    r"[Bb]earer [\w.~+/-]{12,}",
    # the opaque tokens and the client's secret of tests.security.issuer
    r"opaque-[0-9a-f]{8,}",
    r"a secret: with % and \+",
)
_PLACEHOLDER: Final = re.compile(r"\{\w*\}")
_SEEN_AT_MOST: Final = 50_000


def _texts(value: Any) -> Iterator[str]:
    """Yield every text inside of a value of the demo's content."""
    if isinstance(value, str):
        yield from (part.strip() for part in _PLACEHOLDER.split(value))
    elif isinstance(value, dict):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _texts(getattr(value, each.name))


def demo_texts() -> set[str]:
    """The sentences and names that the demo data is made of."""
    found: set[str] = set()
    for name in CONTENT:
        module = import_module(f"fhir_facade.demo.content.{name}")
        for key, value in vars(module).items():
            if not key.startswith("_"):
                found |= {text for text in _texts(value) if len(text) >= _SHORTEST and " " in text}
    return found


def surnames() -> set[str]:
    """The members' surnames; they are made up, so that no other word is like them."""
    people = import_module("fhir_facade.demo.content.people")
    managers = {person.name.partition(" ")[2] for person in people.CARE_MANAGERS}
    return {*people.SURNAMES, *managers}


class LogWatch(logging.Handler):
    """Keeps what was found in the records since it was last asked."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._formatters = [logs.formatter("text"), logs.formatter("json")]
        names = "|".join(map(re.escape, sorted(surnames())))
        self._forbidden = re.compile("|".join([rf"\b(?:{names})\b", *_TOKENS]))
        self._texts = demo_texts()
        self._seen: set[tuple[Any, ...]] = set()
        self._found: list[str] = []

    def forbid(self, text: str) -> None:
        """Look for one more text from now on."""
        self._texts.add(text)

    def take(self) -> list[str]:
        """Return what was found since the last time."""
        found, self._found = self._found, []
        return found

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a record that a deployment might write."""
        if not logs.is_own(record) and record.levelno < logging.WARNING:
            return
        if self._is_known(record):
            return
        for formatter in self._formatters:
            self._found += self.leaks(formatter.format(record))

    def leaks(self, text: str) -> list[str]:
        """Return the lines of a text that hold what must not be logged."""
        lines = text.splitlines()
        return [line for line in lines if self._forbidden.search(line) or self._has_text(line)]

    def _has_text(self, line: str) -> bool:
        return any(text in line for text in self._texts)

    def _is_known(self, record: logging.LogRecord) -> bool:
        """Say whether the same line was looked at before, of another request perhaps."""
        args = record.args if isinstance(record.args, tuple) else (record.args,)
        told = args[1:] if str(record.msg).startswith("request %s") else args
        key = (record.name, str(record.msg), *map(str, told))
        if record.exc_info or key in self._seen:
            return not record.exc_info
        if len(self._seen) > _SEEN_AT_MOST:
            self._seen.clear()
        self._seen.add(key)
        return False


WATCH: Final = LogWatch()


def forbid(text: str) -> None:
    """Fail every test during which a text is logged: an opaque token, a client's secret."""
    WATCH.forbid(text)


def leaks(text: str) -> list[str]:
    """Return the lines of what a started server has printed that must not be there."""
    return WATCH.leaks(text)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let tests capture what they did before, although everything is logged now."""
    if config.option.log_level is None and not config.getini("log_level"):
        config.option.log_level = "WARNING"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Look at all logs from here on; an earlier test may have set another level."""
    logging.getLogger().addHandler(WATCH)
    logging.getLogger(logs.OWN).setLevel(logging.DEBUG)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that has logged what must not be logged; its fixtures' ends count too."""
    result = yield
    found = WATCH.take()
    if found:
        shown = "\n".join(dict.fromkeys(found))
        pytest.fail(f"data, a token or a secret was logged:\n{shown}", pytrace=False)
    return result
