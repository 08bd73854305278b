"""What a kind tells of the elements it gives, for what is published of them.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from fhir_facade.rules.codes import Codes

if TYPE_CHECKING:
    from fhir_facade.rules.kinds.base import Kind


class Given(NamedTuple):
    """One element below a rule's own, or one part of an extension by its url."""

    element: str
    fields: tuple[str, ...]
    """Where it is stored, from the rule's field on; nothing where it is made up."""
    kind: Kind
    least: int = 0
    """How often it is there at least where the rule gives anything."""


def given(element: str, field: str | tuple[str, ...], kind: Kind, least: int = 0) -> Given:
    """Declare one: its path, the stored field (or its names, or none), its kind."""
    return Given(element, (field,) if isinstance(field, str) else field, kind, least)


@dataclass(frozen=True)
class Vocabulary:
    """Codes of one code system that a kind gives."""

    system: str
    """A URL, or the name of a code system under the canonical base."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Code → display."""
    is_open: bool = False
    """Whether further codes come from what is stored."""
    table: Codes | None = None
    """The code table that they are read through, if any."""


def of_table(table: Codes) -> Vocabulary:
    """Return the codes that a table reads."""
    codes = {code: table.display(code) for code in table.stored}
    return Vocabulary(table.system, codes, table=table)
