"""What a data owner can do about each cause: one sentence, made from the reason and the place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from fhir_facade.commands.check_report import INVALID, NO_TYPE, Cause
from fhir_facade.rules import dates
from fhir_facade.rules.codes import Codes
from fhir_facade.rules.elements import fhirpath
from fhir_facade.rules.kinds import Kind
from fhir_facade.rules.kinds.concepts import UNKNOWN_SPELLING
from fhir_facade.rules.mapping import OVERRULED, Rule
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.value_sets import code_tables

_MOST_SPELLINGS: Final = 12
_WRONG_TYPE: Final = re.compile(r"(\w+) where (.+) belongs")
_BEFORE: Final = re.compile(r"lies before (.+)")

WANTED: Final = {
    "a boolean": "true or false",
    "a code": "one of its codes as text",
    "a document": "an object with document_id, document_title, bucket and path",
    "a finite number": "a finite number (neither NaN nor infinity)",
    "a key": "an id: text without blanks around it, an ObjectId, a UUID or a whole number",
    "a list": "a list",
    "a measure": "a number with its unit, text, a boolean, or an object {type, value, system}",
    "a note": "text, or an object {text, created, created_by}",
    "a number from 0 up": "a number that is not negative",
    "a quantity": "a number, or an object {value, unit}",
    "a value": "text, a number, a boolean, a date, or an object with an id or a display",
    "a whole number": "a whole number",
    "an object": "an object",
    "an outcome": "text, or an object {code, display, system}",
    "text": "text",
}
"""What a reason says belongs in a field → what to store there."""

_FIXES: Final = {
    dates.UNREADABLE: "Store a BSON date in {field}, or text such as 2026-01-31T09:30:00Z.",
    dates.OUT_OF_RANGE: "Correct {field}: FHIR has the years 1 to 9999 only.",
    dates.NOT_SEARCHABLE: "Rewrite {field} as a BSON date, or as text in the form 2026-01-31 or "
    "2026-01-31T09:30:00Z; until then searches by date do not find it.",
    OVERRULED: "Nothing need be done: the stored value is served. Update {element} through FHIR "
    "to replace what was kept.",
    NO_TYPE: "If these should be served, set {field} to task, flag, goal or interaction, in small "
    "letters; documents of other kinds can stay as they are.",
    "an id that FHIR cannot write": "Copy the document under an _id that is an ObjectId, a UUID, "
    "or text of at most 64 letters, digits, - and . (31 bytes with other characters).",
    "a case _id that leaves no room for the entry's": "Copy the case under a shorter _id: its log "
    "entries are named after it, {{_id}}.log.1, in 64 characters.",
    "an entry without a module type and id": "Give each entry of {field} a type and an id, "
    "{{type: case, id: …}}, or remove the entry.",
    "a link without a readable id": "Correct the id of the entries of {field} that cannot be "
    "read: text, an ObjectId or a UUID.",
    "a case link whose id cannot be a FHIR id": "Correct the case id in {field}: it must be the "
    "_id of a case, as an ObjectId, a UUID or text.",
    "an object without a readable id": "Fill `id` in the object at {field}, or store the bare id.",
    "blank text where a key belongs": "Store the id in {field}, or unset the field.",
    "an object without a code or a display": "Fill `value` or `display` in the object at {field}, "
    "or store the code as text.",
    "a whole number outside FHIR's range": "Correct {field}: FHIR's whole numbers end at "
    "2147483647.",
    "a note without text": "Fill `text` in the entries of {field} that have none, or remove them.",
    "several primary participants; the first is served": "Mark one participant of the case as "
    "primary: set case_participant_is_primary to false in the others.",
    "no primary participant or originator to name": "Mark one participant of the case as primary: "
    "set case_participant_is_primary to true in it.",
    "a participant without an organization": "Fill case_participant_org_id in the rows of {field} "
    "that have none.",
    "an origin that is not a code": "Store a code, text without blanks around it, in {field}.",
    "not a FHIR extension": "Correct {field}: an entry is an object with a `url` and one value[x] "
    "or extensions of its own, as FHIR has it.",
    "an extension that this guide has a field for": "Move what the entry in {field} says to the "
    "field that docs/mappings names for it, and remove the entry.",
    "a condition without an id": "Fill the id of the items of type condition in {field}.",
    "an item without a readable id": "Fill the id of the items in {field} that have none.",
    "no bucket and path to give a url": "Fill both `bucket` and `path` of the document: its url is "
    "gs://bucket/path.",
    "a document without a usable document_id": "Fill `document_id` of the documents in {field}: "
    "text of at most 64 letters, digits, - and . is best.",
    "a measure without a value": "Fill `value` in {field}, or unset the field.",
    "a system that is no URL; served as text": "Store the code system's URL as `system` in "
    "{field}, such as http://loinc.org.",
    "a system that is no URL; the code stands without it": "Store the code system's URL as "
    "`system` in {field}, such as http://snomed.info/sct.",
    "served as quantity: it does not fit its type": "Let `type` in {field} say what the value is: "
    "quantity, ratio, range, string, boolean, integer or codeableconcept.",
    "served as text: it does not read as its measure type": "Store in {field} a value that fits "
    "its `type`, such as {{type: quantity, value: {{value: 7, unit: %}}}}.",
    "no status, and an end that cannot be compared": "Fill `status` with active, inactive or "
    "entered-in-error, or store a BSON date as the end.",
    "status changes out of order; no history is made of them": "Put the status_change entries of "
    "{field} in the order of their dates.",
}
"""Reason → what to do."""


class Fixes:
    """Gives the fix of each cause, with what the mapping tables know of the place."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def fix(self, cause: Cause) -> str:
        """Return what to do about a cause; raise KeyError for a reason that nobody thought of."""
        if cause.severity == INVALID:
            return (
                "Nothing in the data need be changed: this server made the fault. "
                "Report the type, the element and the reason to whoever maintains it."
            )
        field = f"{cause.collection}.{cause.field}"
        if cause.field == "_id":
            return _FIXES["an id that FHIR cannot write"]
        if cause.reason == "nothing stored":
            return self._fill(cause, field)
        if cause.reason.startswith(UNKNOWN_SPELLING):
            return self._stray(cause, field)
        if (found := _WRONG_TYPE.fullmatch(cause.reason)) and cause.reason not in _FIXES:
            return self._retype(cause, field, found[2])
        if found := _BEFORE.fullmatch(cause.reason):
            return f"Correct {field}, or the date before which it lies: it must follow {found[1]}."
        return _FIXES[cause.reason].format(field=field, element=cause.element)

    def _fill(self, cause: Cause, field: str) -> str:
        table, _ = self._tables(cause)
        wanted = f" with {_spellings(table)}" if table else ""
        if cause.severity == "unservable":
            return f"Fill {field}{wanted}: FHIR requires {cause.element}, so it is not served."
        return (
            f"Fill {field}{wanted}: FHIR requires {cause.element}, which is served as unknown "
            "until then."
        )

    def _stray(self, cause: Cause, field: str) -> str:
        known, can_be_named = self._tables(cause)
        store = f"tore {_spellings(known)} in {field}."
        if known is None or not can_be_named:
            return f"S{store}"
        example = {cause.element: {"<the stored value>": next(iter(known.stored))}}
        return (
            "Name the stray value, and the code that it stands for, in the file of "
            f"FHIR_FACADE_CODES_FILE: {json.dumps(example)}; or s{store}"
        )

    def _retype(self, cause: Cause, field: str, wanted: str) -> str:
        table = self._tables(cause)[0] if wanted == "a code" else None
        what = _spellings(table) if table else WANTED[wanted]
        needed = cause.severity == "unservable" or any(
            rule.kind.total for rule in self._rules(cause)
        )
        return f"Store {what} in {field}{'' if needed else ', or unset the field'}."

    def _tables(self, cause: Cause) -> tuple[Codes | None, bool]:
        """Return the table that a field is read through, and whether a codes file can add to it."""
        last = cause.field.rpartition(".")[2].removesuffix("[]")
        nested: list[Codes] = []
        for rule in self._rules(cause):
            if tables := code_tables(rule.kind):
                return tables[0], True
            nested += _nested(rule.kind, last)
        return (nested[0], False) if nested else (None, False)

    def _rules(self, cause: Cause) -> list[Rule]:
        sources = [each for each in self._registry.sources if each.resource == cause.type]
        return [
            rule
            for source in sources
            for rule in source.mapping.rules
            if fhirpath(source.resource, rule.element) == cause.element
        ]


def _nested(kind: Kind, field: str) -> Iterator[Codes]:
    """Yield the code tables through which a kind reads the parts of its value."""
    for each in kind.gives:
        if field in (name.rpartition(".")[2] for name in each.fields):
            yield from code_tables(each.kind)
        yield from _nested(each.kind, field)


def _spellings(table: Codes | None) -> str:
    if table is None:
        return "one of the known codes"
    names = list(table.stored.values())
    more = ", …" if len(names) > _MOST_SPELLINGS else ""
    return f"one of {', '.join(names[:_MOST_SPELLINGS])}{more}"
