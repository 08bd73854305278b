"""Which documents were changed since a moment, as far as they say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from fhir_facade.rules import dates
from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.writing import stamp_name

_UPDATED: Final = ("updated", "updatedAt", "updated_at")
_CREATED: Final = ("created", "createdAt", "created_at")


class Since:
    """A moment, and the zone of stored times that have none."""

    def __init__(self, moment: datetime, zone: tzinfo) -> None:
        self.moment = moment
        self._zone = zone
        self._stored = moment.astimezone(UTC).replace(tzinfo=None)
        self._day = moment.astimezone(zone).date()

    @classmethod
    def of(cls, text: str, zone: tzinfo) -> Since:
        """Read a date or a date and time; raise ValueError for anything else."""
        read = dates.read(text, zone)
        if not isinstance(read, str):
            if read.instant is not None:
                return cls(read.instant, zone)
            if read.day is not None:
                return cls(datetime.fromisoformat(dates.start_of_day(read.day, zone)), zone)
        raise ValueError("neither a date (2026-01-31) nor a time (2026-01-31T09:30:00Z)")

    def changed(self, document: dict[str, Any], embedded: Sequence[Compiled] = ()) -> bool | None:
        """Say whether a document, or a record in it, is from then or later; None if unreadable."""
        name = next((each for each in (*_UPDATED, *_CREATED) if document.get(each)), "")
        own = self._is_later(document.get(name))
        if own is False and any(self._holds_later(document, source) for source in embedded):
            return True
        return own

    def _holds_later(self, document: dict[str, Any], source: Compiled) -> bool:
        elements = document.get(source.mapping.unwind or "")
        stamp = source.mapping.stamp
        return any(
            isinstance(each, dict) and self._is_later(each.get(stamp_name(each, stamp))) is True
            for each in (elements if isinstance(elements, list) else ())
        )

    def _is_later(self, value: Any) -> bool | None:
        if type(value) is datetime:  # naive UTC, as stores decode it
            return value >= self._stored
        read = dates.read(value, self._zone)
        if isinstance(read, str):
            return None
        if read.instant is not None:
            return read.instant >= self.moment
        return None if read.day is None else read.day >= self._day
