"""Kinds that only the audit trail needs: what happened, and who noted it.

https://profiles.ihe.net/ITI/BALP/content.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter, all_of, any_of, none_of, scalar
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.kinds.described import Vocabulary
from mappings.party_kinds import DCM, Json, Linking, coding

SERVER = "FHIR facade"
SERVER_ID = ("server", "fhir-facade")
"""The identifier by which entries name this server: name of its system, value."""

ACTION = Codes(
    "http://hl7.org/fhir/audit-event-action",
    {"C": "C", "R": "R", "U": "U", "D": "D", "E": "E"},
    displays={
        "C": "Create",
        "R": "Read/View/Print",
        "U": "Update",
        "D": "Delete",
        "E": "Execute",
    },
    whole=True,
)

OUTCOME = Codes(
    "http://hl7.org/fhir/audit-event-outcome",
    {"0": "0", "4": "4", "8": "8", "12": "12"},
    displays={"0": "Success", "4": "Minor failure", "8": "Serious failure", "12": "Major failure"},
    whole=True,
)

_EVENT = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_RESTFUL = "http://hl7.org/fhir/restful-interaction"
_REST = coding(_EVENT, "rest", "RESTful Operation")
_AUTHENTICATION = coding(DCM, "110114", "User Authentication")
_LOGIN = coding(DCM, "110122", "Login")
_INTERACTIONS = (
    *("read", "vread", "update", "patch", "delete", "history-instance", "history-type"),
    *("history-system", "create", "search-type", "search-system", "capabilities"),
    *("transaction", "batch"),
)
_OPERATION = "operation"
_IS_LOGIN = any_of(scalar(path, {"$in": ["login"]}) for path in ("failed", "interaction"))
_IS_OPERATION: Filter = scalar("interaction", {"$regex": r"^\$"})


def is_login(entry: Json) -> bool:
    """Say whether an entry is of a login that failed."""
    return "login" in (entry.get("failed"), entry.get("interaction"))


def operation_of(entry: Json) -> str | None:
    """Return the name of the operation that was asked for, `$everything`, if one was."""
    name = entry.get("interaction")
    return name if isinstance(name, str) and name.startswith("$") else None


@dataclass(frozen=True)
class _Coding(Kind):
    """A Coding that is worked out of the whole entry."""

    @property
    def fhir_type(self) -> str:
        return "Coding"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def sortable(self) -> bool:
        return False


@dataclass(frozen=True)
class EventType(_Coding):
    """A request, or a login that failed."""

    @property
    def total(self) -> bool:
        return True

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        return tuple(
            Vocabulary(each["system"], {each["code"]: each["display"]})
            for each in (_REST, _AUTHENTICATION)
        )

    def encoder(self, site: Site) -> Encode:
        del site
        return lambda entry, findings: dict(_AUTHENTICATION if is_login(entry) else _REST)

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        del site
        kinds = ((_AUTHENTICATION, _IS_LOGIN), (_REST, none_of([_IS_LOGIN])))
        return any_of(found for each, found in kinds if _is_asked(each, system, code))

    def describe(self) -> str:
        return "RESTful Operation, or User Authentication where a login failed"


@dataclass(frozen=True)
class Subtype(_Coding):
    """The interaction of R4; the name of an operation stands among the details."""

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        codes = {each: each for each in (*_INTERACTIONS, _OPERATION)}
        return (
            Vocabulary(_RESTFUL, codes),
            Vocabulary(DCM, {_LOGIN["code"]: _LOGIN["display"]}),
        )

    def encoder(self, site: Site) -> Encode:
        del site

        def encode(entry: Json, findings: Findings) -> Json | None:
            del findings  # what R4 has no code for is told by the query
            if is_login(entry):
                return dict(_LOGIN)
            code = entry.get("interaction")
            if operation_of(entry) is not None:
                code = _OPERATION
            if code in _INTERACTIONS or code == _OPERATION:
                return coding(_RESTFUL, code, code)
            return None

        return encode

    def present(self, site: Site) -> Filter:
        return self.token(site, None, None)

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        del site
        found = [_IS_LOGIN] if _is_asked(_LOGIN, system, code) else []
        if system in (None, _RESTFUL):
            names = [each for each in (*_INTERACTIONS, _OPERATION) if code in (None, each)]
            restful = [scalar("interaction", {"$in": names})] if names else []
            restful += [_IS_OPERATION] if code in (None, _OPERATION) else []
            found += [all_of([any_of(restful), none_of([_IS_LOGIN])])]
        return any_of(found)

    def describe(self) -> str:
        return "the interaction, or Login where one failed"


def _is_asked(known: Json, system: str | None, code: str | None) -> bool:
    return system in (None, known["system"]) and code in (None, known["code"])


def server_reference(site: Site) -> Json:
    """Return the Reference by which entries name this server."""
    system, value = SERVER_ID
    return {
        "type": "Device",
        "identifier": {"system": site.context.identifier_system(system), "value": value},
        "display": SERVER,
    }


@dataclass(frozen=True)
class Observer(Linking):
    """This server, which is no resource anywhere."""

    @property
    def total(self) -> bool:
        return True

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    @property
    def targets(self) -> tuple[str, ...]:
        return ("Device",)

    @property
    def sids(self) -> tuple[str, ...]:
        return (SERVER_ID[0],)

    def encoder(self, site: Site) -> Encode:
        return lambda entry, findings: server_reference(site)

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        del site, targets
        return NOTHING

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        own = server_reference(site)["identifier"]
        fits = system in (None, own["system"]) and value in (None, own["value"])
        return EVERYTHING if fits else NOTHING

    def describe(self) -> str:
        return "this server"


@dataclass(frozen=True)
class FixedCoding(_Coding):
    """A Coding that is the same in every entry."""

    system: str
    code: str
    display: str

    @property
    def search_type(self) -> None:  # type: ignore[override]
        return None

    @property
    def total(self) -> bool:
        return True

    @property
    def always_same(self) -> bool:
        return True

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        return (Vocabulary(self.system, {self.code: self.display}),)

    def encoder(self, site: Site) -> Encode:
        del site
        return lambda entry, findings: coding(self.system, self.code, self.display)

    def describe(self) -> str:
        return f"always {self.code}"
