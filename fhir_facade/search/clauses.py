"""One clause of a search as a filter: by the parameter's type and the clause's modifier.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.rules import kept_tokens
from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import EVERYTHING, NOTHING, Filter, all_of, any_of, none_of
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.text_match import TextMatch
from fhir_facade.rules.value_sets import ValueSets
from fhir_facade.search.date import date_filter
from fhir_facade.search.params import Clause, unescape
from fhir_facade.search.reference import parse_version, reference_filter
from fhir_facade.search.token import read_token, split_bars, token_filter

_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*)\$")
MOST_WORK = 1000
"""What all the values of a search may cost together; see `Clauses.cost`."""

JOIN_WORK = 50
"""What a chain or `_has` costs beside its own search."""

_COSTS = {"date": 25, "string": 25, "uri": 10, "reference": 3}
_LETTER_COST = 3
"""Each letter of a text becomes a class of all its spellings."""
_CLAUSE_COST = 4
_LONGEST_URI = 2048
LONGEST_TEXT = 128
"""Characters of a text: each becomes a class, and a server takes patterns of some 30 kB."""


def text_cost(values: Sequence[str]) -> int:
    """Say what looking for some texts costs, in units of one token."""
    letters = sum(min(len(each), LONGEST_TEXT) for each in values)  # longer ones are refused
    return _CLAUSE_COST + _COSTS["string"] * len(values) + _LETTER_COST * letters


class Clauses:
    """Turns clauses into filters, for one deployment and one base URL."""

    def __init__(self, context: Context, base_url: str, value_sets: ValueSets) -> None:
        self._context, self._base_url, self._value_sets = context, base_url, value_sets

    def check(self, param: Param, clause: Clause) -> None:
        """Raise UnknownParameter or BadRequest for what the parameter does not take."""
        if clause.modifier is not None and clause.modifier not in param.modifiers:
            known = ", ".join(f":{each}" for each in param.modifiers) or "none"
            raise UnknownParameter(
                f"The modifier ':{_shown(clause.modifier)}' is not supported here for "
                f"'{param.name}'; it takes: {known}."
            )
        if not any(clause.values):
            raise BadRequest(f"The search parameter '{param.name}' has no value.")
        if clause.modifier in ("in", "not-in"):
            for value in filter(None, clause.values):
                self._codes(param, value)

    def cost(self, param: Param, clause: Clause) -> int:
        """Say what a clause costs to plan and to match, in units of one token."""
        if clause.modifier == "text" or param.type == "string":
            return text_cost(clause.values)
        return _CLAUSE_COST + _COSTS.get(param.type, 1) * len(clause.values)

    def filter(self, param: Param | None, clause: Clause) -> Filter:
        """Return the filter of a clause; a source without the parameter has no such element."""
        values = [each for each in clause.values if each]
        if clause.modifier == "missing":
            return any_of(self._missing(param, clause.name, value) for value in values)
        if param is None:
            return EVERYTHING if clause.modifier in ("not", "not-in") else NOTHING
        if clause.modifier in ("not", "not-in"):
            positive = "in" if clause.modifier == "not-in" else None
            return none_of(self._value(param, positive, value) for value in values)
        return any_of(self._value(param, clause.modifier, value) for value in values)

    def _missing(self, param: Param | None, name: str, value: str) -> Filter:
        if value not in ("true", "false"):
            raise BadRequest(f"'{name}:missing' takes true or false.")
        present = NOTHING if param is None else param.present
        return none_of([present]) if value == "true" else present

    def _value(self, param: Param, modifier: str | None, value: str) -> Filter:
        if modifier == "in":
            codes = self._codes(param, value)
            return any_of(token_filter(param, system, code) for system, code in codes)
        if param.type == "composite":
            return self._composite(param, value)
        return _BY_TYPE[param.type](self, param, modifier, value)

    def _words(self, param: Param, value: str, how: str = "prefix") -> TextMatch:
        text = unescape(value)
        if len(text) > LONGEST_TEXT:
            raise BadRequest(f"'{param.name}' takes up to {LONGEST_TEXT} characters.")
        return TextMatch(text, how)

    def _token(self, param: Param, modifier: str | None, value: str) -> Filter:
        if modifier == "text":
            match = self._words(param, value)
            return param.filter(lambda kind, site: kind.text(site, match))
        if modifier == "of-type":
            return _of_type(param, value)
        if modifier == "below":
            return param.filter(lambda kind, site: kind.uri(site, unescape(value), "below"))
        return token_filter(param, *read_token(value))

    def _codes(self, param: Param, value: str) -> Sequence[tuple[str, str | None]]:
        codes = self._value_sets.get(unescape(value))
        if codes is None:
            known = ", ".join(sorted(self._value_sets))
            raise UnknownParameter(
                f"The value of '{param.name}:in' is no value set of this server. It has: {known}."
            )
        return codes

    def _reference(self, param: Param, modifier: str | None, value: str) -> Filter:
        if modifier == "identifier":
            system, number = read_token(value)
            kept = kept_tokens.token(kept_tokens.identifier_name(param.name), system, number)
            stored = param.filter(lambda kind, site: kind.identifier(site, system, number))
            return any_of([stored, param.kept([kept])])
        target = parse_version(value, self._base_url, self._context.reference_base)
        if target is not None and modifier is not None:
            fits = target.type in (None, modifier)
            target = Target(modifier, target.id, target.version) if fits else None
        elsewhere = param.kept([kept_tokens.token(param.name, None, unescape(value))])
        return any_of([reference_filter(param, [target]), elsewhere if "://" in value else NOTHING])

    def _date(self, param: Param, modifier: str | None, value: str) -> Filter:
        del modifier
        return date_filter(param, value, self._context.timezone)

    def _string(self, param: Param, modifier: str | None, value: str) -> Filter:
        match = self._words(param, value, modifier or "prefix")
        return param.filter(lambda kind, site: kind.string(site, match))

    def _uri(self, param: Param, modifier: str | None, value: str) -> Filter:
        if len(value) > _LONGEST_URI:
            raise BadRequest(f"'{param.name}' takes up to {_LONGEST_URI} characters.")
        name = unescape(value)
        stored = param.filter(lambda kind, site: kind.uri(site, name, modifier))
        lost = [
            kept_tokens.disclaimed(param.name, uri)
            for target in param.targets
            for uri in target.kind.disclaimable(target.sites[0], name, modifier)
        ]
        if lost:
            stored = all_of([stored, none_of([param.kept(lost)])])
        if modifier:
            return stored
        return any_of([stored, param.kept([kept_tokens.token(param.name, None, name)])])

    def _composite(self, param: Param, value: str) -> Filter:
        parts = _DOLLAR.sub("\\1\x00", value).split("\x00")
        if len(parts) != len(param.components) or not all(parts):
            names = "$".join(each.name for each in param.components)
            raise BadRequest(f"The value of '{param.name}' is {names}.")
        pairs = zip(param.components, parts, strict=True)
        return all_of([self._value(component, None, part) for component, part in pairs])


_BY_TYPE: dict[str, Callable[[Clauses, Param, str | None, str], Filter]] = {
    "token": Clauses._token,
    "reference": Clauses._reference,
    "date": Clauses._date,
    "string": Clauses._string,
    "uri": Clauses._uri,
}


def _of_type(param: Param, value: str) -> Filter:
    parts = split_bars(value)
    if len(parts) != 3 or not all(parts):
        raise BadRequest(
            f"The value of '{param.name}:of-type' is the system and code of the identifier's type "
            "and the identifier's value: system|code|value."
        )
    system, code, number = parts
    kept = param.kept([kept_tokens.of_type(param.name, (system, code), number)])
    stored = param.filter(lambda kind, site: kind.of_type(site, (system, code), number))
    return any_of([stored, kept])


def _shown(name: str) -> str:
    kept = "".join(letter if letter.isprintable() else "?" for letter in name[:64])
    return kept + ("…" if len(name) > 64 else "")


def shown(names: Iterable[str]) -> str:
    """Return client-given names as a message may quote them."""
    return ", ".join(map(_shown, names))
