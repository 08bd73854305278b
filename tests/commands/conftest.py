"""The `fhir-facade` command, run in a folder of its own on a store of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fhir_facade import cli

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, whose `store.db` is the configured store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_FACADE_STORE", "sqlite:///store.db")
    for console in (cli.out, cli.err):
        monkeypatch.setattr(console, "_width", 250)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run the command in the folder; `result.output` holds what it printed."""
    del folder

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(cli.app, [*arguments], catch_exceptions=False)

    return command


@pytest.fixture
def dirty_folder(folder: Path, smaller_dirty_file: Path) -> Path:
    """The folder with the dirty documents of twenty members in its store."""
    shutil.copy(smaller_dirty_file, folder / "store.db")
    return folder
