"""What the entries of some requests say, and what is served to compare it with."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from fhir_facade.audit.log import AuditLog
from fhir_facade.main import create_app
from fhir_facade.security.principal import Principal, Scope
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.audit.kit import QUICK, Json, audited, recorded
from tests.http.serving import settings, started

_CHAINED: Final = {"_id", "chain", "seq", "prev", "hash", "at", "request", "address"}
ALL = Scope("user", "*", frozenset("cruds"), spelled="user/*.cruds")


def principal(**given: Any) -> Principal:
    known = {"issuer": "https://auth.example.org", "scopes": (ALL,), "expires": 4e9}
    return Principal(**{**known, "tenants": None, **given})


def told(entry: Json) -> Json:
    """What an entry says beside its place, time, address and request."""
    return {name: value for name, value in entry.items() if name not in _CHAINED}


async def asked(store: Store, *requests: tuple[str, str], **given: Any) -> list[Json]:
    """What the entries of some requests say."""
    log = AuditLog(store, limits=QUICK)
    async with audited(store, log, **given) as client:
        for method, url in requests:
            await client.request(method, url)
        return [told(each) for each in await recorded(store, log)]


def one_of_each(file: Path) -> dict[str, Json]:
    """One resource of some types, as it is served."""

    async def read() -> dict[str, Json]:
        store = open_store(f"sqlite:///{file}")
        found = {}
        async with started(create_app(settings(audit="off"), store)) as client:
            for name in ("Task", "Flag", "EpisodeOfCare", "Provenance", "CareTeam"):
                bundle = (await client.get(name, params={"_count": "1"})).json()
                found[name] = bundle["entry"][0]["resource"]
        await store.close()
        return found

    return asyncio.run(read())


def patient(resource: Json) -> str:
    subject = resource.get("subject") or resource.get("for") or resource.get("patient")
    if subject is None:
        (subject,) = [
            each["valueReference"]
            for each in resource["extension"]
            if each["url"].endswith("/patient")
        ]
    return str(subject["reference"].removeprefix("Patient/"))


def employer(resource: Json) -> str:
    (found,) = [each for each in resource["extension"] if each["url"].endswith("/employer")]
    return str(found["valueReference"]["reference"].removeprefix("Organization/"))
