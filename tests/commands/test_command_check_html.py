"""check --html: one page that needs nothing else and shows no stored value."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands.conftest import Run

VOID = {"meta"}


class Page(HTMLParser):
    """Fails on tags that do not match, and gathers tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


@pytest.fixture
def page(run: Run, dirty_folder: Path) -> str:
    """The page of the dirty documents."""
    run("check", "--html", "found.html", "--json", "found.json")
    return (dirty_folder / "found.html").read_text("utf-8")


def test_the_page_needs_nothing_else(page: str) -> None:
    parsed = Page(page)
    assert "svg" in parsed.tags
    assert not parsed.tags & {"script", "link", "img", "iframe", "object", "form", "a"}
    assert not parsed.attributes & {"src", "href", "srcset", "style", "onload", "onclick"}
    assert not re.search(r"url\(|@import|https?://(?!loinc|snomed)", page.partition("<body>")[0])
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_page_shows_what_the_json_holds(page: str, dirty_folder: Path) -> None:
    found, text = json.loads((dirty_folder / "found.json").read_text("utf-8")), Page(page).text
    assert found["summary"]["sentence"] in text
    for each in found["findings"]:
        assert f"{each['collection']}.{each['field']}" in text
        assert each["reason"] in text
        assert each["fix"] in text
        assert ", ".join(each["examples"]) in text
    for row in found["records"]:
        assert f"{row['type']} ← {row['collection']}" in text


def test_the_bars_are_as_long_as_the_shares(page: str, dirty_folder: Path) -> None:
    stacked, causes = map(ElementTree.fromstring, re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    found = json.loads((dirty_folder / "found.json").read_text("utf-8"))
    by_row: dict[str, float] = {}
    for each in stacked.iter("rect"):
        assert float(each.attrib["width"]) >= 2.5
        by_row[each.attrib["y"]] = by_row.get(each.attrib["y"], 0) + float(each.attrib["width"])
    assert len(by_row) == len(found["records"])
    assert all(width == pytest.approx(560, abs=1) for width in by_row.values())
    lengths = [float(each.attrib["width"]) for each in causes.iter("rect")]
    often = sorted((each["records"] for each in found["findings"]), reverse=True)
    records = often[: len(lengths)]
    assert len(lengths) == 12
    assert [length / lengths[0] for length in lengths] == pytest.approx(
        [each / records[0] for each in records], abs=0.01
    )
    labels = {each.attrib["aria-label"] for each in (stacked, causes)}
    assert len(labels) == 2


def test_what_is_stored_is_escaped_or_not_shown(run: Run, folder: Path) -> None:
    task = {"type": "task", "status": "SECRET", "priority": "SECRET", "message": "SECRET"}
    named = {**task, "_id": "<script>alert(1)</script>", "status": "Ready", "intent": "Order"}
    documents = [named, {**task, "_id": '"><b>'}, {"_id": "&amp;", "type": "<i>"}]
    (folder / "f.json").write_text("\n".join(map(json.dumps, documents)))
    run("load", "work_queue", "f.json")
    result = run("check", "--html", "found.html", "--json", "found.json")
    page = (folder / "found.html").read_text("utf-8")
    parsed = Page(page)
    assert not parsed.tags & {"script", "b", "i"}
    assert "<script>alert(1)</script>" in parsed.text
    assert '"><b>' in parsed.text
    assert "&amp;amp;" in page
    for each in (page, result.output, (folder / "found.json").read_text("utf-8")):
        assert "SECRET" not in each
    assert "<script>alert(1)</script>" in result.output


@pytest.mark.parametrize("status", ["Ready", None])
def test_a_page_of_little(run: Run, folder: Path, status: str | None) -> None:
    if status is not None:
        task = {"_id": "t1", "type": "task", "status": status, "intent": "Order", "subject": "M1"}
        (folder / "f.json").write_text(json.dumps(task))
        run("load", "work_queue", "f.json")
    assert run("check", "--html", "found.html").exit_code == 0
    text = Page((folder / "found.html").read_text("utf-8")).text
    assert "No findings." in text
    assert ("100 %" in text) == (status is not None)
