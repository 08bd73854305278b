"""check: map and validate every stored document, and say what could not be expressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from fhir_facade.interactions.records import Record, Records
from fhir_facade.rules.codes import Codes
from fhir_facade.rules.findings import Finding, Findings, Severity
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.kinds import Code
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.store.codec import decode

EXAMPLES = 3
_LONGEST_ID = 80
INVALID = "invalid"


@dataclass(frozen=True)
class Cause:
    """What findings are counted by."""

    type: str
    severity: str
    collection: str
    field: str
    element: str
    reason: str


@dataclass
class CheckReport:
    """Counts by type and outcome, and findings by cause with example ids."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    causes: Counter[Cause] = field(default_factory=Counter)
    examples: dict[Cause, list[str]] = field(default_factory=dict)

    def add(self, cause: Cause, identifier: str) -> None:
        self.causes[cause] += 1
        known = self.examples.setdefault(cause, [])
        if len(known) < EXAMPLES and identifier not in known:
            known.append(identifier)

    @property
    def invalid(self) -> int:
        return sum(each[INVALID] for each in self.counts.values())

    @property
    def unservable(self) -> int:
        return sum(each[Severity.UNSERVABLE] for each in self.counts.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": {name: dict(each) for name, each in sorted(self.counts.items())},
            "findings": [
                {**vars(cause), "count": count, "examples": self.examples[cause]}
                for cause, count in self.causes.most_common()
            ],
        }


class Checker:
    """Maps and validates the records of a store."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._models: dict[str, Any] = {}
        self.report = CheckReport()

    async def check(self, types: set[str] | None, advance: Callable[[int], None]) -> CheckReport:
        """Check every type, or those named; `advance` is told how many documents were looked at."""
        for collection in self._records.registry.collections:
            sources = [
                source
                for source in self._records.registry.sources
                if source.mapping.collection == collection
                and (types is None or source.resource in types)
            ]
            if not sources:
                continue
            async for batch in self._records.store.scan(collection):
                for source in sources:
                    await self._check_batch(source, batch)
                if types is None:
                    self._check_types(collection, sources, batch)
                advance(len(batch))
        return self.report

    async def _check_batch(self, source: Compiled, batch: list[bytes]) -> None:
        for group in await self._records.from_documents(source, batch):
            for record in group:
                if self._records.belongs(source, record.document):
                    self._check_record(record)

    def _check_types(self, collection: str, sources: list[Compiled], batch: list[bytes]) -> None:
        """A document that no mapping of its collection reads is served by nothing."""
        whole = [source for source in sources if source.mapping.unwind is None]
        for raw in batch:
            document = decode(raw)
            if not any(self._records.belongs(source, document) for source in whole):
                reason = "no served type reads a document of this type"
                cause = Cause("-", Severity.UNSERVABLE, collection, "type", "-", reason)
                self.report.add(cause, _shown(document.get("_id")))
                self._count("-", Severity.UNSERVABLE)

    def _check_record(self, record: Record) -> None:
        name = record.source.resource
        if record.source.is_deleted(record.document):
            self._count(name, "deleted")
            return
        findings: Findings = []
        resource = record.resource(findings)
        outcome = _worst(findings)
        if resource is not None and (problem := self._problem(name, record.source, resource)):
            findings.append(problem)
            outcome = INVALID
        self._count(name, outcome)
        collection = record.source.mapping.collection
        for each in findings:
            severity = INVALID if each.reason.startswith(INVALID) else each.severity.value
            cause = Cause(name, severity, collection, each.field, each.element, each.reason)
            self.report.add(cause, _example(record))

    def _count(self, name: str, outcome: str) -> None:
        self.report.counts.setdefault(name, Counter())[outcome] += 1

    def _problem(self, name: str, source: Compiled, resource: dict[str, Any]) -> Finding | None:
        """Return what the R4 models or a required binding refuse; that would be our own fault."""
        if name not in self._models:
            module = import_module(f"fhir.resources.R4B.{name.lower()}")
            self._models[name] = getattr(module, name)
        try:
            self._models[name].model_validate_json(to_json(resource))
        except ValueError as error:
            places = sorted({".".join(map(str, each["loc"])) for each in _errors(error)})
            where = ", ".join(places) or "the resource"
            reason = f"{INVALID}: the R4 model refuses {where}"
            return Finding(Severity.UNSERVABLE, "-", name, reason)
        return _unbound(name, source, resource)


def _errors(error: ValueError) -> list[Any]:
    errors = getattr(error, "errors", None)
    return list(errors()) if errors else []


def _unbound(name: str, source: Compiled, resource: dict[str, Any]) -> Finding | None:
    """Check top-level codes against their required value sets."""
    for each in source.mapping.rules:
        value = resource.get(each.element)
        if isinstance(each.kind, Code) and value is not None:
            allowed = {*_codes(each.kind.codes), each.kind.otherwise}
            if value not in allowed:
                reason = f"{INVALID}: a code outside the required value set"
                return Finding(Severity.UNSERVABLE, "-", f"{name}.{each.element}", reason)
    return None


def _codes(table: Codes) -> set[str]:
    return set(table.stored)


def _worst(findings: Findings) -> str:
    for severity in (Severity.UNSERVABLE, Severity.DEGRADED, Severity.NOTED):
        if any(each.severity is severity for each in findings):
            return severity
    return "clean"


def _example(record: Record) -> str:
    identifier, position = record.place
    text = _shown(identifier)
    return f"{text}[{position}]" if position else text


def _shown(identifier: Any) -> str:
    """Return the stored `_id`, which is what the data's owner looks for."""
    text = str(identifier)
    return text if len(text) <= _LONGEST_ID else f"{text[:_LONGEST_ID]}…"
