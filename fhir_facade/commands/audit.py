"""audit: whether the audit trail is as it was written, and which chains it has."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from fhir_facade.audit.overview import ChainLine
from fhir_facade.audit.overview import chains as all_chains
from fhir_facade.audit.report import Report
from fhir_facade.audit.verify import verify as examine
from fhir_facade.commands.shell import run_or_exit, settings_or_exit, store_or_exit
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store

T = TypeVar("T")

audit_app = typer.Typer(help="Examine the audit trail.", no_args_is_help=True)

_NO_ANCHORS: Final = "no file of anchors was compared; see the setting FHIR_FACADE_AUDIT_ANCHORS."
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@audit_app.command()
def verify(
    chain: Annotated[str | None, typer.Option(help="Examine one chain only.")] = None,
    anchors: Annotated[
        Path | None,
        typer.Option(help="A copy of the file of anchors (else: the setting's, if it is there)."),
    ] = None,
    as_json: _JSON = False,
) -> None:
    """Name every entry that was changed, removed, inserted or reordered; then exit with 1.

    Exits with 2 where there is no trail: nothing is no proof of anything.
    """
    settings = settings_or_exit()
    _require_file(settings)
    path = anchors or _configured(settings)
    report = _with_store(settings, lambda store: examine(store, chain=chain, anchors=path))
    if path is None:
        report.note(_NO_ANCHORS)
    if not report.chains and not report.findings:
        typer.echo("there is no audit trail in this store: no chain was found", err=True)
        raise typer.Exit(2)
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        _show(report)
    raise typer.Exit(0 if report.is_sound else 1)


@audit_app.command()
def chains(as_json: _JSON = False) -> None:
    """List the chains: each process that serves writes one."""

    async def gathered(store: Store) -> list[ChainLine]:
        return [each async for each in all_chains(store)]

    found = _with_store(settings_or_exit(), gathered)
    if as_json:
        typer.echo(json.dumps([each._asdict() for each in found], indent=2))
        return
    for each in found:
        state = "closed" if each.closed else "open"
        typer.echo(
            f"{each.chain}  {each.started}  {each.host} ({each.pid})  {each.entries} entries, "
            f"anchored up to {each.anchored}, {state}"
        )


def _show(report: Report) -> None:
    for finding in report.findings:
        typer.echo(f"{finding.kind}: {finding.text}")
    for note in report.notes:
        typer.echo(f"note: {note}")
    seen = f"{report.entries} entries and {report.anchors} anchors of {report.chains} chains"
    verdict = "as written" if report.is_sound else f"{len(report.findings)} findings"
    typer.echo(f"{seen}: {verdict}")


def _require_file(settings: Settings) -> None:
    """Exit with 2 where the embedded store's file is not there; opening it would make it."""
    path = settings.store.removeprefix("sqlite:///")
    if path not in (settings.store, ":memory:") and not Path(path).exists():
        typer.echo(f"FHIR_FACADE_STORE: there is no file {path}", err=True)
        raise typer.Exit(2)


def _configured(settings: Settings) -> Path | None:
    path = settings.audit_anchors
    return path if path is not None and path.exists() else None


def _with_store(settings: Settings, use: Callable[[Store], Awaitable[T]]) -> T:
    """Return what is done with the store; exit with 2 where it, or a file, cannot be read."""

    async def opened() -> T:
        store = store_or_exit(settings)
        try:
            return await use(store)
        finally:
            await store.close()

    try:
        found: T = run_or_exit(opened())
    except OSError as error:
        typer.echo(f"{error.filename} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    return found
