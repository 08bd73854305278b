"""$validate-code: whether a code is in a value set, or in a code system.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fhir_facade.errors import Unsupported
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.terminology import (
    CODING,
    CONCEPT,
    FLAG,
    LANGUAGE,
    REFUSED,
    TEXT,
    CodeSystem,
    Coding,
    Inputs,
    Json,
    asked_codings,
    check_language,
    code_system,
    one_artefact,
    parameter,
    parameters,
    require_system,
)
from fhir_facade.interactions.terminology_members import Members, members

_SHARED: Final = {
    "url": TEXT,
    "code": TEXT,
    "display": TEXT,
    "coding": CODING,
    "codeableConcept": CONCEPT,
    "abstract": FLAG,
    **LANGUAGE,
    "date": REFUSED,
}
IN_VALUE_SET: Final = {
    **_SHARED,
    "valueSetVersion": TEXT,
    "system": TEXT,
    "systemVersion": TEXT,
    "context": REFUSED,
    "valueSet": REFUSED,
}
IN_CODE_SYSTEM: Final = {**_SHARED, "version": TEXT, "codeSystem": REFUSED}

_OPEN: Final = (
    "The code system is open, its codes come from what is stored: the code is allowed, but not "
    "one that is listed."
)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is found of one code."""

    valid: bool
    message: str | None = None
    display: str | None = None


def validate_in_value_set(conformance: Conformance, inputs: Inputs, fhir: str | None) -> Json:
    """Say whether a code is in a value set; raise BadRequest, NotFound or Unsupported."""
    check_language(inputs)
    codings = asked_codings(inputs, "systemVersion")
    require_system(inputs)
    value_set = one_artefact(conformance, "ValueSet", inputs, fhir, "valueSetVersion")
    found = members(conformance, value_set)
    return _answer(codings, lambda coding: _in_members(conformance, found, coding))


def validate_in_code_system(conformance: Conformance, inputs: Inputs, fhir: str | None) -> Json:
    """Say whether a code is in a code system; raise BadRequest or NotFound."""
    check_language(inputs)
    given = {name: value for name, value in inputs.items() if name != "version"}
    own = CodeSystem(one_artefact(conformance, "CodeSystem", given, fhir, "version"))
    codings = asked_codings(inputs, "version")
    if "code" in inputs:
        codings = [codings[0]._replace(system=own.url)]
    return _answer(codings, lambda coding: _in_system(own, coding))


def _answer(codings: list[Coding], judge: Callable[[Coding], _Verdict]) -> Json:
    """Return the verdict: of several codings, one that is valid is enough."""
    verdicts = [judge(each) for each in codings]
    best = next((each for each in verdicts if each.valid), verdicts[0])
    return parameters(
        parameter("result", "Boolean", best.valid),
        parameter("message", "String", best.message),
        parameter("display", "String", best.display),
    )


def _in_members(conformance: Conformance, found: Members, coding: Coding) -> _Verdict:
    system, code = coding.system, coding.code
    if system is None or code is None:
        return _Verdict(False, "The coding has no system, or no code.")
    own = code_system(conformance, system)
    member = found.find(system, code, own)
    if member is None:
        if system in found.unknown:
            raise Unsupported(
                "The value set takes in a code system that this server does not have."
            )
        if system in found.open and _is_version(coding, found.open[system].version):
            return _Verdict(True, _OPEN)
        return _Verdict(False, "The code is not in the value set.")
    if not _is_version(coding, member.version):
        return _Verdict(False, "The value set has the code of another version of its system.")
    return _with_display(coding, member.display, [each["value"] for each in member.designations])


def _in_system(own: CodeSystem, coding: Coding) -> _Verdict:
    if coding.system != own.url or coding.code is None:
        return _Verdict(False, "The coding is not of this code system, or has no code.")
    if not _is_version(coding, own.version):
        return _Verdict(False, f"This server has version {own.version} of the code system alone.")
    concept = own.find(coding.code)
    if concept is None:
        return _Verdict(True, _OPEN) if own.is_open else _Verdict(False, "There is no such code.")
    designations = [each["value"] for each in concept.value.get("designation", ())]
    return _with_display(coding, concept.value.get("display"), designations)


def _is_version(coding: Coding, version: str | None) -> bool:
    return coding.version is None or version is None or coding.version == version


def _with_display(coding: Coding, display: str | None, others: list[str]) -> _Verdict:
    """Judge the display that was given; where none is known it cannot be judged."""
    if coding.display is None:
        return _Verdict(True, None, display)
    if display is None:
        return _Verdict(True, "The code is valid; its display is not known here.")
    known = {each.casefold() for each in (display, *others)}
    if coding.display.casefold() in known:
        return _Verdict(True, None, display)
    return _Verdict(False, "The code is valid, but its display is another one.", display)
