"""Who is stored nowhere, found by name: through the references that show one.

https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from fhir_facade.errors import BadRequest, TooCostly
from fhir_facade.interactions.records import Records
from fhir_facade.rules.filters import Filter, all_of, any_of, none_of
from fhir_facade.rules.getting import getter
from fhir_facade.rules.kinds.base import Kind, Site, Target
from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.param import Param
from fhir_facade.rules.people import Named
from fhir_facade.rules.text import is_id, key_text
from fhir_facade.rules.text_match import TextMatch
from fhir_facade.search.clauses import LONGEST_TEXT, MOST_WORK, text_cost
from fhir_facade.search.params import Clause, unescape
from fhir_facade.search.plan import live_filter
from fhir_facade.search.reference import reference_filter
from fhir_facade.security.principal import SEARCH
from fhir_facade.store.codec import decode

NAME: Final = "name"
_WORD: Final = "word"
MODIFIERS: Final = {None: _WORD, "contains": "contains", "exact": "exact"}
"""The modifiers of a search by name, and how each compares."""
_AT_ONCE: Final = 200

Ways = list[tuple[Compiled, Param]]


class NameClause:
    """One `name=…` of a search; any of its values may fit, each with all of its words.

    Raises BadRequest without a value.
    """

    def __init__(self, clause: Clause) -> None:
        how = MODIFIERS[clause.modifier]
        values = [unescape(each) for each in clause.values if each]
        if not values:
            raise BadRequest(f"'{NAME}' wants a value.")
        if any(len(each) > LONGEST_TEXT for each in values):
            raise BadRequest(f"'{NAME}' takes up to {LONGEST_TEXT} characters.")
        self._values = [
            [TextMatch(word, how) for word in (each.split() if how == _WORD else [each])]
            for each in values
        ]

    def fits(self, name: str | None) -> bool:
        """Say whether a name is one that is asked for."""
        return name is not None and any(
            bool(words) and all(each.matches(name) for each in words) for words in self._values
        )

    def filter(self, param: Param) -> Filter:
        """Return the filter of the records in which a reference shows such a name."""
        return any_of(
            all_of(param.filter(partial(_shown_as, each)) for each in words)
            for words in self._values
            if words
        )


def require_affordable(clauses: Sequence[Clause]) -> None:
    """Raise TooCostly where names ask for more than one search may."""
    values = [each for clause in clauses if clause.name == NAME for each in clause.values]
    if text_cost([word for each in values for word in each.split() or [each]]) > MOST_WORK:
        raise TooCostly("The search asks for too many names at once; ask in several searches.")


def _shown_as(match: TextMatch, kind: Kind, site: Site) -> Filter:
    return kind.text(site, match)


async def ids_named(
    records: Records, named: Named, clauses: Sequence[NameClause], most: int
) -> list[str]:
    """Return the ids that references show with such names, and no more once there are `most`.

    No index knows names: this looks at every record that the caller's access lets it.
    """
    found: dict[str, None] = {}
    for collection, ways in _by_collection(records, named).items():
        after = None
        while len(found) < most:
            filter = any_of(_filter(records, way, clauses, found, named.type) for way in ways)
            page = [
                decode(raw)
                for raw in await records.store.find(collection, filter, limit=_AT_ONCE, after=after)
            ]
            found.update(dict.fromkeys(_ids(records, page, ways, named.type)))
            if len(page) < _AT_ONCE:
                break
            after = [page[-1]["_id"]]
    return list(found)


def _by_collection(records: Records, named: Named) -> dict[str, Ways]:
    """Return where references are looked for; what shares a collection is read at once."""
    found: dict[str, Ways] = {}
    for way in named.by:
        type, _, name = way.partition(".")
        for source in records.registry.type(type).sources:
            if source.mapping.unwind is None:
                ways = found.setdefault(source.mapping.collection, [])
                ways.append((source, source.params[name]))
    return found


def _filter(
    records: Records,
    way: tuple[Compiled, Param],
    clauses: Sequence[NameClause],
    found: dict[str, None],
    type: str,
) -> Filter:
    """Return the filter of the records that may show somebody who is not found yet."""
    source, param = way
    known = [Target(type, id) for id in found]
    return all_of(
        [
            live_filter(source),
            records.access.limit(source, SEARCH),
            *(each.filter(param) for each in clauses),
            *([none_of([reference_filter(param, known)])] if known else []),
        ]
    )


def _ids(
    records: Records, documents: Sequence[dict[str, Any]], ways: Ways, type: str
) -> Iterator[str]:
    for document in documents:
        for source, param in ways:
            if records.belongs(source, document):
                for key in _keys(param, document):
                    id = key.removeprefix(f"{type}/")
                    if is_id(id):
                        yield id


def _keys(param: Param, document: dict[str, Any]) -> Iterator[str]:
    """Yield the keys of the references that a parameter looks at."""
    sites = (site for place in param.targets for site in place.sites)
    for site in sites:
        value = getter((site.field,))(document)
        for each in value if isinstance(value, list) else [value]:
            key = key_text(each.get("id")) if isinstance(each, dict) else None
            if key is not None:
                yield key
