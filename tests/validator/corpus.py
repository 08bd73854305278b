"""Writes everything that is validated outside: `python -m tests.validator.corpus FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.validator.answers import (
    bundle_responses,
    histories,
    outcomes,
    searchsets,
    summaries,
)
from tests.validator.broken import broken
from tests.validator.capabilities import artefacts, capabilities, served_artefacts
from tests.validator.control import EXAMPLES, official
from tests.validator.operations import terminology, validations
from tests.validator.sample import Json, Sample, write_samples
from tests.validator.served import cases, people, served
from tests.validator.server import demo
from tests.validator.written import provenance, written

CLEAN, DIRTY = 20, 150
"""How many members: each kind of dirt is there among so many."""
SHARE = 0.3


async def of_clean_data() -> list[Sample]:
    """What is served of documents without fault, the answers around it, and the broken ones."""
    async with demo(CLEAN) as asking:
        found = [*await served(asking, "clean"), *await cases(asking, "clean")]
        found += await people(asking, "clean", found)
        whole = _first_of_each_type(found)
        found += broken(whole)
        found += [each async for each in validations(asking, whole)]
        found += [each async for each in terminology(asking)]
        found += [each async for each in searchsets(asking, "clean")]
        found += [each async for each in summaries(asking, "clean")]
        found += [each async for each in capabilities(asking)]
        found += [each async for each in served_artefacts(asking)]
        return found


async def of_dirty_data() -> list[Sample]:
    """What is served of spoiled documents, with narratives of whatever texts they have."""
    async with demo(DIRTY, SHARE, narrative="always") as asking:
        found = [*await served(asking, "dirty"), *await cases(asking, "dirty")]
        found += await people(asking, "dirty", found)
        found += [each async for each in searchsets(asking, "dirty")]
        found += [each async for each in outcomes(asking)]
        return found


async def of_writes() -> list[Sample]:
    """What is served once clients have written."""
    async with demo(CLEAN) as asking:
        found = [each async for each in written(asking)]
        found += await provenance(asking)
        found += [each async for each in bundle_responses(asking)]
        found += [each async for each in histories(asking)]
        return found


def _first_of_each_type(samples: list[Sample]) -> dict[str, Json]:
    """A resource of each type; Case for the Bundle of one."""
    found: dict[str, Json] = {}
    for each in samples:
        found.setdefault(each.group.rpartition(" ")[2], each.resource)
    return found


async def write_corpus(folder: Path) -> dict[str, int]:
    """Write a file of each kind of sample; return how many each has."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "clean": await of_clean_data(),
        "dirty": await of_dirty_data(),
        "written": await of_writes(),
        "artefacts": list(artefacts()),
        "official": list(official()),
    }
    return {name: write_samples(folder / f"{name}.ndjson", part) for name, part in parts.items()}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tests.validator.corpus FOLDER\n")
        return 2
    if not EXAMPLES.is_dir():
        sys.stderr.write("the official examples are not there: ../shared/examples\n")
        return 2
    for name, count in asyncio.run(write_corpus(Path(arguments[0]))).items():
        sys.stdout.write(f"{name}: {count} samples\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
