"""The report of a check as one HTML page that needs nothing else: no script, no network.

It shows ids and field names, never a stored value; everything it shows is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final

from fhir_facade.commands.check_output import percent
from fhir_facade.commands.check_terminal import notes

_SHOWN: Final = ("clean", "noted", "degraded", "unservable", "invalid")
_MEANINGS: Final = {
    "clean": "served whole",
    "noted": "served whole, worth tidying",
    "degraded": "served without a value",
    "unservable": "not served",
    "invalid": "served, but not valid FHIR",
}
_PLAIN: Final = {
    "clean": "#2f7d4f",
    "noted": "#7fb48f",
    "degraded": "#e0a526",
    "unservable": "#c0392b",
    "invalid": "#6b2d82",
    "unread": "#7a8794",
}
"""Colours for readers of SVG that know no style sheets."""
_TOP: Final = 12
_BAR, _ROW, _TALL, _LABELS, _COUNTS = 560, 26, 42, 290, 90
_THINNEST: Final = 3.0

_STYLE: Final = """
:root { color-scheme: light dark; --page: #fff; --ink: #1d2733; --soft: #5c6b7a; --line: #d5dce3;
  --clean: #2f7d4f; --noted: #7fb48f; --degraded: #e0a526; --unservable: #c0392b;
  --invalid: #6b2d82; --unread: #7a8794; }
@media (prefers-color-scheme: dark) { :root { --page: #14191f; --ink: #e4e9ee; --soft: #9aa8b5;
  --line: #35404b; --clean: #4fae75; --noted: #99d0ab; --degraded: #edbb4d; --unservable: #e8705f;
  --invalid: #b57bcc; --unread: #8f9ca8; } }
* { box-sizing: border-box; }
body { margin: 2rem auto; max-width: 68rem; padding: 0 1rem; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.summary { border-left: .4rem solid var(--edge); padding: .6rem 1rem; font-size: 1.1rem; }
.note, .legend, footer { color: var(--soft); }
.legend span::before { content: ""; display: inline-block; width: .8em; height: .8em;
  margin: 0 .35em 0 .9em; background: var(--edge); }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 13px; }
.clean { fill: var(--clean); --edge: var(--clean); }
.noted { fill: var(--noted); --edge: var(--noted); }
.degraded { fill: var(--degraded); --edge: var(--degraded); }
.unservable { fill: var(--unservable); --edge: var(--unservable); }
.invalid { fill: var(--invalid); --edge: var(--invalid); }
.unread { fill: var(--unread); --edge: var(--unread); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .5rem; text-align: left;
  vertical-align: top; overflow-wrap: break-word; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } .e { overflow-wrap: anywhere; }
.legend span { white-space: nowrap; } .table { overflow-x: auto; } td.s { white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
td.s { border-left: .35rem solid var(--edge); } thead { display: table-header-group; }
tr, svg, .summary { break-inside: avoid; }
@media print { :root { color-scheme: light; } html { font-size: 10px; }
  body { margin: 0; max-width: none; font-size: 1rem; } h2 { break-after: avoid; }
  rect, .summary, td.s, .legend span { -webkit-print-color-adjust: exact;
  print-color-adjust: exact; } }
"""
_EDGES: Final = {
    "empty": "unservable",
    "ready": "clean",
    "ready-with-losses": "degraded",
    "incomplete": "unservable",
    "not-ready": "invalid",
}


def page(report: dict[str, Any]) -> str:
    """Return the report as an HTML document."""
    summary, run = report["summary"], report["run"]
    body = [
        "<h1>What the stored documents give in FHIR</h1>",
        f'<p class="summary {_EDGES[summary["verdict"]]}">{escape(summary["sentence"])}</p>',
        *(f'<p class="note">{escape(each)}</p>' for each in notes(report)),
        "<h2>Records by type</h2>",
        _legend(),
        _stacked_chart(report["records"]),
        _counts_table(("collection", "type"), report["records"]),
        "<h2>Documents by collection</h2>",
        _counts_table(("collection",), report["documents"]),
        *_findings(report["findings"]),
        f"<footer><p>{escape(run['store'])}: fhir-facade {escape(report['release'])}, "
        f"{escape(run['finished'])}, {run['seconds']:,.1f} s. This page shows ids and field names, "
        "no other stored values.</p>"
        "</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<title>fhir-facade check</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _findings(findings: list[dict[str, Any]]) -> Iterator[str]:
    if not findings:
        yield "<p>No findings.</p>"
        return
    yield "<h2>Most frequent causes</h2>"
    often = sorted(findings, key=lambda each: -each["records"])
    yield _causes_chart(often[:_TOP])
    yield "<h2>All causes, and what to do</h2>"
    yield _causes_table(findings)


def _legend() -> str:
    parts = (f'<span class="{name}">{name}: {_MEANINGS[name]}</span>' for name in _SHOWN)
    return f'<p class="legend">{" ".join(parts)}</p>'


def _svg(height: int, label: str, parts: Iterable[str]) -> str:
    width = _LABELS + _BAR + _COUNTS
    return (
        f'<svg viewBox="0 0 {width} {max(1, height)}" role="img" aria-label="{escape(label)}">'
        + "".join(parts)
        + "</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _rectangle(x: float, y: int, width: float, height: int, name: str, title: str) -> str:
    return (
        f'<rect class="{name}" fill="{_PLAIN[name]}" x="{x:.1f}" y="{y}" width="{width:.1f}" '
        f'height="{height}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _stacked_chart(rows: list[dict[str, Any]]) -> str:
    parts = []
    for at, row in enumerate(rows):
        y, total = at * _ROW, sum(row[name] for name in _SHOWN)
        parts.append(_text(_LABELS - 8, y + 17, f"{row['type']} ← {row['collection']}", "end"))
        parts.append(_text(_LABELS + _BAR + 8, y + 17, f"{total:,}"))
        for name, x, width in _segments([(name, row[name]) for name in _SHOWN if row[name]]):
            title = f"{row['type']}: {row[name]:,} {name} ({percent(row[name] / total)})"
            parts.append(_rectangle(_LABELS + x, y + 4, width, _ROW - 8, name, title))
    label = "Share of clean, degraded and unservable records by type"
    return _svg(len(rows) * _ROW, label, parts)


def _segments(counts: list[tuple[str, int]]) -> Iterator[tuple[str, float, float]]:
    """Yield the place and width of each part of a bar: what is there can be seen."""
    total = sum(count for _, count in counts)
    widths = [max(_THINNEST, _BAR * count / total) for _, count in counts]
    x, whole = 0.0, sum(widths)
    for (name, _), width in zip(counts, widths, strict=True):
        yield name, x, width * _BAR / whole
        x += width * _BAR / whole


def _causes_chart(findings: list[dict[str, Any]]) -> str:
    most = max(each["records"] for each in findings)
    parts = []
    for at, each in enumerate(findings):
        y, width = at * _TALL, max(_THINNEST, (_LABELS + _BAR) * each["records"] / most)
        where = f"{each['collection']}.{each['field']} → {each['element']}"
        parts.append(_text(0, y + 14, f"{where}: {each['reason']}"))
        parts.append(_rectangle(0, y + 20, width, 12, each["severity"], each["severity"]))
        parts.append(_text(width + 8, y + 31, f"{each['records']:,}"))
    return _svg(len(findings) * _TALL, "Records by cause, the most frequent causes first", parts)


def _counts_table(keys: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    """Return a table of counts without the columns that have none."""
    named = [name for name in (rows[0] if rows else ()) if name not in keys]
    columns = [name for name in named if any(row[name] for row in rows)]
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    head += "".join(f'<th class="n">{escape(name)}</th>' for name in columns)
    lines = []
    for row in rows:
        cells = "".join(f"<td>{escape(row[key])}</td>" for key in keys)
        cells += "".join(
            f'<td class="n">{f"{row[name]:,}" if row[name] else ""}</td>' for name in columns
        )
        lines.append(f"<tr>{cells}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _causes_table(findings: list[dict[str, Any]]) -> str:
    names = ("severity", "stored field", "FHIR element", "reason", "what to do", "examples")
    head = '<th class="n">records</th><th class="n">share</th>'
    head += "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(map(_cause, findings))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="table">{table}</div>'


def _cause(each: dict[str, Any]) -> str:
    cells = (
        f"{each['collection']}.{each['field']}",
        each["element"],
        each["reason"],
        each["fix"],
    )
    examples = escape(", ".join(each["examples"]))
    severity = escape(each["severity"])
    return (
        f'<tr><td class="n">{each["records"]:,}</td><td class="n">{percent(each["share"])}</td>'
        f'<td class="s {severity}">{severity}</td>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f'<td class="e">{examples}</td></tr>'
    )
