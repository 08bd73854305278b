"""What of the server a plan depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from fhir_facade.rules.context import Context
from fhir_facade.rules.registry import Registry
from fhir_facade.search.clauses import Clauses


@dataclass(frozen=True)
class SearchOptions:
    """The served types, the URL they are asked at, and the limits of a page."""

    registry: Registry
    base_url: str
    lenient: bool = False
    default_count: int = 50
    max_count: int = 1000

    @property
    def context(self) -> Context:
        return self.registry.context

    @cached_property
    def clauses(self) -> Clauses:
        return Clauses(self.context, self.base_url, self.registry.value_sets)
