"""A page of a history as a Bundle, joined from the bytes of its versions.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from typing import Any

from fhir_facade.interactions.history import Entry, HistoryPage
from fhir_facade.interactions.shape import Shape
from fhir_facade.interactions.versions import Version
from fhir_facade.rules.json_text import to_json


def history_bundle(
    page: HistoryPage, links: list[tuple[str, str]], base_url: str, shape: Shape
) -> bytes:
    """Return the Bundle of a page, its resources whole or cut to a shape."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "history"}
    if page.total is not None:
        head["total"] = page.total
    head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    body = to_json(head)
    if page.entries:
        entries = b",".join(_entry(each, base_url, shape) for each in page.entries)
        body = body[:-1] + b',"entry":[' + entries + b"]}"
    return body


def _entry(entry: Entry, base_url: str, shape: Shape) -> bytes:
    version = entry.version
    url = f"{version.type}/{version.id}"
    # what other software does comes by no request: the methods that would do the same stand for it
    method = version.method or ("DELETE" if version.body is None else "PUT")
    request = {"method": method, "url": version.type if method == "POST" else url}
    body = b""
    if version.body is not None:
        body = b'"resource":%b,' % shape.applied(version.body)
    return b'{"fullUrl":%b,%b"request":%b,"response":%b}' % (
        to_json(f"{base_url}/{url}"),
        body,
        to_json(request),
        to_json(_response(entry, version)),
    )


def _response(entry: Entry, version: Version) -> dict[str, str]:
    """Return what the request was answered with; the status is one that R4 names for it."""
    if version.body is None:
        status = "204 No Content"
    else:
        status = "201 Created" if entry.created else "200 OK"
    found = {"status": status, "etag": f'W/"{version.version}"'}
    return found if entry.last_modified is None else {**found, "lastModified": entry.last_modified}
