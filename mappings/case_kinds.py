"""Kinds that only the case itself needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import NOTHING, Filter, all_of, any_of, scalar
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.base import Target, wrong_type
from fhir_facade.rules.kinds.datatypes import PLACER, identifier_type
from fhir_facade.rules.kinds.merging import as_list, matches
from fhir_facade.rules.kinds.primitives import same_key
from fhir_facade.rules.kinds.references import key_reader, reference_builder
from fhir_facade.rules.text import (
    LEGAL_CODE,
    TRUE_VALUES,
    is_code,
    is_id,
    is_set,
    key_text,
    stored_keys,
)
from fhir_facade.rules.text_match import keys
from mappings.codes import LOG_TYPE, PARTICIPANT_ROLE

LOG_TYPE_NAMES = ("log_item_type", "type")
LOG_DATE_NAMES = ("log_date", "date")


STATUS_CHANGE = tuple(
    spelling for spelling, code in LOG_TYPE.readings().items() if code == "status_change"
)
ORIGINATOR = tuple(
    spelling for spelling, code in PARTICIPANT_ROLE.readings().items() if code == "originator"
)


def organization_key(row: dict[str, Any]) -> str | None:
    """Return the key of a participant's organization, stored bare or as `{id, name}`."""
    value = row.get("case_participant_org_id")
    return key_text(value.get("id")) if isinstance(value, dict) else key_text(value)


def rows(value: Any, site: Site, findings: Findings) -> Iterator[dict[str, Any]]:
    """Yield the objects of a stored list that are not deleted; anything else is a finding."""
    if not isinstance(value, list):
        findings.append(site.degraded(wrong_type(value, "a list")))
        return
    for row in value:
        if isinstance(row, dict):
            if not (is_set(row.get("is_deleted")) or is_set(row.get("isDeleted"))):
                yield row
        elif row is not None:
            findings.append(site.degraded(wrong_type(row, "an object")))


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a stored list that are not deleted."""
    found = value if isinstance(value, list) else []
    return [
        row
        for row in found
        if isinstance(row, dict)
        and not (is_set(row.get("is_deleted")) or is_set(row.get("isDeleted")))
    ]


@dataclass(frozen=True)
class PartyIdentifiers(Kind):
    """Each participant's own number for the case, assigned by its organization."""

    @property
    def fhir_type(self) -> str:
        return "Identifier"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        system = site.context.identifier_system("party-case")
        organization = reference_builder("Organization", "org", site.context)
        kind = identifier_type(PLACER)

        def encode(value: Any, findings: Findings) -> Any:
            found = []
            for row in rows(value, site, []):
                number = key_text(row.get("case_participant_case_id"))
                if number is None:
                    continue
                identifier: dict[str, Any] = {"type": kind, "system": system, "value": number}
                assigner = organization_key(row)
                if assigner is not None:
                    identifier["assigner"] = organization(assigner, None)
                found.append(identifier)
            del findings
            return found or None

        return encode

    def owns(self, value: Any, context: Context) -> bool:
        system = context.identifier_system("party-case")
        return isinstance(value, dict) and value.get("system") == system

    @property
    def clears(self) -> bool:
        return True

    def decoder(self, site: Site) -> Decode:
        """Change the number of the row that gave it; a further one goes to a row without."""
        encode_rows, read_key = self.encoder(site), key_reader("Organization", "org", site.context)

        def decode(values: Any, old: Any) -> Any:
            stored, live = as_list(old), rows_of(old)
            served = [(encode_rows([row], []) or [None])[0] for row in live]
            numbers: dict[int, Any] = {}
            for value, (at, same) in zip(
                values or (), matches(values or (), served, _assigner), strict=True
            ):
                key = read_key(value.get("assigner", {}))
                empty = (n for n, row in enumerate(live) if served[n] is None)
                bare = (n for n in empty if key is not None and organization_key(live[n]) == key)
                place = next(bare, None) if at is None else at
                if place is not None and not same:
                    numbers[id(live[place])] = value.get("value")
            return [_numbered(row, numbers.get(id(row))) for row in stored] or old

        return decode

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        if system not in (None, site.context.identifier_system("party-case")):
            return NOTHING
        path = "case_participant_case_id"
        known = keys(path) if code is None else scalar(path, {"$in": stored_keys(code)})
        return some_row(site, known)

    @property
    def sids(self) -> tuple[str, ...]:
        return ("party-case", "org")

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("of-type",)

    def present(self, site: Site) -> Filter:
        return self.token(site, None, None)

    def of_type(self, site: Site, kind: tuple[str, str], value: str) -> Filter:
        return self.token(site, None, value) if kind == PLACER[:2] else NOTHING

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.case_participant_case_id",)


def _assigner(identifier: dict[str, Any]) -> Any:
    return identifier.get("assigner", {}).get("reference")


def _numbered(row: Any, number: Any) -> Any:
    if number is None:
        return row
    old = row.get("case_participant_case_id")
    return {**row, "case_participant_case_id": same_key(number, old)}


def some_row(site: Site, condition: Filter) -> Filter:
    """Match where a row that is not deleted fits a condition."""
    if condition == NOTHING:
        return NOTHING
    return {site.field: {"$elemMatch": all_of([condition, live()])}}


def live() -> Filter:
    """Match an embedded object that is not marked deleted."""
    return {name: {"$nin": list(TRUE_VALUES)} for name in ("is_deleted", "isDeleted")}


_ORGANIZATION_PATHS = ("case_participant_org_id", "case_participant_org_id.id")


@dataclass(frozen=True)
class ManagingOrganization(Kind):
    """The primary participant's organization, else the originator's."""

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def sortable(self) -> bool:
        return False

    def encoder(self, site: Site) -> Encode:
        build = reference_builder("Organization", "org", site.context)

        def encode(value: Any, findings: Findings) -> Any:
            parties = list(rows(value, site, findings))
            leading = [row for row in parties if is_set(row.get("case_participant_is_primary"))]
            if not leading:
                leading = [row for row in parties if row.get("case_participant_role") in ORIGINATOR]
            known = list(dict.fromkeys(filter(None, map(organization_key, leading))))
            if len(known) > 1:
                findings.append(site.noted("several primary participants; the first is served"))
            elif not known:
                findings.append(site.noted("no primary participant or originator to name"))
            return build(known[0], None) if known else None

        return encode

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    @property
    def targets(self) -> tuple[str, ...]:
        return ("Organization",)

    @property
    def sids(self) -> tuple[str, ...]:
        return ("org",)

    def present(self, site: Site) -> Filter:
        return self._leading(site, [keys(name) for name in _ORGANIZATION_PATHS])

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        ids = [each.id for each in targets if each.type in (None, "Organization")]
        return self._keyed(site, [id for id in ids if is_id(id)])

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        if system not in (None, site.context.identifier_system("org")):
            return NOTHING
        return self.present(site) if value is None else self._keyed(site, [value])

    def _keyed(self, site: Site, ids: Sequence[str]) -> Filter:
        known = [key for id in ids for key in stored_keys(id)]
        if not known:
            return NOTHING
        return self._leading(site, [{name: {"$in": known}} for name in _ORGANIZATION_PATHS])

    def _leading(self, site: Site, conditions: Sequence[Filter]) -> Filter:
        """Match a case whose primary participant, else originator, fits a condition."""
        is_primary = {"case_participant_is_primary": {"$in": list(TRUE_VALUES)}}
        any_primary = {site.field: {"$elemMatch": {**is_primary, **live()}}}
        found: list[Filter] = []
        for condition in conditions:
            wanted = {**condition, **live()}
            originator = {**wanted, "case_participant_role": {"$in": list(ORIGINATOR)}}
            found.append({site.field: {"$elemMatch": {**wanted, **is_primary}}})
            found.append({site.field: {"$elemMatch": originator}, "$nor": [any_primary]})
        return any_of(found)

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.case_participant_org_id",)

    def describe(self) -> str:
        return "Reference to the primary participant's Organization, else the originator's"


@dataclass(frozen=True)
class Origins(Kind):
    """`source` and `referralSource`, each a text or a list, as repeated codes."""

    @property
    def fhir_type(self) -> str:
        return "code"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        site = site.at("source")

        def encode(document: Any, findings: Findings) -> Any:
            found: dict[str, None] = {}
            for name in ("source", "referralSource"):
                value = document.get(name)
                for origin in value if isinstance(value, list) else [value]:
                    if isinstance(origin, str) and is_code(origin):
                        found[origin] = None
                    elif origin not in (None, ""):
                        findings.append(site.at(name).degraded("an origin that is not a code"))
            return list(found) or None

        return encode

    @property
    def reads(self) -> tuple[str, ...]:
        return ("source", "referralSource")

    def decoder(self, site: Site) -> Decode:
        """A field keeps what it has and is still wanted, and what nobody reads; the rest is new."""
        del site

        def decode(values: Any, document: Any) -> dict[str, Any]:
            wanted = list(values or ())
            found, known = {}, set()
            for name in ("source", "referralSource"):
                old = document.get(name)
                kept = [each for each in as_list(old) if not _is_origin(each) or each in wanted]
                known |= {each for each in kept if _is_origin(each)}
                found[name] = (kept, old)
            found["source"][0].extend(each for each in wanted if each not in known)
            return {name: _as_stored(kept, old) for name, (kept, old) in found.items()}

        return decode

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        del site
        if system not in (None, "") or code is None:
            return NOTHING
        return any_of([{"source": {"$in": [code]}}, {"referralSource": {"$in": [code]}}])

    def present(self, site: Site) -> Filter:
        del site
        return any_of({name: {"$regex": LEGAL_CODE}} for name in ("source", "referralSource"))

    def paths(self, path: str) -> tuple[str, ...]:
        del path
        return ("source", "referralSource")

    def describe(self) -> str:
        return "codes of source and referralSource"


def _is_origin(value: Any) -> bool:
    return isinstance(value, str) and is_code(value)


def _as_stored(values: list[Any], old: Any) -> Any:
    """Return codes as the field has them: a list, or a text for one alone."""
    if not values:
        return None
    if values == old:
        return old
    return values if len(values) > 1 or isinstance(old, list) else values[0]
