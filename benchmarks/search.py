"""Search in large collections: the latency of one client, and how it grows with the collection.

A server for each size runs at the same time, and every repetition asks each of them for one read
and then for the search; so noise falls on all figures alike, and the ratios hold where the
milliseconds do not. Each document is translated anew, and each repetition asks for another member,
case, status or page, as far as there are others.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.latency import Answer, Client, Figures, figures
from benchmarks.population import RARE, Population, draw
from benchmarks.servers import serving
from benchmarks.stored import stored

MOST, LEAST = 200, 7
"""Repetitions of a query."""
SECONDS = 20.0
"""After so long, a query that has its least repetitions is not repeated any more."""
WARM_UP, WARM_UP_SECONDS = 15, 3.0
EDGE, DEEP, ROUNDS = 20, 1000, 5
"""Pages measured at the beginning and in the depth, the depth in pages, and how often."""

_WIDTH = 150
"""Columns of a table that goes into a file."""

STATUSES = ("accepted", "ready", "requested", "received", "in-progress", "on-hold", "draft")
PAIRS = tuple(permutations(STATUSES, 2))
SOME = 20
"""Cases that are asked for together."""
CONTROL = "Task/{id}"
COUNTED = "Task?status=…&_summary=count"


class Server(NamedTuple):
    """A running server and what it holds."""

    size: int
    population: Population
    client: Client

    def get(self, path: str) -> Answer:
        return self.client.get(f"/fhir/{path}")

    def read(self, repetition: int) -> Answer:
        return self.get(_task(self.population, repetition))


Url = Callable[[Population, int], str]
"""The URL of a repetition."""


def _member(population: Population, repetition: int) -> int:
    return draw(repetition, 11) % population.members


def _patient(population: Population, repetition: int) -> str:
    return population.member_key(_member(population, repetition))


def _case(population: Population, repetition: int) -> str:
    return str(population.case_id(_member(population, repetition)))


def _some_cases(population: Population, repetition: int) -> str:
    return ",".join(_case(population, repetition * SOME + place) for place in range(SOME))


def _task(population: Population, repetition: int) -> str:
    number = draw(repetition, 12) % population.size
    while population.kind(number) != "task" or not population.is_plain(number):
        number = (number + 1) % population.size
    return f"Task/{population.item_id(number)}"


def _status(repetition: int) -> str:
    return STATUSES[repetition % len(STATUSES)]


def _pair(repetition: int) -> str:
    return ",".join(PAIRS[repetition % len(PAIRS)])


QUERIES: dict[str, Url] = {
    "Task?patient=…": lambda of, n: f"Task?patient={_patient(of, n)}",
    "Task?status=…&_sort=-due&_count=50": (
        lambda of, n: f"Task?status={_status(n)}&_sort=-due&_count=50"
    ),
    f"Task?status=failed&_sort=-due&_count=50 (1 in {RARE})": (
        lambda of, n: "Task?status=failed&_sort=-due&_count=50"
    ),
    f"Task?status=failed&_sort=-modified&_count=50 (1 in {RARE})": (
        lambda of, n: "Task?status=failed&_sort=-modified&_count=50"
    ),
    "Task?status=…,…&_sort=due": lambda of, n: f"Task?status={_pair(n)}&_sort=due",
    "EpisodeOfCare?_id=…&_revinclude=Task:focus&_revinclude=Goal:case": (
        lambda of, n: (
            f"EpisodeOfCare?_id={_case(of, n)}&_revinclude=Task:focus&_revinclude=Goal:case"
        )
    ),
    f"EpisodeOfCare?_id=… ({SOME})&_revinclude=Task:focus": (
        lambda of, n: f"EpisodeOfCare?_id={_some_cases(of, n)}&_revinclude=Task:focus"
    ),
    "Task?case=…&_include=Task:focus": lambda of, n: (
        f"Task?case={_case(of, n)}&_include=Task:focus"
    ),
    "Task?status=…&_count=50&_include=Task:focus": (
        lambda of, n: f"Task?status={_status(n)}&_count=50&_include=Task:focus"
    ),
    "Task?patient=…&_summary=count": lambda of, n: f"Task?patient={_patient(of, n)}&_summary=count",
    COUNTED: lambda of, n: f"Task?status={_status(n)}&_summary=count",
}
PAGED = ("Task?_count=50", "Task?status=accepted&_sort=-due&_count=50")


def measure(sizes: Sequence[int], keep: Path | None, out: Console) -> None:
    """Print every figure."""
    with ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="facade-search-")))
        else:
            folder = keep.resolve()
            folder.mkdir(parents=True, exist_ok=True)
        urls = {size: stored(folder, size, out) for size in sizes}
        servers = [_server(stack, size, url) for size, url in urls.items()]
        found: dict[str, list[Figures]] = {CONTROL: _control(servers)}
        for name, path in QUERIES.items():
            with out.status(name):
                found[name] = _repeated(servers, path)
        pages = {}
        for name in PAGED:
            with out.status(f"pages of {name}"):
                pages[name] = [_paged(server, name) for server in servers]
    wide = out if out.is_terminal else Console(width=_WIDTH)
    wide.print(_latencies(found, sizes))
    wide.print(_depths(pages, sizes))
    for text in _counting(found[COUNTED], sizes):
        wide.print(text)


def _server(stack: ExitStack, size: int, url: str) -> Server:
    environment = {"FHIR_FACADE_STORE": url, "FHIR_FACADE_TRANSLATIONS": "0"}
    port = stack.enter_context(serving(**environment))
    return Server(size, Population(size), stack.enter_context(Client(port)))


def _repetitions(most: int, least: int, seconds: float) -> Iterator[int]:
    until = time.perf_counter() + seconds
    for number in range(most):
        if number >= least and time.perf_counter() > until:
            return
        yield number


def _repeated(servers: Sequence[Server], path: Url) -> list[Figures]:
    """Measure a query on all servers, a read before each repetition."""
    for number in _repetitions(WARM_UP, 1, WARM_UP_SECONDS):
        for server in servers:
            server.get(path(server.population, MOST + number))
    answers: list[list[Answer]] = [[] for _ in servers]
    control: list[list[Answer]] = [[] for _ in servers]
    for number in _repetitions(MOST, LEAST, SECONDS):
        for place, server in enumerate(servers):
            server.read(MOST + number)  # the control would be the first after a pause otherwise
            control[place].append(server.read(number))
            answers[place].append(server.get(path(server.population, number)))
    return [figures(*each) for each in zip(answers, control, strict=True)]


def _control(servers: Sequence[Server]) -> list[Figures]:
    """Measure reads against reads: what the ratio is of two things that cost the same."""
    return _repeated(servers, lambda of, number: _task(of, MOST * 2 + number))


class Depth(NamedTuple):
    """Pages at the beginning of a result and far down in it."""

    pages: int
    first: Figures
    deep: Figures


def _paged(server: Server, path: str) -> Depth:
    """Walk down untimed, then measure pages at both ends in turn."""
    walked = ["/fhir/" + path]
    while len(walked) <= DEEP + EDGE and (page := server.client.get(walked[-1]).next):
        walked.append(page)
    walked = walked[:-1] or walked  # the last may be a short one
    edge = max(1, min(EDGE, len(walked) // 2))
    first, deep = walked[:edge], walked[-edge:]
    answers: tuple[list[Answer], list[Answer]] = ([], [])
    control: list[Answer] = []
    for number in range(ROUNDS):
        for place, pair in enumerate(zip(first, deep, strict=True)):
            server.read(MOST + place)
            control.append(server.read(number * edge + place))
            for into, url in zip(answers, pair, strict=True):
                into.append(server.client.get(url))
    return Depth(len(walked) - edge, figures(answers[0], control), figures(answers[1], control))


def _table(first: str, *others: str, title: str) -> Table:
    """Return a table whose first column gives way where the terminal is narrow."""
    table = Table(title=title)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _latencies(found: dict[str, list[Figures]], sizes: Sequence[int]) -> Table:
    """Return a row for each query: its figures at each size, and the growth between the ends."""
    growth = f"{_short(sizes[-1])}/{_short(sizes[0])}"
    table = _table(
        "query",
        *("found", *(f"at {_short(size)}" for size in sizes), growth),
        *(f"reads, {_short(size)}" for size in sizes),
        title="search, one client: median (95th percentile) in ms, and in reads by id",
    )
    for name, row in found.items():
        table.add_row(
            name,
            f"{row[-1].resources:.0f}",
            *(f"{each.median:.2f} ({each.p95:.2f})" for each in row),
            f"{row[-1].median / row[0].median:.2f}",
            *(f"{each.ratio:.1f}" for each in row),
        )
    return table


def _depths(pages: dict[str, list[Depth]], sizes: Sequence[int]) -> Table:
    table = _table(
        "pages of",
        *("items", f"first {EDGE}", f"{EDGE} deep", "after page", "deep/first"),
        title="paging: median ms a page",
    )
    for name, row in pages.items():
        for size, depth in zip(sizes, row, strict=True):
            table.add_row(
                name,
                _short(size),
                f"{depth.first.median:.2f}",
                f"{depth.deep.median:.2f}",
                f"{depth.pages:,}",
                f"{depth.deep.median / depth.first.median:.2f}",
            )
    return table


def _counting(row: Sequence[Figures], sizes: Sequence[int]) -> Iterator[str]:
    """Say what an exact count costs for each match: it is the one query that has to grow."""
    for size, each in zip(sizes, row, strict=True):
        cost = (each.median - each.control) / max(1, each.total) * 1000
        yield f"count by status at {size:,}: {each.total:,.0f} matches, {cost:.2f} µs a match"


def _short(size: int) -> str:
    return f"{size / 1e6:g}M" if size >= 1e6 else f"{size / 1e3:g}k"
