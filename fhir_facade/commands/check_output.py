"""The report of a check as JSON, which the terminal and the HTML page show too.

`docs/check.md` lists the properties; `schema` goes up when one of them changes its meaning.
"""

from __future__ import annotations

import math
from typing import Any, Final

from fhir_facade import __version__
from fhir_facade.commands.check import Extent
from fhir_facade.commands.check_fixes import Fixes
from fhir_facade.commands.check_report import (
    DELETED,
    DOCUMENT_OUTCOMES,
    INVALID,
    OTHER,
    OUTCOMES,
    UNREAD,
    CheckReport,
)

SCHEMA: Final = 1
EMPTY: Final = "empty"
READY: Final = "ready"
LOSSES: Final = "ready-with-losses"
INCOMPLETE: Final = "incomplete"
NOT_READY: Final = "not-ready"

_VERDICTS: Final = {
    EMPTY: "Nothing was checked: is this the right store, and the right database in it?",
    READY: "Everything can be served: ready to go live.",
    LOSSES: "Every document can be served; decide whether what is left out of some matters to the "
    "readers, then go live.",
    INCOMPLETE: "Some documents cannot be served: see the causes named unservable and unread "
    "before going live.",
    NOT_READY: "Some resources would be served that are not valid FHIR, which is a fault of this "
    "server: do not go live before it is mended.",
}
"""Verdict → what it says to whoever decides."""


def as_json(
    report: CheckReport, fixes: Fixes, extent: Extent, run: dict[str, Any]
) -> dict[str, Any]:
    """Return the report; all but `run` depends on nothing but the documents and the settings."""
    since = extent.since
    return {
        "schema": SCHEMA,
        "release": __version__,
        "extent": {
            "types": sorted(extent.types) if extent.types is not None else None,
            "since": since.moment.isoformat() if since else None,
            "limit": extent.limit,
        },
        "summary": _summary(report),
        "documents": [
            {
                "collection": name,
                "documents": sum(counts[each] for each in DOCUMENT_OUTCOMES),
                **{each: counts[each] for each in (*DOCUMENT_OUTCOMES, "older", "undated")},
            }
            for name, counts in sorted(report.documents.items())
        ],
        "records": [
            {
                "collection": collection,
                "type": type,
                "records": sum(counts[each] for each in OUTCOMES),
                **{each: counts[each] for each in (*OUTCOMES, "hidden")},
            }
            for (collection, type), counts in sorted(report.records.items())
        ],
        "findings": [
            {
                **cause._asdict(),
                "count": tally.count,
                "records": tally.records,
                "share": round(report.share(cause, tally), 6),
                "examples": tally.examples,
                "fix": fixes.fix(cause),
            }
            for cause, tally in report.sorted_causes()
        ],
        "run": run,
    }


def _summary(report: CheckReport) -> dict[str, Any]:
    asked = [each for each in DOCUMENT_OUTCOMES if each not in (DELETED, OTHER)]
    documents, whole = report.total(*asked), report.total("clean", "noted")
    share = whole / documents if documents else 1.0
    verdict = _verdict(report) if documents else EMPTY
    return {
        "verdict": verdict,
        "sentence": f"{_sentence(report, documents, share)} {_VERDICTS[verdict]}",
        "documents": documents,
        "without_loss": whole,
        "share": round(share, 6),
        "invalid": report.invalid,
        "not_served": report.unservable,
    }


def _verdict(report: CheckReport) -> str:
    if report.invalid:
        return NOT_READY
    if report.unservable:
        return INCOMPLETE
    return LOSSES if any(each["degraded"] for each in report.records.values()) else READY


def _sentence(report: CheckReport, documents: int, share: float) -> str:
    if not documents:
        return "There are no documents to serve."
    rest = [
        (report.total("degraded"), "{} with a value left out"),
        (report.total("unservable"), "{} not at all or in part only"),
        (report.total(UNREAD), "{} of no served type"),
        (report.total(INVALID), "{} not as valid FHIR"),
    ]
    told = [text.format(f"{count:,}") for count, text in rest if count]
    ending = f"; {', '.join(told)}." if told else "."
    return f"{percent(share)} of {documents:,} documents are served without loss{ending}"


def percent(share: float) -> str:
    """Write a share rounded down: what is not all of them is never 100 %."""
    tenths = math.floor(share * 1000 + 1e-9)
    if share and not tenths:
        return "< 0.1 %"
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10} %"
