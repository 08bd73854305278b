"""Who acted: the user and the client application that a token named, `{user, subject, client, issuer}`.

https://hl7.org/fhir/R4/provenance-definitions.html#Provenance.agent.who
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter, all_of, any_of, none_of, scalar
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.text import clean, is_id
from fhir_facade.rules.text_match import KEY

Json = dict[str, Any]

PARTIES = ("Device", "Organization", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson")
"""The types of those who can act, in AuditEvent and Provenance alike."""

DCM = "http://dicom.nema.org/resources/ontology/DCM"

_ID = r"[A-Za-z0-9\-.]{1,64}"
_URI = "^[!-~]{1,1024}$"


def coding(system: str, code: str, display: str) -> Json:
    """Return a Coding."""
    return {"system": system, "code": code, "display": display}


def name_of(agent: Any, field: str) -> str | None:
    """Return a stored name of who acted; None where there is none that FHIR can write."""
    value = agent.get(field) if isinstance(agent, dict) else None
    return value if isinstance(value, str) and clean(value) == value else None


def user_of(agent: Any) -> Target | None:
    """Return the resource that the user is, if it is one that can act."""
    kind, _, key = (name_of(agent, "user") or "").partition("/")
    return Target(kind, key) if kind in PARTIES and is_id(key) else None


def has_user(agent: Any) -> bool:
    """Say whether somebody acted through the client; a client alone is its own subject."""
    subject = name_of(agent, "subject")
    known = subject is not None and subject != name_of(agent, "client")
    return known or user_of(agent) is not None


def user_reference(agent: Any, context: Context) -> Json:
    """Return a Reference to the user: as a resource, and as the subject that its issuer knows."""
    found: Json = {}
    target = user_of(agent)
    if target is not None:
        base = context.reference_base.get(str(target.type))
        spelled = f"{target.type}/{target.id}"
        found["reference"] = f"{base.rstrip('/')}/{spelled}" if base else spelled
        found["type"] = target.type
    return {**found, **_identifier(agent, "subject")}


def client_reference(agent: Any) -> Json:
    """Return a Reference to the client application, which is no resource anywhere."""
    name = name_of(agent, "client")
    return {} if name is None else {**_identifier(agent, "client"), "display": name}


def _identifier(agent: Any, field: str) -> Json:
    value, issuer = name_of(agent, field), name_of(agent, "issuer")
    if value is None:
        return {}
    known = issuer is not None and re.fullmatch(_URI, issuer)
    return {"identifier": {**({"system": issuer} if known else {}), "value": value}}


class Linking(Kind):
    """References of a server's own records: found, and in no order that means anything."""

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def sortable(self) -> bool:
        return False


@dataclass(frozen=True)
class Parties(Linking):
    """The user and the client application, for searches."""

    types: tuple[str, ...] = PARTIES
    users_only: bool = False
    """Whether only users of these types count, and no client applications."""
    always: bool = False
    """Whether the element has a value even where nothing is stored."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    @property
    def targets(self) -> tuple[str, ...]:
        return self.types

    def present(self, site: Site) -> Filter:
        if self.always:
            return EVERYTHING
        names = () if self.users_only else ("subject", "client")
        return any_of([self._users(site), *(_named(site, name) for name in names)])

    def _users(self, site: Site) -> Filter:
        return scalar(f"{site.field}.user", {"$regex": f"^({'|'.join(self.types)})/{_ID}$"})

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        known = [each for each in targets if each.type in (None, *self.types) and is_id(each.id)]
        users = [
            f"{kind}/{each.id}"
            for each in known
            for kind in (self.types if each.type is None else (each.type,))
        ]
        return scalar(f"{site.field}.user", {"$in": users}) if users else NOTHING

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        if value is not None and clean(value) != value:
            return NOTHING
        condition = {"$regex": KEY} if value is None else {"$in": [value]}
        names = ("subject",) if self.users_only else ("subject", "client")
        named = any_of(scalar(f"{site.field}.{name}", condition) for name in names)
        users = self._users(site) if self.users_only else EVERYTHING
        return all_of([named, users, _issued(site, system)])

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.user",)

    def describe(self) -> str:
        return "the user and the client application of a token"


def _named(site: Site, name: str) -> Filter:
    return scalar(f"{site.field}.{name}", {"$regex": KEY})


def _issued(site: Site, system: str | None) -> Filter:
    """Match what an issuer knows; `""` is nobody's, None anybody's."""
    path = f"{site.field}.issuer"
    if system is None:
        return EVERYTHING
    if system == "":
        return none_of([scalar(path, {"$regex": _URI})])
    return scalar(path, {"$in": [system]}) if re.fullmatch(_URI, system) else NOTHING
