"""Patients, employers and everything this server holds of them, each word marked with its owner.

A marker is `mk-` with the letters of the owner and of the employer: `mk-by-` stands in every id,
name, text and code of patient B at employer Y. What an answer to somebody else holds of it is found
by searching its bytes.

`n` is nobody's: without a patient (or employer), or with one in a form that names nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.security.world_people import (
    AT,
    NOBODY,
    NOWHERE,
    A,
    B,
    C,
    Document,
    Documents,
    Maker,
    X,
    Y,
    employer_id,
    patient_id,
)

PAIRS = (
    (A, X),
    (A, Y),
    (A, NOWHERE),
    (B, X),
    (B, Y),
    (C, Y),
    (C, X),
    (NOBODY, X),
    (NOBODY, NOWHERE),
)

MARKER = re.compile(r"mk-([abcn])([xyn])-[a-z0-9-]*[a-z0-9]|(?:pat)-([abc])\b|(?:org)-([xy])\b")
"""A word that tells whose it is."""

COLLECTIONS = (
    *("work_queue", "patient_case", "outcomes", "fhir_history", "fhir_provenance"),
    "fhir_audit",
)


@dataclass(frozen=True)
class View:
    """Whose records a caller may see: of some patients, of some employers; None for all."""

    patients: frozenset[str] | None = None
    tenants: frozenset[str] | None = None

    def holds(self, owner: str, tenant: str) -> bool:
        return (self.patients is None or owner in self.patients) and (
            self.tenants is None or tenant in self.tenants
        )

    def is_foreign(self, marker: re.Match[str]) -> bool:
        owner, tenant, patient, employer = marker.groups()
        if owner is not None:
            return not self.holds(owner, tenant)
        if patient is not None:
            return self.patients is not None and patient not in self.patients
        return self.tenants is not None and employer not in self.tenants


EVERYBODY = View()
OF_A = View(frozenset(A))
OF_X = View(None, frozenset(X))
OF_A_AT_X = View(frozenset(A), frozenset(X))


def markers(data: bytes | str, view: View) -> set[str]:
    """The foreign markers in some bytes."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return {each[0] for each in MARKER.finditer(text.lower()) if view.is_foreign(each)}


# --- whose a document is: in the plainest way that can be written down -------------------------

_FIELDS = {
    "work_queue": ("subject", "client"),
    "patient_case": ("subject", "client"),
    "outcomes": ("patientId", "clientId"),
    "fhir_history": ("patient", "tenant"),
    "fhir_provenance": ("patient", "tenant"),
    "fhir_audit": ("patient", "tenant"),
}


def _key(stored: Any, prefix: str) -> str | None:
    if isinstance(stored, dict):
        stored = stored.get("id")
    if not isinstance(stored, str):
        return None
    return stored.removeprefix(f"{prefix}/")


def owner_of(collection: str, document: Document) -> tuple[str, str]:
    """The letters of a document's patient and employer; `n` where it names none."""
    patient, tenant = (document.get(each) for each in _FIELDS[collection])
    who, where = _key(patient, "Patient"), _key(tenant, "Organization")
    return (
        next((each for each in (A, B, C) if who == patient_id(each)), NOBODY),
        next((each for each in (X, Y) if where == employer_id(each)), NOWHERE),
    )


def _numbered(number: int) -> ObjectId:
    return ObjectId(f"{number:024x}")


OBJECT_CASE_OF_A, OBJECT_CASE_OF_B = _numbered(0xA0C), _numbered(0xB0C)
BY_NUMBER = {A: str(OBJECT_CASE_OF_A), B: str(OBJECT_CASE_OF_B)}
"""Cases whose `_id` is no text."""


def _crossing() -> Iterator[tuple[str, Document]]:
    """Links between the patients, as other software may have left them."""
    ax, bx, by, ay = (Maker(*each) for each in ((A, X), (B, X), (B, Y), (A, Y)))
    case_of_a, case_of_b = ax.word("case"), bx.word("case")
    for maker in (bx, by):
        yield maker.task("task-in-a", case_of_a)
        yield maker.goal("goal-in-a", case_of_a)
        yield maker.flag("flag-in-a", case_of_a)
        yield maker.interaction("contact-in-a", case_of_a)
        yield maker.outcome("outcome-in-a", case_of_a)
        yield maker.goal("goal-in-second", ax.word("second"))
        yield maker.outcome("outcome-in-second", ax.word("second"))
    yield ax.task("task-in-b", case_of_b)
    yield ax.goal("goal-in-b", case_of_b)
    yield ax.interaction("contact-in-b", case_of_b, ax.word("case"))
    yield ax.outcome("outcome-in-b", case_of_b)
    yield ay.task("task-in-x", case_of_a)
    yield ay.goal("goal-in-x", case_of_a)
    yield ax.case("pointing", items=[{"type": "case", "id": case_of_b}])
    yield bx.case("pointing", items=[{"type": "case", "id": case_of_a}])
    yield ax.case(OBJECT_CASE_OF_A)  # type: ignore[arg-type]
    yield bx.case(OBJECT_CASE_OF_B)  # type: ignore[arg-type]
    yield ax.task("task-by-number", BY_NUMBER[A])
    yield bx.task("task-by-number", BY_NUMBER[A])
    yield ax.flag("vip", name="VIP")
    yield bx.flag("vip", name="VIP")
    yield ay.flag("vip-at-y", name="VIP at Y")


def _nobodys() -> Iterator[tuple[str, Document]]:
    """Patients and employers in forms that name nobody, though a loose filter may find them."""
    nobody = Maker(NOBODY, X)
    a, b = patient_id(A), patient_id(B)
    subjects: tuple[Any, ...] = (
        [{"id": a}, {"id": b}],
        [a, b],
        [a],
        {"id": [a, b]},
        {"id": {"id": a}},
        {"name": a},
        {"reference": f"Patient/{a}"},
        f"Practitioner/{a}",
        f"http://elsewhere.example/Patient/{a}",
        a.upper(),
        f"{a}.",
        "",
        None,
    )
    for number, subject in enumerate(subjects):
        case = nobody.word("case")
        yield nobody.task(f"odd-task-{number}", case, subject=subject)
        yield nobody.goal(f"odd-goal-{number}", case, subject=subject)
        yield nobody.case(f"odd-case-{number}", subject=subject)
        yield nobody.outcome(f"odd-outcome-{number}", case, patientId=subject)
        yield nobody.interaction(f"odd-contact-{number}", case, subject=subject)
    lost = Maker(A, NOWHERE)
    for number, client in enumerate(
        (["org-x"], [{"id": "org-x"}, {"id": "org-y"}], {"id": ["org-x"]}, "Patient/org-x", None)
    ):
        yield lost.task(f"odd-client-{number}", client=client)
        yield lost.case(f"odd-client-{number}", client=client)
        yield lost.outcome(f"odd-client-outcome-{number}", clientId=client)


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


def _everything() -> Documents:
    found: Documents = []
    for pair in PAIRS:
        found += Maker(*pair).plain()
    for part in (_crossing, _nobodys, _histories, _written):
        found += part()
    return found


DOCUMENTS: Documents = _everything()


def documents_for(view: View) -> Documents:
    """The documents that a caller may see."""
    return [
        (name, document) for name, document in DOCUMENTS if view.holds(*owner_of(name, document))
    ]


def _all(document: Document) -> bool:
    del document
    return True


async def fill(
    store: Store, view: View = EVERYBODY, only: Callable[[Document], bool] = _all
) -> None:
    """Put the documents that somebody may see into an empty store."""
    by_name: dict[str, list[Document]] = {}
    for name, document in documents_for(view):
        if only(document):
            by_name.setdefault(name, []).append(document)
    for name, documents in by_name.items():
        assert not await store.insert(name, documents)


async def contents(store: Store) -> dict[tuple[str, str], bytes]:
    """Every document of the store, by its collection and `_id`."""
    found = {}
    for name in COLLECTIONS:
        async for batch in store.scan(name):
            for raw in batch:
                found[name, str(decode(raw)["_id"])] = raw
    return found


def foreign(stored: dict[tuple[str, str], bytes], view: View) -> dict[tuple[str, str], bytes]:
    """The documents among some that a caller may not see."""
    return {
        key: raw for key, raw in stored.items() if not view.holds(*owner_of(key[0], decode(raw)))
    }


def ids_of(view: View) -> dict[str, list[str]]:
    """The ids under which the documents of a view could be asked for, by resource type."""
    found: dict[str, list[str]] = {}

    def add(types: Iterable[str], id: Any) -> None:
        for each in types:
            found.setdefault(each, []).append(str(id))

    for name, document in documents_for(view):
        if name == "work_queue":
            add((_WORK_TYPES[document["type"]],), document["_id"])
        elif name == "patient_case":
            add(CASE_TYPES, document["_id"])
            add(("Provenance",), f"{document['_id']}.1")
        elif name == "outcomes":
            add(("Observation",), document["_id"])
        elif name == "fhir_provenance":
            add(("Provenance",), document["_id"])
        for each in document.get("documents", ()):
            add(("DocumentReference",), each["document_id"])
    return found


_WORK_TYPES = {
    "task": "Task",
    "goal": "Goal",
    "flag": "Flag",
    "Interaction": "Communication",
}
CASE_TYPES = ("EpisodeOfCare", "CareTeam", "CarePlan", "List")
