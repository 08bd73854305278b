"""Codes and code systems, as far as the published artefacts know them.

https://hl7.org/fhir/R4/terminology-service.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fhir_facade.errors import BadRequest, TooCostly, Unsupported
from fhir_facade.interactions.conformance import Conformance

Json = dict[str, Any]
Inputs = Mapping[str, Any]
"""The parameters of an operation by name; one that may repeat is a list."""

PARAMETER: Final = "Parameters.parameter"
MOST: Final = 100
"""Codings of a concept, and values of a parameter that repeats."""
_SOURCES: Final = ("code", "coding", "codeableConcept")


@dataclass(frozen=True, slots=True)
class Input:
    """What an operation takes under a name."""

    kind: str = "string"
    """`string` for all that is written as text, else the datatype."""
    repeats: bool = False
    taken: bool = True
    """False for what R4 defines and this server cannot do."""


TEXT: Final = Input()
FLAG: Final = Input("boolean")
NUMBER: Final = Input("integer")
CODING: Final = Input("Coding")
CONCEPT: Final = Input("CodeableConcept")
REFUSED: Final = Input(taken=False)
LANGUAGE: Final = {"displayLanguage": TEXT}


class Coding(NamedTuple):
    """A code as a client names it."""

    system: str | None
    code: str | None
    display: str | None = None
    version: str | None = None


def coding_of(value: Json) -> Coding:
    return Coding(
        value.get("system"), value.get("code"), value.get("display"), value.get("version")
    )


def asked_codings(inputs: Inputs, version: str, *, takes_concept: bool = True) -> list[Coding]:
    """Return the codes that are asked about; raise BadRequest unless they come in one way.

    `version` is the name of the parameter that goes with `code` and `system`.
    """
    known = _SOURCES if takes_concept else _SOURCES[:2]
    given = [name for name in known if name in inputs]
    if len(given) != 1:
        raise BadRequest(f"Send one of: {', '.join(known)}.", expression=PARAMETER)
    if given != ["code"]:
        stray = [name for name in ("system", version, "display") if name in inputs]
        if stray:
            raise BadRequest(
                f"'{stray[0]}' goes with 'code': {given[0]} has one of its own.",
                expression=PARAMETER,
            )
    if "coding" in inputs:
        return [coding_of(inputs["coding"])]
    if "codeableConcept" in inputs:
        codings = [coding_of(each) for each in inputs["codeableConcept"].get("coding", ())]
        if not codings:
            raise BadRequest("The codeableConcept has no coding.", expression=PARAMETER)
        if len(codings) > MOST:
            raise TooCostly(f"Up to {MOST} codings are looked at.", expression=PARAMETER)
        return codings
    return [
        Coding(inputs.get("system"), inputs["code"], inputs.get("display"), inputs.get(version))
    ]


def require_system(inputs: Inputs) -> None:
    """Raise BadRequest for a code without its system."""
    if "code" in inputs and "system" not in inputs:
        raise BadRequest("A 'code' needs its 'system' beside it.", expression=PARAMETER)


def check_language(inputs: Inputs) -> None:
    """Raise Unsupported for displays in another language than they are written in."""
    language = inputs.get("displayLanguage", "en").lower()
    if language.partition("-")[0] != "en":
        raise Unsupported("Displays are in English alone.", expression=PARAMETER)


def one_artefact(
    conformance: Conformance, type_: str, inputs: Inputs, fhir: str | None, version: str
) -> Json:
    """Return the artefact that an operation is about: an instance's own, or the one of a `url`.

    Raises BadRequest for none or two, NotFound for one that is not published.
    """
    if fhir is None:
        if "url" not in inputs:
            raise BadRequest(
                f"Name a {type_} by 'url', or ask at {type_}/[id].", expression=PARAMETER
            )
        return conformance.named(type_, inputs["url"], inputs.get(version))
    stray = [name for name in ("url", version) if name in inputs]
    if stray:
        raise BadRequest(f"'{stray[0]}' is not taken at {type_}/[id].", expression=PARAMETER)
    return conformance.read(type_, fhir).resource


class Concept(NamedTuple):
    """A concept of a code system, with what stands above it."""

    value: Json
    parent: Json | None = None

    @property
    def inactive(self) -> bool:
        return any(
            (each["code"], each.get("valueBoolean")) == ("inactive", True)
            or (each["code"] == "status" and each.get("valueCode") in ("inactive", "retired"))
            for each in self.value.get("property", ())
        )


@dataclass(frozen=True)
class CodeSystem:
    """A published code system."""

    resource: Json

    @property
    def url(self) -> str:
        return str(self.resource["url"])

    @property
    def version(self) -> str:
        return str(self.resource["version"])

    @property
    def is_open(self) -> bool:
        """Whether there are codes that the resource does not list."""
        return bool(self.resource["content"] != "complete")

    def concepts(self) -> Iterator[Concept]:
        """Yield every concept, at any depth."""
        return _concepts(self.resource.get("concept", ()), None)

    def same(self, one: str, other: str) -> bool:
        """Say whether two codes are the same one."""
        if self.resource.get("caseSensitive", True):
            return one == other
        return one.casefold() == other.casefold()

    def find(self, code: str) -> Concept | None:
        return next((each for each in self.concepts() if self.same(each.value["code"], code)), None)


def _concepts(listed: list[Json], parent: Json | None) -> Iterator[Concept]:
    for each in listed:
        yield Concept(each, parent)
        yield from _concepts(each.get("concept", []), each)


def code_system(conformance: Conformance, url: str | None) -> CodeSystem | None:
    """Return the published code system with a URL, None where it is not one of ours."""
    for each in conformance.all("CodeSystem"):
        if each["url"] == url:
            return CodeSystem(each)
    return None


def parameters(*found: Json | None) -> Json:
    """Return the answer of an operation; None is a parameter that has no value."""
    given = [each for each in found if each is not None]
    return {"resourceType": "Parameters", "parameter": given}


def parameter(name: str, kind: str, value: Any) -> Json | None:
    """Return one parameter; no value, no parameter."""
    return None if value is None else {"name": name, f"value{kind}": value}
