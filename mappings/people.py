"""Members, care managers and organizations: no collection holds them, but references name them.

A line says where a reference to one is looked for; each of the searches has an index.
"""

from fhir_facade.rules.people import Named

# fmt: off
PEOPLE: tuple[Named, ...] = (
    Named("Patient",      "member", ("EpisodeOfCare.patient", "Task.patient", "Goal.patient", "Flag.patient", "Communication.patient")),
    Named("Practitioner", "user",   ("EpisodeOfCare.care-manager", "Task.owner", "Communication.sender", "Goal.assigned-to", "Flag.assigned-to")),
    Named("Organization", "org",    ("EpisodeOfCare.employer", "Task.employer")),
)
