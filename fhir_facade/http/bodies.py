"""What comes in with a write: the resource or the patch in the body, and what the headers ask.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from fhir_facade.errors import BadRequest, FacadeError, Issue, Unprocessable, UnsupportedMediaType
from fhir_facade.http.request import FhirRequest
from fhir_facade.interactions.prepared import Change, Matches
from fhir_facade.rules.draft import Resource
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.patch import fhirpath_patch, json_patch, merge_patch
from fhir_facade.rules.validation import validate

_JSON: Final = ("application/fhir+json", "application/json", "text/json", "json")
_JSON_PATCH: Final = "application/json-patch+json"
_MERGE_PATCH: Final = "application/merge-patch+json"
_STRUCTURAL: Final = frozenset({"structure", "required", "value", "invalid"})
"""Issues of a body that is no FHIR; others are of FHIR that this server does not take."""
_LARGE: Final = 262_144
"""Bytes of a body whose reading and checking may take tenths of a second."""
_TAG: Final = re.compile(r'\s*(?:W/)?"([^"]*)"\s*')


T = TypeVar("T")


def content_type(request: FhirRequest) -> str:
    return (request.header(b"content-type") or "").partition(";")[0].strip().lower()


async def json_body(request: FhirRequest, limit: int) -> Any:
    """Return the JSON of a body; raise TooLarge, UnsupportedMediaType or BadRequest."""
    body = await _body(request, limit)
    return await apart(body, lambda: read_json(body))


async def resource_body(request: FhirRequest, type: str, limit: int) -> Resource:
    """Return the resource in a body; raise what is wrong with it, all of it at once."""
    body = await _body(request, limit)
    patches = content_type(request) in (_JSON_PATCH, _MERGE_PATCH)

    def resource() -> Resource:
        value = read_json(body)
        if patches:
            raise UnsupportedMediaType("A patch is sent with PATCH; here a resource is wanted.")
        return checked(value, type)

    return await apart(body, resource)


async def _body(request: FhirRequest, limit: int) -> bytes:
    body = await request.body(limit)
    kind = content_type(request)
    if kind and kind not in (*_JSON, _JSON_PATCH, _MERGE_PATCH):
        raise UnsupportedMediaType(
            "This server takes FHIR as JSON: send Content-Type: application/fhir+json."
        )
    if not body:
        raise BadRequest("The request has no body.")
    return body


async def apart(body: bytes, work: Callable[[], T]) -> T:
    """Do what a body wants; in a thread for a large one, so that others are answered meanwhile."""
    return await asyncio.to_thread(work) if len(body) > _LARGE else work()


def checked(value: Any, type: str) -> Resource:
    """Return a value that is a resource of a type in R4; raise what is wrong with it."""
    errors = [each for each in validate(value, type=type) if each.severity in ("error", "fatal")]
    if errors:
        raise refused(errors)
    resource: Resource = value
    return resource


def refused(errors: list[Issue]) -> FacadeError:
    """Return the error for a resource that was refused: 400 for what is no FHIR at all."""
    structural = any(each.code in _STRUCTURAL for each in errors)
    return (BadRequest if structural else Unprocessable)("not valid", issues=errors)


def same_id(resource: Resource, fhir: str) -> None:
    """Raise BadRequest unless a resource has the id of the URL."""
    if resource.get("id") != fhir:
        text = "The resource must have the id of the URL."
        raise BadRequest(text, expression=f"{resource['resourceType']}.id")


async def patch_body(request: FhirRequest, type: str, limit: int) -> Change:
    """Return the change that a patch in a body makes; the format is told by its content type.

    https://hl7.org/fhir/R4/http.html#patch
    """
    patch, kind = await json_body(request, limit), content_type(request)

    def change(current: Resource | None) -> Resource:
        before = current or {}
        changed = _applied(patch, kind, before)
        if changed.get("id") != before.get("id"):
            raise Unprocessable("A patch cannot change the id.", expression=f"{type}.id")
        return checked(changed, type)

    return change


def _applied(patch: Any, kind: str, resource: Resource) -> Resource:
    """With a plain JSON type, a list is a JSON Patch and an object a merge patch or Parameters."""
    if kind == _MERGE_PATCH:
        return merge_patch(resource, patch)
    if kind == _JSON_PATCH or isinstance(patch, list):
        return json_patch(resource, patch)
    is_parameters = isinstance(patch, dict) and patch.get("resourceType") == "Parameters"
    if is_parameters or kind == "application/fhir+json":
        return fhirpath_patch(resource, patch)
    return merge_patch(resource, patch)


def expected(request: FhirRequest) -> Matches:
    """Return what If-Match and If-None-Match expect of the version that is there."""
    wanted, unwanted = request.header(b"if-match"), request.header(b"if-none-match")

    def matches(version: str | None) -> bool:
        if wanted is not None and not _names(wanted, version):
            return False
        return unwanted is None or not _names(unwanted, version)

    return matches


def _names(header: str, version: str | None) -> bool:
    """Say whether a header names a version; `*` is any that is there."""
    if header.strip() == "*":
        return version is not None
    found = [_TAG.fullmatch(each) for each in header.split(",")]
    tags = [each[1] if each else header.strip() for each in found]
    return version in tags
