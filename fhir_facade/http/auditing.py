"""What the audit trail is told of a request: who asked what, of whom, and what became of it.

While a request is answered only what is at hand is taken; the answer itself is looked at when the
entry is written.

https://hl7.org/fhir/R4/auditevent.html
https://profiles.ihe.net/ITI/BALP/
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fhir_facade.audit.entry import known
from fhir_facade.audit.log import AuditLog
from fhir_facade.audit.told import MOST, Told, scalar
from fhir_facade.derive.capability_types import PUBLISHED_TYPES
from fhir_facade.errors import FacadeError
from fhir_facade.http.audited_reads import (
    PlainRead,
    agent_of,
    header,
    is_plain_read,
    version_of,
)
from fhir_facade.http.request import BUNDLE, FhirRequest
from fhir_facade.http.watch import Done, type_of
from fhir_facade.interactions.prepared import Result

_LONGEST: Final = 16_384
"""Characters of a query that are kept."""
_SHORT: Final = 200
_AT_THE_DOOR: Final = (401, 405, 414, 429, 431)
"""What anybody may be answered with, as often as they like: little of it is kept."""
_OF_EVERYBODY: Final = ("capabilities", "options", "unknown")
"""Interactions that need no token, or are none: of what they ask little is kept, too."""
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{0,63}")
_ERROR: Final = re.compile(r'error="([a-z_]+)"')
_ACTIONS: Final = {
    "create": "C",
    "read": "R",
    "vread": "R",
    "history-instance": "R",
    "history-type": "R",
    "history-system": "R",
    "capabilities": "R",
    "update": "U",
    "patch": "U",
    "delete": "D",
}
"""Everything else is an execution, searches too (BALP)."""
_CASE: Final = "Bundle"
_ABOUT_NOBODY: Final = frozenset(
    {"_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total", "_type"}
    | {"_format", "_pretty", "_include:iterate", "_revinclude:iterate"}
)
_SOMEBODY: Final = "-"
"""Stands for a patient that is named in a way that is not read here."""
_OF_PATIENT: Final = frozenset({"patient", "patient:Patient", "subject", "subject:Patient"})

_OF_PATIENTS: Final = ("Patient", "Patient/_search")
_OF_PATIENT_ITSELF: Final = frozenset({"_id", "identifier"})

Shown = tuple[Sequence[bytes], int | None]
"""The resources on a search's page, and how many there are in all."""
Written = tuple[str, str, str, str | None, str | None]

_BY_METHOD: Final = {"POST": ("create", "C"), "DELETE": ("delete", "D"), "PATCH": ("patch", "U")}


class Auditor:
    """Watches requests, and tells the audit trail of each."""

    def __init__(self, log: AuditLog, canonical: str) -> None:
        self._log = log
        self._base = f"{canonical}/StructureDefinition/"

    def admit(self) -> None:
        """Raise NotRecorded where nothing may be answered, since it could not be recorded."""
        self._log.admit()

    def seen(self, done: Done) -> Awaitable[None] | None:
        """Record a request; where that is required the answer waits for it, or NotRecorded.

        The entries of a Bundle do not wait, since the Bundle does, and comes after them.
        """
        if is_plain_read(done):
            seen: Seen | PlainRead = PlainRead(done, self._base)
        else:
            seen = self._whole(done)
        if self._log.requires and not done.request.is_inner:
            return self._log.require(seen.fields, seen.size)
        self._log.record(seen.fields, seen.size)
        return None

    def _whole(self, done: Done) -> Seen:
        """Return what is kept of any request; the writes of a transaction are recorded at once."""
        seen = Seen(done, self._base)
        for fields in seen.writes():
            self._log.record(fields)
        return seen


class Seen:
    """What is kept of a request until its entry is made.

    Nothing is worked out before; and little is kept, since what many requests leave behind for a
    while costs more time than making it.
    """

    __slots__ = (
        *("_address", "_at", "_base", "_bodies", "_form", "_headers", "_id", "_interaction"),
        *("_is_inner", "_is_transaction", "_made", "_params", "_path", "_principal", "_query"),
        *("_root", "_shown", "_status", "_tenants", "_url", "_written"),
        "size",
    )

    def __init__(self, done: Done, base: str) -> None:
        request, reply, scope = done.request, done.reply, done.request.scope
        self._base, self._at = base, done.at
        self._interaction, self._path = done.interaction, done.path
        self._status, self._headers = reply.status, reply.headers
        self._id, self._address, self._params = request.id, request.address, request.params
        self._principal = request.access.principal
        self._url, self._query = scope["path"], scope["query_string"]
        self._root = scope.get("root_path", "")
        self._is_inner, self._tenants = request.is_inner, request.tenants
        self._is_transaction = scope.get(BUNDLE) == "transaction"
        self._form = _sent(request) if request.method == "POST" else ()
        self._shown: Shown | None = request.shown if reply.status == 200 else None
        # a page's resources are kept anyway, the page that is joined of them is not
        self._bodies: tuple[bytes, ...] = () if self._shown is not None else (reply.body,)
        self._written: list[Written] = []
        self._made: list[Result] = []
        self.size = len(reply.body)
        if request.written:
            self._take_written(request)

    def _take_written(self, request: FhirRequest) -> None:
        if self._is_transaction:
            self._made = [replace(each, body=None) for each in request.written if each.changed]
        for each in request.written:
            self._written.append((each.type, each.id, each.version, each.patient, each.tenant))
            # a whole case names nobody but in its own resources
            if each.type == _CASE and each.body and each.body not in self._bodies:
                self._bodies = (*self._bodies, each.body)
                self.size += len(each.body)

    @property
    def _type(self) -> str:
        return type_of(self._path, self._params)

    def _given(self) -> list[str]:
        """Return what was asked beside the path: the query, and what stands for one elsewhere."""
        query = [self._query.decode("utf-8", "replace")] if self._query else []
        return [*query, *self._form]

    def writes(self) -> Iterator[Callable[[], dict[str, Any]]]:
        """Yield what makes an entry of each write of a transaction, which is no request itself."""
        if self._is_transaction and self._status < 400:
            for each in self._made:
                yield partial(self._of_write, each)

    def _of_write(self, result: Result) -> dict[str, Any]:
        interaction, action = _BY_METHOD.get(result.method or "", ("update", "U"))
        tenants = {} if result.tenant is None else {result.tenant: None}
        fields = {
            "at": self._at,
            "interaction": interaction,
            "action": action,
            "outcome": "0",
            "status": 201 if result.created else 200,
            "type": result.type,
            "ids": [f"{result.type}/{result.id}"],
            "patient": result.patient,
            "tenant": self._tenant(Told(self._base, tenants=tenants)),
            "version": result.version,
            "agent": {} if self._principal is None else agent_of(self._principal),
            "address": self._address or None,
            "request": self._id,
            "inner": True,
        }
        return known(fields)

    @property
    def _is_published(self) -> bool:
        """Say whether the answer is about nobody: a definition, or what the server can do."""
        if self._status >= 400:
            return False
        return self._interaction == "capabilities" or self._type in PUBLISHED_TYPES

    def fields(self) -> dict[str, Any]:
        """Return the fields of the entry."""
        named, status, principal = self._type, self._status, self._principal
        kind = named if _TYPE.fullmatch(named) else None
        given = self._given()
        told = self._told(kind, "&".join(given)) if given else self._shows(kind)
        ids = list(told.ids)
        interaction = "login" if status == 401 else self._interaction
        if interaction == "batch" and self._is_transaction:
            interaction = "transaction"
        fields = {
            "at": self._at,
            "interaction": interaction,
            "action": _ACTIONS.get(interaction, "E"),
            "outcome": _outcome(status),
            "status": status,
            "reason": self._reason(told) if status >= 400 else None,
            "type": kind,
            "ids": ids[:MOST] or None,
            "more": len(ids) - MOST if len(ids) > MOST else None,
            "count": told.count,
            "total": told.total,
            "patient": scalar(told.patients, of_others=told.of_others),
            "tenant": self._tenant(told),
            "query": self._asked(given),
            "version": self._version(ids),
            "agent": {} if principal is None else agent_of(principal),
            "address": self._address or None,
            "request": self._id,
            "inner": self._is_inner or None,
            "failed": "login" if status == 401 else None,
        }
        return known(fields)

    def _shows(self, kind: str | None) -> Told:
        """Return whose resources were touched: as the URL, the writes and the answer say."""
        told = Told(self._base)
        fhir = self._params.get("id", "")
        if _ID.fullmatch(fhir):
            if self._path.startswith("Patient/{id}"):
                told.patients[fhir] = None
            elif kind is not None:
                told.ids[f"{kind}/{fhir}"] = None
        for written, id, _, patient, tenant in self._written:
            told.ids[f"{written}/{id}"] = None
            if patient is not None:
                told.patients[patient] = None
            elif written != _CASE:
                told.of_others = True
            if tenant is not None:
                told.tenants[tenant] = None
        for body in () if self._is_published else self._bodies:
            if body:
                told.look_at(body)
        if self._shown is not None:
            told.look_at_page(*self._shown)
        if self._tenants:
            told.tenants.update(dict.fromkeys(self._tenants))
            told.of_other_tenants = False
        return told

    def _told(self, kind: str | None, given: str) -> Told:
        """Return whose resources were touched or asked for."""
        told = self._shows(kind)
        pairs = parse_qsl(given, keep_blank_values=True)
        about = _OF_PATIENT_ITSELF if self._path in _OF_PATIENTS else _OF_PATIENT
        told.patients.update(dict.fromkeys(_asked_patients(pairs, about)))
        names = {name for name, _ in pairs}
        if not names <= _ABOUT_NOBODY | about:  # it may name others, who are not shown
            told.of_others = told.of_other_tenants = True
        return told

    def _tenant(self, told: Told) -> str | list[str] | None:
        """Return whose data it was; a caller with one tenant sees that one's alone."""
        known = self._principal.tenants if self._principal is not None else None
        if known and (len(known) == 1 or not told.tenants):
            return scalar(sorted(known))
        return scalar(told.tenants, of_others=told.of_other_tenants)

    def _reason(self, told: Told) -> str:
        """Return why nothing was done: codes alone, since words may quote what was sent."""
        challenge = _ERROR.search(header(self._headers, b"www-authenticate").decode("latin-1"))
        return ", ".join([*told.issues, *(challenge.groups() if challenge else ())])

    def _asked(self, given: list[str]) -> str | None:
        """Return the path and query, where they say more than the type and id do."""
        is_told = self._status >= 400 or self._interaction.startswith(("search", "$"))
        if not (given or is_told):
            return None
        url: str = self._url.removeprefix(self._root).strip("/")
        text = f"{url}?{'&'.join(given)}" if given else url
        is_short = self._status in _AT_THE_DOOR or self._interaction in _OF_EVERYBODY
        longest = _SHORT if is_short else _LONGEST
        return text if len(text) <= longest else f"{text[:longest]}…"

    def _version(self, ids: list[str]) -> str | None:
        if len(self._written) == 1:
            return self._written[0][2]
        if len(ids) != 1 or self._status >= 400:
            return None
        return version_of(header(self._headers, b"etag")) or None


def _asked_patients(pairs: list[tuple[str, str]], names: frozenset[str]) -> Iterator[str]:
    """Yield the patients that a search names: who found nothing has asked about them too."""
    for name, value in pairs:
        if name in names:
            for each in value.split(","):
                id = each.rpartition("Patient/")[2].rpartition("|")[2]
                yield id if _ID.fullmatch(id) else _SOMEBODY


def _outcome(status: int) -> str:
    """Return the code of an AuditEvent's outcome: success, minor failure, serious failure."""
    return "0" if status < 400 else "4" if status < 500 else "8"


def _sent(request: FhirRequest) -> tuple[str, ...]:
    """Return the parameters that came in a form, and those in the header of a create."""
    return (*filter(None, (_form(request), request.header(b"if-none-exist"))),)


def _form(request: FhirRequest) -> str:
    try:
        pairs = request.pairs
        several = len(parse_qsl(request.scope["query_string"], keep_blank_values=True))
    except (FacadeError, ValueError):
        return ""
    return urlencode(pairs[several:])[: _LONGEST + 1]
