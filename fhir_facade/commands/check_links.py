"""The work items of each case: remembered as they are read, asked for where that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fhir_facade.interactions.records import WORK_QUEUE, Records
from fhir_facade.rules.kinds.links import case_keys
from fhir_facade.rules.text import fhir_id
from fhir_facade.store.codec import decode

MOST: Final = 1_000_000
"""Links that are remembered; beyond, the store is asked."""
_NAMES: Final = {"Goal": "goal", "Task": "task"}

Ids = dict[str, list[Any]]
"""The `_id`s of a case's work items by type, as `Records.linked_ids` gives them."""


class Links:
    """What `Records.work_items` would find, without a search for each batch of cases."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._found: dict[str, Ids] = {}
        self._size = 0
        self._gathering = self._complete = False

    def begin(self, collection: str, *, all_of_it: bool) -> None:
        """Take note that a collection is being read, and whether every document of it will be."""
        self._gathering = collection == WORK_QUEUE and all_of_it

    def end(self) -> None:
        """Take note that the collection was read to its end."""
        self._complete = self._complete or self._gathering
        self._gathering = False

    def add(self, resource: str, document: dict[str, Any]) -> None:
        """Remember the cases of a work item that is served."""
        name = _NAMES.get(resource)
        if not self._gathering or name is None:
            return
        for case in case_keys(document.get("linkedModules")):
            self._found.setdefault(case, _none())[name].append(document["_id"])
            self._size += 1
        if self._size > MOST:
            self._gathering, self._found = False, {}

    async def of(self, batch: Sequence[bytes]) -> dict[str, Ids]:
        """Return the work items of the cases in a batch, by the case's FHIR id."""
        if self._complete:
            return self._found
        ids = (fhir_id(decode(raw).get("_id")) for raw in batch)
        found = await self._records.work_items(id for id in ids if id is not None)
        return {case: self._records.linked_ids(items) for case, items in found.items()}


def ids_in(found: dict[str, Ids], document: dict[str, Any]) -> Ids:
    """Return the work items of one case."""
    return found.get(fhir_id(document.get("_id")) or "") or _none()


def _none() -> Ids:
    return {name: [] for name in _NAMES.values()}
