"""What the stored documents hold, counted without the server's own mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Document = dict[str, Any]
Documents = Iterable[tuple[str, Document]]

WORK_ITEMS = {"task": "Task", "goal": "Goal", "flag": "Flag", "interaction": "Communication"}
OUT_OF_SIGHT = ("is_deleted", "isDeleted", "is_hidden", "isHidden")


def ids(documents: Documents) -> dict[str, list[str]]:
    """The ids that a search of each type finds, in order."""
    found: dict[str, set[str]] = {}
    for type_, document in _visible(documents):
        found.setdefault(type_, set()).add(str(document["_id"]))
        for row in filter(_in_sight, document.get("documents") or ()):
            found.setdefault("DocumentReference", set()).add(str(row["document_id"]))
    return {type_: sorted(each) for type_, each in sorted(found.items())}


def cases(documents: Documents) -> dict[str, dict[str, list[str]]]:
    """Of each case with tasks, the ids of the work items that name it, by type."""
    found: dict[str, dict[str, list[str]]] = {}
    for type_, document in _visible(documents):
        for kind, id_ in map(_module, document.get("linkedModules") or ()):
            if kind == "case":
                found.setdefault(id_, {}).setdefault(type_, []).append(str(document["_id"]))
    return {
        case: {type_: sorted(each) for type_, each in linked.items()}
        for case, linked in found.items()
        if "Task" in linked
    }


def _module(link: Document) -> tuple[str, str]:
    """What a link names, in the platform's three ways of writing it."""
    kind = link.get("type") or link.get("module") or link.get("moduleType")
    return str(kind), str(link["id"] if "id" in link else link["moduleId"])


def _visible(documents: Documents) -> Iterator[tuple[str, Document]]:
    for collection, document in documents:
        if not _in_sight(document):
            continue
        if collection == "work_queue":
            yield WORK_ITEMS[document["type"].lower()], document
        elif collection == "patient_case":
            yield "EpisodeOfCare", document


def _in_sight(document: Document) -> bool:
    return not any(document.get(name) for name in OUT_OF_SIGHT)
