"""What the server keeps of requests and writes, made up for stored documents: the audit trail and
the Provenance of writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fhir_facade.rules.registry import AUDIT, PROVENANCE
from fhir_facade.rules.text import fhir_id, key_text

Document = dict[str, Any]
Documents = list[tuple[str, Document]]

START = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
ISSUER = "https://auth.example.org"
TYPES = {"task": "Task", "flag": "Flag", "goal": "Goal", "interaction": "Communication"}

AGENTS: tuple[Document, ...] = (
    {
        "user": "Practitioner/7",
        "subject": "auth0|7",
        "client": "care-app",
        "issuer": ISSUER,
        "scopes": "user/*.rs launch",
    },
    {"user": "Patient/M100001", "subject": "auth0|9", "client": "my-health", "issuer": ISSUER},
    {"subject": "ehr", "client": "ehr", "issuer": ISSUER, "scopes": "system/*.cruds"},
    {"subject": "CN=Ann, O=Oak", "client": "care-app", "issuer": ISSUER},
    {"user": "Person/3", "client": "care-app", "issuer": "not a uri"},
    {"user": "RelatedPerson/4", "subject": "auth0|4", "client": "my-health", "issuer": ISSUER},
    {},
)

REQUESTS: tuple[Document, ...] = (
    {"interaction": "read", "action": "R", "outcome": "0", "status": 200},
    {"interaction": "search-type", "action": "E", "outcome": "0", "status": 200},
    {"interaction": "create", "action": "C", "outcome": "0", "status": 201, "version": "1f"},
    {"interaction": "update", "action": "U", "outcome": "4", "status": 412, "reason": "conflict"},
    {"interaction": "patch", "action": "U", "outcome": "8", "status": 500, "reason": "exception"},
    {"interaction": "delete", "action": "D", "outcome": "0", "status": 204, "inner": True},
    {"interaction": "$everything", "action": "E", "outcome": "0", "status": 200},
    {"interaction": "transaction", "action": "E", "outcome": "12", "status": 503},
    {"interaction": "vread", "action": "R", "outcome": "0", "status": 200},
    {"interaction": "history-instance", "action": "R", "outcome": "4", "status": 403},
)

LOGIN: Document = {
    "_id": "c0ffee.0000000000",
    "chain": "c0ffee",
    "seq": 0,
    "at": START,
    "interaction": "read",
    "action": "E",
    "outcome": "4",
    "status": 401,
    "failed": "login",
    "reason": "login: This server wants a token.",
    "query": "Task/1",
    "address": "203.0.113.9",
    "request": "login-1",
}
"""An entry of a login that failed, before anybody was known."""

METHODS = ("POST", "PUT", "PATCH", "DELETE")


def recorded(documents: Iterable[tuple[str, Document]], most: int = 40) -> Documents:
    """Return entries of the audit trail and Provenance about some of the documents."""
    found: Documents = [(AUDIT, LOGIN)]
    for number, (type_, document) in zip(range(1, most + 1), _named(documents), strict=False):
        found.append((AUDIT, audited(number, type_, document)))
        found.append((PROVENANCE, written(number, type_, document)))
    return found


def _named(documents: Iterable[tuple[str, Document]]) -> Iterator[tuple[str, Document]]:
    """Yield documents of every served kind in turn, with the type that they are served as."""
    groups: dict[str, list[Document]] = {}
    for collection, document in documents:
        kind = document.get("type") if collection == "work_queue" else None
        served = TYPES.get(kind.lower()) if isinstance(kind, str) else None
        type_ = "EpisodeOfCare" if collection == "patient_case" else served
        if type_ is not None and fhir_id(document.get("_id")) is not None:
            groups.setdefault(type_, []).append(document)
        attached = document.get("documents")
        for each in attached if isinstance(attached, list) else ():
            key = each.get("document_id") if isinstance(each, dict) else None
            if fhir_id(key) is not None:
                groups.setdefault("DocumentReference", []).append({**document, "_id": key})
    for place in range(max(map(len, groups.values()), default=0)):
        for type_, group in groups.items():
            if place < len(group):
                yield type_, group[place]


def audited(number: int, type_: str, document: Document) -> Document:
    """Return an entry of the audit trail about a document."""
    at = START + timedelta(hours=7 * number)
    patient, tenant = _key(document, "subject"), _key(document, "client")
    id = fhir_id(document["_id"])
    found = {
        "_id": f"c0ffee.{number:010}",
        "chain": "c0ffee",
        "seq": number,
        "at": at,
        **REQUESTS[number % len(REQUESTS)],
        "type": type_,
        "ids": [f"{type_}/{id}"],
        "count": 1,
        "total": number,
        "patient": patient,
        "tenant": tenant,
        "query": f"{type_}?_id={id}",
        "agent": AGENTS[number % len(AGENTS)],
        "address": ("192.0.2.1", "2001:db8::1", "gateway")[number % 3],
        "request": f"request-{number}",
        "prev": "0" * 64,
        "hash": "1" * 64,
    }
    if number % 5 == 0:
        more = {"patient": [patient, "M100002"], "tenant": [tenant, "OAK"], "more": 3}
        found |= {**more, "ids": [*found["ids"], "Bundle/c1", "StructureDefinition/employer"]}
    return {name: each for name, each in found.items() if each not in (None, [None])}


def written(number: int, type_: str, document: Document) -> Document:
    """Return the Provenance of a write of a document."""
    found = {
        "_id": f"{number:024x}",
        "target": {"type": type_, "id": fhir_id(document["_id"]), "version": f"{number:08x}"},
        "at": START + timedelta(hours=5 * number),
        "method": METHODS[number % len(METHODS)],
        "agent": {k: v for k, v in AGENTS[number % len(AGENTS)].items() if k != "scopes"},
        "patient": _key(document, "subject"),
        "tenant": _key(document, "client"),
    }
    return {name: each for name, each in found.items() if each is not None}


def _key(document: Document, field: str) -> str | None:
    stored = document.get(field)
    return key_text(stored.get("id") if isinstance(stored, dict) else stored)
