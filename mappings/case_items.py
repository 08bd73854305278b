"""The items of a case: what it is about.

https://hl7.org/fhir/R4/list.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import NOTHING, Filter, all_of, any_of, first_present, scalar
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.kinds import Kind, Site
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.merging import as_list, merged
from fhir_facade.rules.kinds.references import Reference, key_reader, reference_builder
from fhir_facade.rules.text import clean, fhir_id, is_set, key_text, stored_ids, stored_keys
from fhir_facade.rules.text_match import keys
from mappings.case_kinds import live, rows
from mappings.common import first_text

ITEM_TYPE_NAMES = ("item_type", "type", "itemType")
ITEM_ID_NAMES = ("item_id", "id", "itemId")
ITEM_TARGETS = {
    "claim": ("Claim", "claim"),
    "prescription": ("MedicationRequest", "prescription"),
    "moi": ("RiskAssessment", "moi"),
    "case": ("EpisodeOfCare", "case"),
    "medication": ("MedicationStatement", "medication"),
}
"""Case item type → (resource type, identifier system)."""


def item_type(row: dict[str, Any]) -> str:
    found = first_text(row, *ITEM_TYPE_NAMES)
    return found.strip().lower() if isinstance(found, str) else ""


OTHERS = ""


def _spelled(kind: str | None) -> str:
    """Return the pattern of a stored item type; None is every type that has no name of its own."""
    return rf"^\s*{kind}\s*$" if kind else OTHERS


CONDITION = _spelled("condition")
_NAMED = rf"^\s*({'|'.join(ITEM_TARGETS)}|member|condition)\s*$"
_UNLISTED = r"^\s*(member|condition)\s*$"


def items_filter(field: str, pattern: str | None, by_id: Callable[[str], Filter]) -> Filter:
    """Match a case with a live item of a type whose id fits; without a pattern, a listed type."""
    wanted = [first_present(ITEM_ID_NAMES, by_id), live()]
    if pattern:
        wanted.append(
            first_present(ITEM_TYPE_NAMES, lambda path: scalar(path, _in_any_case(pattern)))
        )
    else:
        known = _in_any_case(_UNLISTED if pattern is None else _NAMED)
        wanted.append({"$nor": [first_present(ITEM_TYPE_NAMES, lambda path: scalar(path, known))]})
    return {field: {"$elemMatch": all_of(wanted)}}


def _in_any_case(pattern: str) -> Filter:
    return {"$regex": pattern, "$options": "i"}


Item = tuple[str, str | None, Any]
"""Type, key and description of an item."""


def with_items(old: Any, wanted: list[Item], types: tuple[str, ...] | None) -> Any:
    """Return the stored items with those of some types replaced; None is each that a List shows.

    Items that stay keep what else is stored of them, and their place among those left alone.
    """
    stored = as_list(old)
    short = any(isinstance(row, dict) and "id" in row and "item_id" not in row for row in stored)
    listed = isinstance(old, list)
    served = [_as_item(row) if listed and _is_of(row, types) else None for row in stored]
    known = [each for each in wanted if each[1] is not None]
    return (
        merged(stored, served, known, lambda item, row: _item(row, item, short), _of_item) or None
    )


def _is_of(row: Any, types: tuple[str, ...] | None) -> bool:
    if not isinstance(row, dict) or is_set(row.get("is_deleted")) or is_set(row.get("isDeleted")):
        return False
    if _key(row) is None:
        return False
    kind = item_type(row)
    return kind in types if types else kind not in ("member", "condition")


def _key(row: dict[str, Any]) -> str | None:
    stored = first_text(row, *ITEM_ID_NAMES)
    return fhir_id(stored) if item_type(row) == "case" else key_text(stored)


def _as_item(row: dict[str, Any]) -> Item:
    kind, shown = item_type(row), row.get("description")
    display = clean(shown) if isinstance(shown, str) else None
    return kind if kind in (*ITEM_TARGETS, "condition") else "other", _key(row), display


def _of_item(item: Item) -> Any:
    """An item is known by its type and key."""
    return item[:2]


def _item(row: Any, item: Item, short: bool) -> dict[str, Any]:
    """Return an item under the names that the others have."""
    kind, key, shown = item
    described = {} if shown is None else {"description": shown}
    if row is not None and _as_item(row)[:2] == (kind, key):
        kept = {name: value for name, value in row.items() if name != "description"}
        return {**kept, **described}
    names = ("type", "id") if short else ("item_type", "item_id")
    value = next(iter(stored_ids(key or "")), key) if kind == "case" else key
    return {names[0]: kind, names[1]: value, **described}


@dataclass(frozen=True)
class Conditions(Kind):
    """The conditions among the case's items."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        build = reference_builder("Condition", "condition", site.context)

        def encode(value: Any, findings: Findings) -> Any:
            found = []
            for row in rows(value, site, []):
                key = key_text(first_text(row, *ITEM_ID_NAMES))
                if item_type(row) != "condition":
                    continue
                if key is None:
                    findings.append(site.degraded("a condition without an id"))
                    continue
                shown = row.get("description")
                display = clean(shown) if isinstance(shown, str) else None
                found.append({"condition": build(key, display)})
            return found or None

        return encode

    @property
    def clears(self) -> bool:
        return True

    def decoder(self, site: Site) -> Decode:
        read_key = key_reader("Condition", "condition", site.context)

        def decode(values: Any, old: Any) -> Any:
            named = [each.get("condition", {}) for each in values or ()]
            wanted = [("condition", read_key(each), each.get("display")) for each in named]
            return with_items(old, wanted, ("condition",))

        return decode

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    @property
    def targets(self) -> tuple[str, ...]:
        return ("Condition",)

    @property
    def searched_part(self) -> str:
        return "condition"

    @property
    def gives(self) -> tuple[Given, ...]:
        return (given("condition", ITEM_ID_NAMES, Reference("Condition", "condition")),)

    def present(self, site: Site) -> Filter:
        return items_filter(site.field, CONDITION, keys)

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        return self._keyed(site, [each.id for each in targets if each.type in (None, "Condition")])

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        if system not in (None, site.context.identifier_system("condition")):
            return NOTHING
        return self.present(site) if value is None else self._keyed(site, [value])

    def _keyed(self, site: Site, ids: Sequence[str]) -> Filter:
        known = [key for id in ids for key in stored_keys(id)]
        return items_filter(site.field, CONDITION, lambda path: scalar(path, {"$in": known}))

    def paths(self, path: str) -> tuple[str, ...]:
        return tuple(f"{path}.{name}" for name in ITEM_ID_NAMES)

    def describe(self) -> str:
        return "references to the items of type condition"


@dataclass(frozen=True)
class ItemEntries(Kind):
    """The case's items but the member and the conditions, as List entries."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        builders = {
            name: reference_builder(to, sid, site.context)
            for name, (to, sid) in ITEM_TARGETS.items()
        }
        other = site.context.identifier_system("case-item")

        def entry(row: dict[str, Any]) -> dict[str, Any] | None:
            stored, kind = first_text(row, *ITEM_ID_NAMES), item_type(row)
            key = fhir_id(stored) if kind == "case" else key_text(stored)
            if key is None:
                return None
            shown = row.get("description")
            display = clean(shown) if isinstance(shown, str) else None
            if kind in builders:
                return {"item": builders[kind](key, display)}
            item: dict[str, Any] = {"identifier": {"system": other, "value": key}}
            return {"item": {**item, "display": display} if display else item}

        def encode(value: Any, findings: Findings) -> Any:
            found = []
            for row in rows(value, site, findings):
                if item_type(row) in ("member", "condition"):
                    continue
                encoded = entry(row)
                if encoded is None:
                    findings.append(site.degraded("an item without a readable id"))
                else:
                    found.append(encoded)
            return found or None

        return encode

    @property
    def clears(self) -> bool:
        return True

    def decoder(self, site: Site) -> Decode:
        readers = {
            name: key_reader(to, sid, site.context) for name, (to, sid) in ITEM_TARGETS.items()
        }
        system = site.context.identifier_system("case-item")

        def item(value: dict[str, Any]) -> tuple[str, str | None, Any]:
            shown, number = value.get("display"), value.get("identifier", {})
            for name, read_key in readers.items():
                if "type" in value or "reference" in value:
                    key = read_key(value)
                    if key is not None:
                        return name, key, shown
            return "other", number.get("value") if number.get("system") == system else None, shown

        def decode(values: Any, old: Any) -> Any:
            wanted = [item(each.get("item", {})) for each in values or ()]
            return with_items(old, wanted, None)

        return decode

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(sorted({to for to, _ in ITEM_TARGETS.values()}))

    @property
    def searched_part(self) -> str:
        return "item"

    @property
    def gives(self) -> tuple[Given, ...]:
        return tuple(
            given("item", ITEM_ID_NAMES, Reference(to, sid)) for to, sid in ITEM_TARGETS.values()
        )

    @property
    def sids(self) -> tuple[str, ...]:
        return ("case-item",)

    def present(self, site: Site) -> Filter:
        return items_filter(site.field, None, keys)

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        return any_of(
            self._keyed(site, kind, [each.id for each in targets if each.type in (None, to)])
            for kind, (to, _) in ITEM_TARGETS.items()
        )

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        systems = {kind: sid for kind, (_, sid) in ITEM_TARGETS.items()}
        return any_of(
            self._numbered(site, kind, value)
            for kind, sid in (*systems.items(), (None, "case-item"))
            if system in (None, site.context.identifier_system(sid))
        )

    def _numbered(self, site: Site, kind: str | None, value: str | None) -> Filter:
        if value is None:
            return items_filter(site.field, _spelled(kind), keys)
        return self._keyed(site, kind, [value])

    def _keyed(self, site: Site, kind: str | None, ids: Sequence[str]) -> Filter:
        spelled = stored_ids if kind == "case" else stored_keys
        known = [key for id in ids for key in spelled(id)]
        if not known:
            return NOTHING
        condition = {"$in": known}
        return items_filter(site.field, _spelled(kind), lambda path: scalar(path, condition))

    def paths(self, path: str) -> tuple[str, ...]:
        return tuple(f"{path}.{name}" for name in ITEM_ID_NAMES)

    def describe(self) -> str:
        return "references to the case's items, by type"
