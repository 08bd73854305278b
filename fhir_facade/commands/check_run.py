"""One run of `check`: progress shown and saved, the report at its end."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from fhir_facade.commands.check import Checker, Extent
from fhir_facade.commands.check_fixes import Fixes
from fhir_facade.commands.check_output import as_json
from fhir_facade.commands.check_since import Since
from fhir_facade.commands.check_state import State, fingerprint
from fhir_facade.commands.check_valid import by_models, by_rules
from fhir_facade.interactions.records import Records
from fhir_facade.rules.registry import Registry
from fhir_facade.store.base import Store

SAVED_EVERY: Final = 2.0
"""Seconds after which progress is saved again."""


@dataclass(frozen=True)
class Options:
    """What the command was asked for."""

    extent: Extent
    models: bool = False
    resume: Path | None = None


class _Rate(ProgressColumn):
    """Documents a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("documents"),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
    )


def extent_of(
    registry: Registry, types: list[str] | None, since: str | None, limit: int | None
) -> Extent:
    """Read which documents were asked for; raise ValueError for a type or time that is none."""
    if unknown := set(types or ()) - registry.types.keys():
        raise ValueError(f"not served: {', '.join(sorted(unknown))}")
    moment = None
    if since is not None:
        try:
            moment = Since.of(since, registry.context.timezone)
        except ValueError as error:
            raise ValueError(f"--since: {error}") from None
    return Extent(frozenset(types) if types else None, moment, limit)


async def run(
    store: Store, url: str, registry: Registry, options: Options, console: Console
) -> dict[str, Any]:
    """Check the documents of a store and return the report.

    Raises `StateError` if the file to resume from belongs to another check.
    """
    validators = (by_rules, by_models) if options.models else (by_rules,)
    checker = Checker(Records(store, registry), options.extent, validators)
    state = None
    before = 0.0
    if options.resume is not None:
        state = State(options.resume, _fingerprint(url, registry, options))
        before = state.restore(checker)
    looked_at, total = _looked_at(checker), await _total(store, checker, options.extent)
    if not total:
        names = ", ".join(checker.collections)
        console.print(f"no documents in {names}: is FHIR_FACADE_STORE right?")
    started = time.perf_counter()
    await _work(checker, state, before, total, console)
    seconds = time.perf_counter() - started
    if state is not None:
        state.remove()
    rate = (_looked_at(checker) - looked_at) / seconds
    run = {
        "store": _without_secrets(url),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(before + seconds, 3),
        "documents_per_second": round(rate),
    }
    return as_json(checker.report, Fixes(registry), options.extent, run)


async def _work(
    checker: Checker, state: State | None, before: float, total: int, console: Console
) -> None:
    started = time.perf_counter()
    saved = -SAVED_EVERY  # at once, so that a file that cannot be written is known early
    try:
        with _progress(console) as progress:
            bar = progress.add_task("check", total=total, completed=_looked_at(checker))
            async with aclosing(checker.run()) as batches:
                async for count in batches:
                    progress.advance(bar, count)
                    now = time.perf_counter()
                    if state is not None and now - started - saved >= SAVED_EVERY:
                        state.save(checker, before + now - started)
                        saved = now - started
    finally:
        if state is not None and checker.settled:
            state.save(checker, before + time.perf_counter() - started)


def _looked_at(checker: Checker) -> int:
    """Return how many documents have been read."""
    return sum(
        count
        for counts in checker.report.documents.values()
        for name, count in counts.items()
        if name != "undated"
    )


async def _total(store: Store, checker: Checker, extent: Extent) -> int:
    counts = [await store.count(name, {}) for name in checker.collections]
    return sum(counts if extent.limit is None else [min(each, extent.limit) for each in counts])


def _without_secrets(url: str) -> str:
    """Return the store's URL as a report may show it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _fingerprint(url: str, registry: Registry, options: Options) -> str:
    extent, since = options.extent, options.extent.since
    types = sorted(extent.types) if extent.types is not None else None
    moment = since.moment.isoformat() if since else None
    salts = [source.salt for source in registry.sources]
    return fingerprint(url, salts, types, moment, extent.limit, options.models)
