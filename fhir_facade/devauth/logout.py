"""The end of a session, and of all that was granted in it.

https://openid.net/specs/openid-connect-rpinitiated-1_0.html
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fhir_facade.devauth.clients import origin_of
from fhir_facade.devauth.forms import query_of
from fhir_facade.devauth.pages import Pages
from fhir_facade.devauth.state import Session, State


class Logout:
    """Logs out at once for a page of this origin; asks where another site has sent the browser."""

    def __init__(self, issuer: str, state: State, pages: Pages) -> None:
        self._origin, self._state, self._pages = origin_of(issuer), state, pages

    async def page(self, request: Request) -> Response:
        """End the session, or ask whether to."""
        session, query = self._pages.session(request), query_of(request)
        back = query.get("post_logout_redirect_uri", "")
        if request.headers.get("sec-fetch-site") == "same-origin" or session.account is None:
            return self._end(session, back)
        return self._pages.page("logout.html", session, account=session.account, back=back)

    async def logout(self, request: Request) -> Response:
        """End the session: the person has said so."""
        session = self._pages.session(request)
        form = await self._pages.form(request, session)
        return self._end(session, form.get("post_logout_redirect_uri", ""))

    def _end(self, session: Session, back: str) -> Response:
        self._state.end(session)
        if back in self._places():
            response: Response = RedirectResponse(back, 303, {"Cache-Control": "no-store"})
        else:
            response = self._pages.page("signed_out.html", None)
        return self._pages.forgotten(response)

    def _places(self) -> set[str]:
        """Return where a browser may be sent: to the apps of this origin, and its first page."""
        found = {f"{self._origin}/"}
        for each in self._state.apps.values():
            urls = [*each.redirect_uris, each.launch_url or ""]
            found |= {url for url in urls if url and origin_of(url) == self._origin}
        return found
