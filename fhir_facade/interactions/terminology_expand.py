"""ValueSet/$expand: the codes of a value set.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from fhir_facade.errors import BadRequest
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.terminology import (
    FLAG,
    LANGUAGE,
    NUMBER,
    PARAMETER,
    REFUSED,
    TEXT,
    Input,
    Inputs,
    Json,
    check_language,
    one_artefact,
)
from fhir_facade.interactions.terminology_members import Member, Members, members, unlisted
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.text_match import fold

EXPAND: Final = {
    "url": TEXT,
    "valueSetVersion": TEXT,
    "filter": TEXT,
    "offset": NUMBER,
    "count": NUMBER,
    "includeDesignations": FLAG,
    "includeDefinition": FLAG,
    "activeOnly": FLAG,
    "excludeNested": FLAG,
    "excludeNotForUI": FLAG,
    "excludePostCoordinated": FLAG,
    "exclude-system": Input(repeats=True),
    **LANGUAGE,
    **dict.fromkeys(
        (
            "valueSet",
            "context",
            "contextDirection",
            "date",
            "designation",
            "system-version",
            "check-system-version",
            "force-system-version",
        ),
        REFUSED,
    ),
}
"""No concept is nested, abstract or post-coordinated here: leaving those out changes nothing."""

_SHOWN: Final = {
    "filter": "String",
    "offset": "Integer",
    "count": "Integer",
    "includeDesignations": "Boolean",
    "activeOnly": "Boolean",
}
_UNCLOSED: Final = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"
_DEFINITION: Final = ("compose", "immutable")


def expand(conformance: Conformance, inputs: Inputs, fhir: str | None) -> Json:
    """Return a value set with its expansion; raise BadRequest, NotFound or Unsupported."""
    check_language(inputs)
    offset, count = _page(inputs)
    value_set = one_artefact(conformance, "ValueSet", inputs, fhir, "valueSetVersion")
    whole = members(conformance, value_set)
    _check(whole)
    found = [each for each in whole.known.values() if _is_wanted(each, inputs)]
    page = found[offset:] if count is None else found[offset : offset + count]
    left_out = () if inputs.get("includeDefinition") else _DEFINITION
    head = {
        name: value
        for name, value in value_set.items()
        if name not in ("id", "meta", "text", *left_out)
    }
    designations = inputs.get("includeDesignations", False)
    expansion = {
        **({"extension": [{"url": _UNCLOSED, "valueBoolean": True}]} if whole.open else {}),
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "total": len(found),
        **({"offset": offset} if {"offset", "count"} & inputs.keys() else {}),
        **_listed("parameter", [*_shown(inputs), *_versions(whole)]),
        **_listed("contains", [_contains(each, designations=designations) for each in page]),
    }
    return {**head, "expansion": {"identifier": _identifier(value_set, inputs), **expansion}}


def _page(inputs: Inputs) -> tuple[int, int | None]:
    for name in ("offset", "count"):
        if inputs.get(name, 0) < 0:
            raise BadRequest(f"'{name}' is a whole number from 0 up.", expression=PARAMETER)
    return inputs.get("offset", 0), inputs.get("count")


def _check(found: Members) -> None:
    if found.unknown:
        raise unlisted("the whole of a code system that this server does not have")
    if found.open and not found.known:
        raise unlisted("an open code system, whose codes come from what is stored")


def _is_wanted(member: Member, inputs: Inputs) -> bool:
    if inputs.get("activeOnly") and member.inactive:
        return False
    for each in inputs.get("exclude-system", ()):
        system, _, version = each.partition("|")
        if system == member.system and version in ("", member.version):
            return False
    wanted = fold(inputs.get("filter", ""))
    return wanted in fold(member.code) or wanted in fold(member.display or "")


def _contains(member: Member, *, designations: bool) -> Json:
    return {
        "system": member.system,
        **({"version": member.version} if member.version else {}),
        **({"inactive": True} if member.inactive else {}),
        "code": member.code,
        **({"display": member.display} if member.display else {}),
        **({"designation": list(member.designations)} if designations else {}),
    }


def _shown(inputs: Inputs) -> Iterator[Json]:
    """Yield the parameters that the expansion depends on."""
    for name, kind in _SHOWN.items():
        if name in inputs:
            yield {"name": name, f"value{kind}": inputs[name]}
    for each in inputs.get("exclude-system", ()):
        if any(map(str.isspace, each)):
            raise BadRequest("'exclude-system' is a canonical URL.", expression=PARAMETER)
        yield {"name": "exclude-system", "valueUri": each}


def _versions(found: Members) -> Iterator[Json]:
    """Yield the version of each code system that was used."""
    used = dict.fromkeys((each.system, each.version) for each in found.known.values())
    for system, version in used:
        if version:
            yield {"name": "version", "valueUri": f"{system}|{version}"}


def _listed(name: str, values: list[Any]) -> Json:
    return {name: values} if values else {}


def _identifier(value_set: Json, inputs: Inputs) -> str:
    """Return the same name for the same expansion."""
    asked = to_json([value_set["url"], value_set["version"], sorted(inputs.items())])
    return uuid.uuid5(uuid.NAMESPACE_URL, asked.decode()).urn
