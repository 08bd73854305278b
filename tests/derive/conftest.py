"""R4's own definitions, where the package is at hand."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path("shared", "packages", "hl7.fhir.r4.core-4.0.1.tgz")
NAME = "package/SearchParameter-"


@pytest.fixture(scope="session")
def r4_search_parameters() -> dict[str, dict[str, Any]]:
    """R4's SearchParameters by URL, from the package `hl7.fhir.r4.core` beside the project."""
    path = ROOT.parent / PACKAGE
    if not path.is_file():
        message = f"{PACKAGE.name} is not in ../{PACKAGE.parent.as_posix()}"
        pytest.fail(message, pytrace=False) if os.environ.get("CI") else pytest.skip(message)
    found = {}
    with tarfile.open(path) as package:
        for member in package:
            if member.name.startswith(NAME) and (file := package.extractfile(member)) is not None:
                definition = {"base": (), **json.load(file)}
                found[definition["url"]] = definition
    return found
