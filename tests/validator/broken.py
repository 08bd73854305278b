"""Resources that are broken on purpose, one rule each: a validator that takes them is no proof."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.validator.control import example
from tests.validator.sample import Expected, Json, Sample

GROUP = "must-fail"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
GUIDE = "https://fhir.wellnecity.com/StructureDefinition/"


class Break(NamedTuple):
    """What is done to a resource, and the error that it must give."""

    name: str
    of: str
    how: Callable[[Json], object]
    at: str
    message: str


def _set(element: str, value: Any) -> Callable[[Json], object]:
    return lambda resource: resource.update({element: value})


def _without(element: str) -> Callable[[Json], object]:
    return lambda resource: resource.pop(element)


def _extended(url: str, **value: Any) -> Callable[[Json], object]:
    """Add an extension of this guide."""
    return lambda resource: resource.setdefault("extension", []).append(
        {"url": GUIDE + url, **value}
    )


def _claims(type_: str, element: str) -> Callable[[Json], object]:
    """Claim a profile of US Core, and leave out what it asks for."""

    def broken(resource: Json) -> None:
        resource["meta"] = {"profile": [US_CORE + type_]}
        resource.pop(element, None)

    return broken


def _unmeasured(goal: Json) -> None:
    goal["target"] = [{"detailString": "less"}]


def _two_dues(goal: Json) -> None:
    goal["target"] = [{"dueDate": "2026-01-16", "dueDuration": {"value": 1, "unit": "d"}}]


def _last_modified_first(task: Json) -> None:
    task |= {"authoredOn": "2026-01-16T09:30:00Z", "lastModified": "2020-01-01T00:00:00Z"}


def _entry(case: Json, type_: str) -> Json:
    """The first entry of a type."""
    found = (each for each in case["entry"] if each["resource"]["resourceType"] == type_)
    return dict(next(found))


def _without_episode(case: Json) -> None:
    case["entry"] = [
        each for each in case["entry"] if each["resource"]["resourceType"] != "EpisodeOfCare"
    ]


def _two_episodes(case: Json) -> None:
    copied = copy.deepcopy(_entry(case, "EpisodeOfCare"))
    copied["fullUrl"] += "x"
    copied["resource"]["id"] += "x"
    case["entry"].append(copied)


def _nameless_entry(case: Json) -> None:
    del case["entry"][1]["fullUrl"]


SERVED = (
    Break("a code outside of R4's", "Task", _set("status", "parked"), "Task.status", "parked"),
    Break("a mandatory element is missing", "Task", _without("intent"), "Task", "intent"),
    Break("text where an object belongs", "Flag", _set("code", "fall"), "Flag.code", "object"),
    Break("a list where one belongs", "Goal", _set("startDate", ["2026-01-16"]), "Goal", "array"),
    Break("no real day", "Goal", _set("startDate", "2026-02-30"), "Goal.start", "2026-02-30"),
    Break(
        "a time without zone",
        "Task",
        _set("authoredOn", "2026-01-16T09:30:00"),
        "Task.authoredOn",
        "2026-01-16T09:30:00",
    ),
    Break(
        "an element that R4 does not know",
        "Task",
        _set("urgency", "high"),
        "Task",
        "unrecognized property|urgency",
    ),
    Break("an invariant of R4: gol-1", "Goal", _unmeasured, "Goal.target", "gol-1"),
    Break("an invariant of R4: inv-1 of Task", "Task", _last_modified_first, "Task", "inv-1"),
    Break("two values of one choice", "Goal", _two_dues, "Goal.target", "due|maximum"),
    Break(
        "a reference to a type that is not allowed",
        "Flag",
        _set("subject", {"reference": "Task/1", "type": "Task"}),
        "Flag.subject",
        "target|type",
    ),
    Break("an empty object", "Task", _set("code", {}), "Task.code", "empty|must have"),
    Break("an empty text", "Goal", _set("description", {"text": ""}), "Goal.description", "empty"),
    Break(
        "a known extension with a value of the wrong type",
        "Goal",
        _extended("employer", valueString="O1"),
        "Goal.extension",
        "type|not found|not allowed",
    ),
    Break(
        "an extension that this guide does not publish",
        "Task",
        _extended("no-such-thing", valueString="x"),
        "Task.extension",
        "no-such-thing",
    ),
    Break(
        "an extension of this guide where it does not belong",
        "Task",
        _extended("savings", extension=[{"url": "identified", "valueMoney": {"value": 1}}]),
        "Task",
        "savings is not allowed",
    ),
    Break(
        "a profile that does not exist",
        "Task",
        _set("meta", {"profile": [GUIDE + "facade-nothing"]}),
        "Task.meta.profile",
        "facade-nothing",
    ),
    Break(
        "US Core's goal without description",
        "Goal",
        _claims("goal", "description"),
        "Goal",
        "description",
    ),
    Break(
        "US Core's document without category",
        "DocumentReference",
        _claims("documentreference", "category"),
        "DocumentReference",
        "category",
    ),
    Break(
        "US Core's care plan without its category",
        "CarePlan",
        _claims("careplan", "category"),
        "CarePlan",
        "category",
    ),
    Break(
        "US Core's care team without participants",
        "CareTeam",
        _claims("careteam", "participant"),
        "CareTeam",
        "participant",
    ),
    Break(
        "a script in a narrative",
        "CarePlan",
        _set(
            "text",
            {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>',
            },
        ),
        "CarePlan.text",
        "script",
    ),
    Break("a case without its episode", "Case", _without_episode, "Bundle", "episode|minimum"),
    Break("a case with two episodes", "Case", _two_episodes, "Bundle", "episode|maximum"),
    Break(
        "a case of another type of Bundle",
        "Case",
        _set("type", "searchset"),
        "Bundle",
        "collection",
    ),
    Break("a case without identifier", "Case", _without("identifier"), "Bundle", "identifier"),
    Break("a case with an entry without URL", "Case", _nameless_entry, "Bundle.entry", "fullUrl"),
)

OFFICIAL = (
    Break(
        "HL7's task in a status that does not exist",
        "Task-example1",
        _set("status", "done"),
        "Task.status",
        "done",
    ),
    Break(
        "HL7's episode without patient",
        "EpisodeOfCare-example",
        _without("patient"),
        "EpisodeOfCare",
        "patient",
    ),
    Break(
        "HL7's communication of a number",
        "Communication-example",
        _set("sent", 2026),
        "Communication.sent",
        "string|number|date",
    ),
    Break(
        "US Core's goal of a group",
        "Goal-goal-1",
        _set("subject", {"reference": "Group/1", "type": "Group"}),
        "Goal.subject",
        "target|type",
    ),
    Break(
        "US Core's document without content",
        "DocumentReference-discharge-summary",
        _without("content"),
        "DocumentReference",
        "content",
    ),
    Break(
        "US Core's care plan in a category of another",
        "CarePlan-colonoscopy",
        _set("category", [{"text": "assessment"}]),
        "CarePlan",
        "category",
    ),
)


def broken(whole: dict[str, Json]) -> Iterator[Sample]:
    """Broken variants of a resource of each type, and of official examples."""
    for each in SERVED:
        yield _sample(each, whole[each.of])
    for each in OFFICIAL:
        yield _sample(each, example(each.of))


def _sample(given: Break, resource: Json) -> Sample:
    found = copy.deepcopy(resource)
    given.how(found)
    assert found != resource, given.name
    return Sample(f"{given.of}: {given.name}", GROUP, found, Expected(given.at, given.message))
