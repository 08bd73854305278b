"""Opaque tokens: their issuer is asked what they are.

https://www.rfc-editor.org/rfc/rfc7662
"""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import quote_plus

from fhir_facade.security.remote import IssuerUnavailable, Remote, Unreachable
from fhir_facade.settings import Issuer

Json = dict[str, Any]

logger = logging.getLogger("fhir_facade")

_HINT: Final = "access_token"
_BEARER: Final = (None, "bearer", "access_token")
_FOR_OTHER_USES: Final = ("refresh", "refresh_token", "offline", "id", "id_token", "logout")


class Introspection:
    """The introspection endpoint of one issuer."""

    def __init__(self, issuer: Issuer, remote: Remote) -> None:
        self._issuer, self._remote = issuer, remote
        self._failed = False

    async def claims(self, token: str) -> Json | None:
        """Return what a token says, None if it is not active; raise IssuerUnavailable."""
        form = {"token": token, "token_type_hint": _HINT}
        try:
            answer = await self._remote.post(
                str(self._issuer.introspection_url), form, self._auth()
            )
        except (Unreachable, OSError, ValueError) as error:
            if not self._failed:
                text = error if isinstance(error, Unreachable) else "its secret cannot be read"
                logger.warning("introspection at %s: %s", self._issuer.issuer, text)
            self._failed = True
            raise IssuerUnavailable from None
        self._failed = False
        body = answer.body
        return body if body.get("active") is True and _is_access_token(body) else None

    def _auth(self) -> tuple[str, str]:
        """Return who this server is, form-encoded (RFC 6749, 2.3.1); raise OSError, ValueError.

        The file is read each time: a secret that is replaced is used from then on.
        """
        issuer = self._issuer
        if issuer.client_secret_file is not None:
            secret = issuer.client_secret_file.read_text("utf-8").strip()
        else:
            secret = issuer.client_secret.get_secret_value() if issuer.client_secret else ""
        return quote_plus(issuer.client_id or ""), quote_plus(secret)


def _is_access_token(claims: Json) -> bool:
    """Say whether a token is for resources: issuers may call refresh tokens active, too."""
    said = [claims.get(each) for each in ("token_type", "token_use", "typ")]
    names = [each.lower() if isinstance(each, str) else each for each in said]
    return names[0] in _BEARER and not any(each in _FOR_OTHER_USES for each in names[1:])
