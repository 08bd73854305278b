"""A simulated EHR: it opens an app, and tells it what was on the screen.

https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

import secrets

from authlib.common.urls import add_params_to_uri
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fhir_facade.devauth.accounts import Account, Directory
from fhir_facade.devauth.clients import origin_of
from fhir_facade.devauth.flow import SHOWN
from fhir_facade.devauth.forms import query_of
from fhir_facade.devauth.pages import Pages, Refused
from fhir_facade.devauth.state import Launch, State


class Ehr:
    """The page with apps and patients, and the launches that come of it."""

    def __init__(self, fhir: str, state: State, pages: Pages, directory: Directory) -> None:
        self._fhir, self._state = fhir, state
        self._pages, self._directory = pages, directory

    async def page(self, request: Request) -> Response:
        """Offer the apps that can be launched, and the user's patients."""
        session, query = self._pages.session(request), query_of(request)
        if session.account is None:
            return self._pages.go("/login?next=launch", session)
        words = query.get("q", "")
        found = await self._directory.members(words, session.account)
        apps = [each for each in self._state.clients() if each.launch_url]
        return self._pages.page(
            "launch.html",
            session,
            leads_to=[origin_of(each.launch_url) for each in apps if each.launch_url],
            account=session.account,
            apps=apps,
            chosen=query.get("app", apps[0].client_id if apps else ""),
            people=found[:SHOWN],
            more=max(len(found) - SHOWN, 0),
            words=words,
        )

    async def launch(self, request: Request) -> Response:
        """Send the browser to the app, with a handle that only this user's sign-in can use."""
        session = self._pages.session(request)
        form = await self._pages.form(request, session)
        client = self._state.client(form.get("app", ""))
        if session.account is None or client is None or client.launch_url is None:
            raise Refused("There is no such app, or nobody is logged in.")
        patient = await self._chosen(form.get("patient", ""), session.account)
        handle = secrets.token_urlsafe(24)
        banner = "ehr_banner" not in form
        self._state.launches.put(handle, Launch(client.client_id, session.account, patient, banner))
        url = add_params_to_uri(client.launch_url, [("iss", self._fhir), ("launch", handle)])
        return RedirectResponse(url, 303, {"Cache-Control": "no-store"})

    async def _chosen(self, id_: str, account: Account) -> str | None:
        """Return the patient who is open; raise Refused for one whom the user may not see."""
        if not id_:
            return account.id if account.kind == "member" else None
        person = await self._directory.member(id_, account)
        if person is None:
            raise Refused("There is no such patient whom you may see.")
        return person.id
