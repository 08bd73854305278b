"""Mapping tables and what is compiled from them.

A mapping says once where each FHIR element lives in a stored document; reading, searching, sorting,
indexes, the CapabilityStatement and the documentation are derived from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field, replace
from datetime import UTC
from operator import methodcaller
from typing import Any, NamedTuple

from bson import ObjectId

from fhir_facade import __version__
from fhir_facade.rules import overlay
from fhir_facade.rules.context import Context
from fhir_facade.rules.draft import Clash, Draft
from fhir_facade.rules.elements import Put, fhirpath, placer
from fhir_facade.rules.filters import NOTHING, Filter, all_of, any_of, first_present
from fhir_facade.rules.findings import Encode, Finding, Findings, Severity, is_unservable
from fhir_facade.rules.kinds.base import Kind, Site
from fhir_facade.rules.kinds.record import MARKS, RECORD_STATE
from fhir_facade.rules.text import TRUE_VALUES, is_set

OVERRULED = "what a client wrote is kept, and the platform has written another value since"

WHOLE = "*"
"""The field of a rule that reads the whole document."""

PARENT = "parent"
"""Where an embedded record finds the document it stands in."""

POSITION = "position"
"""Where an embedded record finds its place in the array, counted from 1."""

LINKED = "linked"
"""Where a case finds the `_id`s of its work items, by type."""

Finish = Callable[[dict[str, Any], dict[str, Any], Findings, Context], None]
"""Mends a finished resource where an invariant ties several elements together."""


WriteRule = Callable[[Draft], None]
"""A business rule, given the `Draft` of a write."""

Compute = Callable[[dict[str, Any], Context], Any]
"""Works out a field of an embedded record."""


@dataclass(frozen=True)
class Rule:
    """One line of a mapping table."""

    element: str
    fields: tuple[str, ...]
    kind: Kind
    search: tuple[str, ...] = ()
    served: bool = True
    """False where another line gives the element, and this one only says how it is found."""
    written: bool = True
    """False where another line writes the field, and this one only shows it."""


def rule(element: str, field: str | tuple[str, ...], kind: Kind, search: str = "") -> Rule:
    """Declare a line: FHIR element, stored field (or its names), kind, search parameters."""
    return Rule(element, (field,) if isinstance(field, str) else field, kind, tuple(search.split()))


def shows(element: str, field: str | tuple[str, ...], kind: Kind, search: str = "") -> Rule:
    """Declare a line for an element that shows a field which another line writes."""
    return replace(rule(element, field, kind, search), written=False)


def finds(element: str, field: str | tuple[str, ...], kind: Kind, search: str) -> Rule:
    """Declare a line for a search into an element that another line gives."""
    return replace(rule(element, field, kind, search), served=False)


@dataclass(frozen=True)
class Mapping:
    """How documents of a collection, or elements of an array in them, become a resource."""

    resource: str
    collection: str
    rules: tuple[Rule, ...]
    where: Filter = field(default_factory=dict)
    """Which documents of the collection (for an embedded record: also of its element) it reads."""
    unwind: str | None = None
    """The array whose elements are the records; their document is read as `parent`."""
    fixed: dict[str, Any] = field(default_factory=dict)
    """Elements that are the same in every resource."""
    finish: tuple[Finish, ...] = ()
    links: tuple[str, ...] = ()
    """Work item types whose records linked to the case the mapping reads, as `linked`."""
    composites: Mapping_[str, tuple[str, str]] = field(default_factory=dict)
    """Composite search parameter → the two it is made of."""
    computed: Mapping_[str, Compute] = field(default_factory=dict)
    """Of embedded records: field → what gives it from the record; no store can look at it."""
    worklist: tuple[str, str] | None = None
    """A code and a date that clients list by together: `status` sorted by `due`."""
    main_date: str | None = None
    """The search parameter that most clients sort and search by."""
    by_day: bool = False
    """Whether the resource of an unchanged document may differ from one day to the next."""

    writes: tuple[str, ...] = ()
    """The FHIR interactions that change its documents: create, update, patch, delete."""
    creates: dict[str, Any] = field(default_factory=dict)
    """The fields that a new document begins with."""
    decodes: tuple[str, ...] = ()
    """The fields that only this resource of its document writes; empty for all."""
    follows: tuple[str, ...] = ()
    """Elements that a patch which does not name them leaves to the stored fields."""
    bare: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Leaves out of a resource what is made up from fields of other elements."""
    stamp: str = "updated"
    """The field that says when a document was last changed."""
    clashes: Callable[[Compiled, Draft], Clash | None] | None = None
    """Given the compiled mapping and the `Draft`, names what would rule the write out."""
    before: tuple[WriteRule, ...] = ()
    """Business rules that judge or complete a resource before it is decoded."""
    after: tuple[WriteRule, ...] = ()
    """Business rules that complete the document after that."""

    @property
    def deleted_paths(self) -> tuple[str, ...]:
        own = ("is_deleted", "isDeleted")
        return own if self.unwind is None else (*own, *(f"{PARENT}.{path}" for path in own))

    @property
    def hidden_paths(self) -> tuple[str, ...]:
        own = MARKS["hidden"]
        return own if self.unwind is None else (*own, *(f"{PARENT}.{path}" for path in own))


@dataclass(frozen=True)
class Place:
    """One place a search parameter looks: a kind and the paths it may stand under."""

    kind: Kind
    sites: tuple[Site, ...]

    def filter(self, condition: Callable[[Kind, Site], Filter]) -> Filter:
        by_path = {site.field: site for site in self.sites}
        return first_present(list(by_path), lambda path: condition(self.kind, by_path[path]))


_BY_TYPE = {"token": ("not",), "string": ("exact", "contains"), "uri": ("below", "above")}


@dataclass(frozen=True)
class Param:
    """A search parameter as one mapping answers it."""

    name: str
    type: str
    targets: tuple[Place, ...]
    elements: tuple[str, ...]
    end: Place | None = None
    """Where the parameter compares a Period: its end, and the one target is its start."""
    components: tuple[Param, ...] = ()
    """The parameters a composite is made of."""
    kept_path: str | None = None
    """Where documents hold the tokens of what is kept beside the stored fields."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The modifiers that searches by it take."""
        if self.type == "composite":
            return ()
        if any(target.kind.held_by for target in self.targets):
            return self.refers_to
        own = [each for target in self.targets for each in target.kind.modifiers]
        return tuple(
            dict.fromkeys(["missing", *_BY_TYPE.get(self.type, ()), *own, *self.refers_to])
        )

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The resource types a reference may name, which are modifiers too."""
        if self.type != "reference":
            return ()
        return tuple(sorted({to for each in self.targets for to in each.kind.targets}))

    @property
    def present(self) -> Filter:
        """Match where the resource has a value for the parameter."""
        known = (*self.targets, *([self.end] if self.end else []))
        found = [each.filter(lambda kind, site: kind.present(site)) for each in known]
        return any_of([*found, self.kept([self.name])])

    def kept(self, tokens: Iterable[str]) -> Filter:
        """Match where a part that is kept beside the stored fields has one of some tokens."""
        known = list(tokens) if self.kept_path else []
        return {self.kept_path: {"$in": known}} if known and self.kept_path else NOTHING

    def filter(self, condition: Callable[[Kind, Site], Filter]) -> Filter:
        return any_of(target.filter(condition) for target in self.targets)

    @property
    def sort_paths(self) -> tuple[str, ...]:
        """The stored paths of a sort, the first that holds anything counts; empty if unsortable."""
        if len(self.targets) != 1 or not self.targets[0].kind.sortable or self.type == "special":
            return ()
        target = self.targets[0]
        return tuple(target.kind.paths(site.field)[0] for site in target.sites)

    @property
    def sort_path(self) -> str | None:
        """The usual one of them, which is all that a store compares."""
        return self.sort_paths[0] if self.sort_paths else None


def _outer(elements: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what stands inside another of the elements: the text of a code is the code's."""
    return tuple(
        each for each in elements if not any(each.startswith(f"{other}.") for other in elements)
    )


def _joined(before: Param | None, name: str, target: Place, element: str, *, is_end: bool) -> Param:
    if before is None:
        return Param(name, target.kind.search_type or "special", (target,), (element,))
    elements = (*before.elements, element)
    if is_end:
        return replace(before, elements=elements, end=target)
    return replace(before, elements=elements, targets=(*before.targets, target))


Get = Callable[[dict[str, Any]], Any]


class Step(NamedTuple):
    """A rule, compiled: plain fields and plain elements are named, the others have a function."""

    field: str | None
    get: Get
    encode: Encode
    element: str | None
    put: Put
    total: bool


class Compiled:
    """A mapping bound to a deployment's settings: closures to read, parameters to search."""

    def __init__(self, mapping: Mapping, context: Context) -> None:
        self.mapping = mapping
        self.context = context
        self.resource = mapping.resource
        self.salt = hashlib.blake2b(f"{__version__}{context}".encode(), digest_size=16).digest()
        """What besides a document's bytes its resource depends on."""
        self._steps: list[Step] = [self._step(each) for each in mapping.rules if each.served]
        self.params = self._params()
        self._tags = context.code_system(RECORD_STATE)
        self._assigned = overlay.Assigned(
            {
                each.element.removesuffix("[]"): context.identifier_system(each.kind.assigned)
                for each in mapping.rules
                if each.kind.assigned is not None
            }
        )
        self.servable = self._servable()
        self.not_deleted: Filter = {
            path: {"$nin": list(TRUE_VALUES)} for path in mapping.deleted_paths
        }
        self.not_hidden: Filter = {
            path: {"$nin": list(TRUE_VALUES)} for path in mapping.hidden_paths
        }

    def _site(self, each: Rule, field: str) -> Site:
        element = fhirpath(self.resource, each.element)
        return Site(element, field, self.context, searched=bool(each.search))

    def _step(self, each: Rule) -> Step:
        site = self._site(each, each.fields[0])
        put = placer(each.element, each.kind, self.context)
        first, plain = each.fields[0], each.element.isalpha()
        return Step(
            field=first if len(each.fields) == 1 and "." not in first and first != WHOLE else None,
            get=getter(each.fields),
            encode=each.kind.encoder(site),
            element=each.element if plain else None,
            put=put,
            total=each.kind.total,
        )

    def _params(self) -> dict[str, Param]:
        found: dict[str, Param] = {}
        for each in self.mapping.rules:
            target = Place(each.kind, tuple(self._site(each, path) for path in each.fields))
            element = fhirpath(self.resource, each.element)
            if each.kind.searched_part:
                element = f"{element}.{each.kind.searched_part}"
            for spelled in each.search:
                name, _, end = spelled.partition(".")
                found[name] = _joined(found.get(name), name, target, element, is_end=end == "end")
        found = {
            name: replace(each, elements=_outer(each.elements), kept_path=self._kept_path(each))
            for name, each in found.items()
        }
        for name, parts in self.mapping.composites.items():
            components = tuple(found[part] for part in parts)
            elements = tuple(each for part in components for each in part.elements)
            found[name] = Param(name, "composite", (), elements, components=components)
        return found

    @property
    def kept_tokens(self) -> str | None:
        """Where documents hold the tokens of what is kept, if anything is."""
        keeps = self.context.keeps and self.mapping.writes
        return f"{overlay.FIELD}.{self.resource}.tokens" if keeps else None

    def _kept_path(self, param: Param) -> str | None:
        kept_apart = any(target.kind.kept_apart for target in param.targets)
        return self.kept_tokens if kept_apart else None

    def _servable(self) -> Filter:
        conditions = []
        for each in self.mapping.rules:
            if each.kind.servable(self._site(each, each.fields[0])) is None:
                continue
            target = Place(each.kind, tuple(self._site(each, path) for path in each.fields))
            conditions.append(target.filter(lambda kind, site: kind.servable(site) or {}))
        return all_of(conditions) if conditions else {}

    def with_ids(self, ids: Iterable[str]) -> Filter:
        """Match the records that are served under one of some ids."""

        def with_id(id: str) -> Filter:
            return self.params["_id"].filter(lambda kind, site: kind.token(site, None, id))

        return any_of(map(with_id, ids))

    def encode(
        self, document: dict[str, Any], version: str, findings: Findings
    ) -> dict[str, Any] | None:
        """Return the resource of a stored document; None, with a finding, if it is unservable."""
        resource = self.encode_stored(document, version, findings)
        if resource is not None and overlay.FIELD in document:
            parts = self.bare_parts(resource)
            for part in overlay.apply(resource, document, parts, self._tags, self._assigned):
                element = f"{self.resource}.{part}"
                findings.append(Finding(Severity.NOTED, overlay.FIELD, element, OVERRULED))
        return resource

    def parts(self, resource: dict[str, Any]) -> overlay.Parts:
        """Return the parts of a resource that a client decides."""
        return self._assigned.without(overlay.split(resource, self._tags))

    def bare_parts(self, resource: dict[str, Any]) -> overlay.Parts:
        """Return the same without what the mapping makes up where nothing is stored."""
        bare = self.mapping.bare
        return self.parts(resource if bare is None else bare(resource))

    def encode_stored(
        self, document: dict[str, Any], version: str, findings: Findings
    ) -> dict[str, Any] | None:
        """Return what the stored fields alone say."""
        resource: dict[str, Any] = {
            "resourceType": self.resource,
            "id": None,
            "meta": {"versionId": version},
        }
        resource.update(self.mapping.fixed)
        stored = document.get
        for field_name, get, encode, element, put, total in self._steps:
            value = get(document) if field_name is None else stored(field_name)
            if value is None and not total:
                continue
            encoded = encode(value, findings)
            if encoded is None:
                continue
            if element is None:
                put(resource, encoded)
            else:
                resource[element] = encoded
        for finish in self.mapping.finish:
            finish(resource, document, findings, self.context)
        return None if findings and is_unservable(findings) else resource

    def record(
        self, element: dict[str, Any], parent: dict[str, Any], position: int
    ) -> dict[str, Any]:
        """Return the record of an element: with its document, and what is worked out of both."""
        record = {**element, PARENT: parent, POSITION: position}
        for name, compute in self.mapping.computed.items():
            record[name] = compute(record, self.context)
        return record

    def is_deleted(self, document: dict[str, Any]) -> bool:
        """Say whether the record, or the document it stands in, is marked deleted."""
        own = is_set(document.get("is_deleted")) or is_set(document.get("isDeleted"))
        parent = document.get(PARENT) if self.mapping.unwind else None
        return own or (isinstance(parent, dict) and self.is_deleted(parent))


def getter(fields: Sequence[str]) -> Callable[[dict[str, Any]], Any]:
    """Return the function that reads the first of several paths that holds anything."""
    if len(fields) == 1:
        return _path_getter(fields[0])
    getters = [_fallback_getter(path) for path in fields]

    def get(document: dict[str, Any]) -> Any:
        for each in getters:
            value = each(document)
            if value is not None and value != "":
                return value
        return None

    return get


def _fallback_getter(path: str) -> Callable[[dict[str, Any]], Any]:
    """An `_id` stands in for other fields only by the time that an ObjectId holds."""
    get = _path_getter(path)
    if path.rpartition(".")[2] != "_id":
        return get

    def time_of_id(document: dict[str, Any]) -> Any:
        return _time_of_id(get(document))

    return time_of_id


def _time_of_id(value: Any) -> Any:
    return value.generation_time.replace(tzinfo=UTC) if isinstance(value, ObjectId) else None


def _path_getter(path: str) -> Callable[[dict[str, Any]], Any]:
    if path == WHOLE:
        return lambda document: document
    first, *rest = path.split(".")
    if not rest:
        return methodcaller("get", first)

    def get(document: dict[str, Any]) -> Any:
        value = document.get(first)
        for name in rest:
            if type(value) is not dict:
                return None
            value = value.get(name)
        return value

    return get
