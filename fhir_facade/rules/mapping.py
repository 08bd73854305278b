"""Mapping tables and what is compiled from them.

A mapping says once where each FHIR element lives in a stored document; reading, searching, sorting,
indexes, the CapabilityStatement and the documentation are derived from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

from fhir_facade import __version__
from fhir_facade.rules import overlay
from fhir_facade.rules.context import Context
from fhir_facade.rules.draft import Clash, Draft
from fhir_facade.rules.elements import Put, fhirpath, placer
from fhir_facade.rules.fields import fields_by_part, fields_digest
from fhir_facade.rules.filters import AROUND, Filter, all_of, any_of
from fhir_facade.rules.findings import Encode, Finding, Findings, Severity, is_unservable
from fhir_facade.rules.getting import WHOLE, getter
from fhir_facade.rules.kinds.base import Kind, Site
from fhir_facade.rules.kinds.record import MARKS, RECORD_STATE
from fhir_facade.rules.narrative import is_own_narrative, narrative
from fhir_facade.rules.own import Own
from fhir_facade.rules.param import Param, Place, joined, outer
from fhir_facade.rules.profiles import Claim, Profiles, add_profiles, profile_url
from fhir_facade.rules.text import TRUE_VALUES, is_set

OVERRULED = "what a client wrote is kept, and the platform has written another value since"

PARENT = AROUND
"""Where an embedded record finds the document it stands in."""

POSITION = "position"
"""Where an embedded record finds its place in the array, counted from 1."""

LINKED = "linked"
"""Where a case finds the `_id`s of its work items, by type."""

Finish = Callable[[dict[str, Any], dict[str, Any], Findings, Context], None]
"""Mends a finished resource where an invariant ties several elements together."""


Mend = Callable[[dict[str, Any], Collection[str], Findings], None]
"""Mends a resource with what is kept in it, given the names of the parts that are."""

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
    indexed: bool = False
    """Whether a token has an index; dates, references, ids and statuses have one anyway."""


def rule(
    element: str,
    field: str | tuple[str, ...],
    kind: Kind,
    search: str = "",
    *,
    indexed: bool = False,
) -> Rule:
    """Declare a line: FHIR element, stored field (or its names), kind, search parameters."""
    fields = (field,) if isinstance(field, str) else field
    return Rule(element, fields, kind, tuple(search.split()), indexed=indexed)


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
    mends: tuple[Mend, ...] = ()
    """The same, for what is kept beside the stored fields too."""
    links: tuple[str, ...] = ()
    """Work item types whose records linked to the case the mapping reads, as `linked`."""
    composites: Mapping_[str, tuple[str, str]] = field(default_factory=dict)
    """Composite search parameter → the two it is made of."""
    computed: Mapping_[str, Compute] = field(default_factory=dict)
    """Of embedded records: field → what gives it from the record; no store can look at it."""
    worklist: tuple[str, str] | None = None
    """A code and a date that clients list by together: `status` sorted by `due`."""
    index_paths: tuple[str, ...] | None = None
    """The stored paths that get an index, where searches want more than writes should pay for."""
    main_date: str | None = None
    """The search parameter that most clients sort and search by."""
    by_day: bool = False
    """Whether the resource of an unchanged document may differ from one day to the next."""
    narrates: bool = False
    """Whether a profile wants the resource to have a narrative, whatever the settings say."""

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
    patient: str = "subject"
    """The document's field of the patient whose compartment the resource is in; empty for none."""
    tenant: str = "client"
    """The document's field of the employer whose data it is; empty for none."""
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
        self._systems = {
            each.element.removesuffix("[]"): context.identifier_system(each.kind.assigned)
            for each in mapping.rules
            if each.kind.assigned is not None
        }
        self._fields = fields_by_part(mapping.rules, context)
        self.claims = self._claims()
        self._profiles = [profile_url(mapping.resource, context)]
        self._server_meta = overlay.ServerMeta(
            self._tags, frozenset([*self._profiles, *(each.profile for each in self.claims)])
        )
        self._narrates = context.narrates or mapping.narrates
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
                param = joined(found.get(name), name, target, element, is_end=end == "end")
                found[name] = replace(param, indexed=param.indexed or each.indexed)
        found = {
            name: replace(each, elements=outer(each.elements), kept_path=self._kept_path(each))
            for name, each in found.items()
        }
        for name, parts in self.mapping.composites.items():
            components = tuple(found[part] for part in parts)
            elements = tuple(each for part in components for each in part.elements)
            found[name] = Param(name, "composite", (), elements, components=components)
        return found

    def _claims(self) -> tuple[Claim, ...]:
        kinds = (each.kind for each in self.mapping.rules)
        return tuple(claim for kind in kinds if isinstance(kind, Profiles) for claim in kind.claims)

    @property
    def kept_tokens(self) -> str | None:
        """Where documents hold the tokens of what is kept, if anything is."""
        mapping = self.mapping
        keeps = self.context.keeps and (mapping.writes or mapping.decodes)
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
        if resource is None:
            return None
        kept: Collection[str] = ()
        if overlay.FIELD in document:
            digests = self.digest(document), self._read_digest(resource, document)
            own = self._own(document)
            kept, overruled = overlay.apply(resource, document, digests, self._tags, own)
            for part in overruled:
                element = f"{self.resource}.{part}"
                findings.append(Finding(Severity.NOTED, overlay.FIELD, element, OVERRULED))
        for mend in self.mapping.mends:
            mend(resource, kept, findings)
        if self.claims or overlay.FIELD in document:
            self._claim(resource)
        if self._narrates and "text" not in resource:
            resource["text"] = narrative(resource)
        return resource

    def _claim(self, resource: dict[str, Any]) -> None:
        """Name the profiles that the finished resource satisfies."""
        own = self._profiles
        if self.claims:
            own = [*own, *(each.profile for each in self.claims if each.fits(resource))]
        add_profiles(resource["meta"], own)

    def digest(self, document: dict[str, Any]) -> overlay.Digest:
        """Return what gives the digest of the stored fields that a part is read from."""

        def digest(part: str) -> str:
            return fields_digest(self._fields, part, document)

        return digest

    def _read_digest(self, resource: dict[str, Any], document: dict[str, Any]) -> overlay.Digest:
        """Return what gives the digest of what a part reads as; worked out when it is asked for."""
        parts = cache(lambda: self.bare_parts(resource, document))
        return lambda part: overlay.digest_of(overlay.read_part(parts(), part))

    def _own(self, document: dict[str, Any]) -> Own:
        shown: dict[str, list[Any]] = {}
        for each in self.mapping.rules:
            if each.kind.shows_others:
                encode = each.kind.encoder(self._site(each, each.fields[0]))
                value = getter(each.fields)(document)
                found = None if value is None else encode(value, [])
                shown.setdefault(each.element.removesuffix("[]"), []).extend(found or ())
        return Own(self._systems, shown)

    def left_out(self, resource: dict[str, Any], document: dict[str, Any]) -> dict[str, list[str]]:
        """Return by element the records that it shows and that a client left out."""
        return self._own(document).missing(self._split(resource))

    def _split(self, resource: dict[str, Any]) -> overlay.Parts:
        parts = overlay.split(resource, self._server_meta)
        if is_own_narrative(resource.get("text")) and "_text" not in resource:
            del parts["text"]
        return parts

    def parts(self, resource: dict[str, Any], document: dict[str, Any]) -> overlay.Parts:
        """Return the parts of a resource that a client decides."""
        return self._own(document).without(self._split(resource))

    def bare_parts(self, resource: dict[str, Any], document: dict[str, Any]) -> overlay.Parts:
        """Return the same without what the mapping makes up where nothing is stored."""
        bare = self.mapping.bare
        return self.parts(resource if bare is None else bare(resource), document)

    def encode_stored(
        self, document: dict[str, Any], version: str, findings: Findings
    ) -> dict[str, Any] | None:
        """Return what the stored fields alone say."""
        resource: dict[str, Any] = {
            "resourceType": self.resource,
            "id": None,
            "meta": {"versionId": version, "profile": self._profiles},
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
