"""Store files that hold a collection of a given size."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.population import SHAPE, Document, Population
from fhir_facade.main import build_registry
from fhir_facade.settings import Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store

_BATCH = 20_000


def stored(folder: Path, size: int, out: Console) -> str:
    """Return the URL of a store in the folder that holds the collection, made if it is not there.

    A file has its name only once it is complete; one from before gets the indexes that it lacks.
    """
    path = folder / f"search-{SHAPE}-{size}.db"
    if path.exists():
        out.print(f"{size:,} work items: {path.name} is there already")
        asyncio.run(_index(path, out))
    else:
        begun = time.perf_counter()
        unfinished = folder / f"unfinished-{path.name}"
        for each in folder.glob(f"{unfinished.name}*"):
            each.unlink()
        asyncio.run(_index(unfinished, out))
        asyncio.run(_fill(unfinished, Population(size), out))
        unfinished.rename(path)
        took, bytes_ = time.perf_counter() - begun, path.stat().st_size
        out.print(f"{size:,} work items: made in {took:.0f} s, {bytes_ / 1e9:.1f} GB")
    return f"sqlite:///{path}"


async def _fill(path: Path, population: Population, out: Console) -> None:
    """Insert every document; making the indexes afterwards takes as long, and shows nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    store = open_store(f"sqlite:///{path}")
    try:
        with Progress(*columns, TimeElapsedColumn(), console=out) as progress:
            parts = (
                ("patient_case", population.cases(), population.members),
                ("work_queue", population.items(), population.size),
            )
            for name, documents, total in parts:
                task = progress.add_task(f"{total:,} documents of {name}", total=total)
                for batch in _batches(documents):
                    await _insert(store, name, batch)
                    progress.advance(task, len(batch))
    finally:
        await store.close()


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    while batch := list(islice(documents, _BATCH)):
        yield batch


async def _insert(store: Store, name: str, batch: list[Document]) -> None:
    refused = await store.insert(name, batch)
    if refused:
        raise RuntimeError(f"{name}: {len(refused)} documents refused, first {refused[0]}")


async def _index(path: Path, out: Console) -> None:
    store = open_store(f"sqlite:///{path}")
    try:
        wanted = await store.missing_indexes(build_registry(Settings()).indexes())
        if wanted:
            with out.status(f"making {len(wanted)} indexes"):
                await store.ensure_indexes(wanted)
    finally:
        await store.close()
