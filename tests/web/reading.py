"""A page as its reader has it: its links, its text, and what a browser would run or load."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"meta", "link", "img", "br", "input", "hr"})


class Page(HTMLParser):
    """Reads a page; fails where its elements are not nested as they should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        """Where each link leads, and what it says."""
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        """What a strict content security policy would refuse."""
        self.code: list[str] = []
        """The lines of the JSON."""
        self.headings: list[str] = []
        self.landmarks: list[str] = []
        self.options: list[tuple[str, bool]] = []
        """What a form lets choose, and whether it is chosen."""
        self.inputs: dict[str, str] = {}
        """The name of each field of a form that takes text, and what stands in it."""
        self.sends: list[str] = []
        """Where each form is sent to."""
        self.text = ""
        self._open: list[str] = []
        self._in_json = 0
        self.feed(text)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name[:2] == "on"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if tag in ("script", "img", "iframe"):
            self.loads.append(given.get("src") or "")
        if tag == "link":
            self.loads.append(given.get("href") or "")
        if tag == "a":
            self.links.append((given.get("href") or "", ""))
        if tag == "option":
            self.options.append((given["value"] or "", "selected" in given))
        if tag == "input":
            self.inputs[given["name"] or ""] = given.get("value") or ""
        if tag == "form":
            self.sends.append(given.get("action") or "")
        if tag in ("header", "main", "footer", "nav"):
            self.landmarks.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")
        if "id" in given:
            self.ids.append(given["id"] or "")
        if given.get("id") == "json-text":
            self._in_json = len(self._open) + 1
        if tag == "code" and self._in_json:
            self.code.append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, (tag, self._open)
        if len(self._open) == self._in_json:
            self._in_json = 0
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if "a" in self._open:
            href, said = self.links[-1]
            self.links[-1] = (href, said + data)
        if self._open and self._open[-1] in ("h1", "h2", "h3"):
            self.headings[-1] += data
        if self._in_json and "code" in self._open:
            self.code[-1] += data

    @property
    def json(self) -> str:
        return "\n".join(self.code)

    @property
    def chosen(self) -> list[str]:
        return [value for value, is_chosen in self.options if is_chosen]

    def link(self, said: str) -> str:
        """Return where the one link of these words leads."""
        found = {href for href, words in self.links if words.strip() == said}
        assert len(found) == 1, (said, found)
        return found.pop()
