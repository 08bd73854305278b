"""All mappings of a deployment, by resource type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from fhir_facade.errors import UnknownType
from fhir_facade.rules.context import Context
from fhir_facade.rules.elements import fhirpath
from fhir_facade.rules.index import Index
from fhir_facade.rules.mapping import (
    LINKED,
    PARENT,
    Compiled,
    Mapping,
)
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.people import Named
from fhir_facade.rules.r4_elements import BY_TYPE
from fhir_facade.rules.value_sets import ValueSets, code_tables, value_sets


@dataclass(frozen=True)
class ResourceType:
    """A resource type and the mappings that serve it: one, or one per collection it is found in."""

    name: str
    sources: tuple[Compiled, ...]

    @cached_property
    def params(self) -> dict[str, Param]:
        """Every parameter that a source answers; the records of the others have no such element."""
        found: dict[str, Param] = {}
        for source in self.sources:
            for name, param in source.params.items():
                found.setdefault(name, param)
        return found

    @cached_property
    def elements(self) -> frozenset[str]:
        """The names of the elements that are served; `start` stands for `startDate` too."""
        marked = BY_TYPE[self.name].summary if self.name in BY_TYPE else frozenset()
        choices = (each.removesuffix("[x]") for each in marked if each.endswith("[x]"))
        found = {"id", "meta", "resourceType", *choices}
        for source in self.sources:
            found |= source.mapping.fixed.keys()
            found |= {_first_name(each.element) for each in source.mapping.rules}
        return frozenset(found)

    def can_sort_by(self, name: str) -> bool:
        """Say whether an index gives the order; embedded records are sorted where they are read."""
        return all(_sorts(each, name) for each in self.sources)

    @property
    def main_date(self) -> str | None:
        return self.sources[0].mapping.main_date


def _sorts(source: Compiled, name: str) -> bool:
    param = source.params.get(name)
    if param is None or param.sort_path is None:
        return False
    return source.mapping.unwind is not None or name in indexed_params(source)


def _first_name(element: str) -> str:
    """Return `note` for `note[]`, `target` for `target[0].dueDate`, `extension` for extensions."""
    return re.split(r"[^A-Za-z]", element, maxsplit=1)[0]


CASE_ALIASES = ("Case", "Bundle")
"""The names under which whole cases are served."""

HISTORY = "fhir_history"
"""The collection of the versions that this server wrote."""
PROVENANCE = "fhir_provenance"
"""The collection of who made those versions."""
AUDIT = "fhir_audit"
"""The collection of what was asked of this server, and by whom."""
HISTORY_INDEXES = [
    Index(HISTORY, (("type", 1), ("id", 1), ("at", 1), ("_id", 1))),
    Index(HISTORY, (("type", 1), ("at", 1), ("_id", 1))),
    Index(HISTORY, (("at", 1), ("_id", 1))),
]


class Registry:
    """Every served type, compiled with a deployment's settings."""

    def __init__(self, mappings: Iterable[Mapping], context: Context) -> None:
        self.context = context
        by_name: dict[str, list[Compiled]] = {}
        for mapping in mappings:
            by_name.setdefault(mapping.resource, []).append(Compiled(mapping, context))
        self.types = {name: ResourceType(name, tuple(each)) for name, each in by_name.items()}
        self._check_stray_codes()
        self.people: tuple[Named, ...] = ()
        """The types that are stored nowhere, and that nobody else is said to hold."""
        self.value_sets: ValueSets = value_sets(self.sources, context)
        """What `:in` takes: of code tables, until somebody knows of more."""

    def name_people(self, people: Iterable[Named]) -> None:
        """Serve types of which only references tell, but for those that another server holds."""
        held = self.context.reference_base
        self.people = tuple(each for each in people if each.type not in held)

    def _check_stray_codes(self) -> None:
        """Raise ValueError for a decision about an element that no code table is read for."""
        coded = {
            fhirpath(source.resource, rule.element)
            for source in self.sources
            for rule in source.mapping.rules
            if code_tables(rule.kind)
        }
        for element in self.context.stray_codes:
            if element not in coded:
                known = ", ".join(sorted(coded))
                raise ValueError(f"{element!r} has no code table; these have: {known}")

    def __iter__(self) -> Iterator[ResourceType]:
        return iter(self.types.values())

    def get(self, name: str) -> ResourceType | None:
        return self.types.get(name)

    def type(self, name: str) -> ResourceType:
        """Return a served type; raise UnknownType."""
        found = self.types.get(name)
        if found is None:
            people = tuple(each.type for each in self.people)
            names = ", ".join(sorted((*self.types, *CASE_ALIASES, *people)))
            raise UnknownType(f"This server does not serve that type. It serves: {names}.")
        return found

    @property
    def sources(self) -> list[Compiled]:
        return [source for each in self for source in each.sources]

    @property
    def collections(self) -> list[str]:
        return list(dict.fromkeys(source.mapping.collection for source in self.sources))

    def served_targets(self, param: Param) -> frozenset[str]:
        """Return the served types that a parameter may refer to."""
        return frozenset(to for to in param.refers_to if to in self.types)

    def includable_targets(self, param: Param) -> frozenset[str]:
        """Return the types whose resources an `_include` by a parameter may bring."""
        people = {each.type for each in self.people}
        return self.served_targets(param) | people.intersection(param.refers_to)

    def includable(self, resource: ResourceType) -> list[str]:
        """Return the `_include` values of a type, as a CapabilityStatement lists them."""
        return [
            f"{resource.name}:{name}"
            for name, param in sorted(resource.params.items())
            if self.includable_targets(param)
        ]

    def including(self, resource: ResourceType) -> list[str]:
        """Return the `_revinclude` values of a type."""
        return [
            f"{other.name}:{name}"
            for other in self
            for name, param in sorted(other.params.items())
            if resource.name in self.served_targets(param)
        ]

    def indexes(self) -> list[Index]:
        """Return the indexes that the declared searches and sorts need, each once."""
        found = [index for source in self.sources for index in _indexes(source)]
        if any(source.mapping.writes for source in self.sources):
            found += HISTORY_INDEXES
        return sorted(set(found), key=lambda index: (index.collection, index.name))


@lru_cache(maxsize=100)
def indexed_params(source: Compiled) -> frozenset[str]:
    """Return the parameters of a source that an index answers, its own or another's."""
    where = {path.removeprefix(f"{PARENT}.") for path in source.mapping.where}
    searched = {"_id"}
    for index in _indexes(source):
        searched |= {next(path for path, _ in index.keys if path not in where)}

    def is_indexed(param: Param) -> bool:
        stored = {_stored_path(source.mapping, path) for path in _main_paths(param)}
        return bool(stored) and stored <= searched

    return frozenset(name for name, param in source.params.items() if is_indexed(param))


def _main_paths(param: Param) -> Iterator[str]:
    """Yield the paths that want an index: of a reference all, of others the most usual."""
    for target in (*param.targets, *([param.end] if param.end else [])):
        found = target.kind.paths(target.sites[0].field)
        yield from found if param.type == "reference" or param.indexed else found[:1]


_RARELY_ALONE = frozenset(
    {"agent", "author", "condition", "encounter", "item", "organization", "participant"}
    | {"performer"}
)
"""References that are asked for beside a patient, whose index finds the few documents."""


_INDEXED_TOKENS = frozenset({"_id", "identifier", "lifecycle-status", "priority", "status"})


def _indexes(source: Compiled) -> Iterator[Index]:
    mapping = source.mapping
    lead = tuple((path.removeprefix(f"{PARENT}."), 1) for path in mapping.where)
    if mapping.unwind is None and lead:
        yield Index(mapping.collection, (*lead, ("_id", 1)))
    if source.kept_tokens is not None:
        inside = "" if mapping.unwind is None else f"{mapping.unwind}."
        yield Index(mapping.collection, ((inside + source.kept_tokens, 1),))
    if mapping.worklist is not None:
        paths = [source.params[name].sort_path for name in mapping.worklist]
        keys = tuple((path, 1) for path in paths if path is not None)
        yield Index(mapping.collection, (*lead, *keys, ("_id", 1)))
    for param in source.params.values():
        for path in _indexed_paths(param):
            stored = _stored_path(mapping, path)
            from_parent = path.startswith(f"{PARENT}.") and param.type != "reference"
            if mapping.index_paths is not None and stored not in mapping.index_paths:
                continue
            if stored is not None and stored != "_id" and not from_parent:
                yield _index(mapping.collection, lead, stored, param, embedded=bool(mapping.unwind))


def _index(
    collection: str, lead: tuple[tuple[str, int], ...], path: str, param: Param, *, embedded: bool
) -> Index:
    """A reference finds few documents of any type; others sort within a type, then by `_id`."""
    if param.type == "reference" or embedded:
        return Index(collection, ((path, 1),))
    return Index(collection, (*lead, (path, 1), ("_id", 1)))


def _indexed_paths(param: Param) -> Iterator[str]:
    """Tokens with few values gain nothing from an index; of older names the first one serves."""
    if param.name in _RARELY_ALONE:
        return
    if param.type not in ("token", "reference", "date") or _is_within(param):
        return
    if param.type == "token" and not (param.indexed or param.name in _INDEXED_TOKENS):
        return
    yield from _main_paths(param)


def _is_within(param: Param) -> bool:
    """Say whether a date looks into the objects of a list: no path leads to it."""
    return param.type == "date" and any(target.kind.many for target in param.targets)


def _stored_path(mapping: Mapping, path: str) -> str | None:
    """Return the path from the document's root; None for what is computed or linked."""
    if path == "*" or path in mapping.computed or path.startswith(f"{LINKED}."):
        return None
    if mapping.unwind is None:
        return path
    if path.startswith(f"{PARENT}."):
        return path.removeprefix(f"{PARENT}.")
    return f"{mapping.unwind}.{path}"
