"""What a kind is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.date_search import Comparison
from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.findings import Encode, Finding, Findings, Severity

DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a rule stands: between a stored field and a FHIR element."""

    element: str
    """FHIRPath of the element, `Task.restriction.period.end`."""
    field: str
    """Dotted path of the stored field."""
    context: Context
    searched: bool = False
    """Whether a search parameter looks here, so that odd spellings matter."""

    def at(self, field: str) -> Site:
        return replace(self, field=field)

    def degraded(self, reason: str) -> Finding:
        return Finding(Severity.DEGRADED, self.field, self.element, reason)

    def noted(self, reason: str) -> Finding:
        return Finding(Severity.NOTED, self.field, self.element, reason)

    def unservable(self, reason: str) -> Finding:
        return Finding(Severity.UNSERVABLE, self.field, self.element, reason)


def type_name(value: Any) -> str:
    """Name the JSON-like type of a stored value, for a finding's reason."""
    names = {bool: "boolean", str: "text", list: "list", dict: "object", int: "number"}
    return names.get(
        type(value), "number" if isinstance(value, int | float) else type(value).__name__
    )


def wrong_type(value: Any, wanted: str) -> str:
    return f"{type_name(value)} where {wanted} belongs"


def data_absent(reason: str) -> dict[str, Any]:
    return {"extension": [{"url": DATA_ABSENT, "valueCode": reason}]}


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference search names; `type` is None for a bare id."""

    type: str | None
    id: str


@dataclass(frozen=True)
class Kind:
    """One sort of stored value; subclasses say how it is encoded and found."""

    @property
    def fhir_type(self) -> str:
        """The FHIR datatype that `encode` gives."""
        raise NotImplementedError

    @property
    def search_type(self) -> str | None:
        """The search parameter type that can ask for it, if any."""
        return None

    @property
    def total(self) -> bool:
        """Whether the encoder also answers for an absent value."""
        return False

    @property
    def many(self) -> bool:
        """Whether the encoder gives a list."""
        return False

    @property
    def sortable(self) -> bool:
        """Whether a search can sort by it: by one value that stands outside any array."""
        return not self.many

    def encoder(self, site: Site) -> Encode:
        """Return the function that turns a stored value into FHIR."""
        raise NotImplementedError

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        """Find by token; `system` None is any, `""` is none; `code` None is any."""
        del site, system, code
        return NOTHING

    def is_token_of_absent(self, system: str | None, code: str | None) -> bool:
        """Say whether a record where nothing is stored is found by a token."""
        del system, code
        return False

    def reference(self, site: Site, target: Target) -> Filter:
        """Find by reference."""
        del site, target
        return NOTHING

    def date(self, site: Site, comparison: Comparison) -> Filter:
        """Find by date."""
        del site, comparison
        return NOTHING

    def servable(self, site: Site) -> Filter | None:
        """Return what must be stored for the document to be servable, if anything."""
        del site
        return None

    def paths(self, path: str) -> tuple[str, ...]:
        """Return the stored paths a search or sort looks at, most usual first."""
        return (path,)

    def describe(self) -> str:
        """Say in a few words what the kind is, for the generated documentation."""
        return self.fhir_type


@dataclass(frozen=True)
class Many(Kind):
    """A list of values of one kind; a lone value is read as a list of one."""

    of: Kind

    @property
    def fhir_type(self) -> str:
        return self.of.fhir_type

    @property
    def search_type(self) -> str | None:
        return self.of.search_type

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        encode_one = self.of.encoder(site.at(site.field + "[]"))

        def encode(value: Any, findings: Findings) -> list[Any] | None:
            if not isinstance(value, list):
                one = encode_one(value, findings)
                return None if one is None else [one]
            found = [
                encoded
                for item in value
                if item is not None and (encoded := encode_one(item, findings)) is not None
            ]
            return found or None

        return encode

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        return _open(self.of.token(site, system, code))

    def reference(self, site: Site, target: Target) -> Filter:
        return _open(self.of.reference(site, target))

    def paths(self, path: str) -> tuple[str, ...]:
        return self.of.paths(path)

    def describe(self) -> str:
        return f"list of {self.of.describe()}"


def _open(condition: Filter) -> Filter:
    """Drop the guard against arrays, since any element may match; but one must match alone."""
    if "$or" in condition:
        return {"$or": [_open(each) for each in condition["$or"]]}
    own = {path: wanted for path, wanted in condition.items() if path != "$nor"}
    ((path, wanted),) = own.items()
    if isinstance(wanted, dict) and len(wanted) > 1 and "." not in path:
        return {"$or": [{path: {"$elemMatch": wanted}}, condition]}
    return own
