"""`fhir-facade check`: documents a second on one core, against reading and decoding them alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from fhir_facade.commands.check import BATCH, Checker
from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.interactions.records import Records
from fhir_facade.main import build_registry
from fhir_facade.settings import Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

DOCUMENTS = 50_000
_A_MEMBER = 15
"""Fewer documents than any number of members has, on average."""
_DIRTY = 0.05


class Rates(NamedTuple):
    """What one pass over the collections gave, by the processor's time and by the clock."""

    documents: int
    resources: int
    cpu: float
    """Seconds of one core."""
    wall: float
    control: float
    """Seconds of one core that reading and decoding the same documents takes."""


async def measure(folder: Path, documents: int = DOCUMENTS) -> Rates:
    """Check a fresh store of demo documents, one in twenty of them spoiled."""
    store = open_store(f"sqlite:///{folder}/check.db")
    try:
        await load_documents(store, _documents(documents))
        records = Records(store, build_registry(Settings()))
        await _only_decoded(store, records)  # the file is in memory now, as for both passes below
        control = await _only_decoded(store, records)
        checker, started, clock = Checker(records), time.process_time(), time.perf_counter()
        found = sum([count async for count in checker.run()])
        cpu, wall = time.process_time() - started, time.perf_counter() - clock
        counts = checker.report.records.values()
        resources = sum(each[name] for each in counts for name in ("clean", "noted", "degraded"))
        return Rates(found, resources, cpu, wall, control)
    finally:
        await store.close()


def _documents(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    return islice(generate(number // _A_MEMBER, 1, _DIRTY), number)


async def _only_decoded(store: Store, records: Records) -> float:
    started = time.process_time()
    for name in records.registry.collections:
        async for batch in store.scan(name, batch=BATCH):
            for raw in batch:
                decode(raw)
    return time.process_time() - started
