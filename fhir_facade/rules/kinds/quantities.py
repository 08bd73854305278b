"""Quantities, ranges and ratios, and the sloppy spellings of old data.

https://hl7.org/fhir/R4/datatypes.html#Quantity
"""

from __future__ import annotations

import decimal
import re
from dataclasses import dataclass
from typing import Any

from bson import Decimal128

from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.kinds.base import Kind, Site, wrong_type
from fhir_facade.rules.kinds.primitives import as_decimal, json_number, stored_number
from fhir_facade.rules.text import clean, is_code
from fhir_facade.rules.ucum import is_ucum

UCUM = "http://unitsofmeasure.org"
_NUMBER = r"[-+]?\d{1,18}(?:\.\d{1,12})?"
_UNIT = r"(?![eE]\d)[A-Za-z%\u00b0\u00b5\u03bc\[{(][A-Za-z0-9%\u00b0\u00b5\u03bc/.*^\[\]{}()_ ]*"
"""A unit begins with a letter or a sign, so that `7,5` and `130/85` are no numbers with a unit."""
_SLOPPY = re.compile(rf"\s*(<=|>=|<|>)?\s*({_NUMBER})\s*({_UNIT})?", re.ASCII)
_SLOPPY_RANGE = re.compile(
    rf"\s*({_NUMBER})\s*(?:-|\u2013|to)\s*({_NUMBER})\s*({_UNIT})?", re.ASCII
)
_SLOPPY_RATIO = re.compile(rf"\s*(<=|>=|<|>)?\s*({_NUMBER})\s*[/:]\s*({_NUMBER})\s*", re.ASCII)
_COMPARATORS = ("<", "<=", ">=", ">")


def number(value: Any) -> Any:
    """Read a number or a text that is one, with the digits it has."""
    if isinstance(value, int | float | Decimal128):
        return json_number(value)
    if isinstance(value, str) and re.fullmatch(rf"\s*{_NUMBER}\s*", value, re.ASCII):
        return decimal.Decimal(value.strip())
    return None


def _quantity(value: Any, unit: Any, comparator: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"value": value}
    if comparator in _COMPARATORS:
        found["comparator"] = comparator
    text = clean(unit.strip()) if isinstance(unit, str) else None
    if text is not None:
        found["unit"] = text
    return found


def read_quantity(value: Any, system: Any = None) -> dict[str, Any] | None:
    """Read a Quantity from a number, an object or a text like `< 7.0 %`; None if it is none."""
    if not isinstance(value, dict):
        value = {"value": value}
    amount, comparator, unit = _amount(value.get("value"))
    if amount is None:
        return None
    shown = value.get("unit") or unit
    found = _quantity(amount, shown, comparator or value.get("comparator"))
    code = value.get("code") or (unit if unit and " " not in unit else None)
    return {**found, **_unit_code({**value, "code": code}, system)}


def _amount(value: Any) -> tuple[Any, str | None, str | None]:
    """Return (number, comparator, unit) of a number or a sloppy text."""
    plain = number(value)
    if plain is not None or not isinstance(value, str):
        return plain, None, None
    match = _SLOPPY.fullmatch(value)
    if match is None:
        return None, None, None
    comparator, digits, unit = match.groups()
    return decimal.Decimal(digits), comparator, unit.strip() if unit else None


def _unit_code(value: dict[str, Any], system: Any) -> dict[str, Any]:
    """A unit's code needs its system (invariant qty-3): both are served, or neither."""
    url, code = value.get("system", system), value.get("code")
    if not (isinstance(url, str) and isinstance(code, str) and is_code(code)):
        return {}
    if url == UCUM and not is_ucum(code):
        return {}
    return {"system": url, "code": code} if re.fullmatch(r"(https?://|urn:)\S+", url) else {}


def read_range(value: Any, system: Any = None) -> dict[str, Any] | None:
    """Read a Range from `{low, high}` or a text like `120-140 mmHg`; low above high is none."""
    if isinstance(value, str):
        match = _SLOPPY_RANGE.fullmatch(value)
        if match is None:
            return None
        low, high, unit = match.groups()
        value = {"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}
    if not isinstance(value, dict):
        return None
    unit = value.get("unit")
    found = {}
    for end in ("low", "high"):
        stored = value.get(end)
        if stored is None:
            continue
        stored = stored if isinstance(stored, dict) else {"value": stored, "unit": unit}
        quantity = read_quantity(stored, system)
        if quantity is None or "comparator" in quantity:  # a Range's ends are SimpleQuantity
            return None
        found[end] = quantity
    if len(found) == 2 and _as_decimal(found["low"]) > _as_decimal(found["high"]):
        return None
    return found or None


def _as_decimal(quantity: dict[str, Any]) -> decimal.Decimal:
    value = quantity["value"]
    return value if isinstance(value, decimal.Decimal) else as_decimal(value) or decimal.Decimal(0)


def read_ratio(value: Any, system: Any = None) -> dict[str, Any] | None:
    """Read a Ratio from `{numerator, denominator}` or `140/90`; one half alone is none."""
    if isinstance(value, str):
        match = _SLOPPY_RATIO.fullmatch(value)
        if match is None:
            return None
        comparator, top, bottom = match.groups()
        value = {"numerator": {"value": top, "comparator": comparator}, "denominator": bottom}
    if not isinstance(value, dict):
        return None
    numerator = read_quantity(value.get("numerator"), system)
    denominator = read_quantity(value.get("denominator"), system)
    if numerator is None or denominator is None:
        return None
    return {"numerator": numerator, "denominator": denominator}


def stored_quantity(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return a Quantity as an object of plain values; None for one without a value."""
    if "value" not in value:
        return None
    names = ("comparator", "unit", "system", "code")
    plain = {name: value[name] for name in names if name in value}
    return {"value": stored_number(value["value"]), **plain}


@dataclass(frozen=True)
class Quantity(Kind):
    """A Quantity, also from sloppy text."""

    @property
    def fhir_type(self) -> str:
        return "Quantity"

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> Any:
            found = read_quantity(value)
            if found is None:
                findings.append(site.degraded(wrong_type(value, "a quantity")))
            return found

        return encode

    def decoder(self, site: Site) -> Decode:
        del site
        return lambda value, old: stored_quantity(value)


@dataclass(frozen=True)
class Measure(Kind):
    """A stored number in a fixed UCUM unit, as Quantity or one of its specialisations."""

    unit: str
    code: str
    as_type: str = "Quantity"

    @property
    def fhir_type(self) -> str:
        return self.as_type

    def encoder(self, site: Site) -> Encode:
        unit, code = self.unit, self.code

        def encode(value: Any, findings: Findings) -> Any:
            amount = number(value)
            if amount is None or amount < 0:
                findings.append(site.degraded(wrong_type(value, "a number from 0 up")))
                return None
            return {"value": amount, "unit": unit, "system": UCUM, "code": code}

        return encode

    def decoder(self, site: Site) -> Decode:
        unit = (UCUM, self.code)
        del site

        def decode(value: Any, old: Any) -> Any:
            del old
            same = (value.get("system"), value.get("code")) == unit and "comparator" not in value
            return stored_number(value["value"]) if same and "value" in value else None

        return decode
