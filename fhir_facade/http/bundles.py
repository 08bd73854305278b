"""batch and transaction as an HTTP endpoint: many requests in one.

Each entry of a batch, and each read of a transaction, is a request to the server's own URL table,
so that it is answered as the URL answers.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fhir_facade.errors import (
    BadRequest,
    FacadeError,
    Issue,
    TooCostly,
    TooLarge,
    Unsupported,
)
from fhir_facade.http.bodies import checked, expected, json_body, patch_body, refused
from fhir_facade.http.inner import Answer, inner_request
from fhir_facade.http.request import BUNDLE, FhirRequest
from fhir_facade.http.response import NO_STORE, Reply, error_reply, shaped
from fhir_facade.http.response_entries import ResponseEntries, outcome_of
from fhir_facade.http.write_replies import deleted_reply, result_reply
from fhir_facade.interactions.bundle import transaction
from fhir_facade.interactions.bundle_entries import (
    TYPES,
    Entry,
    placed,
    read_bundle,
    read_entries,
)
from fhir_facade.interactions.bundle_plan import Means
from fhir_facade.interactions.bundle_references import links
from fhir_facade.interactions.prepared import Change, Matches, Result
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.rules.draft import Resource
from fhir_facade.settings import Settings

__all__ = ["Answer", "Bundles"]

_ANSWERS: Final = 10
"""The answers to reads may be this many times as long as a request body."""
_NO_BUNDLE: Final = (
    "A batch or transaction Bundle is POSTed here; a resource is POSTed to its type, [base]/[type]."
)
_OTHER_BUNDLE: Final = (
    "A Bundle that is POSTed here is a batch or a transaction; a case, which is a collection, is "
    "POSTed to [base]/Case."
)
_LINKED: Final = (
    "Entries of a batch cannot refer to one another; send a transaction, or refer to a resource "
    "that is there already."
)
_LONG: Final = "The answers to this Bundle are too long; ask for less, or in several requests."


class _EntryFailed(FacadeError):
    """A read in a transaction was refused, with what the URL answers."""

    def __init__(self, status: int, issues: Sequence[Issue]) -> None:
        super().__init__("A read in the transaction failed.", issues=issues)
        self.status = status


@dataclass(slots=True)
class Bundles:
    """Everything the endpoint needs."""

    settings: Settings
    writes: Writes
    answer: Answer

    async def post(self, request: FhirRequest) -> Reply:
        """POST [base]"""
        request.require_json()
        bundle = await self._bundle(request)
        request.scope[BUNDLE] = bundle["type"]
        entries = read_entries(bundle, request.base_url)
        asked = _Asked(self.settings, self.writes.seen_by(request.access), self.answer, request)
        done = await (asked.batch if bundle["type"] == "batch" else asked.transaction)(entries)
        return Reply(shaped(request, done.bundle(bundle["type"])), 200, (NO_STORE,))

    async def _bundle(self, request: FhirRequest) -> Resource:
        """Return the Bundle in the body; its entries are yet to be looked at."""
        value = await json_body(request, self.settings.max_body)
        if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
            raise BadRequest(_NO_BUNDLE)
        if isinstance(value.get("type"), str) and value["type"] not in TYPES:
            raise Unsupported(_OTHER_BUNDLE, expression="Bundle.type")
        entries = value.get("entry")
        if isinstance(entries, list) and len(entries) > self.settings.max_entries:
            text = f"The Bundle has more than {self.settings.max_entries} entries."
            raise TooLarge(text, expression="Bundle.entry")
        if issues := read_bundle(value):
            raise refused(issues)
        return value


@dataclass(slots=True)
class _Asked:
    """One batch or transaction."""

    settings: Settings
    writes: Writes
    answer: Answer
    outer: FhirRequest
    lengths: dict[int, int] = field(default_factory=dict)
    """Bytes of the answer to each entry so far."""

    async def batch(self, entries: Sequence[Entry | list[Issue]]) -> ResponseEntries:
        """Answer each entry by itself, in the order given."""
        done = ResponseEntries(self.outer.base_url)
        known = {each.full_url for each in entries if isinstance(each, Entry)} - {None}
        for each in entries:
            if isinstance(each, Entry):
                done.add(await self._one(each, known))
            else:
                done.add(error_reply(self.outer, refused(each)))
        return done

    async def _one(self, entry: Entry, known: set[str | None]) -> Reply:
        if linked := _linked(entry, known):
            return error_reply(self.outer, BadRequest(_LINKED, issues=linked))
        try:
            reply = await self._read(entry)
        except FacadeError as error:
            return error_reply(self.outer, error)
        if reply.status < 400:
            return reply
        issues = [placed(each, entry) for each in outcome_of(reply.body)]
        return Reply(error_reply(self.outer, FacadeError("", issues=issues)).body, reply.status, ())

    async def _read(self, entry: Entry) -> Reply:
        """Answer an entry as the URL table does; raise TooCostly where enough was answered."""
        if entry.method in ("GET", "HEAD") and self._is_long:
            raise TooCostly(_LONG, expression=f"{entry.place}.request")
        request = inner_request(self.outer, entry)
        reply = await self.answer(request.scope, request.receive)
        self.lengths[entry.at] = len(reply.body)
        if entry.method == "HEAD" and reply.status < 400:
            return Reply(b"", reply.status, reply.headers)
        return reply

    @property
    def _is_long(self) -> bool:
        return sum(self.lengths.values()) > _ANSWERS * self.settings.max_body

    async def transaction(self, entries: Sequence[Entry | list[Issue]]) -> ResponseEntries:
        """Answer all entries or raise the error of one."""
        if issues := [issue for each in entries if isinstance(each, list) for issue in each]:
            raise refused(issues)
        asked = [each for each in entries if isinstance(each, Entry)]
        means = Means(self._expects, self._change, checked, self._successful)
        answers = await transaction(self.writes, asked, self.outer.base_url, means)
        done = ResponseEntries(self.outer.base_url)
        for entry, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Reply):
                done.add(answer)
            else:
                done.add(self._written(entry, answer), answer)
        return done

    def _written(self, entry: Entry, result: Result | None) -> Reply:
        if result is not None:
            self.outer.written.append(result)
        request = self._request(entry)
        if result is None or entry.method == "DELETE":
            return deleted_reply(request, result)
        return result_reply(request, result)

    def _request(self, entry: Entry) -> FhirRequest:
        inner = inner_request(self.outer, entry)
        return FhirRequest(inner.scope, inner.receive, self.outer.base_url)

    def _expects(self, entry: Entry) -> Matches:
        return expected(self._request(entry))

    async def _change(self, entry: Entry) -> Change:
        return await patch_body(self._request(entry), entry.segments[0], self.settings.max_body)

    async def _successful(self, entry: Entry) -> Reply:
        reply = await self._read(entry)
        if reply.status >= 400:
            raise _EntryFailed(reply.status, outcome_of(reply.body))
        return reply


def _linked(entry: Entry, known: set[str | None]) -> list[Issue]:
    """Return an issue for each reference of an entry of a batch to another entry."""
    if entry.resource is None or entry.method not in ("POST", "PUT"):
        return []
    return [
        Issue("error", "invalid", _LINKED, each.path)
        for each in links(entry.resource, f"{entry.place}.resource")
        if each.is_urn and each.value in known
    ]
