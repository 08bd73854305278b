"""A few documents that refer to each other: two members, their cases, tasks, goals, documents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bson import Decimal128

from tests.http.declared_documents import Documents


def _case(id: str, member: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "patient_case", {
        "_id": id,
        "status": {"value": "open", "state": "active"},
        "subject": {"id": member, "name": f"Member {member}"},
        "initiatedDate": "2026-01-05",
        "updated": datetime(2026, 1, 6, tzinfo=UTC),
        **more,
    }


def _work(type_: str, id: str, member: str, *cases: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "work_queue", {
        "_id": id,
        "type": type_,
        "subject": {"id": member},
        "linkedModules": [{"type": "case", "id": case} for case in cases],
        "updated": datetime(2026, 2, 1, tzinfo=UTC),
        **more,
    }


def _task(id: str, member: str, *cases: str, **more: Any) -> tuple[str, dict[str, Any]]:
    plain = {"status": "Ready", "intent": "Order", "message": "Call back"}
    return _work("task", id, member, *cases, **{**plain, **more})


def _document(id: str, **more: Any) -> dict[str, Any]:
    return {"document_id": id, "document_type": "letter", "path": f"/{id}.pdf", **more}


LINKED: Documents = [
    _case("c1", "M1", documents=[_document("d1", updated_on="2026-01-07"), _document("d2")]),
    _case("c2", "M2", documents=[_document("d3", updated_on="2026-03-01")]),
    _case("c3", "M1", isHidden=True),
    _case("c4", "M1", isDeleted=True),
    _task("t1", "M1", "c1"),
    _task("t2", "M1", "c1", status="Completed"),
    _task("t3", "M2", "c2", updated=datetime(2026, 3, 1, tzinfo=UTC)),
    _task("t4", "M1", "c3"),
    _task("t5", "M1", "c4"),
    _task("t6", "M1", "c9"),
    _task("t7", "M1"),
    _task("t8", "M1", "c1", is_hidden=True),
    _task("t9", "M1", "c1", is_deleted=True),
    _work(
        *("goal", "g1", "M1", "c1"),
        name="Lower A1c",
        life_cycle_status="Active",
        target_measure={"type": "quantity", "value": {"value": Decimal128("7.10"), "unit": "%"}},
    ),
    _work("goal", "g2", "M2", "c2", name="Walk", life_cycle_status="Planned"),
    _work("flag", "f1", "M1", "c1", name="VIP", status="active"),
    _work("interaction", "i1", "M1", "c1", status="completed", topic="Sensor"),
]
