"""read and search of who is stored nowhere: what the references to one say.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from fhir_facade.errors import BadRequest, Issue, NotFound, TooCostly, UnknownParameter
from fhir_facade.interactions.access import Access, require
from fhir_facade.interactions.joins import resolved
from fhir_facade.interactions.people_names import (
    MODIFIERS,
    NAME,
    NameClause,
    ids_named,
    require_affordable,
)
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import Records, version_of
from fhir_facade.interactions.runs import Match, runs_of
from fhir_facade.rules.compartment import whose
from fhir_facade.rules.filters import Filter
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.people import Named
from fhir_facade.rules.text import is_id
from fhir_facade.rules.text_match import fold
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.params import Clause, Query, parse, unescape
from fhir_facade.search.plan import plan_search
from fhir_facade.search.token import read_token
from fhir_facade.security.principal import READ, SEARCH, Principal, reach_to_read

Json = dict[str, Any]

MOST: Final = 50
"""Ids that one search may ask for, and whom a name may find."""
_FEW: Final = 3
"""Resources that refer to somebody that are looked at in each place."""
IDS: Final = ("_id", "identifier")
PARAMS: Final = (*IDS, NAME)


class Reaching:
    """The access of a caller to what refers to a type, for the sake of that type.

    A scope for the type lets nobody see what refers to it; it lets its name be taken from there.
    """

    is_limited = True

    def __init__(self, access: Access, type: str, interaction: str) -> None:
        self._access, self._as = access, reach_to_read(type, interaction)

    @property
    def principal(self) -> Principal | None:
        return self._access.principal

    def limit(self, source: Compiled, interaction: str) -> Filter:
        del interaction
        return self._access.limit(source, self._as)

    def admits(self, source: Compiled, interaction: str, document: dict[str, Any]) -> bool:
        del interaction
        return self._access.admits(source, self._as, document)

    def permits(self, resource: str, interaction: str) -> bool:
        del resource, interaction
        return True

    def versions(self, types: Sequence[str], interaction: str) -> Filter:
        return self._access.versions(types, interaction)


class Person(NamedTuple):
    """One that references tell of, and the tenants whose records did."""

    resource: Json
    tenants: tuple[str, ...]

    @property
    def name(self) -> str | None:
        """The name that is served, if there is one."""
        found = self.resource.get("name")
        return found[0]["text"] if isinstance(found, list) else found


class Told(NamedTuple):
    """What is served of one, and the tenants whose records told of it."""

    served: Served
    tenants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Reads the types that only references tell of."""

    records: Records
    named: Named

    async def read(self, access: Access, fhir: str) -> Told:
        """Return one by its id; raise NotFound where nothing that the caller may know names it."""
        require(access, self.named.type, READ)
        found = await self.one(access, READ, fhir)
        if found is None:
            raise NotFound(f"There is no {self.named.type} with this id.")
        body = to_json(found.resource)
        return Told(Served(body, version_of(body), None), found.tenants)

    def check(self, query: Query, *, lenient: bool = False) -> bool:
        """Take out what is not searched by, with an issue, or raise UnknownParameter if strict.

        Say whether what is left is answered by ids; else it has to be looked for. Raises TooCostly
        for what is too much to ask.
        """
        text = (
            f"{self.named.type} is searched by {', '.join(PARAMS)}; {NAME} takes :contains and "
            ":exact, the others no modifiers."
        )
        for each in [*query.clauses]:
            modifiers = MODIFIERS if each.name == NAME else (None,)
            if each.name in PARAMS and each.modifier in modifiers and each.chain is None:
                continue
            if not lenient:
                raise UnknownParameter(text)
            query.clauses.remove(each)
            query.issues.append(Issue("warning", "not-supported", f"{text} It was left out."))
        require_affordable(query.clauses)
        return any(each.name in IDS for each in query.clauses)

    async def find(self, access: Access, query: Query) -> list[Person]:
        """Return those whom a checked query asks for; raise BadRequest where it asks for nobody.

        In the order of the ids, or of the names.
        """
        require(access, self.named.type, SEARCH)
        names = [NameClause(each) for each in query.clauses if each.name == NAME]
        asked = self._asked([each for each in query.clauses if each.name in IDS])
        if asked is None:
            asked = await self._named(access, names)
        found = []
        for fhir in asked:
            await asyncio.sleep(0)  # others have their turn
            one = await self.one(access, SEARCH, fhir)
            if one is not None and all(each.fits(one.name) for each in names):
                found.append(one)
        by_name = len(names) == len(query.clauses)
        return sorted(found, key=lambda each: fold(each.name or "")) if by_name else found

    async def _named(self, access: Access, names: Sequence[NameClause]) -> list[str]:
        """Return the ids that some reference shows with such names, in their order."""
        if not names:
            raise TooCostly(
                f"{self.named.type} is searched by {', '.join(PARAMS)}: what is stored names each "
                "one many times, and there is no list of them."
            )
        records = self.records.seen_by(Reaching(access, self.named.type, SEARCH))
        found = await ids_named(records, self.named, names, MOST + 1)
        if len(found) > MOST:
            raise TooCostly(f"More than {MOST} have such a name: give more of it, or an id.")
        return sorted(found)

    def _asked(self, clauses: Sequence[Clause]) -> list[str] | None:
        """Return the ids that all clauses agree on; None where there are no clauses."""
        asked: dict[str, None] | None = None
        for clause in clauses:
            found = dict.fromkeys(self._ids(clause))
            asked = found if asked is None else {each: None for each in asked if each in found}
        if len(asked or ()) > MOST:
            raise TooCostly(f"At most {MOST} ids may be asked for at once.")
        return None if asked is None else list(asked)

    def _ids(self, clause: Clause) -> Iterator[str]:
        system = self.records.registry.context.identifier_system(self.named.sid)
        for value in clause.values:
            if clause.name == "_id":
                given = unescape(value)
            else:
                named, code = read_token(value)
                if named not in (None, system):
                    continue
                given = code or ""
            if not given:
                raise BadRequest(f"{clause.name} wants a value.")
            if is_id(given):
                yield given

    async def one(self, access: Access, interaction: str, fhir: str) -> Person | None:
        """Return what the references to one say; None where there is none."""
        if not is_id(fhir):
            return None
        records = self.records.seen_by(Reaching(access, self.named.type, interaction))
        reference, tenants = f"{self.named.type}/{fhir}", dict[str, None]()
        is_named = False
        for way in self.named.by:
            type, _, param = way.partition(".")
            for match in await self._referring(records, type, param, reference):
                body = match.translation(records).body
                if body is None:
                    continue
                is_named = True
                tenant = whose(match.record.source, match.record.document).tenant
                tenants |= {} if tenant is None else {tenant: None}
                name = _display(orjson.loads(body), reference)
                if name is not None:
                    return Person(self._resource(fhir, name), (*tenants,))
        return Person(self._resource(fhir, None), (*tenants,)) if is_named else None

    async def _referring(
        self, records: Records, type: str, param: str, reference: str
    ) -> list[Match]:
        """Return a few resources that refer to one, of those that the records' access reaches."""
        registry = records.registry
        plan = plan_search(registry.type(type), [(param, reference)], SearchOptions(registry, ""))
        found: list[Match] = []
        for run in runs_of(records, await resolved(records, plan, "")):
            found += await run.after(None, _FEW - len(found))
            if len(found) == _FEW:
                break
        return found

    def _resource(self, fhir: str, name: str | None) -> Json:
        context = self.records.registry.context
        system = context.identifier_system(self.named.sid)
        resource: Json = {
            "resourceType": self.named.type,
            "id": fhir,
            "identifier": [{"system": system, "value": fhir}],
        }
        if name is not None:
            resource["name"] = name if self.named.type == "Organization" else [{"text": name}]
        return resource


def _display(value: Any, reference: str) -> str | None:
    """Return what some reference in a resource shows for one."""
    if isinstance(value, dict):
        if value.get("reference") == reference and isinstance(value.get("display"), str):
            return str(value["display"])
        value = list(value.values())
    if isinstance(value, list):
        found = (_display(each, reference) for each in value)
        return next((each for each in found if each is not None), None)
    return None


def people_query(pairs: Sequence[tuple[str, str]]) -> Query:
    """Take a search of one of these types apart; raise BadRequest for what it does not take."""
    query = parse(list(pairs), max_count=MOST)
    if query.includes or query.sort:
        raise BadRequest("This type is stored nowhere: it takes no includes and no _sort.")
    return query
