"""R4's and US Core's own definitions, where the packages are at hand."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.derive.publishing import served
from tests.recorded import recorded

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path("shared", "packages")
R4, US_CORE = "hl7.fhir.r4.core-4.0.1.tgz", "hl7.fhir.us.core-8.0.0.tgz"

Definitions = dict[str, dict[str, Any]]


def definitions(name: str, kind: str) -> Definitions:
    """Return the definitions of a kind by URL, from a package beside the project."""
    path = ROOT.parent / PACKAGES / name
    if not path.is_file():
        message = f"{name} is not in ../{PACKAGES.as_posix()}"
        pytest.fail(message, pytrace=False) if os.environ.get("CI") else pytest.skip(message)
    found = {}
    with tarfile.open(path) as package:
        for member in package:
            wanted = member.name.startswith(f"package/{kind}-")
            if wanted and (file := package.extractfile(member)) is not None:
                definition = {"base": (), **json.load(file)}
                found[definition["url"]] = definition
    return found


@pytest.fixture(scope="session")
def served_resources(dirty_documents: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Every resource that is served of the dirty documents; nobody changes them."""
    return list(served([*dirty_documents, *recorded(dirty_documents)]))


@pytest.fixture(scope="session")
def r4_search_parameters() -> Definitions:
    """R4's SearchParameters by URL."""
    return definitions(R4, "SearchParameter")


@pytest.fixture(scope="session")
def us_core_search_parameters() -> Definitions:
    """US Core's SearchParameters by URL."""
    return definitions(US_CORE, "SearchParameter")


@pytest.fixture(scope="session")
def r4_structures() -> Definitions:
    """R4's StructureDefinitions by URL."""
    return definitions(R4, "StructureDefinition")
