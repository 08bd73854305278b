"""What an authorization server says of itself.

https://hl7.org/fhir/smart-app-launch/conformance.html
https://www.rfc-editor.org/rfc/rfc8414
https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from fhir_facade.security.kept import Fetched, Kept
from fhir_facade.security.remote import Answer, Remote, Unreachable
from fhir_facade.settings import Issuer

Json = dict[str, Any]

SECONDS: Final = 600.0
"""For which what an issuer publishes is used, where it does not say itself."""
_LEAST, _MOST = 60.0, 3600.0

ENDPOINTS: Final = tuple(
    f"{name}_endpoint"
    for name in (
        *("authorization", "token", "introspection", "revocation", "management", "registration"),
    )
)

logger = logging.getLogger("fhir_facade")


class Discovery:
    """The metadata of one issuer, of all the documents it publishes about itself."""

    def __init__(self, issuer: Issuer, remote: Remote, now: Callable[[], float]) -> None:
        self._issuer, self._remote = issuer.issuer, remote
        self._urls = (issuer.discovery_url,) if issuer.discovery_url else _well_known(self._issuer)
        self.kept: Kept[Json] = Kept(f"discovery of {self._issuer}", self._fetch, now)

    async def document(self) -> Json:
        """Return the metadata, empty where there is none; raise IssuerUnavailable."""
        return await self.kept.get()

    async def _fetch(self) -> Fetched[Json]:
        """Return what the documents say together; of those that differ, the first counts."""
        asked = await asyncio.gather(*map(self._one, self._urls), return_exceptions=True)
        failed = [each for each in asked if isinstance(each, BaseException)]
        found = [each for each in asked if isinstance(each, Answer)]
        if failed and not found:
            raise failed[0]
        merged: Json = {}
        for answer in reversed(found):
            merged |= answer.body
        seconds = _LEAST if failed else min(map(kept_for, found), default=SECONDS)
        return merged, seconds

    async def _one(self, url: str) -> Answer | None:
        """Return a document, None where there is none; raise Unreachable where nobody can say."""
        try:
            answer = await self._remote.get(url)
        except Unreachable as error:
            if error.status is not None and 400 <= error.status < 500:
                return None
            raise
        if answer.body.get("issuer", self._issuer) != self._issuer:
            # a document may speak for its own issuer only (RFC 8414, 3.3)
            logger.warning("the metadata at %s is of another issuer: it is not used", url)
            return None
        return answer


def _well_known(issuer: str) -> tuple[str, ...]:
    parts = urlsplit(issuer)
    base, path = issuer.rstrip("/"), parts.path.rstrip("/")
    return (
        f"{base}/.well-known/openid-configuration",
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}",
        f"{base}/.well-known/smart-configuration",
    )


def kept_for(answer: Answer) -> float:
    """Return the seconds for which an answer is used before it is asked for again."""
    given = SECONDS if answer.max_age is None else float(answer.max_age)
    return min(max(given, _LEAST), _MOST)
