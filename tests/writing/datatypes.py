"""Values of FHIR's complex types: codings, references and extensions as this guide has them, too.

https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.writing.equality import CANONICAL, extension
from tests.writing.exact_json import Digits, Json
from tests.writing.primitives import PRIMITIVES, codes, date_times_from, decimals, strings, uris

_HL7 = "http://terminology.hl7.org/CodeSystem"
SYSTEMS = {
    f"{CANONICAL}/CodeSystem/task-category": ("Claim", "Insurance"),
    f"{CANONICAL}/CodeSystem/flag-category": ("Clinical", "Pharmacy"),
    f"{CANONICAL}/CodeSystem/flag-name": ("Refill Overdue", "Fall Risk"),
    f"{CANONICAL}/CodeSystem/goal-category-local": ("medication", "weight"),
    f"{CANONICAL}/CodeSystem/interaction-category": ("Outreach",),
    f"{CANONICAL}/CodeSystem/interaction-medium": ("phone", "text", "sms", "in-person"),
    f"{CANONICAL}/CodeSystem/document-type": ("clinical-note", "letter"),
    f"{CANONICAL}/CodeSystem/document-category": ("interaction-document",),
    f"{CANONICAL}/CodeSystem/case-type": ("medication",),
    f"{CANONICAL}/CodeSystem/case-subtype": ("refill-gap",),
    f"{_HL7}/goal-achievement": ("in-progress", "achieved"),
    f"{_HL7}/goal-priority": ("high-priority", "low-priority"),
    f"{_HL7}/goal-category": ("dietary", "safety"),
    f"{_HL7}/v3-ParticipationMode": ("PHONE", "FACE", "ONLINEWRIT"),
    "http://snomed.info/sct": ("73211009",),
}
_DISPLAYS = st.sampled_from(["In Progress", "telephone", "High Priority", "Claim"]) | strings
_system_of = st.sampled_from(list(SYSTEMS)).flatmap(
    lambda url: st.tuples(st.just(url), st.sampled_from(SYSTEMS[url]))
)


@st.composite
def codings(draw: st.DrawFn) -> Json:
    """A coding of a known system, of none, or of one that nobody knows."""
    found: Json = {}
    how = draw(st.integers(0, 5))
    if how > 1:
        found["system"], found["code"] = draw(_system_of)
    elif how == 1:
        found["system"], found["code"] = draw(uris), draw(codes)
    else:
        found["code"] = draw(codes)
    if draw(st.integers(0, 3)) == 0:
        found["version"] = draw(strings)
    if draw(st.integers(0, 1)):
        found["display"] = draw(_DISPLAYS)
    if draw(st.integers(0, 5)) == 0:
        found["userSelected"] = draw(st.booleans())
    return found


@st.composite
def concepts(draw: st.DrawFn) -> Json:
    """A concept with codings, with words, or with both."""
    found: Json = {}
    if coded := draw(st.lists(codings(), max_size=3)):
        found["coding"] = coded
    if not coded or draw(st.booleans()):
        texts = [each.get("code") for each in coded] + [each.get("display") for each in coded]
        known = [each for each in texts if each]
        found["text"] = draw(st.sampled_from(known) | strings if known else strings)
    return found


SIDS = {
    "Patient": "member",
    "Practitioner": "user",
    "Organization": "org",
    "EpisodeOfCare": "case",
    "Encounter": "encounter",
    "Communication": "work-item",
}
_BASES = ("", "", "", "http://fhir.test/fhir/", "https://ehr.example.org/r4/")
_KEYS = ("U12", "M100001", "689fac0527c68d4d36c4bd9d", "7", "x-41", "a.b-c")


@st.composite
def references(draw: st.DrawFn, targets: Sequence[str] = ()) -> Json:
    """A reference: relative, absolute, of this server, versioned, logical, or only words."""
    known = list(targets) or ["Patient", "Practitioner", "EpisodeOfCare", "Goal", "Basic"]
    to, key = draw(st.sampled_from(known)), draw(st.sampled_from(_KEYS))
    found: Json = {}
    how = draw(st.integers(0, 9))
    if how < 6:
        found["reference"] = f"{draw(st.sampled_from(_BASES))}{to}/{key}"
    elif how == 6:
        found["reference"] = f"{draw(st.sampled_from(_BASES))}{to}/{key}/_history/1"
    elif how == 7:
        found["reference"] = "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0"
    if draw(st.integers(0, 2)) == 0:
        found["type"] = to
    if how == 8 or draw(st.integers(0, 2)) == 0:
        own = f"{CANONICAL}/sid/{SIDS.get(to, 'other')}"
        system = draw(st.sampled_from([own, own, "http://example.org/mrn"]))
        found["identifier"] = {"system": system, "value": draw(st.sampled_from([key, "other 1"]))}
    if not found or draw(st.integers(0, 1)):
        found["display"] = draw(strings)
    return found


@st.composite
def periods(draw: st.DrawFn) -> Json:
    """A period with one end or both, in their order."""
    found: Json = {}
    if draw(st.booleans()):
        found["start"] = draw(date_times_from())
    if not found or draw(st.booleans()):
        least = int(found["start"][:4]) + 2 if found else 1
        found["end"] = draw(date_times_from(least))
    return found


_COMPARATORS = ("<", "<=", ">=", ">")


@st.composite
def quantities(draw: st.DrawFn, *, simple: bool = False) -> Json:
    """An amount; its unit in words, in a code, in both or not at all."""
    found: Json = {"value": draw(decimals)}
    if not simple and draw(st.integers(0, 3)) == 0:
        found["comparator"] = draw(st.sampled_from(_COMPARATORS))
    if draw(st.booleans()):
        found["unit"] = draw(st.sampled_from(["%", "mg/dL"]) | strings)
    if draw(st.booleans()):
        found["system"] = draw(st.sampled_from(["http://unitsofmeasure.org", "urn:oid:1.2.3"]))
        if draw(st.booleans()):
            found["code"] = draw(st.sampled_from(["%", "mg/dL", "min"]) | codes)
    return found


@st.composite
def ranges(draw: st.DrawFn) -> Json:
    """A range with one end or both, in their order."""
    ends: Json = {"low": {"value": Digits("1.10")}, "high": {"value": Digits("2E+3"), "unit": "x"}}
    if draw(st.booleans()):
        name = draw(st.sampled_from(["low", "high"]))
        return {name: draw(quantities(simple=True))}
    return ends


durations = st.sampled_from(
    [
        {
            "value": Digits("30"),
            "unit": "min",
            "system": "http://unitsofmeasure.org",
            "code": "min",
        },
        {"value": Digits("1.50"), "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"},
        {"value": Digits("7.0"), "unit": "days"},
        {"value": Digits("3")},
    ]
)
mimes = st.sampled_from(["application/pdf", "text/plain; charset=utf-8", "image/jpeg", "a/b"])
languages = st.sampled_from(["en", "en-US", "de-CH"])
places = st.sampled_from(
    [
        "gs://bucket/a/b.pdf",
        "gs://bucket/with%20blank/\u00fc.pdf",
        "gs://bucket//double.pdf",
        "gs://bucket",
        "gs://bucket/noending",
        "gs://b/a%2Fb.txt",
        "gs://b/caf%C3%A9.JPG",
        "gs://b/a+b(1).tar.gz",
        "https://example.org/a.pdf?x=1#y",
        "Binary/1",
        "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0",
    ]
)
COMPLEX: dict[str, st.SearchStrategy[Json]] = {
    "CodeableConcept": concepts(),
    "Coding": codings(),
    "Reference": references(),
    "Period": periods(),
    "Quantity": quantities(),
    "Range": ranges(),
    "Duration": durations,
    "Money": st.fixed_dictionaries({"value": decimals, "currency": st.just("USD")}),
}
_SIMPLE = ("boolean", "code", "date", "dateTime", "decimal", "id", "instant", "integer", "markdown")
_VALUES = (*_SIMPLE, "string", "time", "uri", "base64Binary", "unsignedInt", "positiveInt")
_PERSON = ("Reference", "Practitioner")
_COMPANY = ("Reference", "Organization")
_OF_CASE = ("Reference", "EpisodeOfCare")
OWN: dict[str, dict[str, tuple[str, str]]] = {
    "Task": {
        "employer": _COMPANY,
        "case": _OF_CASE,
        "created-by": _PERSON,
        "updated-by": _PERSON,
    },
    "Flag": {
        "employer": _COMPANY,
        "case": _OF_CASE,
        "assigned-to": _PERSON,
        "created": ("dateTime", ""),
        "updated-by": _PERSON,
        "note": ("Annotation", ""),
    },
    "Goal": {
        "employer": _COMPANY,
        "case": _OF_CASE,
        "assigned-to": _PERSON,
        "created": ("dateTime", ""),
        "created-by": _PERSON,
        "updated-by": _PERSON,
        "display-message": ("string", ""),
    },
    "Communication": {
        "employer": _COMPANY,
        "conducted-by": _COMPANY,
        "recorded-by": _PERSON,
        "created": ("dateTime", ""),
        "created-by": _PERSON,
        "updated-by": _PERSON,
        "description": ("string", ""),
        "duration": ("Duration", ""),
    },
    "DocumentReference": {"employer": _COMPANY},
    "EpisodeOfCare": {
        "employer": _COMPANY,
        "created": ("dateTime", ""),
        "created-by": _PERSON,
        "updated-by": _PERSON,
        "note": ("Annotation", ""),
        "program-key": ("string", ""),
    },
}
"""Type → extensions of this guide with one value: its type, and what a Reference is to."""
_REPEATED = ("case", "note", "linked-module", "reassignment")
_ALIEN = (
    "http://example.org/a",
    "http://example.org/b",
    "urn:oid:1.2.3.4",
    "urn:uuid:6b01a3f0-0b0c-415c-a6eb-363d00000001",
)


def _named(type_: str) -> str:
    return f"value{type_[0].upper()}{type_[1:]}"


@st.composite
def alien_extensions(draw: st.DrawFn, depth: int = 0) -> Json:
    """An extension that this guide does not know, maybe with others within."""
    found: Json = {"url": draw(st.sampled_from(_ALIEN))}
    if depth < 2 and draw(st.integers(0, 3)) == 0:
        inner = alien_extensions(depth + 1)
        found["extension"] = draw(st.lists(inner, min_size=1, max_size=3))
        return found
    type_ = draw(st.sampled_from([*_VALUES, *COMPLEX]))
    found[_named(type_)] = draw((PRIMITIVES | COMPLEX)[type_])
    if draw(st.integers(0, 7)) == 0:
        found["id"] = "e1"
    return found


@st.composite
def own_extensions(draw: st.DrawFn, type_: str) -> Json:
    """An extension of this guide as it defines it, on a resource of a type."""
    if type_ == "Communication" and draw(st.integers(0, 7)) == 0:
        return draw(reassignments)
    if type_ in _LINKED and draw(st.integers(0, 5)) == 0:
        return draw(linked_modules)
    name = draw(st.sampled_from(list(OWN[type_])))
    kind, to = OWN[type_][name]
    value: object
    if kind == "Reference":
        value = draw(references([to]))
    elif kind == "Annotation":
        value = {"time": draw(date_times_from()), "text": draw(strings)}
    else:
        value = draw((PRIMITIVES | COMPLEX)[kind])
    return {"url": extension(name), _named(kind): value}


_LINKED = ("Task", "Flag", "Goal", "Communication")
linked_modules = st.builds(
    lambda module, key: {
        "url": extension("linked-module"),
        "extension": [
            {"url": "module", "valueString": module},
            {"url": "id", "valueString": key},
        ],
    },
    st.sampled_from(["flag", "goal", "case", " x "]),
    st.sampled_from(_KEYS),
)
reassignments = st.builds(
    lambda at, by: {
        "url": extension("reassignment"),
        "extension": [
            {"url": "date", "valueDateTime": at},
            {"url": "to", "valueReference": by},
        ],
    },
    date_times_from(),
    references(["Practitioner"]),
)


@st.composite
def extensions(draw: st.DrawFn, type_: str) -> list[Json]:
    """Extensions of this guide and of others, in any order; twice where they may repeat."""
    given = draw(st.lists(own_extensions(type_) | alien_extensions(), min_size=1, max_size=6))
    once = {extension(each) for each in OWN[type_] if each not in _REPEATED}
    seen: set[str] = set()
    found = []
    for each in given:
        if each["url"] not in seen:
            found.append(each)
        seen |= once & {each["url"]}
    return found
