"""Who took part in an event of the audit trail: the client, this server, and the user.

https://hl7.org/fhir/R4/auditevent-definitions.html#AuditEvent.agent
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.findings import Encode
from fhir_facade.rules.kinds import Kind, Site, Text
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.text import clean
from mappings.audit_kinds import SERVER
from mappings.fixed import Fixed
from mappings.party_kinds import (
    DCM,
    Json,
    Parties,
    client_reference,
    coding,
    has_user,
    user_reference,
)

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
SOURCE = (DCM, "110153", "Source Role ID")
DESTINATION = (DCM, "110152", "Destination Role ID")
RECIPIENT = (PARTICIPATION, "IRCP", "information recipient")
AUTHOR = (PARTICIPATION, "AUT", "author (originator)")

_WRITES = ("C", "U", "D")
_MACHINE, _IP = "1", "2"


@dataclass(frozen=True)
class AuditAgents(Kind):
    """The client application, this server and, where a token named one, the user.

    BALP has the client of a read as the destination, of everything else as the source.
    """

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
            *(given("type", (), _Role(*each)) for each in (SOURCE, DESTINATION, RECIPIENT, AUTHOR)),
            given("who", "agent", Parties()),
            given("name", "agent.client", Text()),
            given("network.address", "address", Text()),
        )

    def encoder(self, site: Site) -> Encode:
        context = site.context

        def encode(entry: Json, findings: Any) -> list[Json]:
            del findings
            agent, action = entry.get("agent"), entry.get("action")
            here, there = (DESTINATION, SOURCE) if action == "R" else (SOURCE, DESTINATION)
            acted = has_user(agent)
            client = _agent(here, client_reference(agent), requestor=not acted)
            found = [
                {**client, **_named(agent), **_network(entry.get("address"))},
                _agent(there, {"type": "Device", "display": SERVER}, requestor=False),
            ]
            if acted:
                role = AUTHOR if action in _WRITES else RECIPIENT
                found.append(_agent(role, user_reference(agent, context), requestor=True))
            return found

        return encode

    def describe(self) -> str:
        return "the client application, this server, and the user"


def _agent(role: tuple[str, str, str], who: Json, *, requestor: bool) -> Json:
    named = {"who": who} if who else {}
    return {"type": {"coding": [coding(*role)]}, **named, "requestor": requestor}


def _named(agent: Any) -> Json:
    client = agent.get("client") if isinstance(agent, dict) else None
    name = clean(client) if isinstance(client, str) else None
    return {} if name is None else {"name": name}


def _network(address: Any) -> Json:
    text = clean(address) if isinstance(address, str) else None
    if text is None:
        return {}
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return {"network": {"address": text, "type": _MACHINE}}
    return {"network": {"address": text, "type": _IP}}


@dataclass(frozen=True)
class _Role(Fixed):
    """What part an agent had."""

    @property
    def always_same(self) -> bool:
        return False
