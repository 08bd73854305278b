"""Documentation is held to the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer import Typer

from fhir_facade.cli import app
from fhir_facade.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def _row(name: str) -> str:
    return next(
        line for line in README.splitlines() if line.startswith(f"| `FHIR_FACADE_{name.upper()}` |")
    )


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_meaning(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert _row(name).endswith(f"| {description} |")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_default(name: str) -> None:
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    if name == "cursor_secret":
        shown = "`random`"
    elif default in (None, ""):
        shown = "none"
    else:
        shown = f"`{default if isinstance(default, str) else json.dumps(default)}`"
    assert _row(name).split(" | ")[1] == shown


def test_the_table_has_no_setting_that_is_gone() -> None:
    named = set(re.findall(r"^\| `FHIR_FACADE_(\w+)`", README, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def _names(commands: Typer) -> set[str]:
    return {
        each.name or getattr(each.callback, "__name__", "") for each in commands.registered_commands
    }


def test_every_command_is_listed() -> None:
    names = _names(app)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        names |= {f"{group.name} {name}" for name in _names(group.typer_instance)}
    assert {"serve", "audit verify"} <= names
    for name in names:
        assert f"`fhir-facade {name}" in README
