"""FHIR answers as pages, for those who read them in a browser.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import orjson
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhir_facade.http.headers import guarded
from fhir_facade.http.smart import PATH as SMART
from fhir_facade.web.answer_page import Answered, answer_page
from fhir_facade.web.front import Front
from fhir_facade.web.layout import HTML, policy
from fhir_facade.web.negotiation import for_json, in_format, wants_page
from fhir_facade.web.outside import PATH_SAFE

_IN_THREAD: Final = 50_000
"""Bytes from which on a page is made beside the event loop."""
_TOTAL: Final = re.compile(r"\btotal;dur=([0-9.]+)")


class _Collected(NamedTuple):
    start: Message
    body: bytes


def rendered(app: ASGIApp, front: Front) -> ASGIApp:
    """Return the FHIR base with pages for browsers; other clients get what they always got."""

    home = guarded(RedirectResponse("/", headers={"Vary": "Accept"}))

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and wants_page(scope):
            if scope["path"].endswith(f"/{SMART}"):  # which is JSON whatever is accepted
                await app(for_json(scope), receive, send)
            elif _is_bare_base(scope):
                await home(scope, receive, send)
            else:
                await _show(app, front, scope, receive, send)
        else:
            await app(scope, receive, send)

    return enter


def _is_bare_base(scope: Scope) -> bool:
    """Say whether the base is asked for nothing, as by somebody who looks what it is."""
    root = scope.get("root_path", "")
    return not scope["path"].removeprefix(root).strip("/") and not scope["query_string"]


async def _show(app: ASGIApp, front: Front, scope: Scope, receive: Receive, send: Send) -> None:
    started = time.perf_counter()
    collected = await _collect(app, for_json(scope), receive)
    if collected is None:
        return
    headers = MutableHeaders(raw=list(collected.start.get("headers", ())))
    is_head = scope["method"] == "HEAD" and collected.start["status"] not in (204, 304)
    is_json = "json" in headers.get("content-type", "") and "content-encoding" not in headers
    if not is_json or not (collected.body or is_head):
        await send(collected.start)
        await send({"type": "http.response.body", "body": collected.body})
        return
    page = b""
    if not is_head:
        seconds = time.perf_counter() - started
        answered = _answered(scope, collected, headers, seconds)
        if len(collected.body) < _IN_THREAD:
            page = answer_page(front, answered)
        else:
            page = await asyncio.to_thread(answer_page, front, answered)
    _as_page(headers, None if is_head else len(page))
    await send({**collected.start, "headers": headers.raw})
    await send({"type": "http.response.body", "body": page})


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> _Collected | None:
    """Return a whole answer, None where there was none."""
    start: list[Message] = []
    parts: list[bytes] = []

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, take)
    return _Collected(start[0], b"".join(parts)) if start else None


def _as_page(headers: MutableHeaders, length: int | None) -> None:
    """Make the headers of JSON those of the page; a HEAD request is not told its length."""
    headers["content-type"] = HTML
    headers["content-security-policy"] = policy()
    if length is None:
        del headers["content-length"]
    else:
        headers["content-length"] = str(length)
    if not re.search(r"\baccept(?!-)\b", headers.get("vary", ""), re.IGNORECASE):
        headers.add_vary_header("Accept")


def _answered(
    scope: Scope, collected: _Collected, headers: MutableHeaders, seconds: float
) -> Answered:
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root)
    said = _TOTAL.search(headers.get("server-timing", ""))
    target = quote(scope["path"], safe=PATH_SAFE)
    query: bytes = scope["query_string"]
    return Answered(
        url=f"{target}?{query.decode('latin-1')}" if query else target,
        json_url=f"{target}?{in_format(query, 'json')}",
        segments=tuple(each for each in path.split("/") if each),
        status=collected.start["status"],
        milliseconds=float(said[1]) if said else seconds * 1000,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        request_id=headers.get("x-request-id"),
        text=collected.body.decode("utf-8", "replace"),
        body=_parsed(collected.body),
    )


def _parsed(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a body, None where it holds something else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
