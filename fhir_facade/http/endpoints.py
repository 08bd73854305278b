"""The interactions as HTTP endpoints: each turns a request into a reply.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_facade.derive.capability_types import PUBLISHED_TYPES
from fhir_facade.errors import BadRequest, NotFound
from fhir_facade.http.conformance import ConformanceEndpoints, Line
from fhir_facade.http.docref import docref, docref_by_post
from fhir_facade.http.gate import Gate
from fhir_facade.http.history import Histories
from fhir_facade.http.people import people_lines
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, resource_reply
from fhir_facade.http.searches import Searches
from fhir_facade.http.smart import Smart
from fhir_facade.http.terminology import TerminologyEndpoints
from fhir_facade.http.validate import ValidateEndpoints
from fhir_facade.http.watch import Watch
from fhir_facade.http.writes import WriteEndpoints
from fhir_facade.interactions.capabilities import Capabilities
from fhir_facade.interactions.case import CASE_TYPE, read_case
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.read import Served, read
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.shape import Shape
from fhir_facade.interactions.validate import Validation
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.rules.registry import CASE_ALIASES
from fhir_facade.search.paging import Cursors
from fhir_facade.search.params import parse
from fhir_facade.settings import Settings


@dataclass(slots=True)
class Server:
    """Everything an endpoint needs."""

    settings: Settings
    records: Records
    cursors: Cursors
    capabilities: Capabilities
    writes: Writes
    conformance: Conformance
    validation: Validation
    gate: Gate
    watch: Watch
    smart: Smart

    @property
    def write(self) -> WriteEndpoints:
        return WriteEndpoints(self.settings, self.writes)

    @property
    def searches(self) -> Searches:
        return Searches(self.settings, self.records, self.cursors)

    @property
    def validate(self) -> ValidateEndpoints:
        return ValidateEndpoints(self.settings, self.validation, self.conformance)

    @property
    def histories(self) -> Histories:
        return Histories(self.settings, self.records, self.cursors)

    async def read(self, request: FhirRequest) -> Reply:
        """GET [base]/[type]/[id]"""
        request.require_json()
        name, fhir = request.params["type"], request.params["id"]
        if name in CASE_ALIASES:
            return await self.read_case(request)
        records = self.records.seen_by(request.access)
        served = await read(records, self.searches.type(name), fhir)
        if request.pairs:
            served = _cut(served, request)
        return resource_reply(request, served)

    async def read_case(self, request: FhirRequest) -> Reply:
        """GET [base]/EpisodeOfCare/[id]/$case, [base]/Case/[id], [base]/Bundle/[id]"""
        request.require_json()
        shape = _shape(request)
        if not shape.whole or shape.summary == "count":
            raise BadRequest("A Case is whole as it is: it takes no _elements and no _summary.")
        case = self.searches.type(CASE_TYPE)
        records = self.records.seen_by(request.access)
        served = await read_case(records, case, request.params["id"], request.base_url)
        return resource_reply(request, served)

    async def docref(self, request: FhirRequest) -> Reply:
        """GET [base]/DocumentReference/$docref"""
        return await docref(self.searches, request)

    async def docref_by_post(self, request: FhirRequest) -> Reply:
        """POST [base]/DocumentReference/$docref"""
        return await docref_by_post(self.searches, request)

    def people_lines(self) -> Iterator[Line]:
        """Yield the URLs of the types that only references tell of."""
        return people_lines(self.settings, self.records)

    def artefact_lines(self) -> Iterator[Line]:
        """Yield the URLs below the types that artefacts are published as."""
        yield from TerminologyEndpoints(self.settings, self.conformance).lines()
        yield from self.validate.artefact_lines()
        yield from ConformanceEndpoints(self.settings, self.conformance, self.cursors).lines()

    async def metadata(self, request: FhirRequest) -> Reply:
        """GET [base]/metadata?mode=full|normative|terminology"""
        request.require_json()
        await self.smart.describe()
        modes = [value for name, value in request.pairs if name == "mode"] or ["full"]
        served: Served = self.capabilities.statement(request.base_url, ",".join(modes))
        return resource_reply(request, served)

    async def base(self, request: FhirRequest) -> Reply:
        """GET [base]?…; without a parameter there is nothing to search for."""
        if not request.pairs:
            raise BadRequest(
                "A search over several types names them, or a parameter that all have: "
                "?_type=Task,Goal&patient=123. See /metadata for what this server offers."
            )
        return await self.searches.of_system(request)

    async def nowhere(self, request: FhirRequest) -> Reply:
        """Any other URL."""
        path = request.scope["path"].removeprefix(request.scope.get("root_path", "")).strip("/")
        first = path.partition("/")[0]
        if not first or first[0] in "_$":
            raise NotFound(
                "This server has no such interaction with the whole system; see /metadata."
            )
        if first not in (*CASE_ALIASES, *PUBLISHED_TYPES):
            self.searches.type(first)
        raise NotFound("There is nothing at this URL; /metadata lists what this server offers.")


def _shape(request: FhirRequest) -> Shape:
    """Return what _summary and _elements ask; raise BadRequest for a value of neither."""
    asked = [pair for pair in request.pairs if pair[0] in ("_summary", "_elements")]
    query = parse(asked, max_count=1)
    return Shape(query.summary, query.elements)


def _cut(served: Served, request: FhirRequest) -> Served:
    shape = _shape(request)
    return Served(shape.applied(served.body), served.version, served.last_updated)
