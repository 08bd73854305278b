"""create, update and delete of a whole case: its documents are written all or none.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from fhir_facade.errors import (
    BadRequest,
    BusinessRule,
    Forbidden,
    Gone,
    Issue,
    NotFound,
    Unprocessable,
    Unsupported,
)
from fhir_facade.interactions.access import require, require_state
from fhir_facade.interactions.around import now
from fhir_facade.interactions.case import CASE_TYPE, ITEM_ORDER, read_case
from fhir_facade.interactions.case_bundle import (
    LOG,
    OUTCOME,
    SHARED,
    Part,
    at_entry,
    by_holder,
    left_alone,
    of_types,
    read_parts,
    renamed,
    same_patient,
    the_part,
)
from fhir_facade.interactions.case_documents import DELETED, DOCUMENTS, CaseDocuments, with_versions
from fhir_facade.interactions.definitions import require_defined
from fhir_facade.interactions.locate import Located, locate
from fhir_facade.interactions.prepared import Matches, Prepared, Result, anything, expect, new_id
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.units import all_or_nothing, attempted
from fhir_facade.interactions.write import Writes
from fhir_facade.rules.draft import Document, Resource
from fhir_facade.rules.json_text import comparable, read_json
from fhir_facade.rules.kinds.links import case_keys
from fhir_facade.rules.mapping import LINKED, Compiled
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.text import fhir_id, is_set, stored_ids
from fhir_facade.rules.writing import Written
from fhir_facade.security.principal import CREATE, UPDATE, reach
from fhir_facade.store.codec import decode

_NO_TRANSACTIONS = (
    "A case is written all or nothing, and this server's database has no transactions: "
    "write its parts one by one."
)
_NOT_COPIED = "The log of a case is its own: Provenance entries were not copied."
_LOG_CHANGED = "The log of a case is never edited: send Provenance as it was read, or leave it out."
_NO_PRIMARY = "At least one participant of a case must be primary."
_NOT_LINKED = "A part of a case refers to it: by focus, about, or the extension 'case'."
_NOT_OF_CASE = "A document of a case stands in it, or in an interaction that the bundle carries."
_ONE_OUTCOME = "A case has one outcome, and this one has it already."
_DEEP = 1000


@dataclass
class Case:
    """A case that is being written."""

    id: str
    base_url: str
    parts: list[Part]
    is_new: bool = True
    expects: Matches = anything
    documents: dict[str, list[Part]] = field(default_factory=dict)
    """The documents that are yet to be put into the resource they belong to."""
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WrittenCase:
    """A case as it is after a write."""

    served: Served | None
    """None where the caller may not read what it has written."""
    id: str
    created: bool
    issues: tuple[Issue, ...]


class CaseWrites:
    """Writes whole cases."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._records: Records = writes.records
        registry = writes.records.registry
        self._type: ResourceType = registry.types[CASE_TYPE]
        self._documents = CaseDocuments(writes)
        self._sources: dict[str, Compiled] = {
            name: registry.types[name].sources[0] for name in (*SHARED, OUTCOME)
        }

    async def create(self, bundle: Resource, base_url: str) -> WrittenCase:
        """Create a case from a bundle; every part gets a new id."""
        require_defined(bundle, self._records.registry)
        require(self._records.access, CASE_TYPE, CREATE)
        parts = read_parts(bundle)
        same_patient(parts, base_url)
        kept = [part for part in parts if part.type != LOG]
        fhir = new_id()
        named = renamed(kept, lambda part: fhir if part.type in SHARED else new_id(), base_url)
        case = Case(fhir, base_url, named)
        await self._committed(case)
        if len(kept) < len(parts):
            case.issues.append(Issue("information", "informational", _NOT_COPIED))
        return await self._answer(case, created=True)

    async def update(
        self, fhir: str, bundle: Resource, base_url: str, expects: Matches = anything
    ) -> WrittenCase:
        """Update a case and the parts that a bundle carries; new parts are created."""
        require_defined(bundle, self._records.registry)
        require(self._records.access, CASE_TYPE, UPDATE)
        parts = read_parts(bundle)
        for part in of_types(parts, SHARED):
            if part.id != fhir:
                text = "This part of a case has the id of the case."
                raise BadRequest(text, expression=f"{part.expression}.id")
        same_patient(parts, base_url)
        unnamed = await self._unnamed(fhir, base_url)
        ids = {part.place: await self._kept_id(part, unnamed) for part in parts}
        named = renamed(parts, lambda part: ids[part.place], base_url)
        case = Case(fhir, base_url, named, is_new=False, expects=expects)
        await self._committed(case)
        return await self._answer(case, created=False)

    async def _unnamed(self, fhir: str, base_url: str) -> set[str]:
        """Return the fullUrls of the case's documents without an id; none where it is not there."""
        try:
            served = await read_case(self._records, self._type, fhir, base_url)
        except (Gone, NotFound):
            return set()
        entries = read_json(served.body, max_depth=_DEEP)["entry"]
        return {each["fullUrl"] for each in entries if "id" not in each["resource"]}

    async def _kept_id(self, part: Part, unnamed: set[str]) -> str:
        """Return the id of a part that is there already, or a new one."""
        known = part.type in (*SHARED, LOG) or part.full_url in unnamed
        if known or (part.id and await self._located(part) is not None):
            return part.id
        return new_id()

    async def _located(self, part: Part) -> Located | None:
        return await locate(self._records, self._records.registry.types[part.type], part.id)

    async def delete(self, fhir: str, expects: Matches = anything) -> Result | None:
        """Mark the case's own document deleted; its parts stay."""

        async def work() -> Result | None:
            prepared = await self._writes.prepare_delete(self._type, fhir, expects, whole_case=True)
            return None if prepared is None else await self._writes.make(prepared)

        return await attempted(work)

    async def _expected(self, case: Case) -> None:
        """Raise PreconditionFailed where the case is not as the client expects it."""
        if case.expects is anything:
            return
        served = await read_case(self._records, self._type, case.id, case.base_url)
        expect(case.expects, served.version)

    async def _answer(self, case: Case, *, created: bool) -> WrittenCase:
        served = None
        with suppress(Forbidden, NotFound, Gone):  # who may write it need not be let read it
            served = await read_case(self._records, self._type, case.id, case.base_url)
        return WrittenCase(served, case.id, created, tuple(case.issues))

    async def _committed(self, case: Case) -> None:
        async def work(can_undo: bool) -> None:
            case.issues.clear()
            case.documents = by_holder(case.parts, case.id, case.base_url)
            if not can_undo and len(case.parts) > len(of_types(case.parts, SHARED)):
                raise Unsupported(_NO_TRANSACTIONS)
            await self._expected(case)
            await self._write(case)

        await all_or_nothing(self._records.store, work)

    async def _write(self, case: Case) -> None:
        """Write the work items first, since the plan of the case names them."""
        old = await self._old(case)
        before = {} if old is None else await self._served(old)
        await self._pass_over_others(case)
        for part in of_types(case.parts, ITEM_ORDER):
            with at_entry(part):
                await self._write_item(case, part)
        await self._write_case(case, old, before)
        for part in of_types(case.parts, (OUTCOME,)):
            with at_entry(part):
                await self._write_outcome(case, part)
        for part in of_types(case.parts, (LOG,)):
            await self._same_log(part)
        if case.documents:
            part = next(iter(case.documents.values()))[0]
            raise Unprocessable(_NOT_OF_CASE, expression=f"{part.expression}.context")
        if not case.is_new:
            items = (await self._records.work_items([case.id]))[case.id]
            case.issues += left_alone(items, case.parts)

    async def _pass_over_others(self, case: Case) -> None:
        """Documents that stand elsewhere are shown in the case, and stay as they are."""
        carried = {CASE_TYPE, *(f"Communication/{part.id}" for part in case.parts)}
        for holder, parts in list(case.documents.items()):
            left = []
            for part in parts:
                located = await self._located(part) if part.id else None
                inside = located is not None and _stands_in(located, holder)
                if located is None or inside or not self._stays(located.source, part, located):
                    left.append(part)
            case.documents[holder] = left
            if not left and holder not in carried:
                del case.documents[holder]

    async def _write_item(self, case: Case, part: Part) -> None:
        """Write a work item and the documents that stand in it; one that stays is left alone."""
        located = await self._located(part)
        source = self._records.registry.types[part.type].sources[0]
        own = case.documents.pop(f"{part.type}/{part.id}", [])
        if located is not None and not _is_linked(case, located.element):
            raise Unprocessable(_NOT_LINKED, expression=part.type)
        old = None if located is None else located.element
        begin = {"_id": stored_ids(part.id)[0]}
        written = self._writer(source, part, old, located, case, begin)
        if not _is_linked(case, written.document):
            raise Unprocessable(_NOT_LINKED, expression=part.type)
        holder = self._documents.put_into(source, written.document, own, case.base_url)
        if holder is not None:
            names = {DOCUMENTS: holder.document[DOCUMENTS]}
            old = None if old is None else {**old, **names}
            written = self._writer(source, part, old, located, case, {**begin, **names})
        elif located is not None and self._stays(source, part, located):
            return
        for name in DELETED:
            if is_set(written.document.get(name)):
                written.document[name] = False
        method = "POST" if located is None else "PUT"
        prepared = self._writes.whole_document(source, located, written, method)
        await self._make(case, with_versions(prepared, holder))

    def _writer(
        self,
        source: Compiled,
        part: Part,
        old: Document | None,
        located: Located | None,
        case: Case,
        begin: Document,
    ) -> Written:
        return self._writes.writer(source).write(
            part.resource,
            old,
            now(),
            begin=begin,
            base_url=case.base_url,
            is_gone=located is not None and located.is_deleted,
        )

    def _stays(self, source: Compiled, part: Part, located: Located) -> bool:
        """Say whether a part is as it is served."""
        served = located.translation.body
        if served is None:
            return False
        parts = (read_json(served, max_depth=_DEEP), part.resource)
        one, other = (source.parts(each, located.element) for each in parts)
        return comparable(one) == comparable(other)

    async def _write_outcome(self, case: Case, part: Part) -> None:
        located, source = await self._located(part), self._sources[OUTCOME]
        if located is None and await self._has_outcome(case):
            raise Unprocessable(_ONE_OUTCOME, expression=part.type)
        if located is not None and not _is_linked(case, located.element):
            raise Unprocessable(_NOT_LINKED, expression=part.type)
        if located is not None and self._stays(source, part, located):
            return
        old = None if located is None else located.element
        begin = {"_id": stored_ids(part.id)[0]}
        written = self._writer(source, part, old, located, case, begin)
        if not _is_linked(case, written.document):
            raise Unprocessable(_NOT_LINKED, expression=part.type)
        prepared = self._writes.whole_document(source, located, written, "PUT")
        await self._make(case, replace(prepared, versions=()))

    async def _has_outcome(self, case: Case) -> bool:
        source = self._sources[OUTCOME]
        own = reach(OUTCOME)
        async for raw in self._records.linked(source.mapping.collection, [case.id], own):
            document = decode(raw)
            seen = self._records.access.admits(source, own, document)
            if seen and not source.is_deleted(document):
                return True
        return False

    async def _make(self, case: Case, prepared: Prepared) -> None:
        case.issues += (await self._writes.make(prepared, within=case.id)).issues

    async def _old(self, case: Case) -> Located | None:
        if case.is_new:
            return None
        old = await locate(self._records, self._type, case.id)
        if old is None:
            raise NotFound("There is no case with this id: POST it to Case.")
        if old.is_deleted:
            raise Gone("This case has been deleted.")
        return old

    async def _served(self, old: Located) -> dict[str, Resource]:
        """Return the resources of the case's own document as they are served now."""
        found = {}
        for name in SHARED[1:]:
            source = self._sources[name]
            ((record,),) = await self._records.from_documents(source, [old.raw])
            resource = record.resource([])
            if resource is not None:
                found[name] = resource
        return found

    async def _write_case(
        self, case: Case, old: Located | None, before: dict[str, Resource]
    ) -> None:
        """Write the case's own document, which several resources share."""
        written = await self._shared(case, old, before)
        self._require_shared(case, old, written.document)
        source = self._sources[CASE_TYPE]
        own = case.documents.pop(f"{CASE_TYPE}/{case.id}", [])
        holder = self._documents.put_into(source, written.document, own, case.base_url)
        if holder is not None:
            written = written._replace(document=holder.document)
        method = "POST" if old is None else "PUT"
        prepared = self._writes.whole_document(source, old, written, method)
        await self._make(case, with_versions(prepared, holder))

    def _require_shared(self, case: Case, old: Located | None, document: Document) -> None:
        """Raise Forbidden where the caller may not write a resource of the case's own document."""
        access = self._records.access
        for part in of_types(case.parts, SHARED):
            source = self._sources[part.type]
            with at_entry(part):
                require(access, part.type, CREATE if old is None else UPDATE)
                if old is not None:
                    require_state(access, source, old.element, UPDATE)
                require_state(access, source, document, CREATE if old is None else UPDATE)

    async def _shared(
        self, case: Case, old: Located | None, before: dict[str, Resource]
    ) -> Written:
        items = (await self._records.work_items([case.id]))[case.id]
        linked = {LINKED: self._records.linked_ids(items)}
        document = None if old is None else old.element
        written: Written | None = None
        issues: list[Issue] = []
        drafts = []
        for part in of_types(case.parts, SHARED):
            source = self._sources[part.type]
            beside = linked if source.mapping.links else None
            with at_entry(part):
                written = self._writes.writer(source).write(
                    part.resource,
                    document,
                    now(),
                    begin={"_id": stored_ids(case.id)[0]},
                    base_url=case.base_url,
                    beside=beside,
                    previous=before.get(part.type),
                )
            document = written.document
            issues += written.issues
            drafts.append((self._writes.writer(source), written.draft, beside))
        if written is None or (old is None and the_part(case.parts, "CareTeam") is None):
            raise BusinessRule(_NO_PRIMARY, expression="Bundle.entry")
        for writer, draft, beside in drafts:  # each reads fields that a later one has written
            if draft is not None and document is not None:
                document = writer.keep_again(draft, document, beside)
        return written._replace(document=document or {}, issues=tuple(issues))

    async def _same_log(self, part: Part) -> None:
        """Raise Unprocessable for a log entry that is not as it is served."""
        located = await self._located(part)
        if located is None or not self._stays(located.source, part, located):
            raise Unprocessable(_LOG_CHANGED, expression=part.expression)


def _stands_in(located: Located, holder: str) -> bool:
    """Say whether an embedded record stands in the document of a resource, `Type/id`."""
    return fhir_id(decode(located.raw)["_id"]) == holder.rpartition("/")[2]


def _is_linked(case: Case, document: Document) -> bool:
    return case.id in case_keys(document.get("linkedModules"))
