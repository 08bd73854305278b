"""The official examples are valid, quickly, and validating them changes nothing."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.validation import validate

EXAMPLES = Path(__file__).parents[3].parent / "shared" / "examples"
FILES = sorted(EXAMPLES.glob("*/*.json"))


def test_the_examples_are_there() -> None:
    if not FILES:
        if os.environ.get("CI"):
            pytest.fail("shared/examples is not there")
        pytest.skip("shared/examples is not there")
    assert len(FILES) == 46


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_official_examples(file: Path) -> None:
    resource = read_json(file.read_bytes())
    before = copy.deepcopy(resource)
    assert (
        validate(resource, type=file.stem.partition("-")[0] if "hl7" in str(file) else None) == []
    )
    assert resource == before


def test_models_are_loaded_when_needed() -> None:
    program = (
        "import sys; from fhir_facade.rules.validation import validate;"
        "validate({'resourceType': 'Flag'});"
        "print(sum(each.startswith('fhir.resources.R4B.') for each in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(done.stdout) < 20
