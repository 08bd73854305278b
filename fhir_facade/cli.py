"""The `fhir-facade` command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from fhir_facade import __version__
from fhir_facade.commands.audit import audit_app
from fhir_facade.commands.serve import DEMO_MEMBERS, DEMO_SEED, serve
from fhir_facade.commands.shell import (
    err,
    out,
    progress_in,
    registry_or_exit,
    run_or_exit,
    settings_or_exit,
    store_or_exit,
    table_of,
    touch_or_exit,
    unwritable,
    write_or_exit,
)
from fhir_facade.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.add_typer(audit_app, name="audit")


def _show_version(asked: bool) -> None:
    if asked:
        out.print(f"fhir-facade {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version, and nothing else.",
        ),
    ] = False,
) -> None:
    """A FHIR R4 facade over a care-management platform's MongoDB."""


@app.command()
def load(
    collection: Annotated[str, typer.Argument(help="Name of the collection.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Extended JSON.")],
) -> None:
    """Load MongoDB Extended JSON (what mongoexport writes) into the configured store."""
    from fhir_facade.commands.load import LoadReport
    from fhir_facade.commands.load import load as load_file

    settings = settings_or_exit()
    known = registry_or_exit(settings).collections
    if collection not in known:
        err.print(f"note: nothing is served from {collection}; served: {', '.join(known)}")

    async def work() -> LoadReport:
        store = store_or_exit(settings)
        try:
            with progress_in("bytes") as progress:
                bar = progress.add_task(collection, total=file.stat().st_size)
                report = await load_file(
                    store, collection, file, lambda size: progress.advance(bar, size)
                )
            if settings.store.startswith("sqlite"):
                await store.ensure_indexes(registry_or_exit(settings).indexes())
            return report
        finally:
            await store.close()

    report = run_or_exit(work())
    for number, reason in report.refused[:20]:
        err.print(f"[red]line {number}[/]: {reason}")
    if len(report.refused) > 20:
        err.print(f"… and {len(report.refused) - 20} more")
    out.print(f"{report.loaded} loaded, {len(report.refused)} refused")
    raise typer.Exit(1 if report.refused else 0)


@app.command()
def check(
    type_: Annotated[list[str] | None, typer.Option("--type", help="Only this type.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what changed on this date, at this time, or later.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Only the first documents of each collection.", min=1)
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Keep progress in this file, and go on from it.", dir_okay=False),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write JSON here.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write a page here.")] = None,
    models: Annotated[bool, typer.Option(help="Validate a second way too: slow.")] = False,
    strict: Annotated[bool, typer.Option(help="Fail for unservable documents too.")] = False,
) -> None:
    """Map and validate every stored document; list what could not be expressed, by cause."""
    from fhir_facade.commands.check_html import page
    from fhir_facade.commands.check_run import Options, extent_of, run
    from fhir_facade.commands.check_state import StateError
    from fhir_facade.commands.check_terminal import show

    settings = settings_or_exit()
    registry = registry_or_exit(settings)
    for path in (json_file, html_file):
        if path is not None:
            touch_or_exit(path)  # what cannot be written is said before the work, not after it
    try:
        options = Options(extent_of(registry, type_, since, limit), models, resume)
    except ValueError as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None

    async def work() -> Any:
        store = store_or_exit(settings)
        try:
            return await run(store, settings.store, registry, options, err)
        finally:
            await store.close()

    try:
        report = run_or_exit(work())
    except StateError as error:
        err.print(f"--resume: {error}", style="red", markup=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        how = "the same command goes on" if resume else "with --resume FILE it could go on"
        err.print(f"interrupted; {how}")
        raise typer.Exit(130) from None
    show(report, out)
    if json_file is not None:
        write_or_exit(json_file, json.dumps(report, indent=2) + "\n")
    if html_file is not None:
        write_or_exit(html_file, page(report))
    failed = report["summary"]["invalid"] or (strict and report["summary"]["not_served"])
    raise typer.Exit(1 if failed else 0)


@app.command()
def explain(
    query: Annotated[
        str,
        typer.Argument(
            help="A type, or a search: Task?status=ready, ?_type=Task,Goal, Patient/1/Goal."
        ),
    ],
) -> None:
    """Show the mapping of a type, or the filter, sort and index of a search."""
    from fhir_facade.commands.explain import explain_search
    from fhir_facade.derive.docs import mapping_rows

    settings = settings_or_exit()
    registry = registry_or_exit(settings)
    path = query.partition("?")[0]
    is_search = path != query or "/" in path
    name = path.rpartition("/")[2]
    known = {*registry.types, "Case", *(("", "*") if is_search else ())}
    told = next((each for each in registry.people if each.type == name), None)
    if told is not None:
        err.print(
            f"{name} is stored nowhere: references tell of it, and it is looked for by "
            f"{', '.join(told.by)}. Explain one of those: {told.by[0].replace('.', '?')}={name}/1",
            soft_wrap=True,
        )
        raise typer.Exit(2)
    if name not in known:
        err.print(f"[red]{name} is not served[/]; served: {', '.join(registry.types)}, Case")
        raise typer.Exit(2)
    if is_search:

        async def work() -> list[Any]:
            path = settings.store.removeprefix("sqlite:///")
            there = path != settings.store and Path(path).is_file()
            store = store_or_exit(settings) if there else None
            try:
                return await explain_search(query, registry, settings, store)
            finally:
                if store is not None:
                    await store.close()

        out.print_json(json.dumps(run_or_exit(work()), default=str))
        return
    for source in registry.types["EpisodeOfCare" if name == "Case" else name].sources:
        mapping = source.mapping
        where = f"{mapping.collection}.{mapping.unwind}[]" if mapping.unwind else mapping.collection
        table = table_of("FHIR", "stored", "kind", "search", title=f"{mapping.resource} ← {where}")
        for row in mapping_rows(source):
            table.add_row(*row)
        out.print(table)


@app.command()
def derive(
    check_only: Annotated[bool, typer.Option("--check", help="Only report drift.")] = False,
    root: Annotated[Path, typer.Option(help="The project's root.")] = Path(),
    package: Annotated[
        Path | None,
        typer.Option(help="Write the FHIR package of this deployment here, and nothing else."),
    ] = None,
    canonical: Annotated[
        str | None, typer.Option(help="The package's canonical base, if not the setting's.")
    ] = None,
) -> None:
    """Write the derived artefacts and documentation, or check that they are up to date."""
    from fhir_facade.derive.artefacts import drift, write
    from fhir_facade.main import build_registry

    if package is not None:
        _write_package(package, canonical)
        return
    if check_only and not (root / "capability").is_dir():
        err.print(f"[red]{escape(str(root.resolve()))}[/] is not the project's root; see --root")
        raise typer.Exit(2)
    registry = build_registry(Settings.model_construct())
    changed = drift(registry, root) if check_only else write(registry, root)
    for path in changed:
        done = "wrote" if (root / path).is_file() else "removed"
        out.print(f"{'stale' if check_only else done}: {path}")
    if not changed:
        out.print("derived files are up to date")
    raise typer.Exit(1 if check_only and changed else 0)


def _write_package(path: Path, canonical: str | None) -> None:
    from fhir_facade.derive.package import package
    from fhir_facade.main import build_registry

    settings = settings_or_exit()
    base = (canonical or settings.canonical).rstrip("/")
    if not base.startswith(("http://", "https://")):
        err.print("[red]--canonical[/] must begin with http:// or https://")
        raise typer.Exit(2)
    content = package(build_registry(Settings.model_construct(canonical=base)))
    try:
        path.write_bytes(content)
    except OSError as error:
        err.print(f"[red]{escape(str(path))}[/]: {error.strerror}")
        raise typer.Exit(2) from None
    out.print(f"wrote: {path}")


@app.command()
def indexes(
    apply: Annotated[bool, typer.Option(help="Create the missing ones.")] = False,
) -> None:
    """List the indexes that searches need, and which are missing."""
    settings = settings_or_exit()
    registry = registry_or_exit(settings)

    async def work() -> tuple[list[Any], list[str]]:
        store = store_or_exit(settings)
        try:
            missing = await store.missing_indexes(registry.indexes())
            return missing, await store.ensure_indexes(registry.indexes()) if apply else []
        finally:
            await store.close()

    missing, made = run_or_exit(work())
    table = Table("collection", "index", "state")
    for index in registry.indexes():
        state = "missing" if index in missing else "there"
        table.add_row(index.collection, index.name, "created" if index.name in made else state)
    out.print(table)
    raise typer.Exit(0 if apply or not missing else 1)


@app.command("demo-data")
def demo_data(
    directory: Annotated[Path, typer.Option("--out", help="Folder to write into.")] = Path(),
    members: Annotated[int, typer.Option(min=1)] = DEMO_MEMBERS,
    seed: Annotated[int, typer.Option()] = DEMO_SEED,
    dirty: Annotated[float, typer.Option(min=0, max=1, help="Share of spoiled documents.")] = 0.0,
) -> None:
    """Write synthetic documents as Extended JSON, one file a collection."""
    from fhir_facade.demo import write

    try:
        directory.mkdir(parents=True, exist_ok=True)
        counts = write(directory, members, seed, dirty)
    except OSError as error:
        raise unwritable(error) from None
    for name, count in counts.items():
        out.print(f"{directory / f'{name}.json'}: {count} documents", soft_wrap=True)
