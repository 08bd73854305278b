"""The package of everything published, as validators and other servers load it.

https://hl7.org/fhir/R4/packages.html
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from datetime import UTC, datetime
from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.derive.capability import capability_statement
from fhir_facade.derive.guide import (
    ABOUT,
    GUIDE,
    PACKAGE,
    R4_PACKAGE,
    R4_VERSION,
    TITLE,
    US_CORE_PACKAGE,
)
from fhir_facade.derive.head import PUBLISHER, canonical_url
from fhir_facade.derive.naming_systems import naming_systems
from fhir_facade.derive.published import published
from fhir_facade.rules.context import Context
from fhir_facade.rules.profiles import US_CORE_VERSION
from fhir_facade.rules.registry import Registry

_INDEXED = ("resourceType", "id", "url", "version", "kind", "type", "content", "derivation")
_RELEASED = datetime.fromisoformat(__released__).replace(tzinfo=UTC)


def published_files(registry: Registry) -> dict[str, str]:
    """Return file name → JSON of every resource of this guide, in the order of their names."""
    resources = [
        capability_statement(registry, None),
        *published(registry),
        *naming_systems(registry),
    ]
    found = {f"{each['resourceType']}-{each['id']}.json": as_json(each) for each in resources}
    return dict(sorted(found.items()))


def package(registry: Registry) -> bytes:
    """Return the gzipped tar file; the same mappings and settings give the same bytes."""
    files = published_files(registry)
    members = {
        "package.json": as_json(_manifest(registry.context)),
        ".index.json": as_json(_index(files)),
        **files,
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in members.items():
            content = text.encode()
            member = tarfile.TarInfo(f"package/{name}")
            member.size, member.mtime = len(content), int(_RELEASED.timestamp())
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _manifest(context: Context) -> dict[str, Any]:
    return {
        "name": PACKAGE,
        "version": __version__,
        "tools-version": 3,
        "type": "IG",
        "date": _RELEASED.strftime("%Y%m%d%H%M%S"),
        "license": "Apache-2.0",
        "canonical": context.canonical,
        "url": canonical_url("ImplementationGuide", GUIDE, context),
        "title": TITLE,
        "description": ABOUT,
        "author": PUBLISHER,
        "fhirVersions": [R4_VERSION],
        "dependencies": {R4_PACKAGE: R4_VERSION, US_CORE_PACKAGE: US_CORE_VERSION},
        "directories": {"lib": "package"},
    }


def _index(files: dict[str, str]) -> dict[str, Any]:
    return {"index-version": 2, "files": [_indexed(name, text) for name, text in files.items()]}


def _indexed(name: str, text: str) -> dict[str, Any]:
    resource = json.loads(text)
    known = {each: resource[each] for each in _INDEXED if isinstance(resource.get(each), str)}
    return {"filename": name, **known}
