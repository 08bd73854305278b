"""Whose a record is: its patient and its tenant, by the stored fields alone.

What a client wrote beside the stored fields never decides who may see a record.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.getting import getter
from fhir_facade.rules.kinds.base import Site, Target
from fhir_facade.rules.kinds.references import Reference
from fhir_facade.rules.mapping import PARENT, Compiled
from fhir_facade.rules.text import key_text

PATIENT = Reference("Patient", "member")
TENANT = Reference("Organization", "org")


class Whose(NamedTuple):
    """The keys of a record's patient and tenant; None where its document names none."""

    patient: str | None
    tenant: str | None


NOBODYS = Whose(None, None)


def patient_filter(source: Compiled, ids: Iterable[str]) -> Filter:
    """Match the records of some patients; nothing where no field of a source names one."""
    return _filter(source, source.mapping.patient, PATIENT, ids)


def tenant_filter(source: Compiled, ids: Iterable[str]) -> Filter:
    """Match the records of some tenants; nothing where no field of a source names one."""
    return _filter(source, source.mapping.tenant, TENANT, ids)


def whose(source: Compiled, document: dict[str, Any]) -> Whose:
    """Return whose a record is; an embedded one sees its document as `parent`."""
    patient, tenant = _getters(source)
    return Whose(_key(patient(document), PATIENT), _key(tenant(document), TENANT))


def _filter(source: Compiled, name: str, kind: Reference, ids: Iterable[str]) -> Filter:
    if not name:
        return NOTHING
    site = Site(source.resource, _path(source, name), source.context, searched=True)
    return kind.reference(site, [Target(kind.to, each) for each in ids])


def _path(source: Compiled, name: str) -> str:
    return name if source.mapping.unwind is None else f"{PARENT}.{name}"


@lru_cache(maxsize=200)
def _getters(source: Compiled) -> tuple[Callable[..., Any], Callable[..., Any]]:
    mapping = source.mapping
    paths = (_path(source, name or "_nowhere") for name in (mapping.patient, mapping.tenant))
    patient, tenant = (getter((path,)) for path in paths)
    return patient, tenant


def _key(stored: Any, kind: Reference) -> str | None:
    text = key_text(stored.get("id") if isinstance(stored, dict) else stored)
    return None if text is None else text.removeprefix(f"{kind.to}/")
