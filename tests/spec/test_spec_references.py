"""References lead somewhere.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx

from tests.spec.elements import absent
from tests.spec.live import Json, name_of

FOLLOWED = 25
"""References of a kind, which is the element's path, that are followed."""
LOST = 0.2
"""Share of the stored links of a kind that may lead to what is not there: nobody checks those."""
MADE_HERE = {
    "CarePlan.activity.reference", "CarePlan.careTeam", "CarePlan.goal",
    "CareTeam.extension.valueReference", "DocumentReference.context.encounter",
    "EpisodeOfCare.team", "Provenance.target",
}  # fmt: skip
"""Links that the server derives from what it found itself."""


def _references(value: Any, path: str) -> Iterator[tuple[str, Json]]:
    """Every Reference within a resource, with its path."""
    if isinstance(value, list):
        for each in value:
            yield from _references(each, path)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str) or path.endswith("valueReference"):
            yield path, value
        for name, inner in value.items():
            if name != "contained":
                yield from _references(inner, f"{path}.{name}")


def _all(every: dict[str, dict[str, Json]]) -> Iterator[tuple[str, str, Json]]:
    for resources in every.values():
        for resource in resources.values():
            for path, reference in _references(resource, resource["resourceType"]):
                yield name_of(resource), path, reference


def _local(reference: str, base: str) -> tuple[str, str] | None:
    """The type and id of a reference into this server."""
    parts = reference.removeprefix(f"{base}/").split("/")
    return (parts[0], parts[1]) if len(parts) == 2 and "#" not in reference else None


def _is_explained(response: httpx.Response) -> bool:
    """Whether a resource is there, was deleted, or is said to be stored in a form FHIR lacks."""
    issue = response.json().get("issue", [{}])[0] if response.status_code != 200 else {}
    return response.status_code in (200, 410) or bool(issue.get("expression"))


def test_references_to_what_is_served_resolve(
    server: httpx.Client, resources: list[Json], every: dict[str, dict[str, Json]]
) -> None:
    """Those that the server makes, all; those that others stored, all but some."""
    base = str(server.base_url).rstrip("/")
    types = {each["type"] for each in resources}
    kinds: dict[str, dict[str, str]] = defaultdict(dict)
    for name, path, reference in _all(every):
        target = _local(reference.get("reference", ""), base)
        if target and target[0] in types:
            kinds[path].setdefault("/".join(target), name)
    known = {name for each in every.values() for name in each}
    lost: dict[str, list[str]] = {}
    for path, targets in kinds.items():
        unseen = sorted({*targets} - known)[:FOLLOWED]
        gone = [each for each in unseen if not _is_explained(server.get(f"/{each}"))]
        if len(gone) > (0 if path in MADE_HERE else len(targets) * LOST):
            lost[path] = [f"{targets[each]} → {each}" for each in gone]
    assert kinds or not known
    assert not lost


def test_references_elsewhere_can_be_told_apart(
    server: httpx.Client, served: list[Json], every: dict[str, dict[str, Json]]
) -> None:
    """What another server holds is named by an absolute URL or by an identifier."""
    types = {each["type"] for each in served}
    for name, path, reference in _all(every):
        spelled = reference.get("reference", "")
        if spelled.startswith(("#", "http://", "https://", "urn:")) or absent(reference):
            continue
        if spelled.partition("/")[0] in types:
            continue
        identifier = reference.get("identifier", {})
        assert identifier.get("value") or reference.get("display"), (name, path)
        if spelled:
            assert {"system", "value"} <= {*identifier}, (name, path)
            type_, _, id_ = spelled.partition("/")
            assert type_.isalpha(), (name, path)
            assert id_, (name, path)
            assert reference.get("type", type_) == type_, (name, path)
