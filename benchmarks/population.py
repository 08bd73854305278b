"""Documents for large collections: copies of demo documents with identities of their own.

What a document is follows from its number alone, so that a benchmark knows ids, members and cases
without asking. A member has one case and ten work items; they lie far apart in the collection, as
they do where items are added day by day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from bson import ObjectId

from fhir_facade.demo import generate

Document = dict[str, Any]

ITEMS_A_MEMBER: Final = 10
KINDS: Final = ("task",) * 6 + ("Interaction", "Interaction", "goal", "flag")
OPEN_STATUSES: Final = (
    "Accepted",
    "Ready",
    "Requested",
    "Received",
    "InProgress",
    "OnHold",
    "Draft",
)
STATUSES: Final = OPEN_STATUSES + ("Completed",) * 3
"""The statuses of tasks: each open one is a tenth of them."""
RARE_STATUS: Final = "Failed"
RARE: Final = 200
"""One task in so many has the rare status instead."""

SHAPE: Final = 1
"""Raise it with every change of the documents; collections that were kept are then made anew."""

_TEMPLATE_MEMBERS: Final = 150
_START: Final = datetime(2023, 1, 1, tzinfo=UTC)
_SPAN_MS: Final = 3 * 365 * 86_400_000
_FIRST_MEMBER: Final = 200_001
_STRIDE: Final = 1_000_003
"""A prime: work items go through all members before one comes again."""
_MASK: Final = 2**64 - 1


def draw(number: int, salt: int) -> int:
    """Return 64 bits that look random, the same for the same arguments (splitmix64)."""
    mixed = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


def _object_id(moment: datetime, bits: int) -> ObjectId:
    return ObjectId(int(moment.timestamp()).to_bytes(4, "big") + bits.to_bytes(8, "big"))


class Population:
    """The documents of `size` work items, their members and their cases."""

    def __init__(self, size: int) -> None:
        self.members = max(1, size // ITEMS_A_MEMBER)
        self.size = self.members * ITEMS_A_MEMBER

    def member_key(self, member: int) -> str:
        return f"M{_FIRST_MEMBER + member}"

    def case_id(self, member: int) -> ObjectId:
        return _object_id(_START + self._age(member, self.members), draw(member, 1))

    def is_plain(self, number: int) -> bool:
        """Say whether a work item is served: neither deleted nor hidden."""
        return number % 83 != 0 and number % 89 != 0

    def item_id(self, number: int) -> ObjectId | UUID:
        """Return the id of a work item; one in a hundred is a UUID."""
        bits = draw(number, 2)
        if number % 97 == 0:
            return UUID(int=bits << 64 | draw(number, 3), version=4)
        return _object_id(self._created(number), bits)

    def kind(self, number: int) -> str:
        """Return the type of a work item: each member has them all."""
        return KINDS[(number // self.members + self._member(number)) % ITEMS_A_MEMBER]

    def cases(self) -> Iterator[Document]:
        """Yield the cases, oldest first."""
        templates = [document for name, document in _templates() if name == "patient_case"]
        for member in range(self.members):
            yield self._case(member, templates[draw(member, 4) % len(templates)])

    def items(self) -> Iterator[Document]:
        """Yield the work items, oldest first."""
        pools: dict[str, list[Document]] = {}
        for name, document in _templates():
            if name == "work_queue":
                kind = document["type"]
                key = f"task {document['status']}" if kind == "task" else kind
                pools.setdefault(key, []).append(document)
        for number in range(self.size):
            bits, kind = draw(number, 5), self.kind(number)
            status = STATUSES[bits % len(STATUSES)] if (bits >> 4) % RARE else RARE_STATUS
            pool = pools[f"task {status}" if kind == "task" else kind]
            yield self._item(number, pool[(bits >> 16) % len(pool)], bits >> 32)

    def _member(self, number: int) -> int:
        return number * _STRIDE % self.members

    def _age(self, number: int, of: int) -> timedelta:
        return timedelta(milliseconds=number * _SPAN_MS // of)

    def _created(self, number: int) -> datetime:
        return _START + self._age(number, self.size)

    def _subject(self, member: int, template: Any, style: int) -> Any:
        """Return the member as `{id, name}`, `{id}` or the bare id."""
        key = self.member_key(member)
        if style % 100 >= 97 or not isinstance(template, dict):
            return key
        return {**template, "id": key}

    def _item(self, number: int, template: Document, bits: int) -> Document:
        member = self._member(number)
        document = _moved(template, self._created(number))
        document["_id"] = self.item_id(number)
        document["subject"] = self._subject(member, template["subject"], bits)
        document["linkedModules"] = self._links(member, bits >> 8)
        if "deadline" in document:
            document["deadline"] += timedelta(milliseconds=bits % 86_400_000)
        if "documents" in document:
            document["documents"] = _papers(document["documents"], number, 6)
        document["is_deleted"] = number % 83 == 0
        document.pop("is_hidden", None)
        if number % 89 == 0:
            document["is_hidden"] = True
        return document

    def _links(self, member: int, style: int) -> list[Document]:
        case: Any = self.case_id(member)
        if style % 10 < 3:
            case = str(case)
        kind, key = ("module", "moduleId") if style % 25 < 2 else ("type", "id")
        links = [{kind: "case", key: case}]
        if style % 100 >= 92:
            links.append({kind: "campaign", key: f"CMP-{style % 40}"})
        return links

    def _case(self, member: int, template: Document) -> Document:
        number = 100_000 + member
        document = _moved(template, _START + self._age(member, self.members))
        document["_id"] = self.case_id(member)
        document["wellnecityId"] = f"CAS-{number}"
        document["subject"] = {**template["subject"], "id": self.member_key(member)}
        document["participants"] = [
            {**party, "case_participant_case_id": f"{party['case_participant_org_id']}-{number}"}
            for party in template["participants"]
        ]
        if "caseId" in template:
            document["caseId"] = f"EXT-{number}"
        document["items"] = [
            {**item, "id": self.member_key(member)} if item.get("type") == "member" else item
            for item in template["items"]
        ]
        document["documents"] = _papers(template["documents"], member, 7)
        document["isDeleted"] = document["isHidden"] = False
        return document


def _templates() -> list[tuple[str, Document]]:
    return list(generate(_TEMPLATE_MEMBERS, 1, 0.0))


def _moved(template: Document, created: datetime) -> Document:
    """Return a copy whose moments lie as far from `created` as they did from its own creation."""
    by = created - template["created"]
    return {
        key: value + by if isinstance(value, datetime) else value for key, value in template.items()
    }


def _papers(papers: list[Document], number: int, salt: int) -> list[Document]:
    """Return embedded documents with ids of their own."""
    return [
        {**paper, "document_id": str(UUID(int=draw(number, salt) << 64 | place, version=4))}
        for place, paper in enumerate(papers)
    ]
