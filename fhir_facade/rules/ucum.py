"""Whether a text is a UCUM code, of the units that care plans use.

https://ucum.org/ucum#section-Grammar-of-Units-and-Unit-Terms
"""

from __future__ import annotations

import re
from functools import lru_cache

_PREFIXES = "da|[YZEPTGMkhdcmunpfazy]"
_METRIC = (
    "mol|osm|eq|bar|cal|kat|lm|lx|Hz|Pa|Cel|Ohm|Bq|Gy|Sv|U|g|m|s|L|l|K|A|J|W|V|N|C|F|T|t|B|u"
    r"|\[iU\]|\[IU\]|m\[Hg\]"
)
"""Units that a prefix may stand before."""
_OTHERS = (
    r"%|\[ppth\]|\[ppm\]|\[pH\]|min|h|d|wk|mo|a|deg|\[lb_av\]|\[oz_av\]|\[in_i\]|\[ft_i\]|\[mi_i\]"
    r"|\[degF\]|\[Cal\]|\[cup_us\]|\[foz_us\]|\[tbs_us\]|\[tsp_us\]|\[drp\]|\[arb'U\]|10\*-?\d+|10\^-?\d+"
)
_NOTE = r"\{[\x21-\x7a|~]*\}"
_ATOM = rf"(?:(?:{_PREFIXES})?(?:{_METRIC})|{_OTHERS})(?:[+-]?\d+)?(?:{_NOTE})?|{_NOTE}|\d+"
_CODE = re.compile(rf"/?(?:{_ATOM})(?:[./](?:{_ATOM}))*")


@lru_cache(maxsize=1024)
def is_ucum(code: str) -> bool:
    """Say whether a code is built of units that are known here, as UCUM's grammar has it."""
    return len(code) <= 100 and _CODE.fullmatch(code) is not None
