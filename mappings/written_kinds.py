"""Kinds that only the Provenance of writes needs.

https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.filters import Filter, all_of, any_of, scalar
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.base import Target, data_absent
from fhir_facade.rules.kinds.described import Given, Vocabulary, given
from fhir_facade.rules.text import is_id
from mappings.common import ORGANIZATION
from mappings.fixed import Fixed
from mappings.party_kinds import (
    Json,
    Linking,
    Parties,
    client_reference,
    coding,
    has_user,
    user_of,
    user_reference,
)

WRITTEN_TYPES = (
    *("CarePlan", "CareTeam", "Communication", "DocumentReference", "EpisodeOfCare", "Flag"),
    *("Goal", "List", "Task"),
)
"""The types whose resources are written here."""

DATA_OPERATION = Codes(
    "http://terminology.hl7.org/CodeSystem/v3-DataOperation",
    {"CREATE": "POST", "UPDATE": "PUT", "DELETE": "DELETE"},
    aliases={"PATCH": "UPDATE"},
    displays={"CREATE": "create", "UPDATE": "revise", "DELETE": "delete"},
)

AUTHOR = ("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "author", "Author")
TRANSMITTER = (
    "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type",
    "transmitter",
    "Transmitter",
)
ON_BEHALF = ("Device", "Practitioner")
"""Those of whom US Core asks on whose behalf they act."""

_ID = r"^[A-Za-z0-9\-.]{1,64}$"


@dataclass(frozen=True)
class WrittenTarget(Linking):
    """The version that a write made, stored as `{type, id, version}`."""

    types: tuple[str, ...] = WRITTEN_TYPES

    @property
    def total(self) -> bool:
        return True

    @property
    def targets(self) -> tuple[str, ...]:
        return self.types

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> Json:
            stored = value if isinstance(value, dict) else {}
            kind, key, version = (stored.get(name) for name in ("type", "id", "version"))
            if kind not in self.types or not _is_id(key):
                absent = value is None
                reason = "nothing stored" if absent else "an object without a readable id"
                findings.append(site.degraded(reason))
                return data_absent("unknown" if absent else "unsupported")
            past = f"/_history/{version}" if _is_id(version) else ""
            return {"reference": f"{kind}/{key}{past}", "type": kind}

        return encode

    def present(self, site: Site) -> Filter:
        types = scalar(f"{site.field}.type", {"$in": list(self.types)})
        return all_of([types, scalar(f"{site.field}.id", {"$regex": _ID})])

    @property
    def versioned(self) -> bool:
        return True

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        """A target without a version is found by each of its versions."""
        wanted: dict[tuple[str | None, str | None], list[str]] = {}
        for each in targets:
            if each.type in (None, *self.types):
                wanted.setdefault((each.type, each.version), []).append(each.id)
        return any_of(
            self._keyed(site, kind, version, ids) for (kind, version), ids in wanted.items()
        )

    def _keyed(self, site: Site, kind: str | None, version: str | None, ids: list[str]) -> Filter:
        types = list(self.types) if kind is None else [kind]
        found = [
            scalar(f"{site.field}.id", {"$in": ids}),
            scalar(f"{site.field}.type", {"$in": types}),
        ]
        if version is not None:
            found.append(scalar(f"{site.field}.version", {"$in": [version]}))
        return all_of(found)

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.id",)

    def describe(self) -> str:
        return "Reference to the version that was written"


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and is_id(value)


@dataclass(frozen=True)
class WrittenAgents(Kind):
    """The author, on behalf of the employer whose record it is, and the application between."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    @property
    def total(self) -> bool:
        return True

    @property
    def gives(self) -> tuple[Given, ...]:
        return (
            given("type", (), AgentType(*AUTHOR)),
            given("type", (), AgentType(*TRANSMITTER)),
            given("who", "agent", Parties()),
            given("onBehalfOf", "tenant", ORGANIZATION),
        )

    def encoder(self, site: Site) -> Encode:
        context = site.context
        encode_employer = ORGANIZATION.encoder(site.at("tenant"))

        def encode(document: Any, findings: Findings) -> list[Json]:
            del findings  # where no tokens are asked for, nobody is known
            agent = document.get("agent")
            client = client_reference(agent)
            if not has_user(agent):
                return [_agent(AUTHOR, client or data_absent("unknown"))]
            author = _agent(AUTHOR, user_reference(agent, context))
            user, employer = user_of(agent), document.get("tenant")
            if user is not None and user.type in ON_BEHALF and employer is not None:
                encoded = encode_employer(employer, [])
                author |= {} if encoded is None else {"onBehalfOf": encoded}
            return [author, *([_agent(TRANSMITTER, client)] if client else [])]

        return encode

    def describe(self) -> str:
        return "the author and the application that sent it"


def _agent(type_: tuple[str, str, str], who: Json) -> Json:
    return {"type": {"coding": [coding(*type_)]}, "who": who}


@dataclass(frozen=True)
class AgentType(Fixed):
    """What part an agent had: R4 and US Core each bind it to a value set of their own."""

    @property
    def always_same(self) -> bool:
        return False

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        return ()
