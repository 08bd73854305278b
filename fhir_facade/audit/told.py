"""What an answer tells: which resources it shows, and whose they are; never what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

MOST: Final = 100
"""Ids that an entry names; of more it says how many."""

SMALL: Final = 8192
"""Bytes up to which what a body tells is kept in memory."""
_PATIENT: Final = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9\-.]{1,64})")
_TENANT: Final = re.compile(r"(?:.*/)?Organization/([A-Za-z0-9\-.]{1,64})")
_WHOSE: Final = ("subject", "for", "patient")
"""The elements that name the patient of a resource, of one type or another."""
_BUNDLE: Final = b'{"resourceType":"Bundle"'
_SEARCHSET: Final = b'{"resourceType":"Bundle","type":"searchset"'
_ENTRIES: Final = b',"entry":['
_RESOURCE: Final = b',"resource":'
_MODE: Final = b',"search":{"mode":"'
_ENDS: Final = (b'match"}}]}', b'include"}}]}', b'outcome"}}]}')


class _Mixed(Exception):
    """Not the bytes of one resource."""


class Facts(NamedTuple):
    """What one resource tells."""

    id: str | None
    patients: tuple[str, ...]
    tenants: tuple[str, ...]
    issues: Mapping[str, None] = {}
    """The codes of what went wrong."""
    is_nobodys: bool = False


@dataclass(slots=True)
class Told:
    """The resources in an answer, each once, in order."""

    base: str = ""
    """Of the extensions that name a patient or an employer."""
    ids: dict[str, None] = field(default_factory=dict)
    patients: dict[str, None] = field(default_factory=dict)
    tenants: dict[str, None] = field(default_factory=dict)
    count: int | None = None
    """The entries of a Bundle, of all Bundles of a batch together."""
    total: int | None = None
    of_others: bool = False
    """Whether a resource says nothing of its patient: it may be of others than those named."""
    of_other_tenants: bool = False
    issues: dict[str, None] = field(default_factory=dict)
    """The codes of what went wrong."""

    def look_at(self, body: bytes) -> None:
        """Take what a body tells; one that is no JSON tells nothing."""
        try:
            if body.startswith(_SEARCHSET):
                self._searchset(body)
            elif body.startswith(_BUNDLE):
                self._value(orjson.loads(body))
            else:
                self._take(_facts_in(body, self.base))
        except (orjson.JSONDecodeError, _Mixed):
            with suppress(orjson.JSONDecodeError):
                self._value(orjson.loads(body))

    def look_at_page(self, resources: Sequence[bytes], total: int | None) -> None:
        """Take what the resources of a search's page tell."""
        before = self.count
        for body in resources:
            try:
                self._take(_facts_in(body, self.base))
            except _Mixed:  # a whole case
                self._value(orjson.loads(body))
        self.count = before
        self._counted(len(resources), total)

    def _searchset(self, body: bytes) -> None:
        """Look at the resources of a page one by one, as this server joins them.

        The marks between them are in no string, where quotes would be escaped. Raises _Mixed where
        the page is joined in another way, before anything is taken.
        """
        head, _, rest = body.partition(_ENTRIES)
        bundle = orjson.loads(head + b"}" if rest else head)
        *pieces, end = rest.split(_MODE) if rest else [b""]
        if rest and end not in _ENDS:
            raise _Mixed
        found = []
        for piece, following in zip(pieces, [*pieces[1:], end], strict=False):
            if not following.startswith(b"outcome"):
                _, _, resource = piece.partition(_RESOURCE)
                _facts_in(resource, self.base)  # which may be mixed
                found.append(resource)
        self.look_at_page(found, bundle.get("total"))

    def _take(self, facts: Facts) -> None:
        if facts.issues:
            self.issues.update(facts.issues)
        if facts.is_nobodys:
            return
        if facts.id is not None:
            self.ids[facts.id] = None
        for patient in facts.patients:
            self.patients[patient] = None
        for tenant in facts.tenants:
            self.tenants[tenant] = None
        self.of_others |= not facts.patients
        self.of_other_tenants |= not facts.tenants

    def _value(self, value: Any) -> None:
        if isinstance(value, dict):
            self._resource(value)

    def _counted(self, count: int | None, total: int | None) -> None:
        if count is not None:
            self.count = count + (self.count or 0)
        if total is not None:
            self.total = total + (self.total or 0)

    def _resource(self, resource: dict[str, Any]) -> None:
        if resource.get("resourceType") == "Bundle":
            self._bundle(resource)
        else:
            self._take(_facts_of(resource, self.base))

    def _bundle(self, bundle: dict[str, Any]) -> None:
        entries = bundle.get("entry", ())
        shown = 0
        for entry in entries:
            resource = entry.get("resource")
            if resource is None:
                shown += self._without_resource(entry)
            elif entry.get("search", {}).get("mode") != "outcome":
                self._resource(resource)
                shown += resource.get("resourceType") != "Bundle"
        if not str(bundle.get("type")).endswith("-response"):
            self._counted(shown, bundle.get("total"))

    def _without_resource(self, entry: dict[str, Any]) -> bool:
        """Say whether an entry is a deletion in a history: it has no resource, but names it."""
        request = entry.get("request", {})
        if request.get("method") != "DELETE":
            return False
        self.ids["/".join(request.get("url", "").split("/")[:2])] = None
        return True


def _facts_in(body: bytes, base: str) -> Facts:
    return (_facts if len(body) <= SMALL else _facts.__wrapped__)(body, base)


@lru_cache(maxsize=4096)
def _facts(body: bytes, base: str) -> Facts:
    """Return what the bytes of a resource tell: many are asked for again and again.

    Raises JSONDecodeError, or _Mixed where they are those of a Bundle.
    """
    value = orjson.loads(body)
    if not isinstance(value, dict) or value.get("resourceType") == "Bundle":
        raise _Mixed
    return _facts_of(value, base)


def _facts_of(resource: dict[str, Any], base: str) -> Facts:
    kind = resource.get("resourceType")
    if kind == "OperationOutcome":
        issues = {issue.get("code", ""): None for issue in resource.get("issue", ())}
        return Facts(None, (), (), issues, is_nobodys=True)
    if kind == "Parameters" or not isinstance(kind, str):
        return Facts(None, (), (), is_nobodys=True)
    fhir = resource.get("id")
    return Facts(None if fhir is None else f"{kind}/{fhir}", *_whose(resource, base))


def _whose(resource: dict[str, Any], base: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the patients and the tenants that a resource names as its own."""
    patients = [resource[name] for name in _WHOSE if name in resource]
    if resource["resourceType"] == "Patient":
        patients.append({"reference": f"Patient/{resource.get('id')}"})
    if resource["resourceType"] == "AuditEvent":
        patients += [entity.get("what") for entity in resource.get("entity", ())]
    tenants = []
    for extension in resource.get("extension", ()):
        url = extension.get("url", "")
        if url == f"{base}employer":
            tenants.append(extension.get("valueReference"))
        elif url == f"{base}patient":
            patients.append(extension.get("valueReference"))
    return (*_named(_PATIENT, patients),), (*_named(_TENANT, tenants),)


def _named(pattern: re.Pattern[str], references: Iterable[Any]) -> Iterator[str]:
    for reference in references:
        literal = reference.get("reference") if isinstance(reference, dict) else None
        found = pattern.fullmatch(literal) if isinstance(literal, str) else None
        if found is not None:
            yield found[1]


def scalar(values: Iterable[str], *, of_others: bool = False) -> str | list[str] | None:
    """Return the one value, several up to a limit as a list, or None for none.

    A list of one says that there may be others: who may see that one's entries alone may not see
    this one.
    """
    found = list(values)
    return found[0] if len(found) == 1 and not of_others else found[:MOST] or None
