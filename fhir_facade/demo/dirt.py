"""How a share of the documents is spoiled: the table of all kinds of dirt, and what applies it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from fhir_facade.demo import dirt_dates as dates
from fhir_facade.demo import dirt_fields as fields
from fhir_facade.demo import dirt_parts as parts
from fhir_facade.demo import dirt_values as values
from fhir_facade.demo.dice import Dice, Document

Spoil = Callable[[Document, Dice], bool]
"""Spoils the document in place; false, and no change, where there is nothing to spoil."""

ITEMS = ("task", "flag", "goal", "Interaction")
CASE = ("case",)
GOAL = ("goal",)
PAPERED = ("case", "Interaction")
LINKED = (*ITEMS, "outcome")
TIMED = (*ITEMS, "case", "outcome")
NUMERIC = ("goal", "Interaction", "case", "outcome")
ANY = (*ITEMS, "case", "outcome")


class Dirt(NamedTuple):
    """One kind of dirt: how often, compared with the others, and on which kinds of documents."""

    name: str
    weight: int
    kinds: tuple[str, ...]
    spoil: Spoil


DIRT = (
    Dirt("flag-upper-case-fields",           6, ("flag",), fields.flag_upper_case_fields),
    Dirt("flag-active-twice",                6, ("flag",), fields.flag_active_twice),
    Dirt("times-camel-case",                 3, TIMED,     fields.times_camel_case),
    Dirt("times-snake-case",                 3, TIMED,     fields.times_snake_case),
    Dirt("date-text",                        4, TIMED,     dates.date_text),
    Dirt("date-naive-text",                  3, TIMED,     dates.date_naive_text),
    Dirt("date-zulu-text",                   3, TIMED,     dates.date_zulu_text),
    Dirt("date-offset-text",                 3, TIMED,     dates.date_offset_text),
    Dirt("date-fraction-text",               3, TIMED,     dates.date_fraction_text),
    Dirt("date-space-text",                  2, TIMED,     dates.date_space_text),
    Dirt("date-us-text",                     3, TIMED,     dates.date_us_text),
    Dirt("date-garbage",                     2, TIMED,     dates.date_garbage),
    Dirt("date-impossible",                  2, TIMED,     dates.date_impossible),
    Dirt("date-epoch-number",                2, TIMED,     dates.date_epoch_number),
    Dirt("date-naive",                       2, TIMED,     dates.date_naive),
    Dirt("date-far-future",                  2, TIMED,     dates.date_far_future),
    Dirt("date-beyond-python",               1, TIMED,     dates.date_beyond_python),
    Dirt("id-uuid",                          1, ANY,       fields.id_uuid),
    Dirt("id-text",                          1, ANY,       fields.id_text),
    Dirt("id-awkward",                       1, ANY,       fields.id_awkward),
    Dirt("id-too-long",                      1, ANY,       fields.id_too_long),
    Dirt("id-looks-encoded",                 1, ANY,       fields.id_looks_encoded),
    Dirt("owner-as-text",                    3, ANY,       fields.owner_as_text),
    Dirt("owner-without-id",                 2, ANY,       fields.owner_without_id),
    Dirt("notes-as-strings",                 3, ANY,       fields.notes_as_strings),
    Dirt("notes-as-text",                    2, ANY,       fields.notes_as_text),
    Dirt("code-unknown",                     4, ANY,       values.code_unknown),
    Dirt("code-variant",                     6, ANY,       values.code_variant),
    Dirt("type-mixed-case",                  4, ITEMS,     values.type_mixed_case),
    Dirt("required-missing",                 5, ANY,       values.required_missing),
    Dirt("value-null",                       4, ANY,       values.value_null),
    Dirt("text-empty",                       3, ANY,       values.text_empty),
    Dirt("text-blank",                       2, ANY,       values.text_blank),
    Dirt("list-empty",                       2, ANY,       values.list_empty),
    Dirt("object-empty",                     2, ANY,       values.object_empty),
    Dirt("text-as-list",                     2, ANY,       values.text_as_list),
    Dirt("text-as-object",                   2, ANY,       values.text_as_object),
    Dirt("text-as-number",                   2, ANY,       values.text_as_number),
    Dirt("text-as-boolean",                  2, ANY,       values.text_as_boolean),
    Dirt("list-as-text",                     2, ANY,       values.list_as_text),
    Dirt("object-as-list",                   2, ANY,       values.object_as_list),
    Dirt("status-as-number",                 2, ANY,       values.status_as_number),
    Dirt("null-in-list",                     2, ANY,       values.null_in_list),
    Dirt("list-in-list",                     2, ANY,       values.list_in_list),
    Dirt("number-not-finite",                3, NUMERIC,   values.number_not_finite),
    Dirt("number-nan",                       3, NUMERIC,   values.number_nan),
    Dirt("number-as-text",                   3, NUMERIC,   values.number_as_text),
    Dirt("text-control-characters",          2, ANY,       values.text_control_characters),
    Dirt("text-odd-characters",              2, ANY,       values.text_odd_characters),
    Dirt("text-very-long",                   1, ANY,       values.text_very_long),
    Dirt("text-html",                        2, ANY,       values.text_html),
    Dirt("state-deleted",                    2, ANY,       fields.state_deleted),
    Dirt("state-archived",                   2, ANY,       fields.state_archived),
    Dirt("state-hidden",                     2, ANY,       fields.state_hidden),
    Dirt("state-as-text",                    3, ANY,       fields.state_as_text),
    Dirt("state-as-number",                  3, ANY,       fields.state_as_number),
    Dirt("link-orphan",                      3, LINKED,    fields.link_orphan),
    Dirt("link-null",                        2, LINKED,    fields.link_null),
    Dirt("link-nested",                      2, LINKED,    fields.link_nested),
    Dirt("link-without-type",                2, LINKED,    fields.link_without_type),
    Dirt("target-as-text",                   4, GOAL,      parts.target_as_text),
    Dirt("target-loose-quantity",            4, GOAL,      parts.target_loose_quantity),
    Dirt("target-text-range",                4, GOAL,      parts.target_text_range),
    Dirt("target-misfit",                    4, GOAL,      parts.target_misfit),
    Dirt("target-bare",                      2, GOAL,      parts.target_bare),
    Dirt("target-null",                      2, GOAL,      parts.target_null),
    Dirt("participants-without-primary",     8, CASE,      parts.participants_without_primary),
    Dirt("participants-all-primary",         4, CASE,      parts.participants_all_primary),
    Dirt("participant-without-organization", 6, CASE,      parts.participant_without_organization),
    Dirt("workflow-duplicate-sequence",      6, CASE,      parts.workflow_duplicate_sequence),
    Dirt("workflow-missing-sequence",        6, CASE,      parts.workflow_missing_sequence),
    Dirt("log-without-owner",                6, CASE,      parts.log_without_owner),
    Dirt("log-without-date",                 6, CASE,      parts.log_without_date),
    Dirt("document-without-id",              5, PAPERED,   parts.document_without_id),
    Dirt("document-without-path",            3, PAPERED,   parts.document_without_path),
)  # fmt: skip

TABLES = {kind: {row: row.weight for row in DIRT if kind in row.kinds} for kind in ANY}
KIND_OF_COLLECTION = {"patient_case": "case", "outcomes": "outcome"}
MOST_AT_ONCE = 3


class Spoiler:
    """Spoils a share of the documents, each in one to three ways, and counts what it did."""

    def __init__(self, seed: int, share: float) -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"the share of dirty documents is between 0 and 1, not {share}")
        self.seed = seed
        self.share = share
        self.applied: Counter[str] = Counter()
        self.documents = 0

    def spoil(self, member: int, pairs: list[tuple[str, Document]]) -> None:
        """Spoil some of one member's documents in place."""
        if not self.share:
            return
        dice = Dice(f"dirt/{self.seed}/{member}")
        dice.neighbours = [document for _, document in pairs]
        for collection, document in pairs:
            if dice.chance(self.share):
                kind = KIND_OF_COLLECTION.get(collection) or str(document["type"])
                self._spoil_one(kind, document, dice)

    def _spoil_one(self, kind: str, document: Document, dice: Dice) -> None:
        """Apply the wanted number of different kinds of dirt, passing over what does not fit."""
        table = dict(TABLES[kind])
        wanted = dice.randint(1, MOST_AT_ONCE)
        while wanted and table:
            row = dice.weigh(table)
            del table[row]
            if row.spoil(document, dice):
                self.applied[row.name] += 1
                wanted -= 1
        self.documents += 1
