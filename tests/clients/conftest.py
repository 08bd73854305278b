"""Servers over copies of the demo data: one that is only read, and one a module that changes."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients import truth
from tests.writes_hard.killing import serving_process

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Served:
    """A server and what was in its store when it started."""

    url: str
    ids: dict[str, list[str]]
    """By type, in order."""
    cases: dict[str, dict[str, list[str]]]
    """The work items of each case that has tasks, by type."""

    @property
    def case(self) -> str:
        """The case that most tasks name."""
        return max(self.cases, key=lambda each: (len(self.cases[each]["Task"]), each))


@pytest.fixture(scope="session")
def served(
    tmp_path_factory: pytest.TempPathFactory,
    clean_file: Path,
    clean_documents: list[tuple[str, dict[str, Any]]],
) -> Iterator[Served]:
    """A server of clean documents that nobody changes."""
    with serving_a_copy(clean_file, tmp_path_factory.mktemp("served")) as url:
        yield Served(url, truth.ids(clean_documents), truth.cases(clean_documents))


@pytest.fixture(scope="module")
def changed_url(tmp_path_factory: pytest.TempPathFactory, clean_file: Path) -> Iterator[str]:
    """The FHIR base of a server whose documents the module's tests change."""
    with serving_a_copy(clean_file, tmp_path_factory.mktemp("changed")) as url:
        yield url


@pytest.fixture(scope="module")
def dirty_url(tmp_path_factory: pytest.TempPathFactory, smaller_dirty_file: Path) -> Iterator[str]:
    """The FHIR base of a server of dirty documents."""
    with serving_a_copy(smaller_dirty_file, tmp_path_factory.mktemp("dirty-served")) as url:
        yield url


@contextmanager
def serving_a_copy(store: Path, folder: Path) -> Iterator[str]:
    """Start a server on a copy of a store file; yield its FHIR base."""
    copy = folder / "store.db"
    shutil.copy(store, copy)
    with serving_process(folder, f"sqlite:///{copy}") as (url, _):
        yield url


@pytest.fixture
def member() -> str:
    """A member whom no document names yet."""
    return f"C{next(_NUMBERS)}"
