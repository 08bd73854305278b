"""The business rules of a case, judged and completed when one is written.

What a write leaves as it was is not judged.
"""

from __future__ import annotations

from typing import Any

from fhir_facade.rules.draft import Draft
from fhir_facade.rules.kinds.merging import as_list
from fhir_facade.rules.text import is_set, key_text
from mappings.case_kinds import LOG_DATE_NAMES, LOG_TYPE_NAMES, rows_of
from mappings.codes import EPISODE_STATUS
from mappings.common import first_text

_NEEDS_PROGRAM = ("moi", "financial_control")
_PRIMARY = "case_participant_is_primary"


def closed_now(draft: Draft) -> None:
    """A case that becomes finished is closed now, unless the client says when."""
    draft.end_now("period", became=draft.becomes("status", "finished"))


def program_key(draft: Draft) -> None:
    """Cases of some origins belong to a program."""
    after, before = _origin(draft, draft.put), _origin(draft, draft.previous or {})
    origins, key = after
    if after != before and key is None and origins & set(_NEEDS_PROGRAM):
        names = " and ".join(_NEEDS_PROGRAM)
        draft.refuse(
            "EpisodeOfCare.extension('program-key')",
            f"A case of the origins {names} needs a program key.",
        )


def _origin(draft: Draft, resource: dict[str, Any]) -> tuple[frozenset[Any], Any]:
    origin, program = (draft.context.extension(name) for name in ("case-origin", "program-key"))
    found = [each for each in resource.get("extension", ()) if isinstance(each, dict)]
    origins = frozenset(each.get("valueCode") for each in found if each.get("url") == origin)
    keys = (each.get("valueString") for each in found if each.get("url") == program)
    return origins, next(keys, None)


def one_primary(draft: Draft) -> None:
    """At least one participant is the primary one."""
    if draft.old is not None and draft.old.get("participants") == draft.document.get(
        "participants"
    ):
        return
    rows = rows_of(draft.document.get("participants"))
    if not any(is_set(row.get(_PRIMARY)) for row in rows):
        draft.refuse("CareTeam.participant", "At least one participant of a case must be primary.")


def logged(draft: Draft) -> None:
    """Each change of status or owner is added to the log, which is never edited."""
    before, after = draft.old or {}, draft.document
    entries = []
    for kind, old, new in (
        ("status_change", *_states(draft)),
        ("owner_change", _key(before.get("owner")), _key(after.get("owner"))),
    ):
        if old != new and (draft.old is not None or kind == "status_change"):
            entries.append(_entry(draft, kind, old, new))
    if not entries:
        return
    after["log"] = [*as_list(after.get("log")), *entries]
    history = "statusHistory"
    if draft.put.get(history) == (draft.previous or {}).get(history):
        draft.ruled.add(history)


def _states(draft: Draft) -> tuple[Any, Any]:
    """Return the status before and after, as the platform spells it where it knows it."""
    codes = (draft.previous or {}).get("status"), draft.put.get("status")
    before, after = (None if code is None else EPISODE_STATUS.stored[code] for code in codes)
    return before, after


def _key(owner: Any) -> str | None:
    return key_text(owner.get("id") if isinstance(owner, dict) else owner)


def _entry(draft: Draft, kind: str, old: Any, new: Any) -> dict[str, Any]:
    """Return a log entry under the names that the other entries have."""
    others = rows_of((draft.old or {}).get("log"))
    short = any(first_text(row, LOG_TYPE_NAMES[1]) for row in others) and not any(
        first_text(row, LOG_TYPE_NAMES[0]) for row in others
    )
    names = ("previousValue", "newValue") if short else ("previous_value", "new_value")
    entry = {LOG_TYPE_NAMES[short]: kind, LOG_DATE_NAMES[short]: draft.now}
    values = zip(names, (old, new), strict=True)
    return {**entry, **{name: value for name, value in values if value is not None}}


def step_completed(draft: Draft) -> None:
    """A workflow step that becomes completed gets its date, unless the client gives one."""
    before = (draft.previous or {}).get("activity", [])
    url = draft.context.extension("workflow-step")
    done = [each for each in before if _is_completed(each)]
    for activity in draft.put.get("activity", ()):
        if _is_completed(activity) and activity not in done:
            _complete(activity, url, draft.now_text[:10])


def _is_completed(activity: dict[str, Any]) -> bool:
    return bool(activity.get("detail", {}).get("status") == "completed")


def _complete(activity: dict[str, Any], url: str, day: str) -> None:
    extensions = activity.setdefault("extension", [])
    step = next((each for each in extensions if each.get("url") == url), None)
    if step is None:
        step = {"url": url, "extension": []}
        extensions.append(step)
    parts = step.setdefault("extension", [])
    if not any(each.get("url") == "completed" for each in parts):
        parts.append({"url": "completed", "valueDate": day})
