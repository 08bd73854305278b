"""The business rules of a document: it stays in its case or interaction, and about its member."""

from __future__ import annotations

from fhir_facade.rules.draft import Draft
from fhir_facade.rules.kinds.references import key_reader
from fhir_facade.rules.mapping import (
    WriteRule,
)
from fhir_facade.rules.text import fhir_id, key_text
from mappings.common import MEMBER


def same_member(draft: Draft) -> None:
    """A document is about the member whose case or interaction it belongs to."""
    subject, before = draft.wanted.get("subject"), (draft.previous or {}).get("subject")
    if subject is None or draft.parent is None or subject == before:
        return
    key = key_reader(MEMBER.to, MEMBER.sid, draft.context)(subject)
    stored = draft.parent.get("subject")
    own = key_text(stored.get("id") if isinstance(stored, dict) else stored)
    if own is None or key != own.removeprefix(f"{MEMBER.to}/"):
        draft.refuse(
            "DocumentReference.subject",
            "A document is about the member that its case or interaction is about.",
        )


def same_parent(kind: str, place: str) -> WriteRule:
    """A document stays where it is."""

    def judge(draft: Draft) -> None:
        named = draft.wanted.get("context", {}).get(place, ())
        before = (draft.previous or {}).get("context", {}).get(place, ())
        if draft.parent is None or named == before:
            return
        own = f"{kind}/{fhir_id(draft.parent.get('_id'))}"
        references = [each.get("reference", "") for each in named]
        others = [each for each in references if f"/{each}".rpartition(f"/{kind}/")[1]]
        if others and not any(f"/{each}".endswith(f"/{own}") for each in others):
            draft.refuse(
                f"DocumentReference.context.{place}",
                f"A document cannot be moved to another {kind}.",
            )

    return judge
