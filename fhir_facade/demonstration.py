"""What `serve --demo` serves: synthetic data, and with `--auth` a SMART launch to try.

https://hl7.org/fhir/smart-app-launch/
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from fhir_facade import logs
from fhir_facade.devauth import DemoApp, Person, Served, authorization_server, metadata
from fhir_facade.http.gate import is_asked_here
from fhir_facade.http.headers import guarded
from fhir_facade.issuer import is_loopback
from fhir_facade.main import build_registry, create_app, said_why, settled
from fhir_facade.settings import DEMO_LIFETIME, Settings
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

AUTH: Final = "/auth"
"""The path of the development authorization server."""
METADATA: Final = f"/.well-known/oauth-authorization-server{AUTH}"
"""Where RFC 8414 (section 3) looks for the metadata of an issuer that has a path."""
TENANTS: Final = "employers"
"""The claim of its tokens that names employers."""

CLIENTS: Final = {"goals": "goals-app", "case": "case-app"}
"""The apps, and the client ids that they are registered under."""

_NAMES: Final = {"goals": "My goals", "case": "Case page"}
_SIGN_IN: Final = "openid fhirUser offline_access"
_SCOPES: Final = {
    "goals": f"launch launch/patient {_SIGN_IN} patient/Patient.r patient/Goal.rs patient/Task.rus "
    "patient/Communication.rs patient/Practitioner.rs",
    "case": f"launch {_SIGN_IN} user/Patient.rs user/Practitioner.rs user/Organization.rs "
    "user/EpisodeOfCare.rs user/CareTeam.rs user/CarePlan.rs user/List.rs user/Task.rs "
    "user/Flag.rs user/Goal.rs user/Communication.rs user/DocumentReference.rs "
    "user/Observation.rs user/Provenance.rs",
}
_COLLECTIONS: Final = ("patient_case", "work_queue")
_OF_ONE_EMPLOYER: Final = "U22"
"""The demo's data has work of every employer for each care manager. One of them is here for a
single employer, so that the limits of a tenant can be seen."""

ORIGINS: Final = '["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]'
"""What FHIR_FACADE_CORS_ORIGINS is where nobody sets it: apps that are being written come
from this machine."""


def environment(origin: str, token_seconds: int) -> dict[str, str]:
    """Return the settings under which a server at an origin believes its own tokens."""
    issuer = f"{origin}{AUTH}"
    audience = f"{origin}/fhir"
    return {
        "FHIR_FACADE_BASE_URL": audience,
        "FHIR_FACADE_ISSUERS": json.dumps([{"issuer": issuer, "audience": audience}]),
        "FHIR_FACADE_TENANT_CLAIM": TENANTS,
        "FHIR_FACADE_CLOCK_SKEW": "0",  # one clock issues tokens and takes them
        "FHIR_FACADE_APPS": json.dumps(CLIENTS),
        DEMO_LIFETIME: str(token_seconds),
    }


class LocalOnly:
    """Answers for this machine's own names alone.

    Here anybody may become anybody, so a page whose host name leads to this machine (DNS rebinding)
    must not be able to.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        text = "Ask on this machine, by its address or as localhost."
        self._refusal = guarded(PlainTextResponse(text, 421, {"Cache-Control": "no-store"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        here = scope["type"] != "http" or is_asked_here(scope)
        await (self.app if here else self._refusal)(scope, receive, send)


def application() -> FastAPI | LocalOnly:
    """The factory that `serve --demo` hands to the HTTP server."""
    with said_why():
        settings = Settings()
        logs.configure(settings)
        if DEMO_LIFETIME not in os.environ:
            return settled(create_app(settings, demo=True))
        return LocalOnly(settled(_with_auth(settings)))


def _with_auth(settings: Settings) -> FastAPI:
    """Return the application with the development authorization server below it."""
    app = create_app(settings, demo=True, auth=AUTH)
    issuer = settings.issuers[0].issuer
    if not is_loopback(urlsplit(issuer).hostname or ""):
        raise ValueError("the development authorization server is for this machine alone")
    origin, served = issuer.removesuffix(AUTH), _served(settings)
    auth = authorization_server(
        issuer=issuer,
        fhir=f"{origin}/fhir",
        people=DemoPeople(app.state.store),
        apps=[_app(name, client, origin, served) for name, client in settings.apps.items()],
        served=served,
        token_seconds=int(os.environ[DEMO_LIFETIME]),
    )
    app.mount(AUTH, auth)
    app.add_route(METADATA, _described(issuer), include_in_schema=False)
    return app


def _served(settings: Settings) -> Served:
    """Return the types that the FHIR server serves."""
    registry = build_registry(settings)
    people = frozenset(each.type for each in registry.people)
    return Served(people | {*registry.types}, people)


def _described(issuer: str) -> Callable[[Request], Awaitable[Response]]:
    """Return what tells a client that knows nothing but the issuer where its endpoints are."""

    async def answer(request: Request) -> Response:
        headers = {"Cache-Control": "max-age=60", "Access-Control-Allow-Origin": "*"}
        return JSONResponse(metadata(issuer), headers=headers)

    return answer


def _app(name: str, client: str, origin: str, served: Served) -> DemoApp:
    """Return an app with the scopes of it that are for types served here."""
    where = f"{origin}/apps/{name}/"
    scopes = (each for each in _SCOPES[name].split() if _is_served(each, served))
    return DemoApp(client, _NAMES[name], f"{where}launch", where, " ".join(scopes))


def _is_served(scope: str, served: Served) -> bool:
    level, _, rest = scope.partition("/")
    return level not in ("patient", "user") or rest.partition(".")[0] in served.types


class DemoPeople:
    """The members and care managers whom the stored documents name."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[str, list[Person]] = {}

    async def members(self) -> Sequence[Person]:
        """Return everybody whom a case or a work item is about."""
        return await self._named_as("subject")

    async def practitioners(self) -> Sequence[Person]:
        """Return everybody who looks after a case or a work item, one of them for one employer."""
        return await self._named_as("owner", of_one_employer=_OF_ONE_EMPLOYER)

    async def _named_as(self, field: str, of_one_employer: str = "") -> list[Person]:
        if field not in self._found:
            names: dict[str, str] = {}
            employers: defaultdict[str, Counter[str]] = defaultdict(Counter)
            async for document in self._documents():
                id, name = _person(document.get(field))
                if id and name:
                    names.setdefault(id, name)
                    tenant, _ = _person(document.get("client"))
                    if tenant:
                        employers[id][tenant] += 1
            if of_one_employer in employers:
                most = max(sorted(employers[of_one_employer].items()), key=lambda each: each[1])
                employers[of_one_employer] = Counter([most[0]])
            self._found[field] = [
                Person(id, name, (*sorted(employers[id]),)) for id, name in sorted(names.items())
            ]
        return self._found[field]

    async def _documents(self) -> AsyncIterator[Mapping[str, Any]]:
        for collection in _COLLECTIONS:
            async for batch in self._store.scan(collection):
                for raw in batch:
                    yield decode(raw)


def _person(stored: Any) -> tuple[str, str]:
    """Return the id and name of a reference as it is stored; empty where it has none."""
    if not isinstance(stored, dict):
        return (stored, "") if isinstance(stored, str) else ("", "")
    id, name = stored.get("id"), stored.get("name")
    return (id if isinstance(id, str) else "", name if isinstance(name, str) else "")
