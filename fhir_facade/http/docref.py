"""$docref: the document references of a patient, as US Core defines it.

https://hl7.org/fhir/us/core/OperationDefinition-docref.html
"""

from __future__ import annotations

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.http.parameters import posted
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply
from fhir_facade.http.searches import Asked, Pairs, Searches
from fhir_facade.search.joins import NO_ID

PATH = "DocumentReference/$docref"
_TAKEN = ("patient", "start", "end", "type", "on-demand")
_PAGING = ("_count", "_cursor", "_format", "_pretty", "_total")


async def docref(searches: Searches, request: FhirRequest) -> Reply:
    """GET [base]/DocumentReference/$docref?patient=…"""
    request.require_json()
    return await _answer(searches, request, request.pairs)


async def docref_by_post(searches: Searches, request: FhirRequest) -> Reply:
    """POST [base]/DocumentReference/$docref, its parameters as a Parameters resource"""
    request.require_json()
    return await _answer(searches, request, await posted(request, searches.settings.max_body))


async def _answer(searches: Searches, request: FhirRequest, given: Pairs) -> Reply:
    resource = searches.type("DocumentReference")
    pairs = [_search(name, value) for name, value in given]
    names = [name for name, _ in given if name in _TAKEN]
    if "patient" not in names or len(set(names)) < len(names):
        raise BadRequest(
            "$docref needs one patient, and takes each other parameter once.",
            expression="Parameters.parameter",
        )
    spelled = dict(zip(pairs, given, strict=True))
    return await searches.answer(request, Asked(PATH, (resource,), pairs, spelled=spelled))


def _search(name: str, value: str) -> tuple[str, str]:
    """Return the search parameter that one of the operation's stands for."""
    if name in _PAGING:
        return name, value
    if name not in _TAKEN:
        known = ", ".join(_TAKEN)
        raise UnknownParameter(f"$docref has no such parameter here; it takes: {known}.")
    if not value:
        raise BadRequest(f"$docref got no value of '{name}'.")
    if name != "type" and "," in value:
        raise BadRequest(f"$docref takes one value of '{name}'.")
    if name in ("start", "end"):
        return "period", ("ge" if name == "start" else "le") + value
    if name != "on-demand":
        return name, value
    if value not in ("true", "false"):
        raise BadRequest("on-demand is true or false.")
    # every document is there already: none is made on demand
    return ("_id:not", NO_ID) if value == "false" else ("_id", NO_ID)
