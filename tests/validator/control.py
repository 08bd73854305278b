"""Official example resources: a validator that finds fault with them is wrongly set up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.validator.sample import Json, Sample
from tests.writing.exact_json import read

EXAMPLES = Path(__file__).parents[2].parent / "shared" / "examples"


def official() -> Iterator[Sample]:
    """Each example as it was published, in a group of its origin."""
    for file in sorted(EXAMPLES.glob("*/*.json")):
        yield Sample(file.stem, f"official {file.parent.name}", read(file.read_bytes()))


def example(name: str) -> Json:
    """One example of R4 or US Core, by its file's name."""
    (file,) = EXAMPLES.glob(f"*/{name}.json")
    found: Json = read(file.read_bytes())
    return found
