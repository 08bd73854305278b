"""Requests to authorization servers: short, bounded, and to no other host than the one named."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import orjson

from fhir_facade.errors import StoreUnavailable
from fhir_facade.issuer import is_loopback

Json = dict[str, Any]

_SECONDS: Final = 5.0
_MAX_BYTES: Final = 1_000_000
_MAX_REDIRECTS: Final = 3
_CONNECTIONS: Final = 20
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?:$|[\s,;])", re.IGNORECASE)
# an answer is read up to a limit, and a compressed one has two sizes
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
RETRY: Final = 10
"""Seconds after which an issuer that did not answer is asked again."""


class IssuerUnavailable(StoreUnavailable):
    """The issuer of a token cannot be asked at the moment, so nobody can say whose it is."""

    def __init__(self) -> None:
        super().__init__(
            "The authorization server does not answer, so the token cannot be verified; try again.",
            headers={"Retry-After": str(RETRY)},
        )


class Unreachable(Exception):
    """A request that brought nothing; the message is safe to log."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object, and the seconds it may be kept if its server says so."""

    body: Json
    max_age: int | None


@cache
def _certificates() -> ssl.SSLContext:
    """Return the authorities that are trusted; reading them takes a while."""
    return httpx.create_ssl_context()


class Remote:
    """Asks authorization servers; one client with its connections."""

    def __init__(self) -> None:
        self._known: httpx.AsyncClient | None = None

    @property
    def _client(self) -> httpx.AsyncClient:
        """The client, made when it is first needed."""
        if self._known is None:
            limits = httpx.Limits(max_connections=_CONNECTIONS)
            self._known = httpx.AsyncClient(
                verify=_certificates(), timeout=_SECONDS, limits=limits, headers=_HEADERS
            )
        return self._known

    async def get(self, url: str) -> Answer:
        """Return the JSON object at a URL; raise Unreachable."""
        return await self._ask("GET", url)

    async def post(self, url: str, form: dict[str, str], auth: tuple[str, str]) -> Answer:
        """Return what a form is answered with; raise Unreachable."""
        return await self._ask("POST", url, data=form, auth=auth)

    async def close(self) -> None:
        """Close the connections."""
        if self._known is not None:
            await self._known.aclose()
            self._known = None

    async def _ask(self, method: str, url: str, **sent: Any) -> Answer:
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._followed(method, url, sent)
        except TimeoutError:
            raise Unreachable(f"no answer within {_SECONDS:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise Unreachable(type(error).__name__) from None

    async def _followed(self, method: str, url: str, sent: dict[str, Any]) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            if not is_safe(url):
                raise Unreachable("the URL is not https")
            async with self._client.stream(method, url, **sent) as response:
                following = response.headers.get("location")
                if method == "GET" and response.is_redirect and following:
                    url = _same_host(response.url, following)
                    continue
                return await _read(response)
        raise Unreachable("too many redirects")


def _same_host(url: httpx.URL, location: str) -> str:
    following = url.join(location)
    if (following.scheme, following.host, following.port) != (url.scheme, url.host, url.port):
        raise Unreachable("a redirect to another host")
    return str(following)


async def _read(response: httpx.Response) -> Answer:
    if response.status_code != 200:
        raise Unreachable(f"status {response.status_code}", response.status_code)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Unreachable("a compressed answer")
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > _MAX_BYTES:
            raise Unreachable(f"more than {_MAX_BYTES} bytes")
    body = orjson.loads(data)
    if not isinstance(body, dict):
        raise Unreachable("not a JSON object")
    age = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return Answer(body, int(age[1]) if age else None)


def is_safe(url: str) -> bool:
    """Say whether a URL may be asked: by https, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )
