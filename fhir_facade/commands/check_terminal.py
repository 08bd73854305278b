"""The report of a check as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fhir_facade.commands.check_output import percent

SHOWN: Final = 40
"""Causes that are shown, the worst."""
_COLUMNS: Final = (
    *("clean", "noted", "degraded", "unservable", "invalid", "deleted", "hidden"),
    *("unread", "other", "older", "undated"),
)


def show(report: dict[str, Any], console: Console) -> None:
    """Print the counts, the causes with their fixes, and the summary last."""
    console.print(_counts("documents", ("collection",), report["documents"]))
    console.print(_counts("records", ("collection", "type"), report["records"]))
    if report["findings"]:
        console.print(_causes(report["findings"][:SHOWN]))
    else:
        console.print("no findings")
    if (more := len(report["findings"]) - SHOWN) > 0:
        console.print(f"… and {more} more causes: --html and --json list them all")
    for line in notes(report):
        console.print(line, markup=False)
    console.print(report["summary"]["sentence"], markup=False, style="bold")


def _counts(unit: str, keys: tuple[str, ...], rows: list[dict[str, Any]]) -> Table:
    """Return a table of counts without the columns that have none."""
    columns = [each for each in _COLUMNS if any(row.get(each) for row in rows)]
    table = Table(title=unit)
    for key in keys:
        table.add_column(key)
    for name in (unit, *columns):
        table.add_column(name, justify="right")
    for row in rows:
        counts = (f"{row[name]:,}" if row[name] else "" for name in (unit, *columns))
        table.add_row(*(row[key] for key in keys), *counts)
    return table


def _causes(findings: list[dict[str, Any]]) -> Table:
    table = Table(title="findings", show_lines=True)
    table.add_column("records", justify="right", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    for name in ("where and why", "what to do"):
        table.add_column(name, overflow="fold", ratio=1)
    for each in findings:
        where = f"{each['collection']}.{each['field']} → {each['element']}"
        table.add_row(
            f"{each['records']:,}\n{percent(each['share'])}",
            each["severity"],
            escape(f"{where}\n{each['reason']}\n{', '.join(each['examples'])}"),
            escape(each["fix"]),
        )
    return table


def notes(report: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence on each way in which not all documents were looked at."""
    extent, rows = report["extent"], report["documents"]
    if extent["types"]:
        yield f"Only {', '.join(extent['types'])} were looked at."
    if extent["limit"] is not None:
        yield f"Of each collection, the first {extent['limit']:,} documents were read."
    if extent["since"]:
        older, undated = (sum(row[name] for row in rows) for name in ("older", "undated"))
        yield (
            f"Only documents changed since {extent['since']} were looked at: {older:,} older ones "
            f"were passed over; {undated:,} that do not say when they were changed are included."
        )
