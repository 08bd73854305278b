"""What a token says once it is known to be its issuer's: whether it is good here, and for whom.

https://www.rfc-editor.org/rfc/rfc7519#section-4.1
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from fhir_facade.errors import TokenExpired, Unauthorized
from fhir_facade.security.principal import Principal
from fhir_facade.security.scopes import parse_scopes
from fhir_facade.settings import Issuer, Settings

Json = dict[str, Any]

_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_PATIENT: Final = re.compile(rf"(?:Patient/)?({_ID})")
_USER: Final = re.compile(rf"(?:https?://\S+/)?([A-Z][A-Za-z]{{0,63}}/{_ID})")
_LARGEST: Final = 2**53


@dataclass(frozen=True, slots=True)
class Expected:
    """What the claims of one issuer's tokens must be, and what they are called."""

    issuer: str
    audiences: frozenset[str]
    skew: int
    patient_claim: str
    tenant_claim: str
    users: frozenset[str]
    """The bases below which an absolute fhirUser is one that is known here."""
    any_audience: bool
    """Whether the issuer may say of an opaque token that it is good, and not for whom."""

    @classmethod
    def of(cls, issuer: Issuer, settings: Settings) -> Expected:
        """Return what the settings say; where they name no audience, no token is for this server.

        The address that a request was sent to names none: whoever sends it chooses it.
        """
        base = settings.base_url
        own = {base, f"{base}/"} if base else set()
        wanted = {issuer.audience} if issuer.audience else own
        names = (settings.patient_claim, settings.tenant_claim)
        users = frozenset([*own, *settings.reference_base.values()])
        return cls(
            issuer.issuer,
            frozenset(wanted),
            settings.clock_skew,
            *names,
            frozenset(each.rstrip("/") for each in users),
            issuer.any_audience,
        )


def check_claims(
    claims: Json, expected: Expected, now: float, *, required: tuple[str, ...]
) -> float:
    """Return when a token expires; raise TokenExpired, Unauthorized."""
    for name in required:
        if claims.get(name) is None:
            raise Unauthorized(f"The token has no {name}.")
    if claims.get("iss", expected.issuer) != expected.issuer:
        raise Unauthorized("The token is of an issuer that this server does not accept.")
    if claims.get("aud") is not None and not expected.audiences & _texts(claims["aud"]):
        raise Unauthorized("The token is for another server: its aud does not name this one.")
    if claims.get("cnf") is not None:  # only its holder may use it, and nothing here could tell
        raise Unauthorized("The token is bound to a key or certificate; send a bearer token.")
    expires, after, issued = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is not None and now >= expires + expected.skew:
        raise TokenExpired("The token has expired.")
    if max(after or 0, issued or 0) > now + expected.skew:
        raise Unauthorized("The token is not valid yet.")
    return math.inf if expires is None else expires


def principal_of(claims: Json, expected: Expected, expires: float) -> Principal:
    """Return whom checked claims speak of; raise Unauthorized where nobody could say."""
    return Principal(
        issuer=expected.issuer,
        scopes=parse_scopes(_scope(claims)),
        expires=expires,
        subject=_text(claims, "sub"),
        client=_text(claims, "client_id") or _text(claims, "azp") or _text(claims, "cid"),
        patient=_patient(claims.get(expected.patient_claim)),
        user=_user(claims.get("fhirUser"), expected.users),
        tenants=_tenants(claims, expected.tenant_claim),
    )


def _seconds(claims: Json, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        raise Unauthorized(f"The token's {name} is not a time.")
    return float(value)


def _text(claims: Json, name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise Unauthorized(f"The token's {name} is not a text.")
    return value


def _texts(value: Any) -> set[str]:
    """Return the texts of a claim that is one or a list; numbers count by their digits."""
    listed = value if isinstance(value, list) else [value]
    found = (str(each) if type(each) is int else each for each in listed)
    return {each for each in found if isinstance(each, str) and each}


def _scope(claims: Json) -> str:
    """Return the scopes; a token without any grants nothing: an ID token is one."""
    given = claims.get("scope")
    given = claims.get("scp") if given is None else given
    if isinstance(given, list):
        return " ".join(each for each in given if isinstance(each, str))
    return given if isinstance(given, str) else ""


def _patient(value: Any) -> str | None:
    """Return the id of the patient in context; without one, scopes for a patient grant nothing."""
    match = _PATIENT.fullmatch(str(value)) if type(value) in (str, int) else None
    return None if match is None else match[1]


def _user(value: Any, bases: Collection[str]) -> str | None:
    """Return the user, relative; raise Unauthorized for one that cannot be read.

    The user of another server is nobody here: its ids are not those of this one's patients.
    """
    if value is None:
        return None
    match = _USER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unauthorized("The token's fhirUser is not the URL of a resource.")
    base = value.removesuffix(match[1]).rstrip("/")
    return match[1] if not base or base in bases else None


def _tenants(claims: Json, name: str) -> frozenset[str] | None:
    """Return the tenants; None for all. A token that names none is for nobody's data."""
    if not name:
        return None
    given = claims.get(name)
    if given in ("*", ["*"]):
        return None
    return frozenset(each.removeprefix("Organization/") for each in _texts(given)) - {"", "*"}
