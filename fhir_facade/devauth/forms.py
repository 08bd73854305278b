"""Parameters of requests: of a query or a form, each at most once.

https://www.rfc-editor.org/rfc/rfc6749#section-3.1
"""

from __future__ import annotations

from collections import Counter
from typing import Final
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import InvalidRequestError
from starlette.requests import Request

_LARGEST: Final = 65_536
_MOST: Final = 100
_FORM: Final = "application/x-www-form-urlencoded"


Pairs = list[tuple[str, str]]


async def form_of(request: Request) -> dict[str, str]:
    """Return the parameters of a form; raise InvalidRequestError."""
    return once(pairs_of(await form_text(request)))


def query_of(request: Request) -> dict[str, str]:
    """Return the parameters of the URL; raise InvalidRequestError."""
    return once(pairs_of(query_text(request)))


async def form_text(request: Request) -> str:
    """Return a form as it was sent; raise InvalidRequestError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise InvalidRequestError(f"The body must be {_FORM}.")
    return (await body_of(request)).decode("utf-8", "replace")


def query_text(request: Request) -> str:
    """Return the query of the URL as it was sent."""
    return str(request.scope["query_string"].decode("utf-8", "replace"))


async def body_of(request: Request) -> bytes:
    """Return a body that is not too large; raise InvalidRequestError."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > _LARGEST:
            raise InvalidRequestError("The body is too large.", status_code=413)
    return data


def pairs_of(text: str) -> Pairs:
    """Return the parameters that have a value (RFC 6749, 3.1); raise InvalidRequestError."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        raise InvalidRequestError("There are too many parameters.") from None
    return [(name, value) for name, value in pairs if value]


def once(pairs: Pairs) -> dict[str, str]:
    """Return the values by name; raise InvalidRequestError where a name has two."""
    if repeated(pairs):
        raise InvalidRequestError("A parameter is given twice.")
    return dict(pairs)


def repeated(pairs: Pairs) -> set[str]:
    """Return the names that are there more than once."""
    return {name for name, times in Counter(name for name, _ in pairs).items() if times > 1}
