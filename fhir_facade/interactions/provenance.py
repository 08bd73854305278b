"""Who made which version: one Provenance for each write that this server makes.

https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from fhir_facade.errors import Conflict
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.versions import Version
from fhir_facade.rules.registry import PROVENANCE
from fhir_facade.security.principal import Principal


async def record_writes(records: Records, versions: Sequence[Version]) -> None:
    """Add what is to be known of the versions that were written just now."""
    principal = records.access.principal
    written = [each for each in versions if each.method is not None]
    refused = await records.store.insert(
        PROVENANCE, [_document(each, principal) for each in written]
    )
    if refused:
        raise Conflict("The provenance of the write could not be kept.")


def _document(version: Version, principal: Principal | None) -> dict[str, Any]:
    found = {
        "_id": str(ObjectId()),
        "target": {"type": version.type, "id": version.id, "version": version.version},
        "at": version.at,
        "method": version.method,
        "agent": {} if principal is None else _agent(principal),
        "patient": version.patient,
        "tenant": version.tenant,
    }
    return {name: value for name, value in found.items() if value is not None}


def _agent(principal: Principal) -> dict[str, str]:
    found = {
        "user": principal.user,
        "subject": principal.subject,
        "client": principal.client,
        "issuer": principal.issuer,
    }
    return {name: value for name, value in found.items() if value is not None}
