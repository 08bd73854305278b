"""`serve`: the HTTP server, and what it may not do unless it is told to.

https://hl7.org/fhir/R4/security.html
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.text import Text

from fhir_facade import logs
from fhir_facade.commands.shell import (
    err,
    registry_or_exit,
    run_or_exit,
    settings_or_exit,
    store_or_exit,
    warn_of_misspelt,
)
from fhir_facade.issuer import is_loopback
from fhir_facade.settings import DEMO_LIFETIME, Settings

DEMO_MEMBERS: Final = 500
DEMO_SEED: Final = 1
DEMO_DIRTY: Final = 0.05

_REFUSED: Final = (
    "[red]--host {} is refused[/]: no authorization server is configured (FHIR_FACADE_ISSUERS), "
    "so other machines would get everything without a token. Leave --host out, or say --insecure "
    "if all of the data is synthetic."
)
_LOCAL: Final = (
    "no authorization server is configured (FHIR_FACADE_ISSUERS): only requests from this machine "
    "are answered, without a token"
)
_INSECURE: Final = (
    "[bold red]INSECURE[/]: no authorization server is configured, and everybody who reaches this "
    "server reads and writes everything. Never do this with data of real people."
)
_TOKENS: Final = "requests need a token of {}"
_CLEAR: Final = (
    "[yellow]tokens and health data travel unencrypted[/]: set FHIR_FACADE_TLS_CERTIFICATE, or put "
    "a proxy that speaks TLS in front and name it in FHIR_FACADE_TRUSTED_PROXIES"
)


def serve(
    demo: Annotated[bool, typer.Option(help="Serve synthetic data from a fresh file.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Processes that serve.", min=1)] = 1,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Answer everybody, without tokens.")
    ] = False,
    auth: Annotated[
        bool, typer.Option("--auth", help="With --demo: an authorization server to sign in at.")
    ] = False,
    token_seconds: Annotated[
        int, typer.Option(help="With --auth: how long a token is good for.", min=1, max=86_400)
    ] = 600,
) -> None:
    """Serve the FHIR API."""
    import uvicorn

    os.environ.pop(DEMO_LIFETIME, None)  # what it stands for goes with --auth alone
    if auth:
        from fhir_facade.demonstration import ORIGINS, environment

        _refuse_auth_alone(demo, host, port, workers, insecure)
        os.environ |= environment(_origin(host, port), token_seconds)
        os.environ.setdefault("FHIR_FACADE_CORS_ORIGINS", ORIGINS)
    if insecure:
        os.environ["FHIR_FACADE_INSECURE"] = "true"  # workers read their settings there
    warn_of_misspelt()
    settings = settings_or_exit()
    if auth and settings.tls_certificate is not None:
        err.print("[red]refused[/]: --auth speaks HTTP: leave FHIR_FACADE_TLS_CERTIFICATE out")
        raise typer.Exit(2)
    if not (settings.issuers or settings.insecure or is_loopback(host)):
        err.print(_REFUSED.format(escape(host) or "''"), soft_wrap=True)
        raise typer.Exit(2)
    _refuse_unusable_tls(settings)
    _refuse_taken(host, port)
    # every worker must read the page links of the others
    os.environ.setdefault("FHIR_FACADE_CURSOR_SECRET", settings.cursor_secret)
    with tempfile.TemporaryDirectory(prefix="fhir-facade-") as folder:
        if demo:
            os.environ["FHIR_FACADE_STORE"] = f"sqlite:///{folder}/demo.db"
            run_or_exit(_load_demo(settings_or_exit(), _yesterday() if auth else None))
        else:
            registry_or_exit(settings)
            # what is wrong with it is said before workers start
            run_or_exit(store_or_exit(settings).close())
        # uvicorn ends by raising the signal again; as an exit it lets the folder be removed
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        say = _sayer(settings)
        _say_how(say, settings, host)
        _welcome(say, settings, _base(settings, host, port), demo=demo, auth=auth)
        factory = f"fhir_facade.{'demonstration' if demo else 'main'}:application"
        options = server_options(settings)
        uvicorn.run(factory, host=host, port=port, workers=workers, **options)


def server_options(settings: Settings) -> dict[str, Any]:
    """Return what the settings ask of uvicorn."""
    from fhir_facade.http.protocol import FhirProtocol

    return {
        "factory": True,
        "http": FhirProtocol,
        "ws": "none",
        "access_log": False,
        "log_level": settings.log_level,
        "server_header": False,
        # uvicorn's own default believes every proxy on this machine
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": settings.trusted_proxies,
        "ssl_certfile": settings.tls_certificate,
        "ssl_keyfile": settings.tls_key,
        "timeout_graceful_shutdown": settings.shutdown_timeout,
    }


def _refuse_unusable_tls(settings: Settings) -> None:
    if settings.tls_certificate is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # a key with a password would be asked for at each start
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, lambda: "")
    except (OSError, ValueError) as error:
        cause = error.reason if isinstance(error, ssl.SSLError) else getattr(error, "strerror", "")
        err.print(
            "[red]FHIR_FACADE_TLS_CERTIFICATE[/] and FHIR_FACADE_TLS_KEY cannot be used: "
            f"{escape(str(cause or 'no certificate with its key, without a password'))}"
        )
        raise typer.Exit(2) from None


def _refuse_taken(host: str, port: int) -> None:
    """Exit where somebody listens there already: it takes long to find that out later."""
    try:
        family, type, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, type, proto) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        err.print(
            f"[red]cannot listen at {escape(host)}, port {port}[/]: {error.strerror}; name another "
            f"by --port (make demo ARGS='--port {port + 1}')",
            soft_wrap=True,
        )
        raise typer.Exit(2) from None


Say = Callable[[str], None]


def _sayer(settings: Settings) -> Say:
    """Return what tells the operator something: a log line where each line must be JSON."""
    if settings.log_format == "text":
        return lambda text: err.print(text, soft_wrap=True)
    logs.configure(settings)
    return lambda text: logs.logger.info("%s", Text.from_markup(text).plain)


def _say_how(say: Say, settings: Settings, host: str) -> None:
    """Say who is answered."""
    if settings.issuers:
        names = ", ".join(each.issuer for each in settings.issuers)
        say(_TOKENS.format(escape(names)))
        behind_tls = settings.tls_certificate is not None or settings.trusted_proxies
        if not behind_tls and not is_loopback(host):
            say(_CLEAR)
    else:
        say(_INSECURE if settings.insecure else _LOCAL)


def _base(settings: Settings, host: str, port: int) -> str:
    scheme = "http" if settings.tls_certificate is None else "https"
    return f"{_origin(host, port, scheme)}/fhir"


def _origin(host: str, port: int, scheme: str = "http") -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


async def _load_demo(settings: Settings, today: date | None) -> None:
    """Fill the store; `today` is the day on which the data stands still, the same one if None."""
    from fhir_facade.commands.load import load_documents
    from fhir_facade.demo import generate

    started = time.perf_counter()
    store, registry = store_or_exit(settings), registry_or_exit(settings)
    counts = await load_documents(store, generate(DEMO_MEMBERS, DEMO_SEED, DEMO_DIRTY, today))
    await store.ensure_indexes(registry.indexes())
    await store.close()
    shown = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    _sayer(settings)(f"demo data: {shown} ({time.perf_counter() - started:.1f} s)")


def _refuse_auth_alone(demo: bool, host: str, port: int, workers: int, insecure: bool) -> None:
    """Exit where a server at which anybody signs in as anybody has no place."""
    if not demo:
        refused = "--auth lets everybody in as anybody: it goes with --demo alone"
    elif not is_loopback(host):
        refused = f"--auth lets everybody in as anybody: it is not for --host {host}"
    elif port == 0:
        refused = "--auth has to know its own address: name a --port"
    elif workers > 1:
        refused = "--auth keeps its keys and sessions in one process: leave --workers out"
    elif insecure:
        refused = "--auth asks for tokens and --insecure for none: leave one of them out"
    else:
        return
    err.print(f"[red]refused[/]: {escape(refused)}", soft_wrap=True)
    raise typer.Exit(2)


def _welcome(say: Say, settings: Settings, base: str, *, demo: bool, auth: bool) -> None:
    if auth:
        origin = base.removesuffix("/fhir")
        say(
            f"open [bold]{escape(origin)}/[/] in a browser, and sign in as a member or a care "
            f"manager: no passwords, the data is synthetic; FHIR R4 is at {escape(base)}"
        )
        return
    if settings.issuers:
        say(f"serving FHIR R4 at [bold]{escape(base)}[/]")
        return
    say(f"serving FHIR R4 at [bold]{escape(base)}[/]; try:")
    queries = ["metadata", "Task?status=in-progress&_sort=-due&_count=5"]
    if demo:
        queries += ["Goal?patient=M100001", "EpisodeOfCare?patient=M100001", "Case?patient=M100001"]
    for query in queries:
        mark = "&" if "?" in query else "?"
        say(f"  curl '{escape(base)}/{query}{mark}_pretty=true'")
