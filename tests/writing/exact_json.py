"""JSON whose numbers keep the characters they were written in; nothing of the product is used."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Digits:
    """A number as it is written: 1.10 is not 1.1."""

    text: str


def read(text: bytes | str) -> Any:
    """The value of a JSON text."""
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def write(value: Any) -> str:
    """The JSON text of a value."""
    if isinstance(value, Digits):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{write(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)
