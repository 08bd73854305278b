"""Pages for people: templates, sessions, and what protects their forms.

https://owasp.org/www-project-web-security-testing-guide/
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fhir_facade.devauth.clients import origin_of
from fhir_facade.devauth.forms import form_of
from fhir_facade.devauth.state import SESSION_SECONDS, Session, State

COOKIE: Final = "fhir_facade_demo_session"
FOLDER: Final = Path(__file__).parent

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action {forms}; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class Refused(Exception):
    """A request of a person that is answered with a page which says why."""

    def __init__(
        self,
        text: str,
        status: int = 400,
        facts: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        super().__init__(text)
        self.text, self.status = text, status
        self.facts = facts
        """What it is about: what each is called, and its values."""


class Pages:
    """Renders pages, and knows the browser that asks for them."""

    def __init__(self, issuer: str, state: State) -> None:
        self._state, self.path = state, urlsplit(issuer).path
        self._origin, self._issuer = origin_of(issuer), issuer
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def session(self, request: Request) -> Session:
        """Return the browser's session; a new one if it has none."""
        found = self._state.session(request.cookies.get(COOKIE, ""))
        if found is None:
            found = Session()
            self._state.visits.put(found.id, found)
        return found

    def page(
        self,
        name: str,
        session: Session | None,
        *,
        status: int = 200,
        leads_to: Iterable[str] = (),
        **values: Any,
    ) -> Response:
        """Return a page; `leads_to`: origins to which its forms may send the browser."""
        text = self._templates.get_template(name).render(
            base=self.path, csrf=session.csrf if session else "", session=session, **values
        )
        forms = " ".join(dict.fromkeys(["'self'", *leads_to]))
        response = HTMLResponse(text, status, self._headers(_POLICY.format(forms=forms)))
        return self._with_cookie(response, session)

    def go(self, path: str, session: Session) -> Response:
        """Send the browser to another page of this server."""
        response = RedirectResponse(self.path + path, 303, self._headers())
        return self._with_cookie(response, session)

    def refused(self, error: Refused) -> Response:
        """Return the page of an error."""
        return self.page(
            *("message.html", None),
            status=error.status,
            title="That did not work",
            text=error.text,
            facts=error.facts,
        )

    async def form(self, request: Request, session: Session) -> dict[str, str]:
        """Return a form that the session's own page has sent; raise Refused, OAuth2Error."""
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if origin not in (None, self._origin) or site not in ("same-origin", "none"):
            raise Refused("The form was sent by another site.", 403)
        form = await form_of(request)
        given = form.get("csrf", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, session.csrf.encode()):
            raise Refused("The form is not of this session. Go back, and load the page anew.", 403)
        return form

    def elsewhere(self, request: Request) -> Response | None:
        """Send a browser that came by another host name to the issuer's own; forms get nowhere."""
        if request.headers.get("host", "").lower() == urlsplit(self._issuer).netloc.lower():
            return None
        if request.method not in ("GET", "HEAD"):
            raise Refused("The request was sent to another host name than this server's.", 400)
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{self._issuer}{path}{query}", 307, self._headers())

    def forgotten(self, response: Response) -> Response:
        """Take the cookie away from the browser."""
        response.delete_cookie(COOKIE, path=self.path, httponly=True, samesite="lax")
        return response

    def _with_cookie(self, response: Response, session: Session | None) -> Response:
        if session is not None:
            response.set_cookie(
                COOKIE,
                session.id,
                max_age=SESSION_SECONDS,
                path=self.path,
                secure=self._issuer.startswith("https:"),
                httponly=True,
                samesite="lax",
            )
        return response

    def _headers(self, policy: str = "default-src 'none'; frame-ancestors 'none'") -> Any:
        return {
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy,
            # with no-referrer a browser would send "Origin: null" with the forms
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }


Handler = Callable[[Request], Awaitable[Response]]
