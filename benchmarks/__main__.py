"""`make bench`: print every figure with its control."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import check, mapping, search, secured, writes
from benchmarks.load import requests_per_second
from benchmarks.servers import running, serving
from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.main import build_registry
from fhir_facade.settings import Settings
from fhir_facade.store import open_store

SEARCH = "/fhir/Task?status=in-progress&_count=50"
BY_PATIENT = "/fhir/Task?patient=M100001&_count=50"
out = Console()


async def _prepare(url: str) -> None:
    store = open_store(url)
    await load_documents(store, generate(500, 1, 0.0))
    await store.ensure_indexes(build_registry(Settings()).indexes())
    await store.close()


def _fetch(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return bytes(answer.read())


def _mapping(table: Table) -> None:
    ours, control = mapping.measure()
    table.add_row(
        "map a Task", f"{ours:.1f} µs", f"{control:.1f} µs by hand", f"{ours / control:.2f}x"
    )


def _writes(table: Table, folder: Path) -> None:
    for name, (ours, control) in asyncio.run(writes.measure(folder)).items():
        table.add_row(
            f"{name} a Task, with its version",
            f"{ours:.2f} ms",
            f"{control:.2f} ms without FHIR",
            f"{ours / control:.2f}x",
        )


def _check(table: Table, folder: Path) -> None:
    found = asyncio.run(check.measure(folder))
    ours, control = found.documents / found.cpu, found.documents / found.control
    table.add_row(
        f"check {found.documents:,} documents, {found.resources:,} resources",
        f"{ours:,.0f} documents/s of one core ({found.documents / found.wall:,.0f}/s by the clock)",
        f"{control:,.0f}/s only decoded",
        f"{ours / control:.1%}",
    )


def _http(table: Table, folder: Path) -> None:
    url = f"sqlite:///{folder}/bench.db"
    asyncio.run(_prepare(url))
    environment = {
        "FHIR_FACADE_STORE": url,
        "BENCH_FOLDER": str(folder),
        "FHIR_FACADE_AUDIT": "off",
    }
    rates: dict[str, dict[str, float]] = {}
    with serving(**environment) as port:
        read = "/fhir/Task/" + _first_task(port)
        paths = {"read": read, "search": SEARCH, "patient": BY_PATIENT}
        for name, path in paths.items():
            (folder / f"{name}.json").write_bytes(_fetch(port, path))
        rates["facade"] = {name: requests_per_second(port, each) for name, each in paths.items()}
    with serving(FHIR_FACADE_TRANSLATIONS="0", **environment) as port:
        rates["cold"] = {name: requests_per_second(port, each) for name, each in paths.items()}
    with running("benchmarks.bare:app", "/read", **environment) as port:
        rates["bare"] = {name: requests_per_second(port, f"/{name}") for name in paths}
    for name in paths:
        for kind, label in (("facade", "translations kept"), ("cold", "each translated anew")):
            ours, control = rates[kind][name], rates["bare"][name]
            table.add_row(
                f"{name}, {label}",
                f"{ours:,.0f}/s",
                f"{control:,.0f}/s bare Starlette",
                f"{ours / control:.1%}",
            )
    _secured(table, paths, environment)
    _peer(table, rates["facade"], environment)


def _secured(table: Table, paths: dict[str, str], environment: dict[str, str]) -> None:
    for name, rates in secured.measure(paths, environment).items():
        table.add_row(
            f"{name}, with tokens and audit",
            f"{rates.secured:,.0f}/s",
            f"{rates.plain:,.0f}/s without",
            f"{rates.secured / rates.plain:.1%}",
        )


def _peer(table: Table, ours: dict[str, float], environment: dict[str, str]) -> None:
    python = os.environ.get("BENCH_PEER_PYTHON")
    if not python:
        out.print("fhirstarter left out: BENCH_PEER_PYTHON names no environment that has it")
        return
    environment = {**environment, "FHIR_SEQUENCE": "R4B"}
    with running("benchmarks.starter:app", "/Task/x", python=python, **environment) as port:
        for name, path in (("read", "/Task/x"), ("search", "/Task?status=in-progress")):
            peer = requests_per_second(port, path)
            table.add_row(
                f"{name}, against fhirstarter",
                f"{ours[name]:,.0f}/s",
                f"{peer:,.0f}/s",
                f"{ours[name] / peer:.1f}x",
            )


def _first_task(port: int) -> str:
    import json

    bundle = json.loads(_fetch(port, "/fhir/Task?patient=M100001&_count=1"))
    return str(bundle["entry"][0]["resource"]["id"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--search-sizes",
        type=lambda text: [int(each) for each in text.split(",") if each],
        default=[100_000, 1_000_000],
        metavar="N,N",
        help="work items in the collections that are searched; 0 leaves this benchmark out "
        "(default: 100000,1000000, which take five minutes to make and 4 GB of disk)",
    )
    parser.add_argument("--search-only", action="store_true", help="leave the other benchmarks out")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the collections in this folder, and use those that are there",
    )
    return parser.parse_args()


def main() -> None:
    options = _options()
    if not options.search_only:
        table = Table("what", "facade", "control", "ratio", title="benchmarks")
        _mapping(table)
        with tempfile.TemporaryDirectory() as name:
            _writes(table, Path(name))
            _check(table, Path(name))
            _http(table, Path(name))
        out.print(table)
    if sizes := sorted({size for size in options.search_sizes if size > 0}):
        search.measure(sizes, options.keep, out)


if __name__ == "__main__":
    main()
