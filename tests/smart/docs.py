"""docs/smart.md: its listings, its commands, and the answers that it shows."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
TEXT = (ROOT / "docs" / "smart.md").read_text("utf-8")

_LISTING = re.compile(
    r"^\[examples/(\S+)\]\(\.\./examples/\1\)[^\n]*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
_BLOCK = re.compile(r"^```(sh|json|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    """What to type, and what is answered, where that is shown."""

    text: str
    answer: str | None


def listings() -> dict[str, str]:
    """The files that are shown in whole."""
    return dict(_LISTING.findall(TEXT))


def commands(kind: str) -> list[Command]:
    """The blocks of shell commands of a kind: `sh` is a session, each of `bash` stands alone."""
    blocks = [*_BLOCK.findall(TEXT), ("", "")]
    return [
        Command(text, answer if after == "json" else None)
        for (name, text), (after, answer) in pairwise(blocks)
        if name == kind
    ]


def differences(shown: Any, real: Any, where: str = "") -> list[str]:
    """What is not as it is shown; `…` stands for the rest of a text, a list or an object."""
    if isinstance(shown, str) and shown.endswith("…"):
        good = isinstance(real, str) and real.startswith(shown[:-1])
        return [] if good else [f"{where}: {real!r}"]
    if isinstance(shown, list) and isinstance(real, list):
        return _in_list(shown, real, where)
    if isinstance(shown, dict) and isinstance(real, dict):
        return _in_object(shown, real, where)
    return [] if shown == real else [f"{where}: {real!r}"]


def _in_list(shown: list[Any], real: list[Any], where: str) -> list[str]:
    is_part = shown[-1:] == ["…"]
    kept = shown[:-1] if is_part else shown
    if len(real) < len(kept) or (not is_part and len(real) != len(kept)):
        return [f"{where}: {len(real)} in place of {len(shown)}"]
    pairs = enumerate(zip(kept, real, strict=False))
    return [each for n, (a, b) in pairs for each in differences(a, b, f"{where}[{n}]")]


def _in_object(shown: dict[str, Any], real: dict[str, Any], where: str) -> list[str]:
    kept = {name: each for name, each in shown.items() if name != "…"}
    if not kept.keys() <= real.keys() or ("…" not in shown and kept.keys() != real.keys()):
        return [f"{where}: {sorted(real)}"]
    return [
        each for name, a in kept.items() for each in differences(a, real[name], f"{where}.{name}")
    ]
