"""Whatever an answer holds, a page shows it and does nothing else with it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fhir_facade.web import rendered
from fhir_facade.web.links import Links
from tests.web.fronts import BROWSER, HOST, front
from tests.web.reading import Page

FRONT = front()
NASTY = (
    "<script>alert(1)</script>",
    "</code></div></main><script src=//evil.test></script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>1</script>",
    "vbscript:x",
    "//evil.test/x",
    "http://",
    "http://evil.test/'onclick='x",
    'https://evil.test/"><script>',
    "http://user@evil.test",
    "https://a.test/ javascript:x",
    "Patient/../../evil",
    "Patient/1\nx",
    "Task/1#x",
    "/docs",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt;&amp;",
    "\u2028\u2029",
    "\u202etxt.exe\u202c \u2066x\u2069",
    "\x00\x01\x7f\x85\ufeff",
    "\\u003cscript\\u003e",
    '\\"}],{',
    "<!-- --> ]]> <![CDATA[",
    "é 漢字 \U0001f600",
    "",
    "{",
    "]",
    "null",
)
KEYS = ("reference", "url", "fullUrl", "location", "relation", "id", "status", "description", "x")
_texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
_scalars = st.one_of(
    _texts,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
_names = st.one_of(st.sampled_from(KEYS), _texts)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6), st.dictionaries(_names, inner, max_size=6)
    ),
    max_leaves=25,
)
_resources = st.fixed_dictionaries(
    {"resourceType": st.one_of(st.sampled_from(["Task", "Bundle", "OperationOutcome"]), _texts)},
    optional={
        "id": _values,
        "status": _values,
        "description": _values,
        "code": _values,
        "name": _values,
        "subject": _values,
        "for": st.fixed_dictionaries({"reference": _texts, "display": _texts}),
        "period": _values,
        "meta": _values,
        "issue": st.one_of(
            _values,
            st.lists(st.dictionaries(st.sampled_from(["severity", "expression"]), _values)),
        ),
        "payload": _values,
        "total": _values,
        "rest": _values,
    },
)
_bundles = st.fixed_dictionaries(
    {
        "resourceType": st.just("Bundle"),
        "entry": st.one_of(
            _values,
            st.lists(
                st.one_of(
                    _values,
                    st.fixed_dictionaries(
                        {"resource": _resources},
                        optional={"fullUrl": _texts, "request": _values, "search": _values},
                    ),
                ),
                max_size=4,
            ),
        ),
        "link": st.one_of(
            _values,
            st.lists(
                st.fixed_dictionaries(
                    {"relation": st.sampled_from(["next", "prev", "self"]), "url": _texts}
                ),
                max_size=3,
            ),
        ),
    }
)


def _asked(body: str, target: str = "/Task?x=1", status: int = 200) -> Page:
    async def base(scope: Scope, receive: Receive, send: Send) -> None:
        answer = Response(body.encode(), status, media_type="application/fhir+json")
        await answer(scope, receive, send)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(rendered(base, FRONT))
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
            return await client.get(target, headers={"Accept": BROWSER})

    answer = asyncio.run(ask())
    assert answer.status_code == status
    return Page(answer.text)


def _harmless(page: Page) -> None:
    assert page.inline == []
    assert all(each.startswith("/static/") for each in page.loads)
    for href, _ in page.links:
        assert href.startswith(("http://", "https://", "/", "#")), href
        assert not href.startswith("//"), href
        assert not any(each in href for each in "\n\r\t <>\"'"), href


@settings(max_examples=100)
@given(st.one_of(_resources, _bundles), st.sampled_from([200, 401, 422]))
def test_anything_is_shown_and_nothing_else(value: Any, status: int) -> None:
    page = _asked(json.dumps(value, ensure_ascii=False, allow_nan=False), status=status)
    _harmless(page)
    assert json.loads(page.json) == value


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_what_is_no_json_is_shown_too(text: str) -> None:
    body = text.encode("utf-8", "replace").decode()
    if not body:
        return
    _harmless(_asked(body))


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_in_every_place(text: str) -> None:
    one = {
        "resourceType": text,
        "id": text,
        "description": text,
        "status": text,
        "for": {"reference": text, "display": text},
        "date": text,
        text: text,
    }
    body = {
        "resourceType": "Bundle",
        "link": [{"relation": "next", "url": text}],
        "entry": [{"fullUrl": text, "resource": one, "request": {"method": text, "url": text}}],
    }
    issue = {"severity": text, "code": text, "diagnostics": text, "expression": [text]}
    statement = {"rest": [{"resource": [{"type": text, "searchParam": [{"name": text}]}]}]}
    bodies = (
        body,
        one,
        {"resourceType": "OperationOutcome", "issue": [issue]},
        {"resourceType": "CapabilityStatement", **statement},
    )
    for each in bodies:
        page = _asked(json.dumps(each, ensure_ascii=False))
        _harmless(page)
        assert json.loads(page.json) == each


@pytest.mark.parametrize(
    "target",
    [
        "/Task?x=%3Cscript%3E",
        "/Task?x=<script>alert(1)</script>",
        "/%3Cscript%3Ealert(1)%3C/script%3E/1/2",
        "/javascript:alert(1)",
        "/Task/%22onclick=%22x",
        "//evil.test/x/y",
        "/Task/1/%2F%2Fevil.test",
    ],
)
def test_nasty_urls(target: str) -> None:
    page = _asked('{"resourceType":"Task"}', target)
    _harmless(page)
    assert "onclick" not in "".join(page.inline)


def test_the_unseen_is_shown() -> None:
    page = _asked(json.dumps({"a": "x\u202ey\u2028z\x7f"}, ensure_ascii=False))
    assert page.code[1] == '\t"a": "x\\u202ey\\u2028z\\u007f"'


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("Task/1", "/fhir/Task/1"),
        ("Task/1/_history/2", "/fhir/Task/1/_history/2"),
        ("Device/1", None),
        ("Task/", None),
        ("Task/1/2", None),
        ("Task/1?x", None),
        ("#contained", None),
        ("urn:uuid:1", None),
        ("http://elsewhere.test/Task/1", "http://elsewhere.test/Task/1"),
        ("https://own.test/StructureDefinition/a", "/fhir/StructureDefinition/a"),
        ("https://own.test/Other/a", "https://own.test/Other/a"),
        ("https://own.test.evil/StructureDefinition/a", None),
        ("javascript:1", None),
    ],
)
def test_where_references_lead(text: str, leads: str | None) -> None:
    links = Links("/fhir", ["Task"], "https://own.test")
    if text.endswith(".evil/StructureDefinition/a"):
        leads = text
    assert links.of(text, is_reference=True) == leads


def test_only_references_are_relative_links() -> None:
    assert Links("/fhir", ["Task"]).of("Task/1") is None
