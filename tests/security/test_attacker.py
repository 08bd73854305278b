"""Somebody with a token tries everything to see, count or change what is not theirs.

`FHIR_FACADE_ATTACKS` is the number of requests, 10,000 by hand; `FHIR_FACADE_ATTACK_SEED` the seed.
`--log-cli-level=info` shows what was answered.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import MongoClient

from fhir_facade.main import build_registry
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests import mongo_server
from tests.http.serving import settings
from tests.security.attacker import Attacker, Kinds
from tests.security.attacker_known import TYPES, Asking, Common, Known, learn, learn_common
from tests.security.issuer import TestIssuer
from tests.security.leaks import Ears, World, difference, issuing, worlds
from tests.security.world_names import SHARED
from tests.security.world_of_two import (
    OF_A,
    OF_A_AT_X,
    OF_X,
    View,
    contents,
    fill,
    foreign,
)
from tests.security.world_people import Document

logger = logging.getLogger(__name__)

ATTACKS: Final = int(os.environ.get("FHIR_FACADE_ATTACKS", "160"))
SEED: Final = int(os.environ.get("FHIR_FACADE_ATTACK_SEED", "1"))
_AT_ONCE: Final = 60
"""Requests before the documents are as they were."""

_AFTER_ANOTHER: Final = 0.15
"""The part of the reads that one who sees all has made just before."""

_MANY: Final = 100
"""From so many requests on, the part that succeeds can be told."""

OPTIONS: Final[dict[str, Any]] = {"search_handling": "lenient"}


@dataclass(frozen=True)
class Caller:
    """Who attacks: what the token says, and whose records it is for."""

    view: View
    scope: str
    claims: dict[str, Any]
    other: dict[str, Any]
    """The claims of the one whose page links are taken."""
    shown: Callable[[Document], bool] = lambda document: True
    """Which of the view's documents the scopes let through."""

    def token(self, issuer: TestIssuer) -> str:
        return issuer.token(self.scope, expires_in=3600, **self.claims)


CALLERS: Final = {
    "a patient": Caller(
        OF_A,
        "patient/*.cruds patient/AuditEvent.rs",
        {"patient": "pat-a", "tenants": "*"},
        {"patient": "pat-b", "tenants": "*"},
    ),
    "an employer": Caller(
        OF_X, "system/*.cruds system/AuditEvent.rs", {"tenants": "org-x"}, {"tenants": "org-y"}
    ),
    "a patient with granular scopes": Caller(
        OF_A,
        "patient/Goal.rs?lifecycle-status=active patient/Task.rs?status=ready "
        # what a scope asks of people cannot be asked of them: these grant nothing
        "patient/Patient.rs?name=mk patient/Practitioner.rs?_id=mk-bx-user "
        + " ".join(f"patient/{name}.rs" for name in TYPES if name not in ("Goal", "Task")),
        {"patient": "pat-a", "tenants": "*"},
        {"patient": "pat-b", "tenants": "*"},
        lambda document: (
            document.get("life_cycle_status", "Active") == "Active"
            and (document.get("type") != "task" or document["status"] == "Ready")
        ),
    ),
    "one who may know names alone": Caller(
        OF_A_AT_X,
        "patient/Patient.rs patient/Practitioner.r user/Organization.s launch/patient",
        {"patient": "pat-a", "tenants": ["org-x"]},
        {"patient": "pat-b", "tenants": "*"},
    ),
    "a care manager at an employer": Caller(
        OF_X,
        "user/*.rs user/AuditEvent.rs openid fhirUser",
        {"user": f"Practitioner/{SHARED}", "tenants": ["org-x"]},
        {"tenants": ["org-y"]},
    ),
    "a patient at an employer": Caller(
        OF_A_AT_X,
        "patient/*.rs patient/AuditEvent.s user/*.cud patient/Task.cud launch/patient openid",
        {"patient": "Patient/pat-a", "user": "Patient/pat-a", "tenants": ["org-x"]},
        {"patient": "pat-b", "tenants": "*"},
    ),
}


@dataclass
class Tally:
    """What an attack was answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    kinds: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, kind: str, status: int) -> None:
        self.statuses[status] += 1
        self.kinds.setdefault(kind, Counter())[status] += 1

    def successful(self, kind: str) -> int:
        return sum(count for status, count in self.kinds.get(kind, {}).items() if status < 300)

    def succeeds(self, part: float) -> bool:
        """Whether a part of the requests were answered with success; of a few, one is enough."""
        total = self.statuses.total()
        done = sum(count for status, count in self.statuses.items() if status < 300)
        return done > part * total if total >= _MANY else done > 0

    def __str__(self) -> str:
        kinds = (f"{name}: {dict(sorted(found.items()))}" for name, found in self.kinds.items())
        return "\n  ".join([str(dict(sorted(self.statuses.items()))), *sorted(kinds)])


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as started:
        yield started


async def _fill_file(path: Path, caller: Caller | None) -> None:
    store = open_store(f"sqlite:///{path}")
    await _fill(store, caller)
    await store.ensure_indexes(build_registry(settings()).indexes())
    await store.close()


async def _fill(store: Store, caller: Caller | None) -> None:
    """Put everybody's documents into a store, or a caller's own alone."""
    if caller is None:
        await fill(store)
    else:
        await fill(store, caller.view, caller.shown)


@asynccontextmanager
async def fresh_files(folder: Path, caller: Caller) -> AsyncIterator[tuple[Store, Store]]:
    """Embedded stores with everybody's documents, and with a caller's own alone."""
    stores = []
    for name, seen in (("all", None), ("own", caller)):
        path = folder / f"{name}.db"
        if not path.exists():
            await _fill_file(path, seen)
        shutil.copy(path, folder / f"{name}-now.db")
        stores.append(open_store(f"sqlite:///{folder / name}-now.db"))
    yield stores[0], stores[1]
    for store in stores:
        await store.close()


@asynccontextmanager
async def fresh_databases(url: str, caller: Caller) -> AsyncIterator[tuple[Store, Store]]:
    """The same in two databases of a server."""
    names = [f"attack_{uuid.uuid4().hex[:16]}" for _ in range(2)]
    stores = [open_store(mongo_server.with_database(url, name)) for name in names]
    await _fill(stores[0], None)
    await _fill(stores[1], caller)
    yield stores[0], stores[1]
    for store in stores:
        await store.close()
    with MongoClient[dict[str, Any]](url) as client:
        for name in names:
            client.drop_database(name)


_COMMON: Final[dict[str, Common]] = {}
_KNOWN: Final[dict[tuple[str, str], Known]] = {}
"""What was found out before, by issuer and caller: the documents are always the same."""


async def attack(
    folder: Path, issuer: TestIssuer, caller: Caller, kinds: Kinds, count: int, url: str = ""
) -> Tally:
    """Attack, and check after each request and each few of them what must not be.

    With the `url` of a server, its databases are attacked, else files in the folder.
    """
    made, tally = random.Random(f"{SEED} {caller.scope} {caller.claims} {kinds}"), Tally()
    given = {**OPTIONS, **issuer.settings}
    files = partial(fresh_files, folder, caller)
    key = (issuer.url, f"{caller.scope} {caller.claims}")
    if key not in _KNOWN:
        async with files() as stores, worlds(*stores, **given) as both:
            _KNOWN[key] = await _learned(both[0], issuer, caller)
    known = _KNOWN[key]
    fresh = partial(fresh_databases, url, caller) if url else files
    while (left := count - tally.statuses.total()) > 0:
        async with fresh() as stores, worlds(*stores, **given) as both:
            attacker = Attacker(made, known, caller.view)
            await _some(both, attacker, caller, issuer, kinds, min(left, _AT_ONCE), tally)
    return tally


def _everybodys(issuer: TestIssuer) -> str:
    return issuer.token("system/*.cruds system/AuditEvent.rs", expires_in=3600, tenants="*")


async def _learned(world: World, issuer: TestIssuer, caller: Caller) -> Known:
    if issuer.url not in _COMMON:
        _COMMON[issuer.url] = await learn_common(Asking(world, _everybodys(issuer)))
    level = caller.scope.partition("/")[0]
    other = issuer.token(f"{level}/*.rs {level}/AuditEvent.rs", **{**caller.claims, **caller.other})
    asking = [Asking(world, token) for token in (caller.token(issuer), other)]
    return await learn(_COMMON[issuer.url], caller.view, *asking)


async def _some(
    both: tuple[World, ...],
    attacker: Attacker,
    caller: Caller,
    issuer: TestIssuer,
    kinds: Kinds,
    count: int,
    tally: Tally,
) -> None:
    """Make some requests in both worlds; nothing of the others is told, counted or changed."""
    token, ears = caller.token(issuer), Ears.of(caller.view)
    everybody = _everybodys(issuer)
    before = foreign(await contents(both[0].store), caller.view)
    changes = kinds not in (Attacker.READS, Attacker.PEOPLE)
    for _ in range(count):
        kind, request = attacker.request(kinds)
        asked = [attacker.filled(request, number) for number in (0, 1)]
        if request.method == "GET" and attacker.chance(_AFTER_ANOTHER):
            await both[0].ask(asked[0], everybody)
        answers = [await world.ask(each, token) for world, each in zip(both, asked, strict=True)]
        tally.add(kind, answers[0].status)
        heard = ears.heard(asked[0], answers[0])
        assert not heard, f"{asked[0].sent}\n{sorted(heard)}\n{answers[0].body.decode()}"
        apart = difference(*answers, exact=not changes)
        assert apart is None, f"{asked[0].sent}\n{apart}"
        attacker.learned(answers)
    after = await contents(both[0].store)
    assert {key: after.get(key) for key in before} == before, "a foreign document was changed"
    assert foreign(after, caller.view).keys() == before.keys(), "a foreign document was made"


ENOUGH_READS: Final = (
    *("read", "search", "history", "whole_case", "person", "people", "posted_people"),
    *("included_people", "beside"),
    *("read as a page", "search as a page", "person as a page", "people as a page"),
)
ENOUGH_WRITES: Final = (
    *("create", "update", "patch", "delete", "conditional", "written_case", "bundle"),
)
_ENOUGH: Final = 500
"""Fewer requests may leave out the one of a kind that succeeds."""


@pytest.mark.parametrize(
    ("name", "part"),
    [("a patient", 0.25), ("an employer", 0.14), ("a patient with granular scopes", 0.08)],
)
async def test_an_attacker_reads_nothing_of_the_others(
    tmp_path: Path, issuer: TestIssuer, name: str, part: float
) -> None:
    caller = CALLERS[name]
    tally = await attack(tmp_path, issuer, caller, Attacker.READS, int(ATTACKS * part))
    logger.info("%s, reads: %s", name, tally)
    assert tally.succeeds(0.5)  # one that is refused everything proves nothing
    if tally.statuses.total() >= _ENOUGH and "granular" not in name:
        assert all(tally.successful(kind) for kind in ENOUGH_READS), tally


@pytest.mark.parametrize(
    ("name", "part"),
    [("one who may know names alone", 0.05), ("a care manager at an employer", 0.06)],
)
async def test_an_attacker_knows_nobody_whom_only_the_others_name(
    tmp_path: Path, issuer: TestIssuer, name: str, part: float
) -> None:
    caller = CALLERS[name]
    tally = await attack(tmp_path, issuer, caller, Attacker.PEOPLE, int(ATTACKS * part))
    logger.info("%s, people: %s", name, tally)
    assert tally.succeeds(0.25)


@pytest.mark.parametrize(
    ("name", "part"),
    [("a patient", 0.16), ("an employer", 0.11), ("a patient at an employer", 0.07)],
)
async def test_an_attacker_changes_nothing_of_the_others(
    tmp_path: Path, issuer: TestIssuer, name: str, part: float
) -> None:
    caller = CALLERS[name]
    tally = await attack(tmp_path, issuer, caller, Attacker.WRITES, int(ATTACKS * part))
    logger.info("%s, writes: %s", name, tally)
    assert tally.succeeds(0.25)
    if tally.statuses.total() >= _ENOUGH:
        assert all(tally.successful(kind) for kind in ENOUGH_WRITES), tally


@pytest.mark.parametrize(("name", "part"), [("a patient", 0.025), ("an employer", 0.0125)])
async def test_an_attacker_gets_no_further_on_a_mongo_server(
    tmp_path: Path, mongo_url: str, issuer: TestIssuer, name: str, part: float
) -> None:
    caller = CALLERS[name]
    kinds = Attacker.READS + Attacker.WRITES
    count = max(8, int(ATTACKS * part))
    tally = await attack(tmp_path, issuer, caller, kinds, count, mongo_url)
    logger.info("%s, on a server: %s", name, tally)
    assert tally.succeeds(0.35)
