"""Which FHIR interaction a URL and a method are.

https://hl7.org/fhir/R4/valueset-restful-interaction.html
"""

from __future__ import annotations

from typing import Final

_BY_METHOD: Final = {"PUT": "update", "PATCH": "patch", "DELETE": "delete", "OPTIONS": "options"}
_HISTORIES: Final = {1: "history-system", 2: "history-type", 3: "history-instance"}


def interaction_of(path: str, method: str) -> str:
    """Return the code of an interaction, or the name of an operation such as `$everything`.

    A Bundle that is POSTed to the base is a `batch` here, until its type is known.
    """
    segments = path.split("/") if path else []
    if method in _BY_METHOD:
        return _BY_METHOD[method]
    if not segments:
        return "batch" if method == "POST" else "search-system"
    last = segments[-1]
    if last.startswith("$"):
        return last
    if last == "metadata" or segments[0] == ".well-known":
        return "capabilities"
    if last == "_search":
        return "search-system" if len(segments) == 1 else "search-type"
    if "_history" in segments:
        return _HISTORIES[len(segments)] if last == "_history" else "vread"
    if method == "POST":
        return "create"
    return "read" if len(segments) == 2 else "search-type"
