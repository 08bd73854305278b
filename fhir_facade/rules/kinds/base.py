"""What a kind is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.date_search import Comparison
from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter
from fhir_facade.rules.findings import Decode, Encode, Finding, Findings, Severity
from fhir_facade.rules.kinds.described import Given, Vocabulary
from fhir_facade.rules.kinds.merging import as_list, merged
from fhir_facade.rules.text_match import TextMatch

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
    """What a reference search names; `type` is None for a bare id, `version` for any version."""

    type: str | None
    id: str
    version: str | None = None


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

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The modifiers a search of it takes, beside those that its search type always has."""
        return ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The resource types that it refers to."""
        return ()

    @property
    def versioned(self) -> bool:
        """Whether it refers to versions, so that a search may name one."""
        return False

    @property
    def held_by(self) -> tuple[str, str] | None:
        """Where the link stands on the other side: the type that holds it, and its parameter."""
        return None

    @property
    def searched_part(self) -> str:
        """The path below the rule's element that a search looks at."""
        return ""

    @property
    def gives(self) -> tuple[Given, ...]:
        """The elements below the rule's own that it gives, or the parts of its extension."""
        return ()

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        """The codes that it gives."""
        return ()

    @property
    def sids(self) -> tuple[str, ...]:
        """The names of the identifier systems that it gives values of."""
        return ()

    @property
    def always_same(self) -> bool:
        """Whether it gives the same whatever is stored."""
        return False

    def encoder(self, site: Site) -> Encode:
        """Return the function that turns a stored value into FHIR."""
        raise NotImplementedError

    def decoder(self, site: Site) -> Decode | None:
        """Return the function that turns a FHIR value into what is stored; None if none does.

        It stores what the field can hold. Whatever encoding that does not give back is kept beside
        it, so a decoder may be partial. For a rule that reads the whole document it gets the
        document and returns field → new value, None for a field to be removed.
        """
        del site
        return None

    def owns(self, value: Any, context: Context) -> bool:
        """Say whether a value of a list that several rules share is this kind's."""
        del value, context
        return True

    @property
    def reads(self) -> tuple[str, ...]:
        """The stored fields that it looks at, where its rule names the whole document."""
        return ()

    @property
    def shows_others(self) -> bool:
        """Whether it shows records that are written elsewhere."""
        return False

    def key_of(self, value: Any) -> Any:
        """Return what tells a value of a list from the others though it was edited, if anything."""
        del value

    @property
    def assigned(self) -> str | None:
        """The identifier system of the values that the server gives, whatever a client sends."""
        return None

    @property
    def clears(self) -> bool:
        """Whether the decoder takes an absent value too: its field holds more than its own."""
        return False

    @property
    def kept_apart(self) -> bool:
        """Whether a resource may hold a value that only the kept elements know, for searches."""
        return self.search_type in ("token", "reference")

    def disclaimable(self, site: Site, value: str, how: str | None) -> tuple[str, ...]:
        """Return the URIs that `uri` finds and that what is kept may take away."""
        del site, value, how
        return ()

    def present(self, site: Site) -> Filter:
        """Match where the resource has a value; one that only says why it has none is none."""
        del site
        return EVERYTHING

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        """Find by token; `system` None is any, `""` is none; `code` None is any."""
        del site, system, code
        return NOTHING

    def is_token_of_absent(self, system: str | None, code: str | None) -> bool:
        """Say whether a record where nothing is stored is found by a token."""
        del system, code
        return False

    def text(self, site: Site, match: TextMatch) -> Filter:
        """Find a token or a reference by the words that go with it."""
        del site, match
        return NOTHING

    def of_type(self, site: Site, kind: tuple[str, str], value: str) -> Filter:
        """Find an identifier by the (system, code) of its type, and its value."""
        del site, kind, value
        return NOTHING

    def string(self, site: Site, match: TextMatch) -> Filter:
        """Find by text."""
        del site, match
        return NOTHING

    def uri(self, site: Site, value: str, how: str | None) -> Filter:
        """Find by URI; `how` is None, `below` or `above`."""
        del site, value, how
        return NOTHING

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        """Find what refers to one of the targets."""
        del site, targets
        return NOTHING

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        """Find by the identifier in a reference; None and `""` as for a token."""
        del site, system, value
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

    def decoder(self, site: Site) -> Decode | None:
        """Items that stay as they are served keep what is stored, so do those nobody can read."""
        decode_one = self.of.decoder(site.at(site.field + "[]"))
        encode_one = self.of.encoder(site.at(site.field + "[]"))
        if decode_one is None:
            return None

        def decode(values: Any, old: Any) -> Any:
            stored = as_list(old)
            served = [None if each is None else encode_one(each, []) for each in stored]
            return merged(stored, served, values, decode_one, self.of.key_of) or None

        return decode

    def owns(self, value: Any, context: Context) -> bool:
        return self.of.owns(value, context)

    @property
    def gives(self) -> tuple[Given, ...]:
        return self.of.gives

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        return self.of.vocabularies

    @property
    def sids(self) -> tuple[str, ...]:
        return self.of.sids

    @property
    def kept_apart(self) -> bool:
        return self.of.kept_apart

    @property
    def modifiers(self) -> tuple[str, ...]:
        return self.of.modifiers

    @property
    def targets(self) -> tuple[str, ...]:
        return self.of.targets

    def present(self, site: Site) -> Filter:
        return _open(self.of.present(site), site.field)

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        return _open(self.of.token(site, system, code), site.field)

    def text(self, site: Site, match: TextMatch) -> Filter:
        return _open(self.of.text(site, match), site.field)

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        return _open(self.of.reference(site, targets), site.field)

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        return _open(self.of.identifier(site, system, value), site.field)

    def paths(self, path: str) -> tuple[str, ...]:
        return self.of.paths(path)

    def describe(self) -> str:
        return f"list of {self.of.describe()}"


def _open(condition: Filter, field: str) -> Filter:
    """Drop the guard against arrays, since any element may match; but one must match alone."""
    if condition in (NOTHING, EVERYTHING):
        return condition
    if "$or" in condition:
        return {"$or": [_open(each, field) for each in condition["$or"]]}
    parts = condition.get("$and", [condition])
    wanted = [pair for part in parts for pair in part.items() if pair[0] != "$nor"]
    (path, first), *others = wanted
    if not others and not (isinstance(first, dict) and len(first) > 1):
        return {path: first}
    inside = first if path == field else {each.removeprefix(f"{field}."): c for each, c in wanted}
    return {"$or": [{field: {"$elemMatch": inside}}, condition]}
