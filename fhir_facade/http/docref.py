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
    shown = [pair for pair in given if pair[0] != "_cursor"]
    return await searches.answer(request, Asked(PATH, (resource,), _search(given), shown=shown))


def _search(given: Pairs) -> Pairs:
    """Return the search that the operation's parameters stand for."""
    found: list[tuple[str, str]] = []
    for name, value in given:
        if name in _PAGING:
            found.append((name, value))
        elif name not in _TAKEN:
            known = ", ".join(_TAKEN)
            raise UnknownParameter(f"$docref has no such parameter here; it takes: {known}.")
        elif name in ("start", "end"):
            found.append(("period", ("ge" if name == "start" else "le") + value))
        elif name == "on-demand":
            if value == "true":  # every document here is there already
                found.append(("_id", NO_ID))
            elif value != "false":
                raise BadRequest("on-demand is true or false.")
        else:
            found.append((name, value))
    if sum(name == "patient" for name, _ in found) != 1:
        raise BadRequest("$docref needs one patient.", expression="Parameters.parameter")
    return found
