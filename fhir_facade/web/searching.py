"""A search by one parameter, as a form that works without a script.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote

PATH: Final = "/search"
"""Where the form is sent to, and led on to the search that it means."""
WHAT: Final = "what"
VALUE: Final = "value"

_PLAIN: Final = ",:/*|"
"""What a search may show as it is."""
_MOST_PAIRS: Final = 50

Parameters = Mapping[str, Mapping[str, str]]
"""Type → search parameter → its type."""


class Option(NamedTuple):
    """A parameter that can be chosen."""

    value: str
    """`Patient.name`"""
    kind: str
    name: str
    type: str
    is_chosen: bool


class Form(NamedTuple):
    """What can be searched by, type by type."""

    title: str
    groups: Mapping[str, list[Option]]
    value: str


class Searches:
    """What each type is searched by; nothing, until somebody tells where that is described."""

    def __init__(self) -> None:
        self._describe: Callable[[], Parameters] = dict
        self._known: Parameters | None = None

    def described_by(self, describe: Callable[[], Parameters]) -> None:
        """Take what is known from a description, which is asked once, and not before it must."""
        self._describe, self._known = describe, None

    def of(self, kind: str) -> Mapping[str, str]:
        """Return the parameters of a type, and their types."""
        if self._known is None:
            self._known = self._describe()
        return self._known.get(kind, {})

    def form(self, kind: str, query: str) -> Form | None:
        """Return the form of a type, filled with what was searched; None where it has none."""
        given = parse_qsl(query, max_num_fields=None) if query.count("&") < _MOST_PAIRS else []
        name, value = next((each for each in given if each[0] in self.of(kind)), ("", ""))
        options = self._options(kind, f"{kind}.{name}")
        return Form(f"Search {kind}", {kind: options}, value) if options else None

    def form_of_all(self, kinds: Iterable[str], chosen: str) -> Form | None:
        """Return one form for several types."""
        groups = {kind: self._options(kind, chosen) for kind in kinds}
        found = {kind: options for kind, options in groups.items() if options}
        return Form("Search", found, "") if found else None

    def target(self, what: str, value: str) -> str | None:
        """Return the search that a form means, `Patient?name=Ann`; None where it means none."""
        kind, _, name = what.partition(".")
        if name not in self.of(kind):
            return None
        value = value.strip()
        return f"{kind}?{name}={quote(value, safe=_PLAIN)}" if value else kind

    def _options(self, kind: str, chosen: str) -> list[Option]:
        return [
            Option(value := f"{kind}.{name}", kind, name, type_, value == chosen)
            for name, type_ in sorted(self.of(kind).items(), key=_order)
        ]


def _order(parameter: tuple[str, str]) -> tuple[bool, bool, str]:
    """Order parameters as people look for them: names first, what all resources have last."""
    name, _ = parameter
    return name.startswith("_"), name != "name", name
