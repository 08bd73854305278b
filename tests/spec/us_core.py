"""What US Core 6.1.0 asks of a server for the types whose profiles are claimed here, as facts.

https://hl7.org/fhir/us/core/STU6.1/CapabilityStatement-us-core-server.html
"""

from __future__ import annotations

from dataclasses import dataclass

PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
ASSESS_PLAN = ("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan")
CLINICAL_NOTE = (
    "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
    "clinical-note",
)


@dataclass(frozen=True)
class Parameter:
    """A search parameter: its type and the elements it looks at."""

    kind: str
    elements: tuple[str, ...]
    system: str | None = None
    """Of an element of type code: the system that its codes are of."""
    many: bool = False
    """Whether several values, joined by commas, are to be supported (SHALL or SHOULD)."""


@dataclass(frozen=True)
class Group:
    """One type: searches, interactions, must-support elements and constraints."""

    parameters: dict[str, Parameter]
    shall: tuple[tuple[str, ...], ...]
    should: tuple[tuple[str, ...], ...]
    must_support: tuple[tuple[str, ...], ...]
    """Elements; of those in one tuple, one suffices."""
    cardinality: tuple[tuple[str, int, int | None], ...]
    """Element, least and most; counted within each of the elements that hold it."""
    codes: dict[str, frozenset[str]]
    """Elements of type code, with the codes of their required binding."""
    targets: dict[str, frozenset[str]]
    """Elements of type Reference, with the types they may refer to."""
    interactions: tuple[str, ...] = ("read", "search-type")


_PATIENT = Parameter("reference", ("subject",))
_REQUEST_STATUS = frozenset(
    ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown")
)
_PERSONS = ("Practitioner", "Organization", "Patient", "PractitionerRole", "RelatedPerson")

GROUPS = {
    "Goal": Group(
        parameters={
            "patient": _PATIENT,
            "lifecycle-status": Parameter(
                "token", ("lifecycleStatus",), "http://hl7.org/fhir/goal-status"
            ),
            "target-date": Parameter("date", ("target.dueDate",)),
            "description": Parameter("token", ("description",)),
        },
        shall=(("patient",),),
        should=(
            ("patient", "lifecycle-status"),
            ("patient", "target-date"),
            ("patient", "description"),
        ),
        must_support=(
            ("lifecycleStatus",),
            ("description",),
            ("subject",),
            ("target",),
            ("startDate", "target.dueDate"),
        ),
        cardinality=(("lifecycleStatus", 1, 1), ("description", 1, 1), ("subject", 1, 1)),
        codes={
            "lifecycleStatus": frozenset(
                [
                    "proposed",
                    "planned",
                    "accepted",
                    "active",
                    "on-hold",
                    "completed",
                    "cancelled",
                    "entered-in-error",
                    "rejected",
                ]
            )
        },
        targets={"subject": frozenset(("Patient",))},
    ),
    "DocumentReference": Group(
        parameters={
            "_id": Parameter("id", ("id",)),
            "patient": _PATIENT,
            "status": Parameter(
                "token", ("status",), "http://hl7.org/fhir/document-reference-status", many=True
            ),
            "category": Parameter("token", ("category",)),
            "type": Parameter("token", ("type",)),
            "date": Parameter("date", ("date",)),
            "period": Parameter("date", ("context.period",)),
        },
        shall=(
            ("_id",),
            ("patient",),
            ("patient", "category"),
            ("patient", "category", "date"),
            ("patient", "type"),
        ),
        should=(("patient", "status"), ("patient", "type", "period")),
        must_support=(
            ("identifier",),
            ("status",),
            ("type",),
            ("category",),
            ("subject",),
            ("date",),
            ("author",),
            ("content",),
            ("content.attachment",),
            ("content.attachment.contentType",),
            ("content.attachment.url", "content.attachment.data"),
            ("content.format",),
            ("context",),
            ("context.encounter",),
            ("context.period",),
        ),
        cardinality=(
            ("status", 1, 1),
            ("type", 1, 1),
            ("category", 1, None),
            ("subject", 1, 1),
            ("content", 1, None),
            ("content.attachment", 1, 1),
            ("context.encounter", 0, 1),
        ),
        codes={"status": frozenset(("current", "superseded", "entered-in-error"))},
        targets={
            "subject": frozenset(("Patient",)),
            "author": frozenset((*_PERSONS, "Device")),
            "context.encounter": frozenset(("Encounter",)),
        },
        interactions=("read", "search-type", "create"),
    ),
    "CarePlan": Group(
        parameters={
            "patient": _PATIENT,
            "category": Parameter("token", ("category",)),
            "status": Parameter(
                "token", ("status",), "http://hl7.org/fhir/request-status", many=True
            ),
            "date": Parameter("date", ("period",)),
        },
        shall=(("patient", "category"),),
        should=(
            ("patient", "category", "status"),
            ("patient", "category", "status", "date"),
            ("patient", "category", "date"),
        ),
        must_support=(
            ("text",),
            ("text.status",),
            ("text.div",),
            ("status",),
            ("intent",),
            ("category",),
            ("subject",),
        ),
        cardinality=(
            ("status", 1, 1),
            ("intent", 1, 1),
            ("category", 1, None),
            ("subject", 1, 1),
            ("text", 0, 1),
        ),
        codes={
            "status": _REQUEST_STATUS,
            "intent": frozenset(("proposal", "plan", "order", "option")),
            "text.status": frozenset(("generated", "additional")),
        },
        targets={"subject": frozenset(("Patient",))},
    ),
    "CareTeam": Group(
        parameters={
            "patient": _PATIENT,
            "status": Parameter(
                "token", ("status",), "http://hl7.org/fhir/care-team-status", many=True
            ),
            "role": Parameter("token", ("participant.role",)),
        },
        shall=(("patient", "status"),),
        should=(("patient", "role"),),
        must_support=(
            ("status",),
            ("subject",),
            ("participant",),
            ("participant.role",),
            ("participant.member",),
        ),
        cardinality=(
            ("subject", 1, 1),
            ("participant", 1, None),
            ("participant.role", 1, 1),
            ("participant.member", 1, 1),
        ),
        codes={
            "status": frozenset(("proposed", "active", "suspended", "inactive", "entered-in-error"))
        },
        targets={
            "subject": frozenset(("Patient",)),
            "participant.member": frozenset((*_PERSONS, "CareTeam")),
        },
    ),
}

COMPARATORS = ("gt", "ge", "lt", "le")
"""What a date parameter of US Core has to take before a date, besides nothing."""

NOT_HELD = {
    ("DocumentReference", "identifier"): "a document has one id, which is its masterIdentifier",
    ("DocumentReference", "content.format"): "the platform stores no document format",
    ("DocumentReference", "context.encounter"): (
        "a document's encounter is its case, an EpisodeOfCare, which R4 allows and US Core does not"
    ),
}
"""Must-support elements that the platform has no data for, with the reason."""

NOT_CLAIMED = {
    "DocumentReference": (
        "stored documents have local types, and a case for an encounter; those that a client "
        "writes with a LOINC type may claim it"
    )
}
"""Types whose stored records alone do not satisfy the profile, with the reason."""
