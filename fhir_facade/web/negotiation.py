"""Whether a person or a program asks: who names HTML above any JSON gets a page.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_plus

_FORMAT: Final = "_format"
_HTML: Final = frozenset({"html", "text/html"})
_JSON: Final = frozenset(
    {"*/*", "application/*", "application/json", "application/fhir+json", "text/json"}
)
_OTHERS: Final = _JSON | {"application/fhir+xml", "text/turtle", "application/fhir+turtle"}
"""What a program asks for; XML of any kind is what browsers name too."""
_METHODS: Final = ("GET", "HEAD")


def wants_page(scope: Any) -> bool:
    """Say whether a request is to be answered with a page; `_format` counts before `Accept`."""
    if scope["method"] not in _METHODS:
        return False
    if b"_format=" in scope["query_string"]:
        wanted = _formats(scope["query_string"])
        if wanted:
            return wanted[-1].partition(";")[0].strip().lower() in _HTML
    accept = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept = accept + b"," + value if accept else value
    return prefers_html(accept)


@lru_cache(maxsize=512)
def prefers_html(accept: bytes) -> bool:
    """Say whether an Accept header names text/html with more weight than what programs read."""
    html = other = 0.0
    kinds = set()
    for part in accept.decode("latin-1").lower().split(","):
        kind, *params = (piece.strip() for piece in part.split(";"))
        kinds.add(kind)
        if kind == "text/html":
            html = max(html, _weight(params))
        elif kind in _OTHERS:
            other = max(other, _weight(params))
    # Java's own client names HTML and pictures where it is not told what to accept
    is_java = "image/gif" in kinds and "application/xhtml+xml" not in kinds
    return html > other and not is_java


def _weight(params: list[str]) -> float:
    given = next((each[2:].strip() for each in params if each.startswith("q=")), "1")
    try:
        weight = float(given)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def for_json(scope: Any) -> dict[str, Any]:
    """Return the scope of the same request as a program would make it."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
    return {
        **scope,
        "headers": [*headers, (b"accept", b"application/fhir+json")],
        "query_string": _without_format(scope["query_string"]),
    }


def in_format(query: bytes, wanted: str) -> str:
    """Return a query string that asks for a format."""
    kept = _without_format(query).decode("latin-1")
    return f"{kept}&{_FORMAT}={wanted}" if kept else f"{_FORMAT}={wanted}"


def _without_format(query: bytes) -> bytes:
    return b"&".join(each for each in query.split(b"&") if not each.startswith(b"_format="))


def _formats(query: bytes) -> list[str]:
    return [
        unquote_plus(each[len(_FORMAT) + 1 :].decode("latin-1"))
        for each in query.split(b"&")
        if each.startswith(b"_format=")
    ]
