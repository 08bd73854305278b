"""Documentation is held to the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fhir_facade.cli import app
from fhir_facade.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_meaning(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    row = next(
        line for line in README.splitlines() if line.startswith(f"| `FHIR_FACADE_{name.upper()}` |")
    )
    assert row.endswith(f"| {description} |")


def test_the_table_has_no_setting_that_is_gone() -> None:
    named = set(re.findall(r"^\| `FHIR_FACADE_(\w+)`", README, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_command_is_listed() -> None:
    names = {
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    }
    assert names
    for name in names:
        assert f"`fhir-facade {name}" in README
