"""Files that are sent as they are: what pages load, and the apps.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from fhir_facade.issuer import is_loopback
from fhir_facade.web.front import Front
from fhir_facade.web.layout import HTML, STATIC, answer, base_of, origin_of, policy

_TYPES: Final = {
    ".html": HTML,
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
"""The type of each kind of file, whatever the machine's own table says."""
_HASHED: Final = re.compile(
    r"[.\-](?:[A-Z0-9]{8}|(?=[a-z]*[0-9])[a-z0-9]{8,64})\.[a-z0-9]{1,8}(\.map)?\Z"
)
"""The end of a name that changes with its content: `main-4F2K9XQ1.js`."""
_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK: Final = "no-cache"
_PAGES: Final = {"": "index.html", "launch": "launch.html"}


class Files(StaticFiles):
    """A folder whose files have the right type, and are kept as long as they are good."""

    def __init__(self, directory: Path, *, without: str | None = None) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._without = without

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or 304; raise HTTPException where there is none."""
        if self._without is not None and PurePosixPath(path).parts[:1] == (self._without,):
            raise HTTPException(404)
        try:
            found = await super().get_response(path, scope)
        except ValueError:  # a name that no file system takes
            raise HTTPException(404) from None
        name = PurePosixPath(path).name
        kind = _TYPES.get(PurePosixPath(name).suffix.lower())
        if kind is not None and "content-type" in found.headers:
            found.headers["content-type"] = kind
        hashed = _HASHED.search(name)
        found.headers["cache-control"] = _FOREVER if hashed else _ASK
        return found


class Apps:
    """GET /apps/NAME/…: the pages of an app, its configuration, and what it loads."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._policy = policy(front.connect)
        self._files = {name: Files(STATIC / "apps" / name) for name in front.apps}

    async def folder(self, request: Request) -> Response:
        """Lead from /apps/NAME to its folder, below which everything is."""
        name = self._name(request)
        return RedirectResponse(f"/apps/{name}/")

    async def file(self, request: Request) -> Response:
        """Answer with a file of an app."""
        name, path = self._name(request), request.path_params["path"]
        if path == "config.json":
            return self._config(request, name)
        if path in _PAGES:
            elsewhere = _own_origin(request, self._front.base_url)
            if elsewhere is not None:
                return RedirectResponse(elsewhere)
        found = await self._files[name].get_response(_PAGES.get(path, path), request.scope)
        found.headers["content-security-policy"] = self._policy
        return found

    def _name(self, request: Request) -> str:
        name = str(request.path_params["name"])
        if name not in self._files:
            raise HTTPException(404)
        return name

    def _config(self, request: Request, name: str) -> Response:
        """Tell an app where its server is, and who it is there."""
        front = self._front
        said = {
            "fhir": base_of(request, front),
            "clientId": front.apps[name],
            "logout": f"{origin_of(request)}{front.auth}/logout" if front.auth else None,
        }
        return answer(request, json.dumps(said).encode(), "application/json")


def _own_origin(request: Request, base_url: str | None) -> str | None:
    """Return where a page is by the name that tokens know, asked by another name of this machine.

    To a browser `localhost` and `127.0.0.1` are two servers, and to an issuer two redirect URLs.
    """
    if base_url is None:
        return None
    known = urlsplit(base_url)
    asked = request.url
    if known.netloc == asked.netloc or known.port != asked.port or known.scheme != asked.scheme:
        return None
    if not (is_loopback(known.hostname or "") and is_loopback(asked.hostname or "")):
        return None
    return str(asked.replace(netloc=known.netloc))
