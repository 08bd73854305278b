"""What "equal after a write" means: all but what is the server's to say."""

from __future__ import annotations

import copy
from typing import Any

from tests.writing.exact_json import Json

CANONICAL = "https://fhir.wellnecity.com"
RECORD_STATE = f"{CANONICAL}/CodeSystem/record-state"
OWN_IDENTIFIERS = (f"{CANONICAL}/sid/work-item", f"{CANONICAL}/sid/case")
OWN_DOCUMENT = f"{CANONICAL}/sid/document"
OWN_PROFILES = (
    f"{CANONICAL}/StructureDefinition/facade-",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-goal",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-careteam",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-documentreference",
)
OWN_NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml" class="fhir-facade">'
_META = ("profile", "tag", "security", "source", "extension")
_OF_PARENT = ("encounter", "related", "period")


def extension(name: str) -> str:
    """The url of an extension of this guide."""
    return f"{CANONICAL}/StructureDefinition/{name}"


def content(resource: Json) -> Json:
    """The resource without its id, what `meta` has of the server, and assigned identifiers."""
    found = copy.deepcopy(resource)
    found.pop("id", None)
    meta = found.pop("meta", {})
    known = {name: meta[name] for name in meta if name.removeprefix("_") in _META}
    known["tag"] = [each for each in known.get("tag", []) if each.get("system") != RECORD_STATE]
    given = known.get("profile") or []
    known["profile"] = [each for each in given if not str(each).startswith(OWN_PROFILES)]
    if found.get("text", {}).get("div", "").startswith(OWN_NARRATIVE):
        del found["text"]
    if known := {name: value for name, value in known.items() if value}:
        found["meta"] = known
    identifiers = found.get("identifier")
    if isinstance(identifiers, list):
        others = [each for each in identifiers if each.get("system") not in OWN_IDENTIFIERS]
        _put(found, "identifier", others)
    if found.get("masterIdentifier", {}).get("system") == OWN_DOCUMENT:
        del found["masterIdentifier"]
    return found


def _put(holder: Json, name: str, value: Any) -> None:
    if value:
        holder[name] = value
    else:
        holder.pop(name, None)


def without_extension(resource: Json, name: str) -> Json:
    """The resource without one extension of this guide."""
    found = copy.deepcopy(resource)
    urls = extension(name)
    _put(found, "extension", [e for e in found.get("extension", []) if e.get("url") != urls])
    return found


def expected_after(put: Json, got: Json, before: Json | None = None) -> tuple[Json, Json]:
    """What was put and what is read, both as far as they must be equal.

    `before` is what was read before an update; None for a create.
    """
    wanted, given = content(put), content(got)
    type_ = put["resourceType"]
    if type_ == "Task":
        _ended_now(wanted, given, "completed", before)
    if type_ == "Communication" and before is not None:
        wanted, given = (without_extension(each, "reassignment") for each in (wanted, given))
    if type_ == "DocumentReference":
        _of_parent(wanted, given)
    if type_ == "EpisodeOfCare":
        for each in (wanted, given):
            each.pop("statusHistory", None)
        for name in ("period", "_period"):
            if wanted.get("status") == "finished" and "end" not in wanted.get("period", {}):
                _put(given, name, {n: v for n, v in given.get(name, {}).items() if n != "end"})
    return wanted, given


def _ended_now(wanted: Json, given: Json, final: str, before: Json | None) -> None:
    """The server says when, if the client does not."""
    is_new = wanted.get("status") == final and (before or {}).get("status") != final
    period = wanted.get("executionPeriod", {})
    if not is_new or "end" in period:
        return
    assert "end" in given["executionPeriod"]
    rest = {name: each for name, each in given["executionPeriod"].items() if name != "end"}
    _put(given, "executionPeriod", rest)
    wanted.pop("executionPeriod", None) if not period else None


def _of_parent(wanted: Json, given: Json) -> None:
    """What comes of the document around it need not be sent."""
    if "subject" not in wanted:
        given.pop("subject", None)
    own, shown = wanted.get("context", {}), given.get("context", {})
    for name in _OF_PARENT:
        if name not in own:
            shown.pop(name, None)
    _put(given, "context", shown)
    employer = extension("employer")
    if all(each.get("url") != employer for each in wanted.get("extension", [])):
        others = [e for e in given.get("extension", []) if e.get("url") != employer]
        _put(given, "extension", others)


def without_time_of_change(*resources: Json) -> None:
    """Take away when a resource was changed: a patch that does not say leaves it to the server."""
    for each in resources:
        for name in ("lastModified", "date"):
            each.pop(name, None)
            each.pop(f"_{name}", None)


def differing(wanted: Json, given: Json) -> list[str]:
    """Say of each element that is not as it must be what it must be and what it is."""
    names = [name for name in {**wanted, **given} if wanted.get(name) != given.get(name)]
    return [f"{n}: {wanted.get(n)!r}\n -> {given.get(n)!r}" for n in names]


def assert_equal(put: Json, got: Json, before: Json | None = None) -> None:
    """Fail, naming the elements, unless what was put is read."""
    wanted, given = expected_after(put, got, before)
    wrong = differing(wanted, given)
    assert not wrong, "\n".join(wrong)
