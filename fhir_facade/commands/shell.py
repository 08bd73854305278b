"""What the commands share: the consoles, and setting up with a sentence where it fails."""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fhir_facade.errors import FacadeError
from fhir_facade.rules.checks import MappingError
from fhir_facade.rules.registry import Registry
from fhir_facade.settings import SECRETS_DIR, Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store

_WIDE: Final = 240
"""Columns of a table that goes into a file or a pipe."""

out = Console(width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True)


def settings_or_exit() -> Settings:
    """Return the settings; say what is wrong with them and exit with 2 otherwise."""
    try:
        return Settings()
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False):
            name = "_".join(["FHIR_FACADE", *map(str, each["loc"])]).upper()
            err.print(f"[red]{name}[/]: {escape(each['msg'].removeprefix('Value error, '))}")
        raise typer.Exit(2) from None
    except SettingsError as error:
        err.print(f"[red]{escape(_unread(str(error)))}[/]", soft_wrap=True)
        raise typer.Exit(2) from None


def _unread(text: str) -> str:
    """Return what is wrong with a setting that could not even be read."""
    named = re.search(r'field "(\w+)"', text)
    if SECRETS_DIR in text or named is None:
        return f"settings: {text}"
    told = Settings.model_fields[named[1]].description
    return f"FHIR_FACADE_{named[1].upper()} must be JSON: {told}"


def warn_of_misspelt() -> None:
    """Name the variables that were probably meant to be settings: they count for nothing."""
    known = [f"FHIR_FACADE_{each.upper()}" for each in Settings.model_fields]
    for name in sorted(os.environ):
        if name.startswith("FHIR_FACADE_") and name not in known:
            for meant in difflib.get_close_matches(name, known, 1, cutoff=0.9):
                err.print(f"[yellow]{escape(name)} is no setting[/]: did you mean {meant}?")


def store_or_exit(settings: Settings) -> Store:
    """Return the configured store; say why it cannot be opened and exit with 2 otherwise."""
    try:
        return open_store(settings.store, mongo_driver=settings.mongo_driver)
    except (ValueError, ImportError, FacadeError) as error:
        err.print(f"[red]FHIR_FACADE_STORE[/]: {escape(str(error))}")
        raise typer.Exit(2) from None


def registry_or_exit(settings: Settings) -> Registry:
    """Return the compiled mappings; say what is wrong with them and exit with 2 otherwise."""
    try:
        from fhir_facade.main import build_registry

        return build_registry(settings)
    except (OSError, ValueError) as error:
        cause = "a mapping" if isinstance(error, MappingError) else "FHIR_FACADE_CODES_FILE"
        text = f"{cause} cannot be used: {error}"
        err.print(text, style="red", markup=False)
        raise typer.Exit(2) from None


def run_or_exit(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine; an error of the facade's own is shown as its sentence."""
    try:
        return asyncio.run(work)
    except FacadeError as error:
        err.print(f"[red]{escape(str(error))}[/]")
        raise typer.Exit(2) from None


def write_or_exit(path: Path, text: str) -> None:
    """Write a file; say why it cannot be written and exit with 2 otherwise."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise unwritable(error) from None


def touch_or_exit(path: Path) -> None:
    """Make sure that a file can be written; exit with 2 otherwise."""
    try:
        path.open("a").close()
    except OSError as error:
        raise unwritable(error) from None


def unwritable(error: OSError) -> typer.Exit:
    """Say that a file cannot be written, and return the exit."""
    err.print(f"{error.filename} cannot be written: {error.strerror}", style="red", markup=False)
    return typer.Exit(2)


def table_of(*columns: str, title: str | None = None) -> Table:
    """Return a table that folds long cells: a cut-off name helps nobody."""
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def progress_in(unit: str) -> Progress:
    """Return a progress bar that counts in a unit."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        console=err,
    )
