"""One clean and one dirty run of the demo data, shared by the tests, which do not change them."""

from typing import Any

import pytest

from fhir_facade.demo import REFERENCE_DAY, generate
from fhir_facade.demo.dirt import Spoiler
from fhir_facade.demo.generator import documents

Pairs = list[tuple[str, dict[str, Any]]]
MEMBERS = 500
SHARE = 0.3


@pytest.fixture(scope="session")
def clean() -> Pairs:
    return list(generate(MEMBERS))


@pytest.fixture(scope="session")
def dirty() -> tuple[Pairs, Spoiler]:
    spoiler = Spoiler(1, SHARE)
    return list(documents(MEMBERS, 1, spoiler, REFERENCE_DAY)), spoiler


@pytest.fixture(scope="session")
def cases(clean: Pairs) -> dict[str, dict[str, Any]]:
    return {str(document["_id"]): document for name, document in clean if name == "patient_case"}


@pytest.fixture(scope="session")
def work_items(clean: Pairs) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"task": [], "flag": [], "goal": [], "Interaction": []}
    for name, document in clean:
        if name == "work_queue":
            found[document["type"]].append(document)
    return found
