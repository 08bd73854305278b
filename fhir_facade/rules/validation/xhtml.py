"""What a narrative's XHTML may hold: txt-1 and txt-2.

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

from __future__ import annotations

from xml.parsers import expat

_NAMESPACE = "http://www.w3.org/1999/xhtml"
_XML = "http://www.w3.org/XML/1998/namespace"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _names(
    "a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div "
    "dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup "
    "table tbody td tfoot th thead tr tt ul var"
)
_COMMON = _names(
    "title style class id lang dir accesskey tabindex span width align valign char charoff abbr "
    "axis headers scope rowspan colspan"
) | {f"{_XML} lang"}
_SPECIFIC = _names(
    "a.charset a.coords a.href a.hreflang a.name a.rel a.rev a.shape a.type area.alt area.coords "
    "area.href area.nohref area.shape blockquote.cite img.alt img.border img.height img.ismap "
    "img.longdesc img.src img.usemap img.width map.name q.cite table.border table.cellpadding "
    "table.cellspacing table.frame table.rules table.summary table.width td.nowrap"
) | {f"pre.{_XML} space"}
_LINKS = frozenset({"href", "src", "cite", "longdesc"})
_SCRIPTS = ("javascript:", "vbscript:")

NO_XML = "must be well-formed XML without DOCTYPE, entities of HTML and processing instructions"
NO_DIV = "must be one div in the namespace http://www.w3.org/1999/xhtml"
TXT_1 = "must have only the elements and attributes of basic HTML formatting (Narrative txt-1)"
TXT_2 = "must have some text or an image (Narrative txt-2)"


class _Refused(ValueError):
    """Something that no narrative may hold."""


class _Reader:
    """Notes what an XHTML fragment holds while it is parsed."""

    def __init__(self) -> None:
        self.first: str | None = None
        self.plain = True
        self.filled = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if self.first is None:
            self.first = name
        if namespace != _NAMESPACE or local not in _ELEMENTS:
            self.plain = False
        for each, value in attributes.items():
            if not (each in _COMMON or f"{local}.{each}" in _SPECIFIC):
                self.plain = False
            if each in _LINKS and "".join(value.split()).lower().startswith(_SCRIPTS):
                self.plain = False
        self.filled = self.filled or local == "img"

    def text(self, text: str) -> None:
        self.filled = self.filled or bool(text.strip())

    def refuse(self, *_: object) -> None:
        raise _Refused


def problems(text: str) -> list[tuple[str, str]]:
    """Return an issue code and a sentence for each thing that is wrong with a div."""
    reader = _Reader()
    try:
        _parse(text, reader)
    except (expat.ExpatError, ValueError):
        return [("structure", NO_XML)]
    if reader.first != f"{_NAMESPACE} div":
        return [("structure", NO_DIV)]
    found = [] if reader.plain else [("invariant", TXT_1)]
    return found if reader.filled else [*found, ("invariant", TXT_2)]


def _parse(text: str, reader: _Reader) -> None:
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    parser.XmlDeclHandler = reader.refuse
    parser.Parse(text.encode(), True)
