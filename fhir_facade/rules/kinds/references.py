"""References to what other servers, and this one, hold.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import NOTHING, Filter, any_of, first_present, scalar
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.kinds.base import Kind, Site, Target, data_absent, wrong_type
from fhir_facade.rules.kinds.primitives import same_key
from fhir_facade.rules.text import clean, is_id, key_text, stored_keys
from fhir_facade.rules.text_match import TextMatch, keys, texts

_LABELS = ("name", "display")


def reference_builder(to: str, sid: str, context: Context) -> Callable[[str, str | None], Any]:
    """Return the function that writes a Reference from a key and a display."""
    base = context.reference_base.get(to)
    prefix = f"{base.rstrip('/')}/{to}/" if base else f"{to}/"
    system = context.identifier_system(sid)

    def build(key: str, display: str | None) -> dict[str, Any]:
        reference: dict[str, Any] = {"reference": prefix + key} if is_id(key) else {}
        reference["type"] = to
        reference["identifier"] = {"system": system, "value": key}
        if display is not None:
            reference["display"] = display
        return reference

    return build


@dataclass(frozen=True)
class Reference(Kind):
    """A reference stored as a bare key or as `{id, name}`."""

    to: str
    sid: str
    required: bool = False
    boxed: bool = False
    """Store `{id}` for a key alone."""

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def search_type(self) -> str | None:
        return "reference"

    @property
    def total(self) -> bool:
        return self.required

    def encoder(self, site: Site) -> Encode:
        build = reference_builder(self.to, self.sid, site.context)
        to, required, spelled = self.to, self.required, f"{self.to}/"

        def absent(reason: str, display: str | None = None) -> Any:
            if display is not None:
                return {"type": to, "display": display, **(data_absent(reason) if required else {})}
            return {"type": to, **data_absent(reason)} if required else None

        def encode(value: Any, findings: Findings) -> Any:
            if type(value) is dict:
                key, display = key_text(value.get("id")), label(value)
            else:
                key, display = key_text(value), None
            if key is not None:
                return build(key.removeprefix(spelled), display)
            if value is None or value in ("", {}):
                return missing(findings)
            findings.append(site.degraded(unreadable(value)))
            return absent("unsupported", display)

        def missing(findings: Findings) -> Any:
            if required:
                findings.append(site.degraded("nothing stored"))
            return absent("unknown")

        return encode

    def decoder(self, site: Site) -> Decode:
        """Store the key, in an object where there is one or where a name goes with it."""
        read_key = key_reader(self.to, self.sid, site.context)

        def decode(value: Any, old: Any) -> Any:
            key = read_key(value)
            known = old if isinstance(old, dict) else {"id": old}
            stored = None if key is None else _spelled_key(key, known.get("id"), f"{self.to}/")
            box = {} if self.boxed and old is None else old
            return _with_name(stored, value.get("display"), box)

        return decode

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    @property
    def sortable(self) -> bool:
        """No order of keys, stored in several forms, means anything to a reader."""
        return False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.to,)

    @property
    def sids(self) -> tuple[str, ...]:
        return (self.sid,)

    def present(self, site: Site) -> Filter:
        named = [texts(f"{site.field}.{name}") for name in _LABELS]
        return any_of([keys(f"{site.field}.id"), keys(site.field), *named])

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        ids = [each.id for each in targets if each.type in (None, self.to) and is_id(each.id)]
        return self._keyed(site, ids)

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        if system not in (None, site.context.identifier_system(self.sid)):
            return NOTHING
        if value is None:
            return any_of([keys(f"{site.field}.id"), keys(site.field)])
        return self._keyed(site, [value])

    def text(self, site: Site, match: TextMatch) -> Filter:
        """Find by the name that goes with the key."""
        return first_present([f"{site.field}.{name}" for name in _LABELS], match.filter)

    def _keyed(self, site: Site, ids: Sequence[str]) -> Filter:
        if not ids:
            return NOTHING
        known = [key for id in ids for key in (*stored_keys(id), f"{self.to}/{id}")]
        return any_of(scalar(path, {"$in": known}) for path in (f"{site.field}.id", site.field))

    def paths(self, path: str) -> tuple[str, ...]:
        return (f"{path}.id", path)

    def describe(self) -> str:
        return f"Reference to {self.to}"


def key_reader(to: str, sid: str, context: Context) -> Callable[[dict[str, Any]], str | None]:
    """Return the function that reads the key out of a Reference; None where it is another's."""
    base = context.reference_base.get(to)
    prefix = f"{base.rstrip('/')}/{to}/" if base else f"{to}/"
    system = context.identifier_system(sid) if sid else None

    def read(value: dict[str, Any]) -> str | None:
        reference, identifier = value.get("reference"), value.get("identifier", {})
        if isinstance(reference, str):
            key = reference.removeprefix(prefix)
            return key if reference.startswith(prefix) and is_id(key) else None
        known = value.get("type", to) == to and system is not None
        return identifier.get("value") if known and identifier.get("system") == system else None

    return read


def _spelled_key(key: str, old: Any, prefix: str) -> Any:
    """Return a key in the form that the field has: an ObjectId stays one, `User/7` too."""
    if isinstance(old, str) and old == prefix + key:
        return old
    return same_key(key, old)


def _with_name(key: Any, display: Any, old: Any) -> Any:
    """Return a stored reference: bare, or the object that holds its name."""
    if isinstance(old, dict):
        others = {name: value for name, value in old.items() if name not in ("id", *_LABELS)}
        name = next((each for each in _LABELS if each in old), _LABELS[0])
        named = {"id": key, name: display}
        kept = {each: value for each, value in named.items() if value is not None}
        return {**kept, **others} if kept else None
    if display is None:
        return key
    return {"name": display} if key is None else {"id": key, "name": display}


def label(value: dict[str, Any]) -> str | None:
    """Return the denormalised name in a stored reference object, if there is one."""
    for name in _LABELS:
        found = value.get(name)
        if isinstance(found, str) and (text := clean(found)) is not None:
            return text
    return None


def unreadable(value: Any) -> str:
    if isinstance(value, dict):
        return "an object without a readable id"
    if isinstance(value, str):
        return "blank text where a key belongs"
    return wrong_type(value, "a key")
