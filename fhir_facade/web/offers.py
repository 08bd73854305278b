"""What a page can offer to somebody who is new here: apps, and queries to try."""

from __future__ import annotations

from typing import Final, NamedTuple

from fhir_facade.http.smart import PATH as SMART
from fhir_facade.web.front import Front

_MEMBER: Final = "M100001"
_EXAMPLES: Final = (
    ("Goal", f"Goal?patient={_MEMBER}", "The goals of one member.", True),
    ("EpisodeOfCare", f"EpisodeOfCare?patient={_MEMBER}", "The cases of one member.", True),
    ("Patient", f"Patient/{_MEMBER}", "Who that member is, as far as it is known here.", True),
    (
        "Task",
        "Task?status=in-progress&_sort=-due&_count=5",
        "Work under way, the latest due date first, five to a page.",
        False,
    ),
    (
        "Communication",
        "Communication?_sort=-sent&_count=10",
        "The last contacts with members.",
        False,
    ),
    ("Flag", "Flag?status=active&_count=10", "Active flags.", False),
    ("Task", "Task?status=ready&_summary=count", "How many tasks are ready.", False),
    (
        "Task",
        "Task?stauts=ready",
        "A misspelt filter: it is refused, with the valid ones, and never dropped.",
        False,
    ),
)
_APPS: Final = {
    "goals": ("My goals", "A member sees her goals, open tasks and last contacts."),
    "case": ("Case page", "A care manager finds a case and sees all that belongs to it."),
}


class Example(NamedTuple):
    """A query that can be clicked."""

    query: str
    says: str


_WITHOUT_TOKEN: Final = (
    Example("metadata", "What this server can do: its CapabilityStatement."),
    Example(SMART, "Where apps sign in, and what they may ask for."),
)
_DEFINITIONS: Final = (
    Example("StructureDefinition?type=Task", "What a Task is here: its profile."),
    Example("ValueSet?_count=5", "Codes that are used here, five value sets to a page."),
)


class Offered(NamedTuple):
    """An app as the pages offer it."""

    name: str
    title: str
    says: str


def apps(front: Front) -> list[Offered]:
    """Return the apps that are served."""
    return [Offered(name, *_APPS.get(name, (name, ""))) for name in front.apps]


def examples(front: Front) -> list[Example]:
    """Return queries that are answered, or refused for a reason to show, when they are clicked."""
    if not front.open:
        return [*_WITHOUT_TOKEN, *(_DEFINITIONS if front.definitions else ())]
    return [
        Example(query, says)
        for kind, query, says, of_demo in _EXAMPLES
        if kind in front.types and (front.demo or not of_demo)
    ]
