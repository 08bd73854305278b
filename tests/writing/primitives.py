"""Values of FHIR's primitive types, the nasty ones among them.

https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

from calendar import monthrange

from hypothesis import strategies as st

from tests.writing.exact_json import Digits

_FORBIDDEN = [chr(n) for n in range(32) if chr(n) not in "\t\n\r"]
NASTY = (
    " leading and trailing ",
    "\tTab\n and line\r\n",
    "e\u0301 a\u0308 combining",
    "\u05e9\u05dc\u05d5\u05dd \u202b\u0645\u0631\u062d\u0628\u0627\u202c",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "\u00a0non-breaking\u00a0",
    "\ufeffBOM",
    "\x7fdelete",
    "\ufffe\uffff",
    "\u2028line\u2029paragraph",
    '"quoted" \\ back\\u0041 </div> <b> &amp; {"$gt": 1}',
    "$where",
    "null",
    "true",
    "7.0 %",
    "2026-01-16",
    "01/16/2026",
    "InProgress",
    "in-progress",
    "Claim",
    "Patient/1",
    "x" * 3000,
)
_any_text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=_FORBIDDEN), min_size=1, max_size=12
).filter(lambda each: not each.isspace())
strings = st.sampled_from(NASTY) | _any_text
_word = st.from_regex(r"[A-Za-z0-9_.:/#%\-]{1,10}", fullmatch=True)
codes = st.sampled_from(["Claim", "phone", "InProgress", "high-priority", "caf\u00e9"]) | _word
uris = st.sampled_from(
    [
        "http://example.org/fhir/x",
        "urn:oid:2.16.840.1.113883.6.1",
        "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0",
        "https://example.org/\u00fcber?a=b&c=%20#frag",
        "mailto:a@example.org",
        "relative/path",
    ]
)
decimals = st.sampled_from(
    [
        "1.10",
        "1E+2",
        "1e-7",
        "-0.0",
        "0.0",
        "0",
        "-0",
        "7",
        "7.0",
        "100",
        "0.00",
        "3.14159E0",
        "123456789012345678901234567890",
        "0.123456789012345678901234567890",
        "1e400",
        "-1.50",
        "99999999999999.99",
        "9007199254740993",
        "0.1",
        "1.7976931348623157e308",
        "5e-324",
    ]
).map(Digits)
integers = st.sampled_from(["0", "1", "-1", "2147483647", "-2147483648", "42"]).map(Digits)
unsigned = st.sampled_from(["0", "1", "2147483647"]).map(Digits)
positive = st.sampled_from(["1", "7", "2147483647"]).map(Digits)
ids = st.from_regex(r"[A-Za-z0-9.\-]{1,20}", fullmatch=True)
base64 = st.sampled_from(["AQID", "AQ==", "aGVs bG8g"])
times = st.sampled_from(["09:30:00", "23:59:59.999", "00:00:00.000000001", "12:00:60"])
_zones = st.sampled_from(["Z", "+00:00", "-00:00", "-05:00", "+05:30", "+14:00", "-12:00"])
_fractions = st.just("") | st.from_regex(r"\.[0-9]{1,9}", fullmatch=True)
_years = st.integers(2000, 2040) | st.sampled_from([1, 1000, 1582, 1899, 1969, 1970, 2038, 9990])


@st.composite
def dates_from(draw: st.DrawFn, least: int = 1) -> str:
    """A date of any precision, not before a year."""
    year = max(draw(_years), least)
    month = draw(st.integers(1, 12))
    day = draw(st.integers(1, monthrange(year, month)[1]))
    whole = f"{year:04}-{month:02}-{day:02}"
    return whole[: draw(st.sampled_from([4, 7, 10, 10, 10]))]


@st.composite
def instants_from(draw: st.DrawFn, least: int = 1) -> str:
    """An instant, in any zone, with up to nine digits after the second."""
    day = draw(dates_from(least).filter(lambda each: len(each) == 10))
    hour, minute = draw(st.integers(0, 23)), draw(st.integers(0, 59))
    second = draw(st.integers(0, 59) | st.just(60))
    return f"{day}T{hour:02}:{minute:02}:{second:02}{draw(_fractions)}{draw(_zones)}"


def date_times_from(least: int = 1) -> st.SearchStrategy[str]:
    """A date or an instant, not before a year."""
    return instants_from(least) | dates_from(least)


markdowns = strings | st.just("# Title\n\n* point\n\n    code  \n")
PRIMITIVES: dict[str, st.SearchStrategy[object]] = {
    "base64Binary": base64,
    "boolean": st.booleans(),
    "canonical": st.sampled_from(["http://example.org/def|1.0", "http://example.org/def"]),
    "code": codes,
    "date": dates_from(),
    "dateTime": date_times_from(),
    "decimal": decimals,
    "id": ids,
    "instant": instants_from(),
    "integer": integers,
    "markdown": markdowns,
    "positiveInt": positive,
    "string": strings,
    "time": times,
    "unsignedInt": unsigned,
    "uri": uris,
    "url": uris,
}
