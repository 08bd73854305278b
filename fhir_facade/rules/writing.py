"""Writing a resource into the stored document that it is read from.

Each rule decodes its element into its stored field where the element differs from what was served;
what encoding the result does not give back is kept beside the fields (see `overlay`). So a write of
what a read gave changes no stored field, and a read gives what was written.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from fhir_facade.errors import BusinessRule, Issue, Unprocessable
from fhir_facade.rules import dates, overlay
from fhir_facade.rules.draft import Clash, Document, Draft, Resource
from fhir_facade.rules.elements import fhirpath, placer
from fhir_facade.rules.findings import Decode, Findings
from fhir_facade.rules.getting import (
    WHOLE,
    getter,
)
from fhir_facade.rules.json_text import comparable
from fhir_facade.rules.kept_tokens import claims, tokens
from fhir_facade.rules.kinds.base import Site
from fhir_facade.rules.mapping import (
    LINKED,
    PARENT,
    Compiled,
    Rule,
)
from fhir_facade.rules.taking import Contents, Take, taker


class Written(NamedTuple):
    """A document to be stored, and what the client should know."""

    document: Document
    at: datetime
    issues: tuple[Issue, ...] = ()
    draft: Draft | None = None
    clash: Clash | None = None
    """What must not be in the store for the write to be made."""


class Around(NamedTuple):
    """Where an embedded record stands."""

    parent: Document
    position: int
    """Its place in the array, counted from 1."""


Record = Callable[[Document], Document]
"""Makes of a stored element the record that its mapping reads."""


def _recorder(source: Compiled, around: Around | None, beside: Document) -> Record:
    if around is None:
        return lambda document: {**document, **beside} if beside else document
    return lambda element: source.record(element, around.parent, around.position)


class _Step(NamedTuple):
    """A rule, compiled for writing."""

    rule: Rule
    take: Take
    decode: Decode


class Writer:
    """Writes resources of one mapping."""

    def __init__(self, source: Compiled) -> None:
        self._source = source
        self._steps = [step for each in source.mapping.rules if (step := _step(each, source))]
        self._parental = [
            (each.element, placer(each.element, each.kind, source.context), taker_of(each, source))
            for each in source.mapping.rules
            if each.served and _is_parental(each, source)
        ]

    def write(
        self,
        put: Resource,
        old: Document | None,
        now: datetime,
        *,
        begin: Document | None = None,
        around: Around | None = None,
        base_url: str = "",
        patched: bool = False,
        beside: Document | None = None,
        previous: Resource | None = None,
        is_gone: bool = False,
    ) -> Written:
        """Return the document that is read as `put`; raise Unprocessable or BusinessRule.

        `old` is the stored document, or the element of an array, which stands in a document:
        `around`. `begin` are the fields that a new one has. References below `base_url` are this
        server's own. A resource that was `patched` leaves it to the server when it was changed.
        `beside` is what a record sees beside its document. A `previous` resource that is given is
        one of several that share a document: where it stays as it was, it follows the document.
        One that `is_gone` is judged as a new one.
        """
        source = self._source
        record = _recorder(source, around, beside or {})
        shared = previous is not None
        if previous is None and old is not None:
            previous = source.encode(record(old), "", [])
        now = later(now, old or {}, source.context.timezone, source.mapping.stamp)
        document = {**(begin or {}), **source.mapping.creates} if old is None else old
        draft = Draft(
            put=copy.deepcopy(put),
            previous=None if is_gone else previous,
            base_url=base_url,
            patched=patched,
            document=copy.deepcopy(document),
            old=old,
            context=source.context,
            parent=None if around is None else around.parent,
            now=now,
        )
        if patched:
            self._follow(draft)
        if shared:
            self._share(draft, record(old or {}))
        self._run(draft, source.mapping.before)
        self._decode(draft, previous or {})
        self._run(draft, source.mapping.after)
        self._stamp(draft)
        self._keep(draft, record)
        clashes = source.mapping.clashes
        clash = clashes(source, draft) if clashes is not None else None
        return Written(draft.document, draft.now, tuple(draft.issues), draft, clash)

    def keep_again(self, draft: Draft, document: Document, beside: Document | None) -> Document:
        """Return a document that others have written into since, with what it keeps of a draft."""
        draft.document = document
        self._keep(draft, _recorder(self._source, None, beside or {}))
        return draft.document

    def _run(self, draft: Draft, rules: Sequence[Callable[[Draft], None]]) -> None:
        for each in rules:
            each(draft)
        if any(issue.severity == "error" for issue in draft.issues):
            raise BusinessRule("a business rule", issues=draft.issues)

    def _follow(self, draft: Draft) -> None:
        before = draft.previous or {}
        for name in self._source.mapping.follows:
            if draft.put.get(name) == before.get(name):
                draft.ruled.add(name)

    def _share(self, draft: Draft, record: Document) -> None:
        put, before = (
            self._source.parts(each, record) for each in (draft.put, draft.previous or {})
        )
        kept = {
            each.get("part") for each in overlay.elements_of(draft.old or {}, self._source.resource)
        }
        for part in (put.keys() & before.keys()) - kept:
            if comparable(put[part]) == comparable(before[part]):
                draft.ruled.add(part)

    def _decode(self, draft: Draft, before: Resource) -> None:
        """Store each element that differs from what was served."""
        wanted, served = Contents(draft.wanted), Contents(before)
        is_new = draft.old is None
        for rule, take, decode in self._steps:
            value, before = take(wanted), take(served)
            if value is None and is_new:
                continue
            if is_new or comparable(value) != comparable(before):
                _store(draft.document, rule, decode, value)

    def touch(self, document: Document, now: datetime) -> datetime:
        """Set when a document was last changed, and return it: later than it was, if not now."""
        return touch(document, now, self._source.context.timezone, self._source.mapping.stamp)

    def _stamp(self, draft: Draft) -> None:
        self.touch(draft.document, draft.now)
        created = ("created", "createdAt", "created_at")
        if draft.old is None and not any(each in draft.document for each in created):
            draft.document["created"] = draft.now

    def _keep(self, draft: Draft, record: Record) -> None:
        """Keep the parts that the stored fields do not give back."""
        source, document = self._source, draft.document
        _forget(document, source.resource)
        findings: Findings = []
        mapped = source.encode_stored(record(document), "", findings)
        if mapped is None:
            raise Unprocessable(
                "the document could not be read again",
                issues=[
                    Issue("error", "not-supported", f"{each.reason}.", each.element)
                    for each in findings
                ],
            )
        self._fill(draft.put, mapped)
        stored = record(document)
        put, read = source.parts(draft.put, stored), source.parts(mapped, stored)
        bare = source.bare_parts(draft.put, stored), source.bare_parts(mapped, stored)
        digest, order = source.digest(stored), read.get(overlay.ORDER, [])
        missing = source.left_out(draft.wanted, stored)
        entries = overlay.differing(put, bare, draft.ruled, digest, order, missing)
        if not source.context.keeps:
            self._refuse(entries, put, read)
            entries = [each for each in entries if each.kept is None]
        if not entries:
            return
        own: dict[str, Any] = {"elements": overlay.stored(entries)}
        parts = [each.part for each in entries if each.kept is not None]
        found = tokens(source, draft.wanted, parts)
        holder = document.get(overlay.FIELD)
        holder = holder if isinstance(holder, dict) else {}
        document[overlay.FIELD] = {**holder, source.resource: own}
        if source.claims:
            found += claims(source, source.encode(record(document), "", []) or {})
        if found:
            own["tokens"] = found

    def _fill(self, put: Resource, mapped: Resource) -> None:
        """What the document around a record says of it need not be sent."""
        sent, given = copy.deepcopy(put), Contents(mapped)
        contents = Contents(sent)
        for element, place, take in self._parental:
            value, own = take(contents), take(given)
            if value is None and own is not None and not self._is_sent(sent, element):
                place(put, own)

    def _is_sent(self, resource: Resource, element: str) -> bool:
        """Say whether the object that an element stands in was sent, or its extension."""
        *parents, last = element.split(".")
        if last.startswith("extension:"):
            url = self._source.context.extension(last.partition(":")[2])
            return any(each.get("url") == url for each in resource.get("extension", ()))
        return len(parents) > 1 and Contents(resource).holder(parents) is not None

    def _refuse(
        self, entries: Sequence[overlay.Entry], put: overlay.Parts, stored: overlay.Parts
    ) -> None:
        """Raise Unprocessable for each part of which something would be lost."""
        lost = [
            each.part
            for each in entries
            if each.kept is not None
            and each.part not in (overlay.ORDER, *self._source.mapping.follows)
            and not overlay.is_held(put[each.part], stored.get(each.part))
        ]
        if lost:
            text = "The stored document has no place for this, and this server keeps nothing else."
            raise Unprocessable(
                text,
                issues=[
                    Issue("error", "not-supported", text, self._expression(part)) for part in lost
                ],
            )

    def _expression(self, part: str) -> str:
        name, bar, url = part.partition("|")
        return f"{self._source.resource}.{name}" + (f".where(url = '{url}')" if bar else "")


def taker_of(rule: Rule, source: Compiled) -> Take:
    return taker(rule.element, rule.kind, source.context)


def _is_parental(rule: Rule, source: Compiled) -> bool:
    """Say whether a rule reads what is not the record's own."""
    own = (PARENT, LINKED, *source.mapping.computed)
    return rule.fields[0].partition(".")[0] in own


def _step(rule: Rule, source: Compiled) -> _Step | None:
    if not (rule.served and rule.written) or _is_parental(rule, source):
        return None
    if source.mapping.decodes and rule.fields[0] not in source.mapping.decodes:
        return None
    element = fhirpath(source.resource, rule.element)
    decode = rule.kind.decoder(Site(element, rule.fields[0], source.context))
    return None if decode is None else _Step(rule, taker_of(rule, source), decode)


def _store(document: Document, rule: Rule, decode: Decode, value: Any) -> None:
    """Set the field that holds the value now, else the first; remove it where there is nothing."""
    if rule.fields[0] == WHOLE:
        for name, stored in (decode(value, document) or {}).items():
            set_field(document, name, stored)
        return
    held = [path for path in rule.fields if getter((path,))(document) not in (None, "")]
    path = next((each for each in held if each != "_id"), rule.fields[0])
    if value is None and not rule.kind.clears:
        for each in held:
            if each != "_id":
                set_field(document, each, None)
        return
    set_field(document, path, decode(value, getter((path,))(document)))


def set_field(document: Document, path: str, value: Any) -> None:
    """Set a dotted path, None removes it; what stands in the way is left alone."""
    *outer, last = path.split(".")
    holder: Any = document
    for name in outer:
        if holder.get(name) in (None, "") and value is not None:
            holder[name] = {}
        holder = holder.get(name)
        if not isinstance(holder, dict):
            return
    if value is None:
        holder.pop(last, None)
    else:
        holder[last] = value


_STEP = timedelta(milliseconds=2)
"""From one write to the next: room for a change in between that other software did not date."""
_UPDATED = ("updated", "updatedAt", "updated_at")


def stamp_name(document: Document, stamp: str) -> str:
    """Return the field in which a document says when it was last changed."""
    names = _UPDATED if stamp in _UPDATED else (stamp,)
    return next((name for name in names if document.get(name) not in (None, "")), stamp)


def later(now: datetime, document: Document, zone: tzinfo, stamp: str = "updated") -> datetime:
    """Return now, or a step after the document's last change if that is later."""
    moment = dates.read(document.get(stamp_name(document, stamp)), zone)
    if isinstance(moment, str) or moment.instant is None:
        return now
    last = dates.stored_instant(moment.instant)
    if last is None or last < now:
        return now
    try:
        return last + _STEP
    except OverflowError:  # the end of time, which stands for none
        return now


def touch(document: Document, now: datetime, zone: tzinfo, stamp: str = "updated") -> datetime:
    """Set when a document was last changed, as text where a text is stored; return the time."""
    name, moment = stamp_name(document, stamp), later(now, document, zone, stamp)
    old = document.get(name)
    is_text = isinstance(old, str) and old
    document[name] = f"{moment.isoformat(timespec='milliseconds')}Z" if is_text else moment
    return moment


def _forget(document: Document, resource: str) -> None:
    """Drop what an earlier write kept of the resource."""
    holder = document.get(overlay.FIELD)
    if not isinstance(holder, dict) or resource not in holder:
        return
    others = {name: value for name, value in holder.items() if name != resource}
    if others:
        document[overlay.FIELD] = others
    else:
        del document[overlay.FIELD]
