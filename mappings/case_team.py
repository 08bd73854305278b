"""The participants of a case as a CareTeam.

https://hl7.org/fhir/R4/careteam.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import Filter, any_of
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.json_text import comparable
from fhir_facade.rules.kinds import Boolean, Complex, Concept, Key, Kind, Many, Site, Text, part
from fhir_facade.rules.kinds.base import Target, data_absent
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.extensions import extension_values
from fhir_facade.rules.kinds.merging import as_list, merged
from fhir_facade.rules.kinds.references import key_reader
from fhir_facade.rules.text import is_set
from fhir_facade.rules.text_match import TextMatch
from mappings.case_kinds import rows, rows_of, some_row
from mappings.codes import PARTICIPANT_ROLE
from mappings.common import ORGANIZATION, USER

PREFIX = "case_participant_"

# fmt: off
PARTY_CASE = Complex(
    (
        part("case-id",        f"{PREFIX}case_id",             Key()),
        part("name",           f"{PREFIX}case_name",           Text()),
        part("description",    f"{PREFIX}case_description",    Text()),
        part("type",           f"{PREFIX}case_type",           Concept("case-type")),
        part("type-display",   f"{PREFIX}case_type_display",   Text()),
        part("subtype",        f"{PREFIX}case_subtype",        Concept("case-subtype")),
        part("subtypes",       f"{PREFIX}case_subtype_list",   Many(Concept("case-subtype"))),
        part("status",         f"{PREFIX}case_status",         Concept("party-case-status")),
        part("status-display", f"{PREFIX}case_status_display", Text()),
        part("is-primary",     f"{PREFIX}is_primary",          Boolean()),
    )
)
# fmt: on


@dataclass(frozen=True)
class Participants(Kind):
    """Two CareTeam participants a row: the organization, and its person on behalf of it."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        encode_role = _ROLE.encoder(site.at(f"{PREFIX}role"))
        encode_organization = ORGANIZATION.encoder(site.at(f"{PREFIX}org_id"))
        encode_person = USER.encoder(site.at(f"{PREFIX}owner_person_id"))
        encode_party = PARTY_CASE.encoder(site)
        party_url = site.context.extension("party-case")

        def participants(row: dict[str, Any], findings: Findings) -> list[dict[str, Any]]:
            role = _present(row, "role", encode_role, findings)
            organization = _present(row, "org_id", encode_organization, findings)
            person = _present(row, "owner_person_id", encode_person, findings)
            if organization is None:
                findings.append(site.degraded("a participant without an organization"))
                organization = {"type": "Organization", **data_absent("unknown")}
            shared = {} if role is None else {"role": [role]}
            party = encode_party(row, findings)
            extension = extension_values(party_url, PARTY_CASE, party) if party else None
            first = {**({"extension": extension} if extension else {}), **shared}
            found = [{**first, "member": organization}]
            if person is not None:
                # onBehalfOf needs a Practitioner member (invariant ctm-1)
                found.append({**shared, "member": person, "onBehalfOf": organization})
            return found

        def encode(value: Any, findings: Findings) -> Any:
            found = [
                participant
                for row in rows(value, site, findings)
                for participant in participants(row, findings)
            ]
            return found or None

        return encode

    def decoder(self, site: Site) -> Decode:
        """Make a row of each organization, and of the person on behalf of it that row's owner."""
        decode_organization = ORGANIZATION.decoder(site.at(f"{PREFIX}org_id"))
        decode_person = USER.decoder(site.at(f"{PREFIX}owner_person_id"))
        decode_role = _ROLE.decoder(site.at(f"{PREFIX}role"))
        decode_party = PARTY_CASE.decoder(site)
        party_url = site.context.extension("party-case")
        read_key = key_reader(ORGANIZATION.to, ORGANIZATION.sid, site.context)

        encode_rows = self.encoder(site)

        def row_of(group: list[dict[str, Any]], before: Any) -> dict[str, Any]:
            first, old = group[0], before or {}
            party: dict[str, Any] = next(
                (each for each in first.get("extension", ()) if each["url"] == party_url), {}
            )
            roles, person = first.get("role", ()), _person(group)
            row = dict(decode_party(party, old) or {})
            served = _groups(encode_rows([old], []) or [])[0] if old else [{}]
            wanted = (
                ("role", roles[0] if roles else None, _role(served[0]), decode_role),
                ("org_id", first["member"], served[0].get("member"), decode_organization),
                ("owner_person_id", person, _person(served), decode_person),
            )
            for name, value, before_it, decode_field in wanted:
                if comparable(value) != comparable(before_it):
                    stored = None if value is None else decode_field(value, old.get(PREFIX + name))
                    row = {each: row[each] for each in row if each != PREFIX + name}
                    row |= {} if stored is None else {PREFIX + name: stored}
            return row

        def decode(values: Any, old: Any) -> Any:
            stored = as_list(old)
            live = rows_of(old)
            served = [
                encode_rows([row], []) if any(row is each for each in live) else None
                for row in stored
            ]
            groups = _groups(values)
            known = [group for group in groups if read_key(group[0].get("member", {})) is not None]
            same = [group for group in groups if group not in known and group in served]
            wanted = [group for group in groups if group in known or group in same]
            return merged(stored, served, wanted, row_of, _party_key) or None

        return decode

    @property
    def gives(self) -> tuple[Given, ...]:
        return (
            given("extension:party-case", "", PARTY_CASE),
            given("role[]", f"{PREFIX}role", Concept(codes=(PARTICIPANT_ROLE,))),
            given("member", f"{PREFIX}org_id", ORGANIZATION),
            given("member", f"{PREFIX}owner_person_id", USER),
            given("onBehalfOf", f"{PREFIX}org_id", ORGANIZATION),
        )

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ORGANIZATION.modifiers

    @property
    def targets(self) -> tuple[str, ...]:
        return (*ORGANIZATION.targets, *USER.targets)

    @property
    def searched_part(self) -> str:
        return "member"

    def present(self, site: Site) -> Filter:
        return some_row(site, _members(lambda kind, at: kind.present(at), site))

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        return some_row(site, _members(lambda kind, at: kind.reference(at, targets), site))

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        found = _members(lambda kind, at: kind.identifier(at, system, value), site)
        return some_row(site, found)

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.{PREFIX}org_id", f"{path}.{PREFIX}owner_person_id")

    def describe(self) -> str:
        return "participants: organization and person of each row"


def _role(participant: dict[str, Any]) -> Any:
    return next(iter(participant.get("role", ())), None)


def _person(group: list[dict[str, Any]]) -> Any:
    return group[1].get("member") if len(group) > 1 else None


def _groups(values: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return each organization with the person on behalf of it that follows."""
    found: list[list[dict[str, Any]]] = []
    for each in values:
        follows = bool(found) and len(found[-1]) == 1 and "onBehalfOf" in each
        if follows and each["onBehalfOf"] == found[-1][0].get("member"):
            found[-1].append(each)
        else:
            found.append([each])
    return found


def _party_key(group: list[dict[str, Any]]) -> Any:
    """A row is known by its organization and role."""
    return comparable([group[0].get("member", {}).get("reference"), group[0].get("role")])


def _members(condition: Callable[[Kind, Site], Filter], site: Site) -> Filter:
    """Apply a condition to the two that a row may name."""
    named = ((ORGANIZATION, "org_id"), (USER, "owner_person_id"))
    return any_of(condition(kind, site.at(PREFIX + name)) for kind, name in named)


def _present(row: dict[str, Any], name: str, encode: Encode, findings: Findings) -> Any:
    value = row.get(PREFIX + name)
    return None if value in (None, "") else encode(value, findings)


@dataclass(frozen=True)
class Roles(Kind):
    """The roles of the participants, for searches."""

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("text",)

    @property
    def sortable(self) -> bool:
        return False

    def present(self, site: Site) -> Filter:
        return some_row(site, _ROLE.present(site.at(f"{PREFIX}role")))

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        return some_row(site, _ROLE.token(site.at(f"{PREFIX}role"), system, code))

    def text(self, site: Site, match: TextMatch) -> Filter:
        return some_row(site, _ROLE.text(site.at(f"{PREFIX}role"), match))

    def describe(self) -> str:
        return "role of each participant"


_ROLE = Concept(codes=(PARTICIPANT_ROLE,))


@dataclass(frozen=True)
class OrganizationsOf(Kind):
    """The organizations of the primary participants."""

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def many(self) -> bool:
        return True

    @property
    def sids(self) -> tuple[str, ...]:
        return ORGANIZATION.sids

    def encoder(self, site: Site) -> Encode:
        encode_organization = ORGANIZATION.encoder(site.at(f"{PREFIX}org_id"))

        def encode(value: Any, findings: Findings) -> Any:
            del findings
            found = [
                organization
                for row in rows(value, site, [])
                if is_set(row.get(f"{PREFIX}is_primary"))
                and (organization := _present(row, "org_id", encode_organization, [])) is not None
            ]
            return found or None

        return encode

    def describe(self) -> str:
        return "references to the primary participants' Organizations"
