"""The composition root: settings → store → application."""

from __future__ import annotations

import gc
import logging
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_facade import __version__, logs
from fhir_facade.audit.log import AuditLog
from fhir_facade.derive.value_sets import searched_value_sets
from fhir_facade.errors import Issue, StoreUnavailable
from fhir_facade.http.app import FhirApp
from fhir_facade.http.auditing import Auditor
from fhir_facade.http.edge import edge
from fhir_facade.http.endpoints import Server
from fhir_facade.http.gate import Gate
from fhir_facade.http.headers import guarded
from fhir_facade.http.observing import Observing, observing
from fhir_facade.http.openapi import openapi
from fhir_facade.http.origins import Origins
from fhir_facade.http.response import CONTENT_TYPE
from fhir_facade.http.smart import Smart
from fhir_facade.http.tools import Check, add_tools, health
from fhir_facade.http.watch import Watch
from fhir_facade.interactions.access import NO_ACCESS
from fhir_facade.interactions.capabilities import Capabilities
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import outcome, tally
from fhir_facade.interactions.validate import Validation
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.registry import Registry
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.paging import Cursors
from fhir_facade.search.plan import plan_search
from fhir_facade.security.tokens import Authenticator, authenticator
from fhir_facade.settings import Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from fhir_facade.web import Counts, Front, add_pages, rendered
from mappings import ALL
from mappings.people import PEOPLE

FHIR_BASE = "/fhir"
_INSIDE = f"{FHIR_BASE}/"

logger = logging.getLogger("fhir_facade")


class FacadeApp(FastAPI):
    """FastAPI for docs, health and tools; what lies under the FHIR base goes straight there."""

    def __init__(self, fhir: ASGIApp, **options: Any) -> None:
        super().__init__(**options)
        self._fhir = fhir
        self._tools = guarded(super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and (path.startswith(_INSIDE) or path == FHIR_BASE):
            scope["root_path"] = scope.get("root_path", "") + FHIR_BASE
            await self._fhir(scope, receive, send)
        else:
            await self._tools(scope, receive, send)


def build_registry(settings: Settings) -> Registry:
    """Return every mapping, compiled with the deployment's settings."""
    registry = Registry(ALL, settings.context())
    registry.name_people(PEOPLE)
    registry.value_sets = searched_value_sets(registry)
    return registry


def create_app(
    settings: Settings | None = None,
    store: Store | None = None,
    observed: Observing | None = None,
    *,
    demo: bool = False,
    auth: str | None = None,
) -> FastAPI:
    """Return the application; the store is opened from the settings where none is given.

    `demo`: the data is synthetic. `auth`: the path of a development authorization server.
    """
    settings = settings or Settings()
    registry = build_registry(settings)
    opened = store or open_store(settings.store, mongo_driver=settings.mongo_driver)
    observed = observed or observing(settings, registry)
    tokens = authenticator(settings)
    log = _audit_log(settings, opened)
    server = _server(settings, registry, opened, observed, tokens, log)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if tokens is not None:
            if auth is None:  # which answers no sooner than this server itself does
                tokens.start()
            if not settings.tenant_claim:
                logger.warning("no FHIR_FACADE_TENANT_CLAIM: tokens are for all employers")
        await _look_at(opened, registry, server.capabilities)
        yield
        if log is not None:
            await log.stop()
        if tokens is not None:
            await tokens.close()
        observed.close()
        if store is None:
            await opened.close()

    front = _front(settings, registry, demo=demo, auth=auth)
    app = FacadeApp(
        edge(rendered(observed.around(FhirApp(server)), front), Origins(settings.cors_origins)),
        title=front.title,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.store = opened
    checks = _checks(tokens, log)
    add_tools(app, opened, settings, metrics=observed.metrics, checks=checks)
    add_pages(app, front, _counts(opened, registry), partial(_health, opened, checks))
    app.add_exception_handler(HTTPException, _outside)
    app.openapi = lambda: openapi(app, registry, FHIR_BASE)  # type: ignore[method-assign]
    return app


def _server(
    settings: Settings,
    registry: Registry,
    store: Store,
    observed: Observing,
    tokens: Authenticator | None,
    log: AuditLog | None,
) -> Server:
    """Put together what the endpoints need."""
    # what a request sees is decided request by request; until then nothing is seen
    records = Records(
        observed.store(store), registry, translations=settings.translations, access=NO_ACCESS
    )
    capabilities = Capabilities(registry, update_create=settings.update_create)
    watch = Watch(observers=observed.observers)
    if log is not None:
        auditor = Auditor(log, settings.canonical)
        watch.before.append(auditor.admit)
        watch.watchers.append(auditor.seen)
        if observed.metrics is not None:
            observed.metrics.follow_audit(log)
    return Server(
        settings=settings,
        records=records,
        cursors=Cursors(settings.cursor_secret),
        capabilities=capabilities,
        conformance=Conformance(registry, capabilities),
        writes=Writes(records, update_create=settings.update_create),
        validation=Validation(
            records, update_create=settings.update_create, max_entries=settings.max_entries
        ),
        gate=Gate(settings, registry, observed.tokens(tokens)),
        watch=watch,
        smart=Smart(settings, registry, capabilities, tokens),
    )


def _front(settings: Settings, registry: Registry, *, demo: bool, auth: str | None) -> Front:
    """Return what the pages say of this server."""
    return Front(
        title="FHIR facade",
        version=__version__,
        fhir=FHIR_BASE,
        apps={str(name): client for name, client in settings.apps.items()},
        auth=auth,
        demo=demo,
        open=not settings.issuers,
        types=[*registry.types, *(each.type for each in registry.people)],
        connect=[_origin(each.issuer) for each in settings.issuers],
        canonical=settings.canonical,
        base_url=settings.base_url,
        definitions=settings.open_definitions,
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _counts(store: Store, registry: Registry) -> Counts:
    """Return what counts the resources of each type that can be served."""
    records, options = Records(store, registry), SearchOptions(registry, "")

    async def counts() -> dict[str, int]:
        plans = {each.name: plan_search(each, [], options) for each in registry}
        return {name: (await tally(records, plan))[1] for name, plan in plans.items()}

    return counts


async def _health(store: Store, checks: Sequence[Check]) -> str:
    return (await health(store, checks)).word


def _audit_log(settings: Settings, store: Store) -> AuditLog | None:
    if settings.audit == "off":
        return None
    return AuditLog(store, mode=settings.audit, anchors=settings.audit_anchors)


def _checks(tokens: Authenticator | None, log: AuditLog | None) -> list[Check]:
    """Return what may be unwell beside the store."""
    found = []
    if tokens is not None:
        found.append(Check("issuers", tokens.has_keys))
    if log is not None:
        found.append(Check("audit", lambda: not log.is_failing, required=log.requires))
    return found


async def _look_at(store: Store, registry: Registry, capabilities: Capabilities) -> None:
    """Say at start-up what the store lacks; one that is down is no reason not to start."""
    try:
        await store.ping()
        missing = await store.missing_indexes(registry.indexes())
    except StoreUnavailable:
        logger.warning("the store does not answer yet; requests get 503 until it does")
        return
    if missing:
        logger.warning("%d indexes are missing; run: fhir-facade indexes --apply", len(missing))
    if getattr(store, "transactions", True) is False:
        note = (
            "The store has no multi-document transactions: transaction Bundles, and whole cases of "
            "more than the case's own document, are refused."
        )
        logger.warning(note)
        capabilities.without_transactions(note)


async def _outside(request: Request, error: Exception) -> Response:
    """Answer a URL outside the FHIR base as FHIR clients expect: theirs is a wrong base URL."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "not-found" if status == 404 else "not-supported"
    text = f"There is nothing at this URL; the FHIR base is {FHIR_BASE}."
    body = to_json(outcome([Issue("error", code, text)]))
    headers = {"X-Request-Id": secrets.token_hex(8), **(getattr(error, "headers", None) or {})}
    return Response(body, status, headers, media_type=CONTENT_TYPE.decode())


def application() -> FastAPI:
    """The factory that `serve` hands to the HTTP server's workers."""
    with said_why():
        settings = Settings()
        logs.configure(settings)
        return settled(create_app(settings))


@contextmanager
def said_why() -> Iterator[None]:
    """Log why an application cannot be made: the HTTP server that asked for it would not."""
    try:
        yield
    except Exception:
        logger.critical("the application could not be made", exc_info=True)
        raise


def settled(app: FastAPI) -> FastAPI:
    """Return an application that will be served for long: what it is made of is not collected."""
    # what is there now stays: looking through it again and again finds nothing to collect
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    return app
