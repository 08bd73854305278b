"""Scopes: what a token's `scope` grants, in the spellings of SMART v1 and v2.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, cast
from urllib.parse import parse_qsl

from fhir_facade.security.principal import Scope

_SCOPE: Final = re.compile(
    r"(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]{0,63})\."
    r"(?:(?P<v1>read|write|\*)|(?P<v2>(?=[cruds])c?r?u?d?s?)(?:\?(?P<query>\S+))?)"
)
_V1: Final = {"read": "rs", "write": "cud", "*": "cruds"}


@lru_cache(maxsize=1024)
def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Return the clinical scopes of a list with blanks between them, each once, in their order.

    Others (`openid`, `launch/patient` …) are left out. So are malformed ones: they grant nothing.
    """
    found = (_scope(each) for each in dict.fromkeys(text.split(" ")))
    return tuple(scope for scope in found if scope is not None)


def _scope(text: str) -> Scope | None:
    match = _SCOPE.fullmatch(text)
    if match is None:
        return None
    query = _query(match["query"])
    if query is None:
        return None
    level = cast(Literal["patient", "user", "system"], match["level"])
    letters = frozenset(match["v2"] or _V1[match["v1"]])
    return Scope(level, match["type"], letters, query, text)


def _query(text: str | None) -> tuple[tuple[str, str], ...] | None:
    """Return the pairs of a granular scope; None where any part of it is no `name=value`."""
    if text is None:
        return ()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    return tuple(pairs) if all(name and value for name, value in pairs) else None
