"""Token search: `code`, `system|code`, `|code`, `system|`.

https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

import re

from fhir_facade.rules.filters import Filter, absent, all_of, any_of
from fhir_facade.rules.mapping import Param
from fhir_facade.search.params import unescape

_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")


def token_filter(param: Param, value: str) -> Filter:
    """Return the filter of one token value; one that cannot match matches nothing."""
    system: str | None = None
    code: str | None = unescape(value)
    if (bar := _BAR.search(value)) is not None:
        system = unescape(value[: bar.end() - 1])
        code = unescape(value[bar.end() :]) or None
    found = [param.filter(lambda kind, site: kind.token(site, system, code))]
    for target in param.targets:
        if target.kind.is_token_of_absent(system, code):
            found.append(all_of(absent(site.field) for site in target.sites))
    return any_of(found)
