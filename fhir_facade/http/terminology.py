"""The terminology operations as HTTP endpoints.

https://hl7.org/fhir/R4/terminology-service.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from fhir_facade.http.conformance import Handler, Line
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import NO_STORE, Reply, shaped
from fhir_facade.http.terminology_inputs import Spec, inputs_of
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.terminology import Inputs, Json
from fhir_facade.interactions.terminology_expand import EXPAND, expand
from fhir_facade.interactions.terminology_lookup import LOOKUP, lookup
from fhir_facade.interactions.terminology_translate import TRANSLATE, translate
from fhir_facade.interactions.terminology_validate import (
    IN_CODE_SYSTEM,
    IN_VALUE_SET,
    validate_in_code_system,
    validate_in_value_set,
)
from fhir_facade.rules.json_text import to_json
from fhir_facade.settings import Settings


class Operation(NamedTuple):
    """One operation: where it is asked for, what it takes, and what answers it."""

    type: str
    name: str
    spec: Spec
    answer: Callable[[Conformance, Inputs, str | None], Json]
    of_instances: bool = True


OPERATIONS: Final = (
    Operation("CodeSystem", "lookup", LOOKUP, lookup, of_instances=False),
    Operation("CodeSystem", "validate-code", IN_CODE_SYSTEM, validate_in_code_system),
    Operation("ConceptMap", "translate", TRANSLATE, translate),
    Operation("ValueSet", "expand", EXPAND, expand),
    Operation("ValueSet", "validate-code", IN_VALUE_SET, validate_in_value_set),
)


@dataclass(frozen=True, slots=True)
class TerminologyEndpoints:
    """Everything an endpoint of an operation needs."""

    settings: Settings
    conformance: Conformance

    def lines(self) -> Iterator[Line]:
        """Yield the URLs of every operation."""
        for each in OPERATIONS:
            handler = partial(self._run, each)
            methods: dict[str, Handler] = {"GET": handler, "POST": handler}
            yield f"{each.type}/${each.name}", methods
            if each.of_instances:
                yield f"{each.type}/{{id}}/${each.name}", methods

    async def _run(self, operation: Operation, request: FhirRequest) -> Reply:
        """GET or POST [base]/[type]/$[name], [base]/[type]/[id]/$[name]"""
        request.require_json()
        inputs = await inputs_of(request, operation.spec, self.settings.max_body)
        answer = operation.answer(self.conformance, inputs, request.params.get("id"))
        return Reply(shaped(request, to_json(answer)), 200, (NO_STORE,))
