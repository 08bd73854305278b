"""What a write will do: worked out from the bytes that are stored now, before anything is done.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import lru_cache
from typing import Final, Self

from bson import ObjectId

from fhir_facade.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    MethodNotAllowed,
    NotFound,
)
from fhir_facade.interactions.access import UNLIMITED, Access, require, require_state
from fhir_facade.interactions.around import now, versions_of_parent, with_element
from fhir_facade.interactions.definitions import require_defined
from fhir_facade.interactions.locate import Located, locate
from fhir_facade.interactions.parents import find_parent
from fhir_facade.interactions.prepared import (
    Change,
    Matches,
    Prepared,
    Result,
    anything,
    expect,
    new_id,
)
from fhir_facade.interactions.read import unservable
from fhir_facade.interactions.records import Record, Records, Translation, version_of
from fhir_facade.interactions.versions import Version, seen
from fhir_facade.rules.compartment import Whose, whose
from fhir_facade.rules.draft import Document, Resource
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.kinds.merging import as_list
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.registry import Registry, ResourceType
from fhir_facade.rules.text import is_set, stored_ids
from fhir_facade.rules.writing import Around, Writer, Written
from fhir_facade.security.principal import CREATE, DELETE, READ, UPDATE
from fhir_facade.store.codec import decode, encode

RECORD_ID: Final = "document_id"
"""The field of an embedded record's id."""
_DELETED: Final = ("is_deleted", "isDeleted")
_DEEP: Final = 1000
_LETTERS: Final = {"create": CREATE, "update": UPDATE, "patch": UPDATE, "delete": DELETE}
WITH_CASE: Final = ("EpisodeOfCare", "CareTeam", "CarePlan", "List", "DocumentReference")
"""The types that are in a case's own document, and go with it."""
_BLIND_PATCH: Final = "The token's scopes let this {} be changed and not be read: PUT it."
_MOVED: Final = "No write moves this {} to another patient or employer."
_ONLY_READ: Final = "The token's scopes let this {} be read, and not be changed so."
_NO_UPDATE_CREATE: Final = (
    "There is no resource with this id, and this server gives new ones their ids itself: POST it."
)
_PART_OF_CASE: Final = (
    "This type is a part of a case and is written with it: PUT the whole case to Case/[id]."
)
_HOW: Final = {
    "EpisodeOfCare": "A case is created by POST to Case and deleted by DELETE of Case/[id]; "
    "EpisodeOfCare itself takes PUT and PATCH.",
}


@lru_cache(maxsize=8)
def _writers(registry: Registry) -> dict[int, Writer]:
    """Return what writes the resources of each source, by its identity."""
    return {id(source): Writer(source) for source in registry.sources}


class Preparations:
    """Prepares the writes of every type in one store."""

    def __init__(self, records: Records, *, update_create: bool = False) -> None:
        self.records = records
        self._store = records.store
        self.update_create = update_create
        self._writers = _writers(records.registry)

    def seen_by(self, access: Access) -> Self:
        """Return the same writes as another caller makes them."""
        if access is self.records.access:
            return self
        seen = object.__new__(type(self))
        seen.__dict__ = {**self.__dict__, "records": self.records.seen_by(access)}
        return seen

    def writer(self, source: Compiled) -> Writer:
        """Return what writes the resources of a mapping."""
        return self._writers[id(source)]

    def require(self, resource: ResourceType, interaction: str) -> None:
        """Raise MethodNotAllowed where a type does not take an interaction, and say what does."""
        if interaction not in resource.sources[0].mapping.writes:
            raise MethodNotAllowed(_HOW.get(resource.name, _PART_OF_CASE))
        require(self.records.access, resource.name, _LETTERS[interaction])

    async def _located(self, resource: ResourceType, fhir: str, interaction: str) -> Located | None:
        """Return the record that a write is about; raise Forbidden where it may only be read."""
        located = await locate(self.records, resource, fhir, interaction)
        if located is None and self.records.access.is_limited:
            readable = await locate(self.records, resource, fhir, READ)
            if readable is not None:
                raise Forbidden(_ONLY_READ.format(resource.name))
        return located

    async def prepare_create(
        self,
        resource: ResourceType,
        put: Resource,
        base_url: str,
        fhir: str | None = None,
        method: str = "POST",
    ) -> Prepared:
        """Return the write that creates a resource, under an id that is given or a new one."""
        self.require(resource, "create")
        require_defined(put, self.records.registry)
        source = resource.sources[0]
        if source.mapping.unwind is not None:
            return await self._prepare_element(resource, put, base_url, fhir, method)
        return self.new_document(source, put, base_url, fhir, method)

    def new_document(
        self,
        source: Compiled,
        put: Resource,
        base_url: str,
        fhir: str | None = None,
        method: str = "POST",
    ) -> Prepared:
        """Return the write that creates a document."""
        key = ObjectId() if fhir is None else stored_ids(fhir)[0]
        written = self.writer(source).write(put, None, now(), begin={"_id": key}, base_url=base_url)
        return self._prepared(source, None, None, written, method)

    def whole_document(
        self, source: Compiled, located: Located | None, written: Written, method: str
    ) -> Prepared:
        """Return the write of a document that is ready."""
        raw = None if located is None else located.raw
        return self._prepared(source, raw, located, written, method)

    async def _prepare_element(
        self,
        resource: ResourceType,
        put: Resource,
        base_url: str,
        fhir: str | None,
        method: str,
    ) -> Prepared:
        """Return the write that adds a record to an array of the document it names."""
        parent = await find_parent(self.records, resource, put, base_url)
        elements = as_list(parent.document.get(parent.source.mapping.unwind or ""))
        around = Around(parent.document, len(elements) + 1)
        written = self.writer(parent.source).write(
            put,
            None,
            now(),
            begin={RECORD_ID: new_id() if fhir is None else str(stored_ids(fhir)[-1])},
            around=around,
            base_url=base_url,
        )
        return self._prepared(parent.source, parent.raw, None, written, method, around)

    async def prepare_update(
        self,
        resource: ResourceType,
        fhir: str,
        put: Resource,
        base_url: str,
        expects: Matches = anything,
    ) -> Prepared:
        """Return the write that replaces a resource."""
        self.require(resource, "update")
        located = await self._located(resource, fhir, UPDATE)
        if located is None:
            expect(expects, None)
            if not self.update_create or "create" not in resource.sources[0].mapping.writes:
                raise MethodNotAllowed(_NO_UPDATE_CREATE)
            if not stored_ids(fhir):
                raise BadRequest("The id in the URL is not one that can be stored.")
            if await locate(self.records.seen_by(UNLIMITED), resource, fhir) is not None:
                raise Conflict("Another resource has this id.")
            return await self.prepare_create(resource, put, base_url, fhir, "PUT")
        expect(expects, None if located.is_deleted else located.translation.version)
        if located.is_deleted and "create" not in resource.sources[0].mapping.writes:
            raise Gone(f"This {resource.name} has been deleted.")
        return self.changed(located, put, base_url, "PUT")

    async def prepare_patch(
        self,
        resource: ResourceType,
        fhir: str,
        change: Change,
        base_url: str,
        expects: Matches = anything,
    ) -> Prepared:
        """Return the write that changes a resource as it is now."""
        self.require(resource, "patch")
        located = await self._located(resource, fhir, UPDATE)
        if located is None:
            raise NotFound(f"There is no {resource.name} with this id.")
        if located.is_deleted:
            raise Gone(f"This {resource.name} has been deleted.")
        translation = located.translation
        if not self.records.access.admits(located.source, READ, located.record):
            raise Forbidden(_BLIND_PATCH.format(resource.name))
        expect(expects, translation.version)
        if translation.body is None:
            raise unservable(resource.name, translation.findings)
        put = change(read_json(translation.body, max_depth=_DEEP))
        return self.changed(located, put, base_url, "PATCH")

    def changed(self, located: Located, put: Resource, base_url: str, method: str) -> Prepared:
        """Return the write that replaces a located record."""
        require_defined(put, self.records.registry)
        source = located.source
        around = None
        if located.position:
            around = Around(decode(located.raw), located.position)
            if source.is_deleted(around.parent):
                raise Gone("What this resource belongs to has been deleted.")
        written = self.writer(source).write(
            put,
            located.element,
            now(),
            around=around,
            base_url=base_url,
            patched=method == "PATCH",
            is_gone=located.is_deleted,
        )
        for name in _DELETED:
            if is_set(written.document.get(name)):
                written.document[name] = False
        return self._prepared(source, located.raw, located, written, method, around)

    async def prepare_delete(
        self,
        resource: ResourceType,
        fhir: str,
        expects: Matches = anything,
        *,
        whole_case: bool = False,
    ) -> Prepared | None:
        """Return the write that marks a resource deleted; None where it is not there.

        An EpisodeOfCare is deleted as a `whole_case` only.
        """
        if whole_case:
            for name in WITH_CASE:
                require(self.records.access, name, DELETE)
        else:
            self.require(resource, "delete")
        located = await self._located(resource, fhir, DELETE)
        if located is None or located.is_deleted:
            expect(expects, None)
            return None
        expect(expects, located.translation.version)
        source, element = located.source, copy.deepcopy(located.element)
        camel = source.mapping.collection == "patient_case" and not located.position
        mark = next((each for each in _DELETED if each in element), _DELETED[camel])
        element[mark] = True
        written = Written(element, self.writer(source).touch(element, now()))
        around = Around(decode(located.raw), located.position) if located.position else None
        return self._prepared(source, located.raw, located, written, "DELETE", around)

    def _prepared(
        self,
        source: Compiled,
        raw: bytes | None,
        located: Located | None,
        written: Written,
        method: str,
        around: Around | None = None,
    ) -> Prepared:
        document = written.document
        if around is None:
            whole, translation = document, self.records.translate(source, encode(document))
            seen = document
        else:
            whole = with_element(source, document, around)
            seen = source.record(document, whole, around.position)
            record = Record(source, seen, version_of(encode(document), source.salt))
            translation = self.records.translate_record(record)
        self._require_states(source, located, seen, method)
        if translation.body is None and method != "DELETE":
            raise unservable(source.resource, translation.findings)
        owner = whose(source, seen)
        versions = self._versions(source, located, written, translation, method, owner)
        around_it = (
            []
            if raw is None or around is None
            else versions_of_parent(self.records, source, raw, whole)
        )
        is_new = located is None or located.is_deleted
        result = _result(source, versions[-1], translation, written, is_new=is_new)
        holds_more = located is not None or around is not None
        if holds_more and not self.records.access.admits(source, READ, seen):
            result = replace(result, body=None)  # than the client has sent
        return Prepared(
            source,
            raw,
            whole,
            (*around_it, *versions),
            result,
            written.clash,
        )

    def _require_states(
        self, source: Compiled, located: Located | None, new: Document, method: str
    ) -> None:
        """Raise Forbidden where a record is not one to be changed so, as it is or as it will be."""
        access = self.records.access
        if located is not None:
            interaction = DELETE if method == "DELETE" else UPDATE
            if not access.admits(source, interaction, located.record):
                raise Forbidden(_ONLY_READ.format(source.resource))
            if access.is_limited and not _stays(located.whose, whose(source, new)):
                raise Forbidden(_MOVED.format(source.resource))
        if method != "DELETE":
            require_state(access, source, new, CREATE if located is None else UPDATE)

    def _versions(
        self,
        source: Compiled,
        located: Located | None,
        written: Written,
        translation: Translation,
        method: str,
        owner: Whose,
    ) -> tuple[Version, ...]:
        resource, at = source.resource, written.at
        name = translation.id if located is None else located.id
        new = Version(resource, name, translation.version, at, method, translation.body, *owner)
        before = None if located is None else seen(resource, located, at)
        return (new,) if before is None else (before, new)


def _stays(before: Whose, after: Whose) -> bool:
    """Say whether a record stays whose it is; nobody's may become somebody's."""
    return all(old in (None, new) for old, new in zip(before, after, strict=True))


def _result(
    source: Compiled, new: Version, translation: Translation, written: Written, *, is_new: bool
) -> Result:
    return Result(
        source.resource,
        new.id,
        new.version,
        translation.last_updated,
        translation.body,
        created=is_new and new.body is not None,
        issues=written.issues,
        patient=new.patient,
        tenant=new.tenant,
        method=new.method,
    )
