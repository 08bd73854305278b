"""Narratives: txt-1, txt-2 and well-formedness."""

from __future__ import annotations

import pytest

from fhir_facade.errors import Issue
from fhir_facade.rules.validation import validate, xhtml

NAMESPACE = 'xmlns="http://www.w3.org/1999/xhtml"'


def div(inner: str) -> str:
    return f"<div {NAMESPACE}>{inner}</div>"


@pytest.mark.parametrize(
    "text",
    [
        div("x"),
        div('<img src="x.png" alt="x"/>'),
        div('<p style="color: red" class="x" xml:lang="en">x &amp; &#160;y<br/></p>'),
        div('<table><tr><td colspan="2" nowrap="nowrap">x</td></tr></table>'),
        div('<a href="https://example.org" name="x">x</a><!-- y -->'),
        div("<![CDATA[x]]>"),
        f"\n{div('x')} ",
        '<h:div xmlns:h="http://www.w3.org/1999/xhtml">x</h:div>',
    ],
)
def test_valid(text: str) -> None:
    assert xhtml.problems(text) == []


@pytest.mark.parametrize(
    ("text", "code", "problem"),
    [
        ("x", "structure", xhtml.NO_XML),
        (div("&nbsp;"), "structure", xhtml.NO_XML),
        (div("<p>"), "structure", xhtml.NO_XML),
        (div("\ud800"), "structure", xhtml.NO_XML),
        (div("<?php x ?>y"), "structure", xhtml.NO_XML),
        (f'<?xml version="1.0"?>{div("x")}', "structure", xhtml.NO_XML),
        (f'<!DOCTYPE div [<!ENTITY a "b">]>{div("&a;")}', "structure", xhtml.NO_XML),
        (f'<!DOCTYPE div SYSTEM "file:///etc/passwd">{div("x")}', "structure", xhtml.NO_XML),
        ("<div>x</div>", "structure", xhtml.NO_DIV),
        (f"<p {NAMESPACE}>x</p>", "structure", xhtml.NO_DIV),
        (div("<script>x</script>"), "invariant", xhtml.TXT_1),
        (div("<u>x</u>"), "invariant", xhtml.TXT_1),
        (div('<svg xmlns="http://www.w3.org/2000/svg"/>x'), "invariant", xhtml.TXT_1),
        (div('<p onclick="x">x</p>'), "invariant", xhtml.TXT_1),
        (div('<p href="x">x</p>'), "invariant", xhtml.TXT_1),
        (div('<a href=" JavaScript:x()">x</a>'), "invariant", xhtml.TXT_1),
        (div(" <p/>\n"), "invariant", xhtml.TXT_2),
    ],
)
def test_invalid(text: str, code: str, problem: str) -> None:
    assert xhtml.problems(text) == [(code, problem)]


def test_both() -> None:
    wanted = [("invariant", xhtml.TXT_1), ("invariant", xhtml.TXT_2)]
    assert xhtml.problems(div("<u> </u>")) == wanted


def test_issue() -> None:
    narrative = {"status": "generated", "div": div("<b></b>")}
    text = "must have some text or an image (Narrative txt-2)"
    assert validate({"resourceType": "Patient", "text": narrative}) == [
        Issue("error", "invariant", f"Patient.text.div: {text}.", "Patient.text.div")
    ]
