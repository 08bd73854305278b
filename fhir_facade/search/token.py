"""Token search: `code`, `system|code`, `|code`, `system|`.

https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

import re

from fhir_facade.rules import kept_tokens
from fhir_facade.rules.filters import Filter, absent, all_of, any_of
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.search.params import unescape

_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")


def split_bars(value: str) -> list[str]:
    """Split a value at its unescaped bars, and undo the escapes."""
    return [unescape(each) for each in _BAR.sub("\\1\x00", value).split("\x00")]


def read_token(value: str) -> tuple[str | None, str | None]:
    """Return (system, code): None is any, an empty system is none."""
    system, *code = split_bars(value)
    return (system, "|".join(code) or None) if code else (None, system)


def token_filter(param: Param, system: str | None, code: str | None) -> Filter:
    """Return the filter of one token; one that cannot match matches nothing."""
    found = [param.filter(lambda kind, site: kind.token(site, system, code))]
    for target in param.targets:
        if target.kind.is_token_of_absent(system, code):
            found.append(all_of(absent(site.field) for site in target.sites))
    found.append(param.kept([kept_tokens.token(param.name, system, code)]))
    return any_of(found)
