"""What a caller may do: the filter that each of its interactions with a type is limited to.

A limit is a filter over records, and goes into the store's own query: what it leaves out is neither
read nor counted nor joined. Nothing that a request asks can take it away.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from fhir_facade.errors import FacadeError, Forbidden, ScopeMissing
from fhir_facade.rules.compartment import patient_filter, tenant_filter
from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter, all_of, any_of
from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.param import Param
from fhir_facade.rules.registry import ResourceType
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.params import parse
from fhir_facade.security.principal import (
    AUDIT_EVENT,
    READ,
    SEARCH,
    Principal,
    Reach,
    Scope,
    reached_for,
)
from fhir_facade.store.matching import compile_filter

Document = dict[str, Any]

logger = logging.getLogger("fhir_facade")

NAMES: Final = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}
_NOT_AS_SENT: Final = (
    "The token does not allow this {} as it would be: of another patient or employer, or not what "
    "its scopes are for."
)


class Access(Protocol):
    """What one caller may do."""

    @property
    def principal(self) -> Principal | None:
        """Whose token it is; None where no tokens are asked for."""
        ...

    @property
    def is_limited(self) -> bool:
        """Say whether there is anything that the caller may not do."""
        ...

    def limit(self, source: Compiled, interaction: str) -> Filter:
        """Return which records of a source an interaction may touch: a filter over records."""
        ...

    def admits(self, source: Compiled, interaction: str, document: Document) -> bool:
        """Say whether a record is one that an interaction may touch."""
        ...

    def permits(self, resource: str, interaction: str) -> bool:
        """Say whether an interaction with a type is allowed at all."""
        ...

    def versions(self, types: Sequence[str], interaction: str) -> Filter:
        """Return which kept versions of some types a history may show: a filter over versions."""
        ...


class _Unlimited:
    """Everything is allowed: the commands, and a server without issuers."""

    principal: Principal | None = None
    is_limited = False

    def limit(self, source: Compiled, interaction: str) -> Filter:
        del source, interaction
        return EVERYTHING

    def admits(self, source: Compiled, interaction: str, document: Document) -> bool:
        del source, interaction, document
        return True

    def permits(self, resource: str, interaction: str) -> bool:
        del resource, interaction
        return True

    def versions(self, types: Sequence[str], interaction: str) -> Filter:
        del types, interaction
        return EVERYTHING


class _Nothing:
    """Nothing is allowed: what endpoints have until a request says who asks."""

    principal: Principal | None = None
    is_limited = True

    def limit(self, source: Compiled, interaction: str) -> Filter:
        del source, interaction
        return NOTHING

    def admits(self, source: Compiled, interaction: str, document: Document) -> bool:
        del source, interaction, document
        return False

    def permits(self, resource: str, interaction: str) -> bool:
        del resource, interaction
        return False

    def versions(self, types: Sequence[str], interaction: str) -> Filter:
        del types, interaction
        return NOTHING


UNLIMITED: Final[Access] = _Unlimited()
NO_ACCESS: Final[Access] = _Nothing()


class Limited:
    """What the scopes, the patient and the tenants of a token allow."""

    is_limited = True

    def __init__(self, principal: Principal, options: SearchOptions) -> None:
        self.principal: Principal | None = principal
        self._who = principal
        self._options = options
        self._permitted: dict[tuple[str, str], bool] = {}
        self._limits: dict[tuple[int, str], Filter] = {}
        self._matchers: dict[tuple[int, str], Callable[[Document], bool]] = {}

    def limit(self, source: Compiled, interaction: str) -> Filter:
        if source.mapping.by_day:  # what a query finds today is not what it found yesterday
            return self._limit(source, interaction)
        key = (id(source), interaction)
        found = self._limits.get(key)
        if found is None:
            found = self._limits[key] = self._limit(source, interaction)
        return found

    def admits(self, source: Compiled, interaction: str, document: Document) -> bool:
        if source.mapping.by_day:
            return compile_filter(self.limit(source, interaction))(document)
        key = (id(source), interaction)
        found = self._matchers.get(key)
        if found is None:
            found = self._matchers[key] = compile_filter(self.limit(source, interaction))
        return found(document)

    def permits(self, resource: str, interaction: str) -> bool:
        key = (resource, interaction)
        found = self._permitted.get(key)
        if found is None:
            found = any(self._grants(each, resource, interaction) for each in self._who.scopes)
            if len(self._permitted) < _MOST_PERMITTED:  # a type is what a URL says
                self._permitted[key] = found
        return found

    def versions(self, types: Sequence[str], interaction: str) -> Filter:
        """A version is no stored record: what a granular scope asks cannot be asked of it."""
        tenants = self._who.tenants
        own = EVERYTHING if tenants is None else {"tenant": {"$in": sorted(tenants)}}
        return all_of([any_of(self._versions(each, interaction) for each in types), own])

    def _versions(self, resource: str, interaction: str) -> Filter:
        found = []
        for scope in self._who.scopes:
            if scope.covers(resource, interaction) and not scope.query:
                patients = self._patients(scope)
                own = {} if patients is None else {"patient": {"$in": list(patients)}}
                found.append({"type": resource, **own})
        return any_of(found)

    def _grants(self, scope: Scope, resource: str, interaction: str) -> bool:
        if not scope.covers(resource, interaction):
            return False
        if scope.level == "system":
            return True
        return self._patients(scope) is not _NOBODY

    def _patients(self, scope: Scope) -> tuple[str, ...] | None:
        """Return whose records a scope is for: None for anybody's."""
        if scope.level == "patient":
            return _NOBODY if self._who.patient is None else (self._who.patient,)
        if scope.level == "system":
            return None
        kind, _, key = (self._who.user or "").partition("/")
        if kind == "Patient":
            return (key,)
        if kind in _CARERS:
            return None
        # somebody unknown may be a patient: it sees the one in context, if there is one
        return _NOBODY if self._who.patient is None else (self._who.patient,)

    def _limit(self, source: Compiled, interaction: str) -> Filter:
        tenants = self._who.tenants
        scopes, reached = self._who.scopes, reached_for(interaction)
        if reached is not None:
            known = [each for each in scopes if _reaches(each, reached)]
            within = any_of(self._patient_filter(source, each) for each in known)
        else:
            known = [each for each in scopes if each.covers(source.resource, interaction)]
            within = any_of(self._scope_filter(source, each) for each in known)
        return all_of(
            [
                within,
                EVERYTHING if tenants is None else tenant_filter(source, sorted(tenants)),
            ]
        )

    def _scope_filter(self, source: Compiled, scope: Scope) -> Filter:
        found = [self._patient_filter(source, scope)]
        if scope.query:
            found.append(self._query_filter(source, scope))
        return all_of(found)

    def _patient_filter(self, source: Compiled, scope: Scope) -> Filter:
        patients = self._patients(scope)
        return EVERYTHING if patients is None else patient_filter(source, patients)

    def _query_filter(self, source: Compiled, scope: Scope) -> Filter:
        """Return what a granular scope is for; nothing where its query cannot be answered."""
        try:
            return query_filter(source, scope, self._options)
        except FacadeError:
            logger.warning("a granular scope of %s is not understood", source.resource)
            return NOTHING


def _reaches(scope: Scope, reached: Reach) -> bool:
    """Say whether a scope is for a type; what its query asks can be asked of the type alone."""
    reads = READ in reached.interactions or SEARCH in reached.interactions
    return not (reads and scope.query) and any(
        scope.covers(reached.resource, each) for each in reached.interactions
    )


_CARERS: Final = ("Practitioner", "PractitionerRole")
_MOST_PERMITTED: Final = 1000
_NOBODY: Final[tuple[str, ...]] = ()


def query_filter(source: Compiled, scope: Scope, options: SearchOptions) -> Filter:
    """Return the filter of a granular scope's query; raise BadRequest for what it cannot be.

    It looks at stored fields alone, and takes no modifiers, chains or result parameters.
    """
    query = parse(list(scope.query), max_count=1)
    if len(query.clauses) != len(scope.query):
        raise Forbidden("The query of a scope takes search parameters only.")
    found = []
    for clause in query.clauses:
        param = source.params.get(clause.name)
        if param is None or clause.modifier is not None or clause.chain is not None:
            return NOTHING
        options.clauses.check(param, clause)
        found.append(options.clauses.filter(_stored(param), clause))
    return all_of(found)


def _stored(param: Param) -> Param:
    """Return a parameter that looks at stored fields, and at nothing that is kept beside them."""
    components = tuple(map(_stored, param.components))
    return replace(param, kept_path=None, components=components)


def require(access: Access, resource: str, interaction: str) -> None:
    """Raise Forbidden where no scope allows an interaction with a type."""
    if not access.permits(resource, interaction):
        raise ScopeMissing(
            f"The token has no scope to {NAMES[interaction]} {resource}: it needs one such as "
            f"{_example(access)}/{resource}.{interaction}."
        )


def _example(access: Access) -> str:
    scopes = access.principal.scopes if access.principal is not None else ()
    return scopes[0].level if scopes else "user"


def searchable(access: Access, types: Iterable[ResourceType]) -> tuple[ResourceType, ...]:
    """Return the types that a search of all types is about; raise Forbidden where there is none.

    What was asked of this server is no part of it: AuditEvents are searched by their name.
    """
    found = [each for each in types if each.name != AUDIT_EVENT]
    known = tuple(each for each in found if access.permits(each.name, SEARCH))
    if not known:
        raise ScopeMissing("The token has no scope to search any type that is served here.")
    return known


def require_plain(access: Access, resource: str, interaction: str) -> None:
    """Raise Forbidden where only scopes with a query allow an interaction that looks at history."""
    require(access, resource, interaction)
    if access.versions([resource], interaction) == NOTHING:
        raise ScopeMissing(
            f"The history of {resource} needs a scope without a query: what a scope asks of a "
            "resource cannot be asked of its past versions."
        )


def require_state(access: Access, source: Compiled, document: Document, interaction: str) -> None:
    """Raise Forbidden where a record as it would be is not one that the caller may write."""
    if not access.admits(source, interaction, document):
        raise Forbidden(_NOT_AS_SENT.format(source.resource))
