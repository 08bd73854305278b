"""Formats of primitives, by the regular expressions of R4 4.0.1."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.rules.json_text import Number
from fhir_facade.rules.validation import primitives, validate

VALID: dict[str, list[Any]] = {
    "base64Binary": ["QUJD", "QUI=", "QQ==", "QUJD QUJD\n"],
    "boolean": [True, False],
    "canonical": ["http://example.org/x|1", "#a"],
    "code": ["a", "a b", "a-b"],
    "date": ["2020", "2020-02", "2020-02-29"],
    "dateTime": [
        "2020", "2020-12", "2020-12-31", "2020-12-31T23:59:60Z",
        "2020-02-29T00:00:00.123456789+14:00", "2020-01-01T00:00:00-00:00",
    ],
    "decimal": [0, 1, Number("1.10"), Number("-1E+2"), 1.5],
    "id": ["a", "A-1.b", "x" * 64],
    "instant": ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.678-05:00"],
    "integer": [0, -1, 2147483647, -2147483648],
    "markdown": ["# a\n\nb\t"],
    "oid": ["urn:oid:1.2.3"],
    "positiveInt": [1, 2147483647],
    "string": ["a", "a\tb\r\n", "é", " "],
    "time": ["00:00:00", "23:59:60.5"],
    "unsignedInt": [0, 2147483647],
    "uri": ["x", "urn:uuid:x"],
    "url": ["https://example.org", "mailto:x"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
}  # fmt: skip
INVALID: dict[str, list[Any]] = {
    "base64Binary": ["", "QUJ", "Q===", "QU JD", "QUI=QUJD", "Qü==", 1],
    "boolean": ["true", 0, None],
    "canonical": ["", "a b", 1],
    "code": ["", " a", "a ", "a  b", "a\n", 1],
    "date": ["", "20", "0000", "2020-00", "2020-13", "2021-02-29", "2020-04-31", "2020-1-1",
             "2020-01-01T00:00:00Z", "\uff12\uff10\uff12\uff10", 2020],
    "dateTime": ["2020-01-01T00:00:00", "2020-01-01T00:00Z", "2020-01-01T24:00:00Z", "2020-01-01T",
                 "2020-01-01T00:00:00+14:01", "2020-01-01T00:00:00z", "1900-02-29T00:00:00Z",
                 "2020-01-01 00:00:00Z"],
    "decimal": ["1", True, None, float("nan"), float("inf")],
    "id": ["", "x" * 65, "a_b", "a/b", "é"],
    "instant": ["2020-01-01", "2020-01-01T00:00:00", "2020-06-31T00:00:00Z"],
    "integer": [2147483648, -2147483649, Number("1.0"), Number("-0"), "1", True],
    "markdown": ["", "\x00", 1],
    "oid": ["1.2.3", "urn:oid:3.1", "urn:oid:1.02"],
    "positiveInt": [0, -1, 2147483648],
    "string": ["", "\x00", "\x0b", "\x1f", "x" * (1024 * 1024 + 1), 1, None],
    "time": ["24:00:00", "00:00", "00:00:00Z", "00:00:61"],
    "unsignedInt": [-1, 2147483648],
    "uri": ["", "a b", "\n"],
    "url": ["", "a b"],
    "uuid": ["c757873d-ec9a-4326-a141-556f43239520",
             "urn:uuid:C757873D-ec9a-4326-a141-556f43239520"],
    "xhtml": [1],
}  # fmt: skip


def _pairs(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(kind, value) for kind, values in table.items() for value in values]


@pytest.mark.parametrize(("kind", "value"), _pairs(VALID))
def test_valid(kind: str, value: Any) -> None:
    assert primitives.CHECKS[kind](value) is None


@pytest.mark.parametrize(("kind", "value"), _pairs(INVALID))
def test_invalid(kind: str, value: Any) -> None:
    wrong = primitives.CHECKS[kind](value)
    assert wrong is not None
    assert wrong[0] in ("structure", "value")


def test_no_primitive_is_left_out() -> None:
    assert set(VALID) | {"xhtml"} == set(primitives.CHECKS) == set(INVALID)
    assert set(primitives.NAMES.values()) | {"boolean"} == set(primitives.CHECKS)


@pytest.mark.parametrize(
    ("name", "value", "code", "text"),
    [
        ("valueInteger", Number("1.0"), "value",
         "must be a whole number from -2147483648 to 2147483647, without point or exponent"),
        ("valueDateTime", "2021-02-29", "value", "must be a day of the calendar"),
        ("valueString", "\x00", "value", "must not hold control characters"),
        ("valueString", "x" * 2000000, "value", "must not be longer than 1 MB"),
        ("valueBase64Binary", "x", "value",
         "must be base64: groups of four characters, padded with ="),
        ("valueBoolean", "true", "structure", "must be true or false"),
        ("valueDecimal", "1", "structure", "must be a JSON number"),
        ("valueDecimal", [1], "structure", "must be a decimal"),
    ],
)  # fmt: skip
def test_issues(name: str, value: Any, code: str, text: str) -> None:
    resource = {"resourceType": "Parameters", "parameter": [{"name": "a", name: value}]}
    (issue,) = validate(resource)
    path = "Parameters.parameter[0].value"
    assert (issue.severity, issue.code, issue.expression) == ("error", code, path)
    assert issue.diagnostics == f"{path}: {text}."


@pytest.mark.parametrize("tag", ["en", "en-US", "zh-Hant-TW", "x-private", "i-klingon"])
def test_languages(tag: str) -> None:
    assert primitives.language(tag) is None


@pytest.mark.parametrize("name", ["text/plain", "text/plain; charset=utf-8", "image/svg+xml"])
def test_mime_types(name: str) -> None:
    assert primitives.mime_type(name) is None


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (primitives.language, "english language"),
        (primitives.language, "e"),
        (primitives.mime_type, "pdf"),
        (primitives.mime_type, "a/b/c"),
        (primitives.currency, "usd"),
        (primitives.currency, "EURO"),
    ],
)
def test_shapes_of_codes(check: primitives.Check, value: str) -> None:
    wrong = check(value)
    assert wrong is not None
    assert wrong[0] == "code-invalid"
