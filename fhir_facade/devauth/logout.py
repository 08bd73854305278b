"""The end of a session, and of all that was granted in it.

https://openid.net/specs/openid-connect-rpinitiated-1_0.html
"""

from __future__ import annotations

from typing import Final

from authlib.common.urls import add_params_to_uri
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fhir_facade.devauth.clients import Client, origin_of
from fhir_facade.devauth.flow import LONGEST_VALUE
from fhir_facade.devauth.forms import query_of
from fhir_facade.devauth.pages import Pages, Refused
from fhir_facade.devauth.state import Session, State

_BACK: Final = "post_logout_redirect_uri"
_STATE: Final = "state"


class Logout:
    """Logs out at once for a page of this origin; asks where another site has sent the browser."""

    def __init__(self, issuer: str, state: State, pages: Pages) -> None:
        self._origin, self._state, self._pages = origin_of(issuer), state, pages

    async def page(self, request: Request) -> Response:
        """End the session, or ask whether to."""
        session, query = self._pages.session(request), query_of(request)
        if request.headers.get("sec-fetch-site") == "same-origin" or session.account is None:
            return self._end(session, query)
        back = query.get(_BACK, "")
        return self._pages.page(
            "logout.html",
            session,
            leads_to=[origin_of(back)] if back in self._places() else [],
            account=session.account,
            carried={name: query[name] for name in (_BACK, _STATE) if name in query},
        )

    async def logout(self, request: Request) -> Response:
        """End the session: the person has said so."""
        session = self._pages.session(request)
        return self._end(session, await self._pages.form(request, session))

    def _end(self, session: Session, given: dict[str, str]) -> Response:
        back, state = given.get(_BACK, ""), given.get(_STATE, "")
        if len(state) > LONGEST_VALUE:
            raise Refused(f"{_STATE} is too long: {LONGEST_VALUE} characters are the most.")
        self._state.end(session)
        if back in self._places():
            url = add_params_to_uri(back, [(_STATE, state)]) if state else back
            response: Response = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
        else:
            response = self._pages.page("signed_out.html", None, apps=self._apps())
        return self._pages.forgotten(response)

    def _apps(self) -> list[Client]:
        """Return the apps of this origin."""
        apps = self._state.apps.values()
        return [each for each in apps if origin_of(each.redirect_uris[0]) == self._origin]

    def _places(self) -> set[str]:
        """Return where a browser may be sent.

        It is the first page, the apps of this origin, and what apps have registered for it.
        """
        found = {f"{self._origin}/"}
        for each in self._apps():
            urls = [*each.redirect_uris, each.launch_url or ""]
            found |= {url for url in urls if url and origin_of(url) == self._origin}
        return found.union(*(each.logout_urls for each in self._state.registered))
