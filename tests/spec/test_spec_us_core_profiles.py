"""What US Core's profiles ask of the resources that claim them, and of the data as a whole.

https://hl7.org/fhir/us/core/STU6.1/must-support.html
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.spec.elements import absent, at, holders, tokens
from tests.spec.live import Json, Sample, matches, name_of
from tests.spec.us_core import (
    ASSESS_PLAN,
    CLINICAL_NOTE,
    GROUPS,
    NOT_CLAIMED,
    NOT_HELD,
    PROFILE,
    Group,
)

LOINC = "http://loinc.org"
UNKNOWN_TYPE = ("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK")

TYPES = pytest.mark.parametrize("type_", GROUPS)
MUST_SUPPORT = [
    pytest.param(type_, elements, id=f"{type_}-{'-or-'.join(elements)}")
    for type_, group in GROUPS.items()
    for elements in group.must_support
]


def _url(type_: str) -> str:
    return f"{PROFILE}{type_.lower()}"


def _claims(resource: Json) -> list[str]:
    """The profiles that a resource says it conforms to, without their versions."""
    return [each.partition("|")[0] for each in resource["meta"].get("profile", ())]


def _claiming(type_: str, some: list[Json]) -> list[Json]:
    return [each for each in some if _url(type_) in _claims(each)]


@TYPES
def test_a_claimed_profile_is_declared(resources: list[Json], sample: Sample, type_: str) -> None:
    some = sample(type_)
    (declared,) = (each for each in resources if each["type"] == type_)
    if _claiming(type_, some):
        assert _url(type_) in declared.get("supportedProfile", [])


@TYPES
def test_a_declared_profile_is_claimed(
    resources: list[Json], server: httpx.Client, sample: Sample, type_: str
) -> None:
    """US Core: a server SHOULD name the profile in `meta.profile` of each resource."""
    some = sample(type_)
    (declared,) = (each for each in resources if each["type"] == type_)
    supported = declared.get("supportedProfile", [])
    assert _url(type_) in supported, "the statement SHALL list the supported profiles"
    if not _claiming(type_, some) and type_ in NOT_CLAIMED:
        pytest.skip(NOT_CLAIMED[type_])
    assert _claiming(type_, some), f"no {type_} of {len(some)} claims it"


@TYPES
def test_a_claim_is_found(server: httpx.Client, sample: Sample, type_: str) -> None:
    some = sample(type_)[:100]
    ids = ",".join(each["id"] for each in some)
    found = matches(server, f"/{type_}", _id=ids, _profile=_url(type_))
    assert {name_of(each) for each in found} == {name_of(each) for each in _claiming(type_, some)}


def _miscounted(group: Group, resource: Json) -> list[str]:
    wrong = []
    for path, least, most in group.cardinality:
        name = path.rpartition(".")[2]
        for holder in holders(resource, path):
            values = holder.get(name, [])
            count = len(values) if isinstance(values, list) else 1
            if count < least or (most is not None and count > most):
                wrong.append(f"{path}: {count}")
    return wrong


def _miscoded(group: Group, resource: Json) -> list[str]:
    return [
        path
        for path, codes in group.codes.items()
        for value in at(resource, path)
        if value not in codes
    ]


def _target(reference: Json) -> str:
    """The type that a reference leads to."""
    spelled = str(reference.get("reference", ""))
    return spelled.split("/")[-2] if "/" in spelled else str(reference.get("type"))


def _mistargeted(group: Group, resource: Json) -> list[str]:
    wrong = []
    for path, types in group.targets.items():
        for value in at(resource, path):
            if absent(value) is None and _target(value) not in types:
                wrong.append(f"{path}: {_target(value)}")
    return wrong


def _is_loinc(code: str) -> bool:
    """Whether a code is written as LOINC writes them, its check digit included."""
    if not re.fullmatch(r"[0-9]{1,7}-[0-9]", code):
        return False
    number, digit = code.split("-")
    doubled = "".join(
        str(int(each) * 2) if place % 2 == 0 else each for place, each in enumerate(number[::-1])
    )
    return (10 - sum(map(int, doubled)) % 10) % 10 == int(digit)


def _has(resource: Json, path: str, pair: tuple[str, str]) -> int:
    return sum(pair in tokens(value) for value in at(resource, path))


def _broken_slices(resource: Json) -> list[str]:
    """The rules of single profiles: patterns, required concepts and an invariant."""
    wrong = []
    match resource["resourceType"]:
        case "CarePlan":
            if _has(resource, "category", ASSESS_PLAN) != 1:
                wrong.append("category: AssessPlan")
        case "DocumentReference":
            types = {each for value in at(resource, "type") for each in tokens(value)}
            if UNKNOWN_TYPE not in types and not any(
                system == LOINC and _is_loinc(code) for system, code in types
            ):
                wrong.append("type: required binding")
            for each in at(resource, "content.attachment"):
                if not {"url", "data"} & {*each}:
                    wrong.append("content.attachment: us-core-6")
    return wrong


@TYPES
def test_what_claims_a_profile_conforms(sample: Sample, type_: str) -> None:
    group, found = GROUPS[type_], _claiming(type_, sample(type_))
    wrong = {
        name_of(each): broken
        for each in found
        if (
            broken := [
                *_miscounted(group, each),
                *_miscoded(group, each),
                *_mistargeted(group, each),
                *_broken_slices(each),
            ]
        )
    }
    assert not wrong, f"{len(wrong)} of {len(found)}"


def _element_is_held(resource: Json, path: str) -> bool:
    """Whether a resource has the element, of a reference to a type that the profile names."""
    types = GROUPS[resource["resourceType"]].targets.get(path)
    return any(
        absent(value) is None and (types is None or _target(value) in types)
        for value in at(resource, path)
    )


def _somewhere(
    server: httpx.Client, type_: str, elements: tuple[str, ...], some: list[Json]
) -> bool:
    """Whether a resource has one of the elements; where the newest lack it, others are fetched."""
    if any(_element_is_held(each, path) for each in some for path in elements):
        return True
    bundle = server.get(f"/{type_}", params={"_count": 200}).json()
    others = [each["resource"] for each in bundle.get("entry", ())]
    return any(_element_is_held(each, path) for each in others for path in elements)


@pytest.mark.parametrize(("type_", "elements"), MUST_SUPPORT)
def test_what_must_be_supported_is_somewhere(
    server: httpx.Client, sample: Sample, type_: str, elements: tuple[str, ...]
) -> None:
    held = _somewhere(server, type_, elements, sample(type_))
    reason = next((NOT_HELD[type_, path] for path in elements if (type_, path) in NOT_HELD), None)
    if reason is None:
        assert held, "must be supported, but no resource has it"
    elif not held:
        pytest.skip(reason)


def test_the_clinical_note_category_is_somewhere(sample: Sample) -> None:
    assert any(_has(each, "category", CLINICAL_NOTE) for each in sample("DocumentReference"))


def test_a_care_team_has_persons(sample: Sample) -> None:
    """US Core: Practitioner or PractitionerRole, one of them at least."""
    members = [member for each in sample("CareTeam") for member in at(each, "participant.member")]
    assert {_target(each) for each in members} & {"Practitioner", "PractitionerRole"}


def _elements(value: Any, path: str) -> list[tuple[str, Json]]:
    """Every object within a resource, with its path."""
    if isinstance(value, list):
        return [each for inner in value for each in _elements(inner, path)]
    if not isinstance(value, dict):
        return []
    found = [(path, value)]
    for name, inner in value.items():
        found += _elements(inner, f"{path}.{name}")
    return found


ABSENT_REASONS = {
    "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked",
    "not-applicable", "unsupported", "as-text", "error", "not-a-number", "negative-infinity",
    "positive-infinity", "not-performed", "not-permitted",
}  # fmt: skip


def test_missing_data_say_why(every: dict[str, dict[str, Json]]) -> None:
    """An element with `data-absent-reason` has a known reason and no value."""
    for resources in every.values():
        for name, resource in resources.items():
            for path, element in _elements(resource, resource["resourceType"]):
                if (reason := absent(element)) is not None:
                    assert reason in ABSENT_REASONS, (name, path)
                    assert not {"reference", "coding", "identifier", "value"} & {*element}, path
                    assert not path.endswith(("tatus", "_intent")), (name, path)
