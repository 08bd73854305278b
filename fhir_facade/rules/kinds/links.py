"""The links of a document to cases and to other modules.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import NOTHING, Filter, any_of, scalar
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.json_text import comparable
from fhir_facade.rules.kinds.base import Kind, Site, Target, wrong_type
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.primitives import Key, Text
from fhir_facade.rules.kinds.references import key_reader, reference_builder
from fhir_facade.rules.text import clean, fhir_id, key_text, stored_ids

_LINK_FIELDS = (("type", "id"), ("module", "moduleId"), ("moduleType", "moduleId"))
_ID_TYPES = ["objectId", "string", "binData"]
CASE_MODULES = ("case", "Case", "CASE")


def links(value: Any) -> list[tuple[str, Any]]:
    """Return (module type, stored id) of each complete entry of `linkedModules`."""
    found: list[tuple[str, Any]] = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            for type_field, id_field in _LINK_FIELDS:
                key = entry.get(id_field)
                if key is not None and isinstance(module := entry.get(type_field), str):
                    found.append((module, key))
    return found


def case_keys(value: Any) -> list[str]:
    """Return the FHIR ids of the cases that `linkedModules` names, in order, each once."""
    found: dict[str, None] = {}
    for module, key in links(value):
        if module in CASE_MODULES:
            case = fhir_id(key)
            if case is not None:
                found[case] = None
    return list(found)


def cases_filter(path: str, keys: Sequence[Any]) -> Filter:
    """Match documents linked to one of the cases; a link's halves must stand in one element."""
    return _links_filter(path, {"$in": list(keys)}) if keys else NOTHING


def _links_filter(path: str, wanted: Filter) -> Filter:
    pairs = [
        {
            **scalar(type_field, {"$in": list(CASE_MODULES)}),
            **scalar(id_field, wanted),
            "$nor": [{type_field: {"$type": "array"}}, {id_field: {"$type": "array"}}],
        }
        for type_field, id_field in _LINK_FIELDS
    ]
    return any_of({path: {"$elemMatch": pair}} for pair in pairs)


@dataclass(frozen=True)
class CaseLinks(Kind):
    """The cases among `linkedModules`: the first, the `others` after it, or all."""

    which: str = "all"

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def search_type(self) -> str | None:
        return "reference"

    @property
    def many(self) -> bool:
        return self.which != "first"

    @property
    def sortable(self) -> bool:
        return False

    def encoder(self, site: Site) -> Encode:
        build = reference_builder("EpisodeOfCare", "case", site.context)
        first, others = self.which == "first", self.which == "others"

        def encode(value: Any, findings: Findings) -> Any:
            if others:
                if not isinstance(value, list) or len(value) < 2:
                    return None
                return [build(key, None) for key in case_keys(value)[1:]] or None
            if not isinstance(value, list):
                findings.append(site.degraded(wrong_type(value, "a list")))
                return None
            keys = case_keys(value)
            if len(keys) < len(value):
                findings.extend(map(site.degraded, broken_links(value)))
            if not keys:
                return None
            return build(keys[0], None) if first else [build(key, None) for key in keys]

        return encode

    def decoder(self, site: Site) -> Decode:
        """Put the named cases where the list has its own; links that stay keep their form."""
        read_key = key_reader("EpisodeOfCare", "case", site.context)

        def decode(value: Any, old: Any) -> Any:
            named = [read_key(each) for each in _listed(value, self.many)]
            keys = [key for key in named if key is not None and stored_ids(key)]
            return with_cases(old, keys, self.which)

        return decode

    @property
    def clears(self) -> bool:
        return True

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    @property
    def targets(self) -> tuple[str, ...]:
        return ("EpisodeOfCare",)

    @property
    def sids(self) -> tuple[str, ...]:
        return ("case",)

    def present(self, site: Site) -> Filter:
        """The first and all are there if any is; the others go with the first."""
        if self.which == "others":
            return NOTHING
        return _links_filter(site.field, {"$type": _ID_TYPES, "$nin": [""]})

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        if self.which == "others":
            return NOTHING
        ids = [each.id for each in targets if each.type in (None, "EpisodeOfCare")]
        return cases_filter(site.field, [key for id in ids for key in stored_ids(id)])

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        if self.which == "others" or system not in (None, site.context.identifier_system("case")):
            return NOTHING
        return self.present(site) if value is None else self.reference(site, [Target(None, value)])

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.id", f"{path}.moduleId")

    def describe(self) -> str:
        return {
            "first": "the first case linked",
            "others": "the cases linked after the first",
            "all": "the cases linked",
        }[self.which]


def with_cases(old: Any, keys: Sequence[str], which: str) -> list[Any] | None:
    """Return `linkedModules` with other cases: the first, those after it, or all."""
    entries = old if isinstance(old, list) else []
    others = [each for each in entries if not _is_case(each)]
    by_key = {case_keys([each])[0]: each for each in entries if _is_case(each)}
    present = list(by_key)
    if which == "first":
        keys = [*keys, *present[1:]]
    elif which == "others":
        keys = [*present[:1], *keys]
    keys = list(dict.fromkeys(keys))
    made = [by_key.get(key) or {"type": "case", "id": stored_ids(key)[0]} for key in keys]
    return [*made, *others] or None


def _listed(value: Any, many: bool) -> list[Any]:
    if value is None:
        return []
    return list(value) if many else [value]


def _is_case(entry: Any) -> bool:
    return bool(case_keys([entry]))


def broken_links(value: list[Any]) -> Iterator[str]:
    """Give the reason for each entry that names no module."""
    for entry in value:
        if entry is not None and not links([entry]):
            yield "an entry without a module type and id"
        elif any(module in CASE_MODULES and fhir_id(key) is None for module, key in links([entry])):
            yield "a case link whose id cannot be a FHIR id"


def _module_link(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the stored link of an extension that names a module and an id."""
    named = {each.get("url"): each.get("valueString") for each in value["extension"]}
    module, key = named.get("module"), named.get("id")
    if not module or not key or module in CASE_MODULES:
        return None
    return {"type": module, "id": key}


@dataclass(frozen=True)
class ModuleLinks(Kind):
    """The links to modules other than cases, as the extension `linked-module`."""

    @property
    def fhir_type(self) -> str:
        return "Extension"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> Any:
            found = []
            for module, key in links(value):
                if module in CASE_MODULES:
                    continue
                text, name = key_text(key), clean(module)
                if text is None or name is None:
                    findings.append(site.degraded("a link without a readable id"))
                else:
                    found.append(
                        {
                            "extension": [
                                {"url": "module", "valueString": name},
                                {"url": "id", "valueString": text},
                            ]
                        }
                    )
            return found or None

        return encode

    @property
    def gives(self) -> tuple[Given, ...]:
        return (
            given("module", tuple(name for name, _ in _LINK_FIELDS), Text(), least=1),
            given("id", ("id", "moduleId"), Key(), least=1),
        )

    @property
    def clears(self) -> bool:
        return True

    def decoder(self, site: Site) -> Decode:
        encode_one = self.encoder(site)
        decode_link = _module_link

        def decode(value: Any, old: Any) -> Any:
            entries = old if isinstance(old, list) else []
            mine = {}
            for each in entries:
                shown = encode_one([each], [])
                if shown:
                    mine[comparable(shown[0])] = each
            others = [each for each in entries if not encode_one([each], [])]
            given = [{"extension": each.get("extension", [])} for each in value or ()]
            made = [mine.get(comparable(each)) or decode_link(each) for each in given]
            return [*others, *(each for each in made if each)] or None

        return decode

    def describe(self) -> str:
        return "links to modules other than cases"
