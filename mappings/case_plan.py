"""The workflow of a case as a CarePlan.

https://hl7.org/fhir/R4/careplan.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.json_text import comparable
from fhir_facade.rules.kinds import (
    Boolean,
    Code,
    Complex,
    Concept,
    Date,
    Integer,
    Key,
    Kind,
    Site,
    Text,
    part,
)
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.extensions import extension_values
from fhir_facade.rules.kinds.merging import as_list, merged
from fhir_facade.rules.kinds.primitives import as_decimal
from fhir_facade.rules.kinds.references import reference_builder
from fhir_facade.rules.text import fhir_id
from mappings.case_kinds import rows, rows_of
from mappings.codes import STEP_STATUS
from mappings.common import USER

PREFIX = "case_workflow_"

# fmt: off
WORKFLOW_STEP = Complex(
    (
        part("sequence",      f"{PREFIX}step_sequence",  Integer()),
        part("category",      f"{PREFIX}step_category",  Concept("workflow-step-category")),
        part("completed",     f"{PREFIX}completed_date", Date()),
        part("template-id",   f"{PREFIX}template_id",    Key()),
        part("template-name", f"{PREFIX}template_name",  Text()),
        part("case-type",     f"{PREFIX}case_type",      Concept("case-type")),
        part("is-template",   f"{PREFIX}is_template",    Boolean()),
    )
)
# fmt: on

_STEP_STATUS = Code(STEP_STATUS, required=True, otherwise="unknown")


@dataclass(frozen=True)
class LinkedItems(Kind):
    """References to the work items of a type that are linked to the case."""

    to: str

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.to,)

    @property
    def shows_others(self) -> bool:
        return True

    @property
    def held_by(self) -> tuple[str, str]:
        return self.to, "case"

    @property
    def sids(self) -> tuple[str, ...]:
        return ("work-item",)

    @property
    def sortable(self) -> bool:
        return False

    @property
    def fhir_type(self) -> str:
        return "Reference"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        build = reference_builder(self.to, "work-item", site.context)

        def encode(value: Any, findings: Findings) -> Any:
            del findings
            keys = map(fhir_id, value)
            return [build(key, None) for key in keys if key is not None] or None

        return encode

    def describe(self) -> str:
        return f"references to the {self.to}s linked to the case"


@dataclass(frozen=True)
class LinkedTasks(LinkedItems):
    """One activity a linked task."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def searched_part(self) -> str:
        return "reference"

    @property
    def gives(self) -> tuple[Given, ...]:
        return (given("reference", "", LinkedItems(self.to)),)

    def encoder(self, site: Site) -> Encode:
        encode_items = super().encoder(site)

        def encode(value: Any, findings: Findings) -> Any:
            found = encode_items(value, findings) or ()
            return [{"reference": each} for each in found] or None

        return encode

    def owns(self, value: Any, context: Context) -> bool:
        del context
        return isinstance(value, dict) and "reference" in value


@dataclass(frozen=True)
class WorkflowActivities(Kind):
    """One activity a workflow step, in sequence."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    @property
    def gives(self) -> tuple[Given, ...]:
        return (
            given("extension:workflow-step", "", WORKFLOW_STEP),
            given("detail.code.text", f"{PREFIX}step_name", Text()),
            given("detail.status", f"{PREFIX}step_status", _STEP_STATUS),
            given("detail.statusReason.text", f"{PREFIX}step_status_display", Text()),
            given("detail.scheduledPeriod.end", f"{PREFIX}due_date", Date()),
            given("detail.performer[]", f"{PREFIX}assigned_person_id", USER),
            given("detail.description", f"{PREFIX}step_description", Text()),
        )

    def encoder(self, site: Site) -> Encode:
        encode_detail = _detail_encoder(site)

        def encode(value: Any, findings: Findings) -> Any:
            steps = sorted(rows(value, site, findings), key=_sequence)
            return [encode_detail(step, findings) for step in steps] or None

        return encode

    def owns(self, value: Any, context: Context) -> bool:
        del context
        return isinstance(value, dict) and "detail" in value

    def decoder(self, site: Site) -> Decode:
        """Steps that stay as they are served keep what is stored; others are read anew."""
        decode_step, encode_detail = _step_decoder(site), _detail_encoder(site)

        def decode(values: Any, old: Any) -> Any:
            stored = as_list(old)
            ordered = sorted(stored, key=_sequence_of)
            live = rows_of(old)
            served = [
                encode_detail(step, []) if any(step is each for each in live) else None
                for step in ordered
            ]
            return merged(ordered, served, values, decode_step, _step_key) or None

        return decode

    def describe(self) -> str:
        return "workflow steps in sequence"


def _sequence(step: dict[str, Any]) -> tuple[bool, Any]:
    number = as_decimal(step.get(f"{PREFIX}step_sequence"))
    return (number is None, number or 0)


def _sequence_of(step: Any) -> tuple[bool, Any]:
    return _sequence(step) if isinstance(step, dict) else (True, 0)


def _step_key(activity: dict[str, Any]) -> Any:
    """A step is known by its number, else by its name."""
    for extension in activity.get("extension", ()):
        for each in extension.get("extension", ()):
            if each.get("url") == "sequence" and "valueInteger" in each:
                return each["valueInteger"]
    return activity.get("detail", {}).get("code", {}).get("text")


def _detail_encoder(site: Site) -> Encode:
    encode_status = _STEP_STATUS.encoder(site.at(f"workflow[].{PREFIX}step_status"))
    encode_text = Text().encoder(site)
    encode_due = Date().encoder(site.at(f"workflow[].{PREFIX}due_date"))
    encode_person = USER.encoder(site.at(f"workflow[].{PREFIX}assigned_person_id"))
    encode_step = WORKFLOW_STEP.encoder(site)
    step_url = site.context.extension("workflow-step")

    def encode(step: dict[str, Any], findings: Findings) -> dict[str, Any]:
        def read(name: str, encode_field: Encode) -> Any:
            value = step.get(PREFIX + name)
            return None if value in (None, "") else encode_field(value, findings)

        detail: dict[str, Any] = {}
        if (name := read("step_name", encode_text)) is not None:
            detail["code"] = {"text": name}
        detail["status"] = encode_status(step.get(f"{PREFIX}step_status"), findings)
        if (shown := read("step_status_display", encode_text)) is not None:
            detail["statusReason"] = {"text": shown}
        if (due := read("due_date", encode_due)) is not None:
            detail["scheduledPeriod"] = {"end": due}
        if (person := read("assigned_person_id", encode_person)) is not None:
            detail["performer"] = [person]
        if (description := read("step_description", encode_text)) is not None:
            detail["description"] = description
        extra = encode_step(step, findings)
        activity: dict[str, Any] = {}
        if extra is not None:
            activity["extension"] = extension_values(step_url, WORKFLOW_STEP, extra)
        return {**activity, "detail": detail}

    return encode


def _step_decoder(site: Site) -> Decode:
    decoders = {
        "step_status": Code(STEP_STATUS).decoder(site),
        "due_date": Date().decoder(site),
        "assigned_person_id": USER.decoder(site),
    }
    encode_detail = _detail_encoder(site)
    decode_step = WORKFLOW_STEP.decoder(site)
    step_url = site.context.extension("workflow-step")

    def decode(activity: dict[str, Any], before: Any) -> dict[str, Any]:
        detail, old = activity["detail"], before or {}
        extra: dict[str, Any] = next(
            (each for each in activity.get("extension", ()) if each.get("url") == step_url), {}
        )
        step = dict(decode_step(extra, old) or {})
        served = _values(encode_detail(old, [])["detail"]) if old else {}
        for name, value in _values(detail).items():
            if comparable(value) != comparable(served.get(name)):
                field = PREFIX + name
                decode_field = decoders.get(name, lambda value, old: value)
                stored = None if value is None else decode_field(value, old.get(field))
                step = {each: step[each] for each in step if each != field}
                step |= {} if stored is None else {field: stored}
        return step

    return decode


def _values(detail: dict[str, Any]) -> dict[str, Any]:
    """Return what a step's own fields hold of an activity, by their names."""
    return {
        "step_name": detail.get("code", {}).get("text"),
        "step_status": detail.get("status"),
        "step_status_display": detail.get("statusReason", {}).get("text"),
        "due_date": detail.get("scheduledPeriod", {}).get("end"),
        "assigned_person_id": next(iter(detail.get("performer", ())), None),
        "step_description": detail.get("description"),
    }
