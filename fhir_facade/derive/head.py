"""What every published resource begins with.

https://hl7.org/fhir/R4/resource.html#canonical
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.rules.context import Context

PUBLISHER = "Wellnecity"
_WORDS = re.compile("[^A-Za-z0-9]+")


def computable(text: str) -> str:
    """Return a name that code can use, `TaskStatus` for `task-status`."""
    return "".join(word[:1].upper() + word[1:] for word in _WORDS.split(text))


def title(name: str) -> str:
    """Return a name for people, `Task status` for `task-status`."""
    words = " ".join(_WORDS.split(name))
    return words[:1].upper() + words[1:]


def canonical_url(type: str, id: str, context: Context) -> str:
    return f"{context.canonical}/{type}/{id}"


def head(
    type: str, id: str, context: Context, *, description: str, shown: str | None = None
) -> dict[str, Any]:
    """Return the elements that all of them have; `shown` is the title, where the type has one."""
    return {
        "resourceType": type,
        "id": id,
        "text": _narrative(shown or title(id), description),
        "url": canonical_url(type, id, context),
        "version": __version__,
        "name": computable(id),
        **({} if shown is None else {"title": shown}),
        "status": "active",
        "experimental": False,
        "date": __released__,
        "publisher": PUBLISHER,
        "description": description,
    }


def _narrative(shown: str, description: str) -> dict[str, str]:
    said = f"<p><b>{_plain(shown)}</b></p><p>{_plain(description)}</p>"
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{said}</div>',
    }


def _plain(text: str) -> str:
    return escape(text, quote=False)
