"""Which browser origins may read answers.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_ANY_PORT: Final = ":*"


class Origins:
    """The origins of a setting: `*` is any, and a port of `*` any port."""

    def __init__(self, given: Sequence[str]) -> None:
        self.given = tuple(given)
        self.pattern = "|".join(map(_pattern, given))
        self._matches = re.compile(self.pattern).fullmatch

    def __bool__(self) -> bool:
        return bool(self.given)

    def __contains__(self, origin: str) -> bool:
        return bool(self.given) and self._matches(origin) is not None

    @property
    def are_all(self) -> bool:
        return "*" in self.given


def _pattern(origin: str) -> str:
    if origin == "*":
        return ".*"
    if origin.endswith(_ANY_PORT):
        return re.escape(origin.removesuffix(_ANY_PORT)) + "(?::[0-9]+)?"
    return re.escape(origin)
