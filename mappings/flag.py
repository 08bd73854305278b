"""Flag: a marker on a member (`work_queue`, type flag).

https://hl7.org/fhir/R4/flag.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fhir_facade.rules import dates
from fhir_facade.rules.date_search import Comparison, Precision, comparable, date_filter
from fhir_facade.rules.draft import Clash, Draft
from fhir_facade.rules.filters import (
    EVERYTHING,
    NOTHING,
    Filter,
    absent,
    all_of,
    any_of,
    first_present,
)
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.getting import (
    WHOLE,
    getter,
)
from fhir_facade.rules.invariants import period_in_order
from fhir_facade.rules.kinds import Annotation, Code, Concept, Date, Many, Site, Text
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.mapping import (
    Compiled,
    Mapping,
    rule,
)
from fhir_facade.rules.text import key_text
from mappings.codes import FLAG_STATUS
from mappings.common import (
    ASSIGNED,
    CASES,
    CREATED_ON,
    EMPLOYER,
    MODULES,
    NOT_MARKED,
    REQUIRED_MEMBER,
    UPDATED_BY,
    USER,
    WORK_ITEM,
    WRITABLE,
    work_item,
)

STATUS, VALUE, CATEGORY = ("status", "STATUS"), ("message", "VALUE"), ("category", "CATEGORY")
START, END = ("date_start", "STARTDATE"), ("date_end", "ENDDATE")


@dataclass(frozen=True)
class FlagName(Concept):
    """The flag's name; words alone are its message, and become its name where it has none."""

    def decoder(self, site: Site) -> Decode:
        decode_concept = super().decoder(site)

        def decode(value: Any, old: Any) -> Any:
            coded = any("code" in each for each in value.get("coding", ()))
            return decode_concept(value, old) if coded or old in (None, "") else old

        return decode


@dataclass(frozen=True)
class FlagStatus(Code):
    """The stored status; where there is none, active while the period is open, else inactive.

    An end that cannot be compared leaves that question open: such a flag without status is
    unservable.
    """

    @property
    def search_type(self) -> str:
        return "token"

    def encoder(self, site: Site) -> Encode:
        stored_status, stored_end = getter(STATUS), getter(END)
        encode_code = super().encoder(site.at("status"))
        zone = site.context.timezone

        def encode(document: Any, findings: Findings) -> Any:
            value = stored_status(document)
            if value is not None:
                return encode_code(value, findings)
            end = stored_end(document)
            if end is None:
                return "active"
            moment = dates.read(end, zone)
            if isinstance(moment, str) or not moment.searchable:
                findings.append(site.unservable("no status, and an end that cannot be compared"))
                return None
            ended = dates.local_day(moment, zone) < _today(site)
            return "inactive" if ended else "active"

        return encode

    @property
    def reads(self) -> tuple[str, ...]:
        return STATUS

    def decoder(self, site: Site) -> Decode:
        """Store the status under the name that the document has for it."""
        stored_status = getter(STATUS)
        decode_code = super().decoder(site.at("status"))

        def decode(value: Any, document: Any) -> dict[str, Any]:
            name = next((each for each in STATUS if document.get(each) not in (None, "")), "status")
            stored = None if value is None else decode_code(value, stored_status(document))
            return {name: stored}

        return decode

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        if system not in (None, self.codes.system):
            return NOTHING
        stored = first_present(
            STATUS, lambda path: super(FlagStatus, self).token(site.at(path), system, code)
        )
        found = [stored]
        if code in (None, "active"):
            found.append(all_of([*_unset(STATUS), *_unset(END)]))
            found.append(all_of([*_unset(STATUS), _end_compares("ge", site)]))
        if code in (None, "inactive"):
            found.append(all_of([*_unset(STATUS), _end_compares("lt", site)]))
        return any_of(found)

    def present(self, site: Site) -> Filter:
        del site
        return EVERYTHING

    def servable(self, site: Site) -> Filter:
        spelled = first_present(
            STATUS, lambda path: super(FlagStatus, self).servable(site.at(path)) or {}
        )
        told = any_of([all_of(_unset(END)), first_present(END, comparable)])
        return any_of([spelled, all_of([*_unset(STATUS), told])])

    def paths(self, path: str) -> tuple[str, ...]:
        del path
        return STATUS


def _today(site: Site) -> str:
    return datetime.now(UTC).astimezone(site.context.timezone).date().isoformat()


def _unset(paths: tuple[str, ...]) -> list[Filter]:
    return [absent(path) for path in paths]


def _end_compares(prefix: str, site: Site) -> Filter:
    """Compare the day the flag ends with today: a flag is active on its last day."""
    zone = site.context.timezone
    midnight = datetime.combine(datetime.fromisoformat(_today(site)), datetime.min.time(), zone)
    now = Comparison(prefix, midnight.astimezone(UTC), midnight.astimezone(UTC))
    return first_present(END, lambda path: date_filter(path, now, zone, Precision.DAY))


def one_active_flag(source: Compiled, draft: Draft) -> Clash | None:
    """A member has one active flag of a name; what was so before the write is not judged."""
    name, member = _marks(draft.document)
    if draft.put.get("status") != "active" or name is None or member is None:
        return None
    was_active = (draft.previous or {}).get("status") == "active"
    if was_active and _marks(draft.old or {}) == (name, member):
        return None
    patient = [Target("Patient", member)]
    filter = all_of(
        [
            source.mapping.where,
            source.not_deleted,
            any_of({path: {"$eq": name}} for path in ("name", "name.value")),
            source.params["patient"].filter(lambda kind, site: kind.reference(site, patient)),
            source.params["status"].filter(lambda kind, site: kind.token(site, None, "active")),
        ]
    )
    text = "The member has an active flag of this name already."
    return Clash(f"flag {member} {name}", filter, text, "Flag.code")


def _marks(document: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the name of a flag and the key of its member."""
    name, subject = document.get("name"), document.get("subject")
    name = name.get("value") if isinstance(name, dict) else name
    member = key_text(subject.get("id") if isinstance(subject, dict) else subject)
    return name if isinstance(name, str) else None, member


# fmt: off
FLAG = Mapping(
    "Flag",
    collection="work_queue",
    where=work_item("flag"),
    rules=(
        *WORK_ITEM,
        # FHIR element       stored field   kind                                                search
        rule("status",         WHOLE,         FlagStatus(FLAG_STATUS, required=True),             "status"),
        rule("category[]",     CATEGORY,      Concept("flag-category"),                           "category"),
        rule("code",           "name",        FlagName("flag-name", required=True, shows=True, any_code=True), "code"),
        rule("code.text",      VALUE,         Text(of_code=True),                                  "code"),
        rule("subject",        "subject",     REQUIRED_MEMBER,                                    "patient subject"),
        rule("period.start",   START,         Date(),                                             "date.start"),
        rule("period.end",     END,           Date(),                                             "date.end"),
        rule("author",         "created_by",  USER,                                               "author"),
        EMPLOYER,
        ASSIGNED,
        CASES,
        MODULES,
        CREATED_ON,
        UPDATED_BY,
        rule("extension:note", "notes",       Many(Annotation())),
    ),
    finish=(period_in_order("period", field="date_end"),),
    main_date="date",
    by_day=True,
    writes=WRITABLE,
    creates={"type": "flag", **NOT_MARKED},
    clashes=one_active_flag,
)
# fmt: on
