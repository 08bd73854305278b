"""What a person goes through on the way to a code: login, patient, consent.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidRequestError, InvalidScopeError
from starlette.requests import Request
from starlette.responses import Response

from fhir_facade.devauth import scopes, words
from fhir_facade.devauth.accounts import SYSTEM, Account, Directory
from fhir_facade.devauth.clients import Client, origin_of
from fhir_facade.devauth.forms import Pairs, once, pairs_of, query_of, query_text, repeated
from fhir_facade.devauth.pages import Pages, Refused
from fhir_facade.devauth.people import Person
from fhir_facade.devauth.server import FormRequest, Server
from fhir_facade.devauth.state import SESSION_SECONDS, Granted, Pending, Session, State

SHOWN: Final = 12
"""People on a page; words find the others."""
_SHOWN_FIRST: Final = 6
"""People of a kind on the login page, until somebody searches."""
_MOST_OF_ADDRESS: Final = 500
"""In characters, of one that is shown."""
POSTED: Final = "posted"
"""The parameter that stands for a request which was sent as a form."""
LONGEST_QUERY: Final = 8192
"""In bytes; what is longer can be sent as a form."""
LONGEST_VALUE: Final = 1024
"""In characters, of what is sent back to the app."""
_SENT_BACK: Final = ("state", "nonce")
_GONE: Final = "This sign-in is over, or was begun in another browser. Start again from the app."
_NOBODY: Final = Account("member", "", "", ())
_PRACTITIONER: Final = Account("practitioner", "", "", ())


class Flow:
    """The pages between an authorization request and its answer."""

    def __init__(self, server: Server, pages: Pages, directory: Directory) -> None:
        self._server, self._pages, self._directory = server, pages, directory
        self._state: State = server.state

    async def authorize(self, request: Request) -> Response:
        """Begin: an app has sent the browser here (`authorize-post` comes back by GET)."""
        session = self._pages.session(request)
        params = self._asked(request)
        oauth, grant = self._validated(params)
        try:
            pending = self._pending(params, grant.client, grant.redirect_uri)
        except OAuth2Error as error:
            error.redirect_uri, error.state = grant.redirect_uri, params.get("state")
            return self._answered(oauth, error)
        if params.get("prompt") == "none":
            name = "consent_required" if session.account else "login_required"
            silent = OAuth2Error(error=name, state=params.get("state"))
            silent.redirect_uri = grant.redirect_uri
            return self._answered(oauth, silent)
        session.remember(pending)
        return self._pages.go(self._next(session, pending), session)

    async def login_page(self, request: Request) -> Response:
        """Offer whom to log in as."""
        session, query = self._pages.session(request), query_of(request)
        pending = self._known(session, query) if "request" in query else None
        named = query.get("q", "")
        kinds = await self._kinds(pending, named)
        return self._pages.page(
            "login.html",
            session,
            kinds=kinds,
            words=named,
            client=pending.client if pending else None,
            carried=_carried(query),
        )

    async def login(self, request: Request) -> Response:
        """Log in as somebody, under a new session id."""
        session = self._pages.session(request)
        form = await self._pages.form(request, session)
        account = await self._directory.account(form.get("account", ""))
        if account is None:
            raise Refused("There is nobody of that name here.")
        session = self._state.logged_in(session, account)
        if "request" in form:
            pending = self._known(session, form)
            pending.login_again, pending.patient = False, None
            return self._pages.go(self._next(session, pending), session)
        return self._pages.go("/launch" if form.get("next") == "launch" else "/", session)

    async def patient_page(self, request: Request) -> Response:
        """Offer the patients whom the user may see."""
        session, query = self._pages.session(request), query_of(request)
        pending, account = self._at_work(session, query)
        named = query.get("q", "")
        found = await self._directory.members(named, account)
        return self._pages.page(
            "patient.html",
            session,
            **_some(found, SHOWN),
            words=named,
            client=pending.client,
            account=account,
            carried=_carried(query),
        )

    async def patient(self, request: Request) -> Response:
        """Take the patient who was picked."""
        session = self._pages.session(request)
        form = await self._pages.form(request, session)
        pending, account = self._at_work(session, form)
        person = await self._directory.member(form.get("patient", ""), account)
        if person is None:
            raise Refused("There is no such patient whom you may see.")
        pending.patient = person.id
        return self._pages.go(self._next(session, pending), session)

    async def consent_page(self, request: Request) -> Response:
        """Say what the app would get."""
        session, query = self._pages.session(request), query_of(request)
        pending, account = self._at_work(session, query)
        if self._next(session, pending) != _at("consent", pending):
            return self._pages.go(self._next(session, pending), session)
        granted, refused = self._granted(pending, account)
        patient = await self._patient(pending, account, granted)
        own = account.kind == "member"
        return self._pages.page(
            "consent.html",
            session,
            leads_to=[origin_of(pending.params["redirect_uri"])],
            client=pending.client,
            account=account,
            patient=patient,
            granted=granted,
            groups=words.groups(granted, own=own),
            besides=words.besides(granted, own=own),
            refused=refused,
            reason=_reason(pending, account, granted),
            carried=_carried(query),
        )

    async def consent(self, request: Request) -> Response:
        """Send the browser back to the app, with a code or without."""
        session = self._pages.session(request)
        form = await self._pages.form(request, session)
        pending, account = self._at_work(session, form)
        if self._next(session, pending) != _at("consent", pending):
            return self._pages.go(self._next(session, pending), session)
        session.pending.pop(pending.id)
        oauth, grant = self._validated(pending.params)
        names, _ = self._granted(pending, account)
        reason = _reason(pending, account, names)
        if reason or form.get("decision") != "allow":
            error = AccessDeniedError(reason)
            error.redirect_uri, error.state = grant.redirect_uri, pending.params.get("state")
            return self._answered(oauth, error)
        granted = self._grant(session, pending, account, names)
        found: Response = self._server.create_authorization_response(oauth, granted, grant)
        return found

    def _asked(self, request: Request) -> dict[str, str]:
        """Return the parameters of an authorization request; raise Refused, OAuth2Error."""
        text = query_text(request)
        if len(text) > LONGEST_QUERY:
            raise Refused("The request is too long for an address: send it as a form.", 414)
        pairs = pairs_of(text)
        if [name for name, _ in pairs] == [POSTED]:
            sent = self._state.posted.pop(pairs[0][1])
            if sent is None:
                raise Refused(_GONE)
            pairs = pairs_of(sent)
        for name, value in pairs:
            if name in _SENT_BACK and len(value) > LONGEST_VALUE:
                raise Refused(f"{name} is too long: {LONGEST_VALUE} characters are the most.")
        try:
            return once(pairs)
        except OAuth2Error as error:
            self._lead_back(error, pairs)
            raise

    def _lead_back(self, error: OAuth2Error, pairs: Pairs) -> None:
        """Let an error go to the app, if what is there once says whose it is and where to."""
        twice = repeated(pairs)
        given = {name: value for name, value in pairs if name not in twice}
        client = self._state.client(given.get("client_id", ""))
        url = given.get("redirect_uri", "")
        if client is not None and client.check_redirect_uri(url):
            error.redirect_uri, error.state = url, given.get("state")

    def _validated(self, params: dict[str, str]) -> tuple[FormRequest, Any]:
        """Return an authorization request and its grant; raise Refused, OAuth2Error."""
        client = self._state.client(params.get("client_id", ""))
        if client is not None and not client.check_redirect_uri(params.get("redirect_uri", "")):
            raise _not_registered(client, params.get("redirect_uri", ""))
        oauth = FormRequest("GET", f"{self._server.issuer}/authorize", params, {})
        return oauth, self._server.get_consent_grant(oauth)

    def _answered(self, oauth: FormRequest, error: OAuth2Error) -> Response:
        found: Response = self._server.handle_error_response(oauth, error)
        return found

    def _pending(self, params: dict[str, str], client: Client, redirect_uri: str) -> Pending:
        """Return the request to decide; raise OAuth2Error where its launch is not good."""
        asked = scopes.narrowed(params.get("scope", ""), client.scope, self._server.served)
        if not scopes.useful(asked):
            raise InvalidScopeError("The app asks for no scope that it may have.")
        launch = None
        if "launch" in params:
            launch = self._state.launches.pop(params["launch"])
            if launch is None or launch.client_id != client.client_id:
                raise InvalidRequestError("The launch is over, used before, or of another app.")
            if "launch" not in asked:
                raise InvalidScopeError("An EHR launch needs the scope launch.")
        again = params.get("prompt") in ("login", "select_account")
        return Pending(secrets.token_urlsafe(16), client, params, asked, launch, again)

    def _known(self, session: Session, given: dict[str, str]) -> Pending:
        found = session.pending.get(given.get("request", ""))
        if found is None:
            raise Refused(_GONE)
        return found

    def _at_work(self, session: Session, given: dict[str, str]) -> tuple[Pending, Account]:
        """Return the request and the user; raise Refused where one is missing."""
        pending = self._known(session, given)
        if session.account is None or pending.login_again:
            raise Refused(_GONE)
        return pending, session.account

    def _next(self, session: Session, pending: Pending) -> str:
        """Return the page on which a request waits."""
        account = session.account
        if account is None or pending.login_again:
            return _at("login", pending)
        granted, _ = self._granted(pending, account)
        asks = scopes.wants_patient(granted) and scopes.useful(granted)
        if asks and _context(pending, account) is None:
            return _at("patient", pending)
        return _at("consent", pending)

    def _granted(self, pending: Pending, account: Account) -> tuple[list[str], list[str]]:
        """Return what is granted if the user allows it, and what was asked for besides."""
        found = _grantable(pending, account)
        spelled, text = {*found}, pending.params.get("scope", "")
        return found, [each for each in dict.fromkeys(text.split()) if each not in spelled]

    async def _patient(
        self, pending: Pending, account: Account, granted: Iterable[str]
    ) -> Person | None:
        id_ = _context(pending, account)
        if id_ is None or not _has_context(granted):
            return None
        return await self._directory.member(id_, account)

    def _grant(
        self, session: Session, pending: Pending, account: Account, names: list[str]
    ) -> Granted:
        launch = pending.launch
        granted = Granted(
            pending.client.client_id,
            account,
            " ".join(names),
            patient=_context(pending, account) if _has_context(names) else None,
            need_patient_banner=launch.need_patient_banner if launch else True,
            nonce=pending.params.get("nonce"),
            auth_time=session.auth_time,
            until=math.inf if "offline_access" in names else session.auth_time + SESSION_SECONDS,
        )
        session.granted.append(granted)
        return granted

    async def _kinds(self, pending: Pending | None, named: str) -> list[dict[str, Any]]:
        """Return the groups of the login page, those first who can do anything with the app."""
        members = await self._directory.members(named)
        managers = await self._directory.practitioners(named)
        admin = [Person(SYSTEM.id, SYSTEM.name, ())] if not named else []
        most = SHOWN if named else _SHOWN_FIRST
        found = [
            _group("member", "Member", "sees her or his own records", pending, _NOBODY)
            | _some(members, most),
            _group(
                *("practitioner", "Care manager", "sees the members of her or his employers"),
                *(pending, _PRACTITIONER),
            )
            | _some(managers, most),
            _group(
                *("system", "System"),
                "looks after the platform, and reaches one patient of any employer",
                *(pending, SYSTEM),
            )
            | _some(admin, most),
        ]
        return sorted(found, key=lambda each: not each["possible"])


def _not_registered(client: Client, sent: str) -> Refused:
    """Return the error of a redirect URI, with those beside which the mistake can be seen."""
    text = "The redirect_uri is none that the app has registered. It must be equal, character by"
    shown = f"{sent[:_MOST_OF_ADDRESS]}…" if len(sent) > _MOST_OF_ADDRESS else sent
    return Refused(
        f"{text} character, the last slash too." if sent else "The app names no redirect_uri.",
        facts={
            "App": [client.name],
            "Sent": [shown] if sent else [],
            "Registered": client.redirect_uris,
        },
    )


def _some(people: list[Person], most: int) -> dict[str, Any]:
    """Return the first of them, and how many others there are."""
    return {"people": people[:most], "more": max(len(people) - most, 0)}


def _group(
    kind: str, title: str, text: str, pending: Pending | None, like: Account
) -> dict[str, Any]:
    """Return a group of the login page, and whether the app could do anything for it."""
    possible = pending is None or _serves(pending, like)
    return {"kind": kind, "title": title, "text": text, "possible": possible}


def _serves(pending: Pending, account: Account) -> bool:
    """Say whether an app gets any records from such a user, if records are what it asks for."""
    found = _grantable(pending, account)
    return scopes.has_records(found) or not scopes.has_records(pending.asked)


def _grantable(pending: Pending, account: Account) -> list[str]:
    return scopes.grantable(
        pending.asked,
        account,
        launched=pending.launch is not None,
        confidential=pending.client.is_confidential,
    )


def _reason(pending: Pending, account: Account, granted: Iterable[str]) -> str | None:
    """Return why the user cannot allow the request; None where it is the user's to decide."""
    if pending.launch is not None and pending.launch.account.key != account.key:
        return "The app was launched by another user."
    if not scopes.useful(granted):
        return "Nothing of what the app asks for is this user's to grant."
    return None


def _context(pending: Pending, account: Account) -> str | None:
    """Return the patient in context: of the launch, the member herself, or who was picked."""
    if pending.launch is not None and pending.launch.patient is not None:
        return pending.launch.patient
    return account.id if account.kind == "member" else pending.patient


def _has_context(granted: Iterable[str]) -> bool:
    names = list(granted)
    return "launch" in names or scopes.wants_patient(names)


def _at(page: str, pending: Pending) -> str:
    return f"/{page}?{urlencode({'request': pending.id})}"


def _carried(query: dict[str, str]) -> dict[str, str]:
    """Return the parameters that every form of a page sends on."""
    return {name: query[name] for name in ("request", "next") if name in query}
