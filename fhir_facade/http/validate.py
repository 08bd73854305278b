"""$validate as HTTP endpoints, of the system, a type and an instance.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from fhir_facade.derive.capability_types import PUBLISHED_TYPES
from fhir_facade.errors import BadRequest, UnknownParameter, UnsupportedMediaType
from fhir_facade.http.bodies import apart, content_type
from fhir_facade.http.conformance import Line
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import NO_STORE, Reply
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.search import outcome
from fhir_facade.interactions.validate import BUNDLE, MODES, Asked, Validation
from fhir_facade.rules.json_text import read_json, to_json
from fhir_facade.rules.registry import CASE_ALIASES
from fhir_facade.settings import Settings

NAME: Final = "$validate"
_JSON: Final = ("", "application/fhir+json", "application/json", "text/json")
_TAKEN: Final = "It takes resource, mode and profile."
_STRINGS: Final = ("valueCode", "valueUri", "valueCanonical", "valueString", "valueUrl")


@dataclass(slots=True)
class _Given:
    """What a request brings along, in its URL and its body."""

    resource: Any = None
    modes: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)

    @property
    def mode(self) -> str | None:
        """The mode; raise BadRequest for two of them, or one that R4 does not know."""
        modes = set(self.modes)
        if len(modes) > 1:
            raise BadRequest("$validate takes one mode.", expression="mode")
        if modes - set(MODES):
            known = ", ".join(MODES)
            raise BadRequest(f"$validate knows no such mode; it knows: {known}.", expression="mode")
        return next(iter(modes), None)


@dataclass(slots=True)
class ValidateEndpoints:
    """Everything an endpoint that validates needs."""

    settings: Settings
    validation: Validation
    conformance: Conformance

    def artefact_lines(self) -> Iterator[Line]:
        """Yield the URLs below the types that artefacts are published as."""
        for name in PUBLISHED_TYPES:
            instance = partial(self._of_artefact, name)
            yield f"{name}/{NAME}", {"POST": instance}
            yield f"{name}/{{id}}/{NAME}", {"GET": instance, "POST": instance}

    async def of_system(self, request: FhirRequest) -> Reply:
        """POST [base]/$validate"""
        return await self._answer(request, None)

    async def of_type(self, request: FhirRequest) -> Reply:
        """POST [base]/[type]/$validate"""
        return await self._answer(request, self._type(request))

    async def of_instance(self, request: FhirRequest) -> Reply:
        """GET or POST [base]/[type]/[id]/$validate"""
        return await self._answer(request, self._type(request))

    async def _of_artefact(self, name: str, request: FhirRequest) -> Reply:
        return await self._answer(request, name)

    def _type(self, request: FhirRequest) -> str:
        """Return the resource type of a URL; raise UnknownType for one that is not served."""
        name = request.params["type"]
        return BUNDLE if name in CASE_ALIASES else self.validation.type(name)

    async def _answer(self, request: FhirRequest, type: str | None) -> Reply:
        request.require_json()
        fhir = request.params.get("id")
        given = await self._given(request)
        mode, resource = given.mode, given.resource
        if mode == "delete" and fhir is None:
            raise BadRequest(
                "Whether a resource can be deleted is asked at [type]/[id]/$validate.",
                expression="mode",
            )
        if resource is None and mode != "delete":
            if type is None or fhir is None:
                raise BadRequest("$validate needs a resource, in the body or in Parameters.")
            resource = await self._stored(request, type, fhir)
        profiles = tuple(dict.fromkeys(given.profiles))
        asked = Asked(request.base_url, resource, type, fhir, mode, profiles)
        body = outcome(await self.validation.seen_by(request.access).issues(asked))
        return Reply(to_json(body, pretty=request.pretty), 200, (NO_STORE,))

    async def _stored(self, request: FhirRequest, type: str, fhir: str) -> Any:
        if type in PUBLISHED_TYPES:
            return self.conformance.read(type, fhir).resource
        validation = self.validation.seen_by(request.access)
        return await validation.stored(type, fhir, request.base_url)

    async def _given(self, request: FhirRequest) -> _Given:
        given = _Given()
        for name, value in request.pairs:
            if not name.startswith("_"):
                _add(given, name, value, name)
        body = await request.body(self.settings.max_body)
        if not body:
            return given
        if content_type(request) not in _JSON:
            raise UnsupportedMediaType(
                "$validate takes FHIR as JSON: send Content-Type: application/fhir+json."
            )
        value = await apart(body, lambda: read_json(body))
        if isinstance(value, dict) and value.get("resourceType") == "Parameters":
            _add_parameters(given, value)
        else:
            given.resource = value
        return given


def _add(given: _Given, name: str, value: str, place: str) -> None:
    """Note a mode or a profile; raise UnknownParameter for anything else."""
    if name not in ("mode", "profile"):
        raise UnknownParameter(f"$validate has no such parameter here. {_TAKEN}", expression=place)
    if not value:
        raise BadRequest(f"$validate got no value of '{name}'.", expression=place)
    (given.modes if name == "mode" else given.profiles).append(value)


def _add_parameters(given: _Given, parameters: dict[str, Any]) -> None:
    """Note what a Parameters resource holds; raise BadRequest for what $validate does not take."""
    for place, each in _each(parameters):
        if each.get("name") != "resource":
            values = [each[name] for name in _STRINGS if isinstance(each.get(name), str)]
            _add(given, str(each.get("name")), values[0] if values else "", place)
        elif given.resource is not None or not isinstance(each.get("resource"), dict):
            raise BadRequest("$validate takes one resource.", expression=place)
        else:
            given.resource = each["resource"]


def _each(parameters: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each parameter and its place; raise BadRequest where there is no list of objects."""
    found = parameters.get("parameter", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadRequest(
            "The parameters of Parameters are a list of objects.", expression="Parameters.parameter"
        )
    for at, each in enumerate(found):
        yield f"Parameters.parameter[{at}]", each
