"""Which texts are units as UCUM writes them."""

from __future__ import annotations

import pytest

from fhir_facade.rules.kinds.quantities import UCUM, read_quantity
from fhir_facade.rules.ucum import is_ucum


@pytest.mark.parametrize(
    "code",
    [
        *("%", "kg", "mg/dL", "mmol/L", "mm[Hg]", "[lb_av]", "/min", "min", "d", "wk", "kg/m2"),
        *("g/d", "10*9/L", "{steps}/d", "{score}", "1", "ug/kg/min"),
        *("mL/min/{1.73_m2}", "[degF]", "Cel", "m[iU]/L", "mg/g{creat}", "a"),
    ],
)
def test_a_unit(code: str) -> None:
    assert is_ucum(code)


@pytest.mark.parametrize(
    "code",
    [
        "lbs",
        "steps/day",
        "mm Hg",
        "Group/1",
        "days",
        "x",
        "",
        "mg/",
        "/",
        "kg..m",
        "{a",
        "%%",
        "Mon",
    ],
)
def test_no_unit(code: str) -> None:
    assert not is_ucum(code)


@pytest.mark.parametrize(
    ("value", "system", "quantity"),
    [
        ("180 lbs", UCUM, {"value": 180, "unit": "lbs"}),
        ("7 %", UCUM, {"value": 7, "unit": "%", "system": UCUM, "code": "%"}),
        ({"value": 9, "unit": "steps", "code": "steps/day", "system": UCUM},
         None, {"value": 9, "unit": "steps"}),
        ({"value": 9, "unit": "x", "code": "x", "system": "http://example.org/u"},
         None, {"value": 9, "unit": "x", "code": "x", "system": "http://example.org/u"}),
    ],
)  # fmt: skip
def test_only_a_unit_of_ucum_has_its_system(value: object, system: str, quantity: object) -> None:
    assert read_quantity(value, system) == quantity
