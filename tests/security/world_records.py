"""What the server itself keeps: versions, who wrote them, and who asked for what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.security.world_people import (
    AT,
    NOBODY,
    NOWHERE,
    PAIRS,
    A,
    B,
    Document,
    Maker,
    X,
    Y,
    employer_id,
    patient_id,
)


def kept() -> Iterator[tuple[str, Document]]:
    """Everything that the server keeps beside the documents of the platform."""
    yield from _histories()
    yield from _written()
    yield from _asked()


def _row(
    maker: Maker, type: str, id: str, turn: int, method: str | None, **more: Any
) -> tuple[str, Document]:
    """A version as this server keeps it."""
    version = maker.word(f"v{turn}")
    body = {
        "resourceType": type,
        "id": id,
        "meta": {"versionId": version, "lastUpdated": f"2026-01-{turn:02}T08:00:00Z"},
        "description": {"text": maker.word("old-text")}
        if type == "Goal"
        else maker.word("old-text"),
        "note": [{"text": maker.word("old-note")}],
    }
    whose: Document = {}
    if maker.owner != NOBODY:
        whose["patient"] = patient_id(maker.owner)
    if maker.tenant != NOWHERE:
        whose["tenant"] = employer_id(maker.tenant)
    return "fhir_history", {
        "_id": f"{type}/{id}/{version}",
        "type": type,
        "id": id,
        "version": version,
        "at": AT.replace(day=turn),
        "method": method,
        "body": None if method == "DELETE" else json.dumps(body),
        **whose,
        **more,
    }


def _histories() -> Iterator[tuple[str, Document]]:
    """Versions of everybody's, and of resources that other software gave to another."""
    for pair in PAIRS:
        maker = Maker(*pair)
        yield _row(maker, "Goal", maker.word("goal"), 2, "POST")
        yield _row(maker, "Goal", maker.word("goal"), 3, "PUT")
        yield _row(maker, "Task", maker.word("task"), 4, "POST")
        yield _row(maker, "Task", maker.word("purged-task"), 5, "POST")
        yield _row(maker, "Task", maker.word("purged-task"), 6, "DELETE")
        yield _row(maker, "Flag", maker.word("flag"), 2, None)
        yield _row(maker, "DocumentReference", maker.word("case-document"), 5, "PUT")
        yield _row(maker, "EpisodeOfCare", maker.word("case"), 7, "PATCH")
    ax, bx, ay = Maker(A, X), Maker(B, X), Maker(A, Y)
    # one that was B's once, and one that was A's: their documents are the later owner's
    gained, lost = "moved-to-a", "moved-to-b"
    yield _row(bx, "Goal", gained, 2, "POST")
    yield _row(bx, "Goal", gained, 3, "PUT")
    yield _row(ax, "Goal", gained, 4, "PUT")
    yield _row(ax, "Goal", lost, 2, "POST")
    yield _row(bx, "Goal", lost, 3, "PUT")
    yield _row(ay, "Task", "moved-to-x", 2, "POST")
    yield _row(ax, "Task", "moved-to-x", 3, "PUT")
    # kept before owners were
    old = Maker(B, X)
    collection, row = _row(old, "Goal", old.word("second-goal"), 9, "PUT")
    del row["patient"], row["tenant"]
    yield collection, row
    collection, moved = ax.goal("unused")
    yield collection, {**moved, "_id": gained}
    collection, moved = bx.goal("unused")
    yield collection, {**moved, "_id": lost}
    collection, moved = ax.task("unused")
    yield collection, {**moved, "_id": "moved-to-x"}


def _written() -> Iterator[tuple[str, Document]]:
    """Who wrote what, and who asked for what."""
    for number, (owner, tenant) in enumerate(PAIRS):
        maker = Maker(owner, tenant)
        whose: Document = {}
        if owner != NOBODY:
            whose["patient"] = patient_id(owner)
        if tenant != NOWHERE:
            whose["tenant"] = employer_id(tenant)
        yield (
            "fhir_provenance",
            {
                "_id": f"{number:024x}",
                "target": {"type": "Goal", "id": maker.word("goal"), "version": maker.word("v3")},
                "at": AT,
                "method": "PUT",
                "agent": {
                    "user": f"Practitioner/{maker.word('writer')}",
                    "subject": maker.word("writer-subject"),
                    "client": maker.word("writer-client"),
                    "issuer": "https://issuer.example",
                },
                **whose,
            },
        )


def _asked() -> Iterator[tuple[str, Document]]:
    """Who asked for what: of one patient, of one employer, of several at once."""
    for number, (owner, tenant) in enumerate(PAIRS, 1):
        maker = Maker(owner, tenant)
        whose: Document = {}
        if owner != NOBODY:
            whose["patient"] = patient_id(owner)
        if tenant != NOWHERE:
            whose["tenant"] = employer_id(tenant)
        yield _entry(maker, number, **whose)
    several = Maker(NOBODY, NOWHERE)
    for number, (tenants, patients) in enumerate(
        ((X, [A, B]), (X, [A]), ([X, Y], A), ([X], A), ([Y], A)), 20
    ):
        yield _entry(
            several,
            number,
            patient=[*map(patient_id, patients)] if isinstance(patients, list) else patient_id(A),
            tenant=[*map(employer_id, tenants)] if isinstance(tenants, list) else employer_id(X),
        )


def _entry(maker: Maker, number: int, **whose: Any) -> tuple[str, Document]:
    at = AT + timedelta(minutes=number)
    id = maker.word("goal")
    return "fhir_audit", {
        "_id": f"chain.{number:010}",
        "chain": "chain",
        "seq": number,
        "at": at,
        "updated": at,
        "interaction": "search-type",
        "action": "E",
        "outcome": "0",
        "status": 200,
        "type": "Goal",
        "ids": [f"Goal/{id}"],
        "count": 1,
        "query": f"Goal?_id={id}&description={maker.word('asked')}",
        "agent": {
            "user": f"Practitioner/{maker.word('asker')}",
            "subject": maker.word("asker-subject"),
            "client": maker.word("asker-client"),
            "issuer": "https://issuer.example",
        },
        "address": "127.0.0.1",
        "request": maker.word("request"),
        "prev": "0" * 64,
        "hash": f"{number:064}",
        **whose,
    }
