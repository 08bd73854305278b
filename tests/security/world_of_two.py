"""Patients, employers and everything this server holds of them, each word marked with its owner.

A marker is `mk-` with the letters of the owner and of the employer: `mk-by-` stands in every id,
name, text and code of patient B at employer Y. What an answer to somebody else holds of it is found
by searching its bytes.

`n` is nobody's: without a patient (or employer), or with one in a form that names nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.security.world_names import named
from tests.security.world_people import (
    NOBODY,
    NOWHERE,
    PAIRS,
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
from tests.security.world_records import kept

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


def _everything() -> Documents:
    found: Documents = []
    for pair in PAIRS:
        found += Maker(*pair).plain()
    for part in (_crossing, _nobodys, named, kept):
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
            add(("Provenance",), f"{document['_id']}.log.1")
        elif name == "outcomes":
            add(("Observation",), document["_id"])
        elif name == "fhir_provenance":
            add(("Provenance",), document["_id"])
        elif name == "fhir_audit":
            add(("AuditEvent",), document["_id"])
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
