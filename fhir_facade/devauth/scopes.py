"""What an app may ask for, and what a user can grant of it.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from authlib.oauth2.rfc6749 import InvalidScopeError

from fhir_facade.devauth.accounts import Account
from fhir_facade.devauth.people import Served
from fhir_facade.rules.validation.bindings import RESOURCE_TYPES
from fhir_facade.security.principal import AUDIT_EVENT, Scope
from fhir_facade.security.scopes import parse_scopes

PLAIN: Final = {
    "openid": "Know that it is you who signed in",
    "fhirUser": "Know which person in the records you are",
    "launch": "Take over what was open where you came from",
    "launch/patient": "Know which patient you chose",
    "offline_access": "Stay connected until you sign out here",
    "online_access": "Stay connected while you are signed in here",
}
"""The scopes that are not about resources."""

_LETTERS: Final = "cruds"
_OTHERS: Final = re.compile(r"profile|email|address|phone|launch/[a-z]+")
"""Of OpenID Connect and SMART: they mean nothing here, and many apps have them in their lists."""
LONGEST: Final = 20_000
"""In characters, of all scopes that are asked for at once."""
_MOST: Final = 1000


def known(text: str, served: Served) -> list[str]:
    """Return the scopes of a list that mean something here, each once."""
    given = dict.fromkeys(text.split())
    return [each for each in given if each in PLAIN or _opens_something(each, served)]


def unheard_of(text: str) -> list[str]:
    """Return the scopes of a list that no server has: misspelt, or for a type that is none."""
    return [each for each in dict.fromkeys(text.split()) if not _heard_of(each)]


def narrowed(requested: str, allowed: str, served: Served) -> list[str]:
    """Return what is asked for and allowed; a scope that is allowed in part is granted in part.

    Raises InvalidScopeError where that is more than a token can hold.
    """
    plain = {each for each in allowed.split() if each in PLAIN}
    limits = parse_scopes(" ".join(dict.fromkeys(allowed.split())))
    found: list[str] = []
    for each in known(requested, served):
        if each in PLAIN:
            found += [each] if each in plain else []
            continue
        (scope,) = parse_scopes(each)
        covers = any(_covers(limit, scope) for limit in limits)
        found += [each] if covers else filter(None, (_common(scope, limit) for limit in limits))
        if len(found) > _MOST:
            raise InvalidScopeError("These are too many scopes.")
    return known(" ".join(found), served)


def grantable(
    scopes: Iterable[str], account: Account, *, launched: bool, confidential: bool
) -> list[str]:
    """Return what of it this user can grant.

    A member has records of her own only; the administrator is no practitioner, so `user/` scopes
    would be for nobody; `system/` scopes are for clients that can keep a key.
    """
    levels = {"patient"}
    if account.kind == "practitioner":
        levels.add("user")
    if account.kind == "system" and confidential:
        levels.add("system")
    found = []
    for each in scopes:
        if each == "launch" and not launched:
            continue
        if each == "fhirUser" and account.kind == "system":
            continue
        if each in PLAIN or each.partition("/")[0] in levels:
            found.append(each)
    return found


def useful(scopes: Iterable[str]) -> bool:
    """Say whether an app could do anything with it: read a resource, or know who the user is."""
    return any(each not in PLAIN or each == "openid" for each in scopes)


def has_records(scopes: Iterable[str]) -> bool:
    """Say whether any of them is about resources."""
    return any(each not in PLAIN for each in scopes)


def wants_patient(scopes: Iterable[str]) -> bool:
    """Say whether a patient has to be in context."""
    return any(each.startswith("patient/") or each == "launch/patient" for each in scopes)


def _heard_of(scope: str) -> bool:
    if scope in PLAIN or _OTHERS.fullmatch(scope):
        return True
    return any(each.resource in ("*", *RESOURCE_TYPES) for each in parse_scopes(scope))


def _opens_something(scope: str, served: Served) -> bool:
    """Say whether it is a scope for a type that is served; a query of it must be able to match."""
    return any(
        each.resource == "*"
        or (each.resource in served.types and not (each.query and each.resource in served.told_of))
        for each in parse_scopes(scope)
    )


def _covers(limit: Scope, scope: Scope) -> bool:
    same = limit.level == scope.level and _about(limit, scope.resource)
    return same and scope.interactions <= limit.interactions and limit.query in ((), scope.query)


def _about(scope: Scope, resource: str) -> bool:
    """Say whether a scope is for a type; `*` does not stand for the audit trail."""
    return scope.resource in (resource, "*" if resource != AUDIT_EVENT else resource)


def _common(scope: Scope, limit: Scope) -> str | None:
    """Return what two scopes share, spelt as SMART 2 does; None for nothing that can be spelt."""
    name = scope.resource if limit.resource == "*" else limit.resource
    if scope.level != limit.level or not (_about(scope, name) and _about(limit, name)):
        return None
    shared = scope.interactions & limit.interactions
    if not shared or (scope.query and limit.query and scope.query != limit.query):
        return None
    query = (scope if scope.query else limit).spelled.partition("?")[2]
    letters = "".join(each for each in _LETTERS if each in shared)
    return f"{scope.level}/{name}.{letters}" + (f"?{query}" if query else "")
