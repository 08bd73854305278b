"""Every reason that anything gives for a finding comes with what to do about it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade import cli
from fhir_facade.commands.check import Checker
from fhir_facade.commands.check_fixes import _FIXES, WANTED, Fixes
from fhir_facade.commands.check_report import Cause
from fhir_facade.interactions.records import Records
from fhir_facade.main import build_registry
from fhir_facade.rules import dates
from fhir_facade.rules.kinds import concepts, references
from fhir_facade.rules.mapping import OVERRULED
from fhir_facade.rules.registry import Registry
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store

ROOT = Path(__file__).parents[2]
SOURCES = [*(ROOT / "fhir_facade" / "rules").rglob("*.py"), *(ROOT / "mappings").glob("*.py")]
CALLS = {"degraded": 0, "noted": 0, "unservable": 0, "_leave_out": 4}
"""Functions that make findings → which argument is the reason."""
KNOWN = {
    "UNKNOWN_SPELLING": [concepts.UNKNOWN_SPELLING],
    "dates.NOT_SEARCHABLE": [dates.NOT_SEARCHABLE],
    "moment": [dates.UNREADABLE, dates.OUT_OF_RANGE],
    "unreadable(value)": [
        references.unreadable({}), references.unreadable(" "), references.unreadable([])
    ],
    "OVERRULED": [OVERRULED],
    "broken_links(value)": [
        "an entry without a module type and id", "a case link whose id cannot be a FHIR id"
    ],
}  # fmt: skip
"""What stands in the code for these reasons."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return build_registry(Settings(_env_file=None))  # type: ignore[call-arg]


def _reasons(node: ast.expr, function: ast.AST) -> Iterator[str]:
    """Yield every text that an expression may be; fail for one that this test cannot read."""
    text = ast.unparse(node)
    if isinstance(node, ast.Constant):
        yield node.value
    elif text in KNOWN:
        yield from KNOWN[text]
    elif isinstance(node, ast.IfExp):
        yield from (*_reasons(node.body, function), *_reasons(node.orelse, function))
    elif isinstance(node, ast.BinOp):
        for left in _reasons(node.left, function):
            yield from (left + right for right in _reasons(node.right, function))
    elif isinstance(node, ast.JoinedStr):
        yield re.sub(r"\{.*?\}", "authoredOn", text[2:-1])
    elif isinstance(node, ast.Call) and text.startswith("wrong_type("):
        yield f"object where {ast.literal_eval(node.args[1])} belongs"
    elif isinstance(node, ast.Name):
        yield from _assigned(node.id, function)
    else:
        pytest.fail(f"no reason can be read from {text}")


def _assigned(name: str, function: ast.AST) -> Iterator[str]:
    """Yield every text that a local name is given."""
    found = False
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            found = True
            yield from _reasons(node.value, function)
        elif isinstance(node, ast.For | ast.comprehension) and ast.unparse(node.target) == name:
            found = True
            yield from _reasons(node.iter, function)
    assert found, f"{name} is given nothing here"


def _in_file(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if called in CALLS and len(node.args) > CALLS[called]:
            around = min(
                (each for each in functions if each.lineno <= node.lineno <= each.end_lineno),
                key=lambda each: each.end_lineno - each.lineno,
            )
            if called == around.name:
                continue
            yield from _reasons(node.args[CALLS[called]], around)


def test_every_reason_in_the_source_has_a_fix(registry: Registry) -> None:
    reasons = {reason for path in SOURCES for reason in _in_file(path)} | {OVERRULED}
    assert len(reasons) > 40
    fixes = Fixes(registry)
    for reason in sorted(reasons):
        for severity in ("degraded", "unservable"):
            cause = Cause("Task", severity, "work_queue", "field", "Task.for", reason)
            fix = fixes.fix(cause)
            assert "work_queue.field" in fix or fix == _FIXES[reason].format(
                field="work_queue.field", element="Task.for"
            )
    wanted = {found[1] for each in reasons if (found := re.search(r"where (.+) belongs", each))}
    assert wanted - {"a key"} <= WANTED.keys()


def test_no_finding_is_made_by_other_means() -> None:
    """Otherwise the test above would not see its reason."""
    makers = {
        path.name
        for path in SOURCES
        if re.search(r"(?<!class )\bFinding\(", path.read_text("utf-8"))
    }
    assert makers == {"base.py", "invariants.py", "mapping.py"}


async def test_every_reason_in_dirty_documents_has_a_fix(
    registry: Registry, dirty_store: Store
) -> None:
    checker = Checker(Records(dirty_store, registry))
    async for _ in checker.run():
        pass
    fixes = Fixes(registry)
    assert len(checker.report.causes) > 100
    for cause in checker.report.causes:
        fix = fixes.fix(cause)
        assert fix[0].isupper()
        assert fix.endswith(".")
        assert "one of the known codes" not in fix
        assert "{field}" not in fix


def test_a_reason_that_nobody_thought_of_is_no_shrug(registry: Registry) -> None:
    with pytest.raises(KeyError):
        Fixes(registry).fix(Cause("Task", "degraded", "work_queue", "f", "Task.for", "a new one"))


@pytest.mark.parametrize(
    ("cause", "fix"),
    [
        (
            Cause("Task", "unservable", "work_queue", "status", "Task.status", "nothing stored"),
            "Fill work_queue.status with one of Draft, ",
        ),
        (
            Cause(
                "Goal", "degraded", "work_queue", "priority", "Goal.priority",
                "not a spelling the code table knows; served as text",
            ),
            '{"Goal.priority": {"<the stored value>": "',
        ),
        (
            Cause(
                "CareTeam", "degraded", "patient_case", "case_participant_role",
                "CareTeam.participant", "not a spelling the code table knows; served as text",
            ),
            "Store one of originator, ",
        ),
        (
            Cause("Task", "degraded", "work_queue", "priority", "Task.priority",
                  "number where a code belongs"),
            "or unset the field.",
        ),
        (
            Cause("Task", "unservable", "work_queue", "status", "Task.status",
                  "number where a code belongs"),
            "EnteredInError in work_queue.status.",
        ),
        (
            Cause("Task", "degraded", "work_queue", "_id", "Task.identifier",
                  "text where a key belongs"),
            "Copy the document under an _id that is",
        ),
    ],
    ids=["absent", "stray", "stray inside", "optional", "required", "id"],
)  # fmt: skip
def test_the_fix_knows_the_place(registry: Registry, cause: Cause, fix: str) -> None:
    assert fix in Fixes(registry).fix(cause)


def test_a_fix_names_no_command_that_is_not_there() -> None:
    commands = {
        command.name or getattr(command.callback, "__name__", "")
        for command in cli.app.registered_commands
    }
    for text in _FIXES.values():
        assert set(re.findall(r"fhir-facade (\w+)", text)) <= commands
