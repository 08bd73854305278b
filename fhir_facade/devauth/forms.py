"""Parameters of requests: of a query or a form, each at most once.

https://www.rfc-editor.org/rfc/rfc6749#section-3.1
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import InvalidRequestError
from starlette.requests import Request

_LARGEST: Final = 65_536
_MOST: Final = 100
_FORM: Final = "application/x-www-form-urlencoded"


async def form_of(request: Request) -> dict[str, str]:
    """Return the parameters of a form; raise InvalidRequestError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise InvalidRequestError(f"The body must be {_FORM}.")
    return _once((await body_of(request)).decode("utf-8", "replace"))


def query_of(request: Request) -> dict[str, str]:
    """Return the parameters of the URL; raise InvalidRequestError."""
    return _once(request.scope["query_string"].decode("utf-8", "replace"))


async def body_of(request: Request) -> bytes:
    """Return a body that is not too large; raise InvalidRequestError."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > _LARGEST:
            raise InvalidRequestError("The body is too large.", status_code=413)
    return data


def _once(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        raise InvalidRequestError("There are too many parameters.") from None
    # a parameter without a value counts as left out (RFC 6749, 3.1)
    given = [(name, value) for name, value in pairs if value]
    found = dict(given)
    if len(found) != len(given):
        raise InvalidRequestError("A parameter is given twice.")
    return found
