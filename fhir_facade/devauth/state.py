"""All that the server remembers: in memory, bounded, and gone when it stops."""

from __future__ import annotations

import math
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, TokenMixin

from fhir_facade.devauth.accounts import Account
from fhir_facade.devauth.clients import Client, demo_client
from fhir_facade.devauth.kept import Kept
from fhir_facade.devauth.people import DemoApp

CODE_SECONDS: Final = 60
LAUNCH_SECONDS: Final = 300
SESSION_SECONDS: Final = 8 * 3600
REFRESH_SECONDS: Final = 30 * 24 * 3600
CLIENT_SECONDS: Final = 24 * 3600
ASSERTION_SECONDS: Final = 300
"""How far off the `exp` of a client's assertion may be."""
_REPLAY_SECONDS: Final = 3600
"""For which a used code is known as used."""
_PENDING: Final = 20
_PENDING_SIZE: Final = 65_536
_MOST_GRANTED: Final = 500


@dataclass(slots=True, eq=False)
class Granted:
    """What was granted at once: all tokens that come of it are revoked together."""

    client_id: str
    account: Account | None
    scope: str
    patient: str | None = None
    need_patient_banner: bool = True
    nonce: str | None = None
    auth_time: int = 0
    until: float = math.inf
    """When refresh tokens end, where they are for the session only."""
    revoked: bool = False

    @property
    def launch_context(self) -> dict[str, Any]:
        """What the token response, and an introspection, say of the launch."""
        if self.patient is None:
            return {}
        return {"patient": self.patient, "need_patient_banner": self.need_patient_banner}


@dataclass(slots=True, eq=False)
class Code(AuthorizationCodeMixin):
    """An authorization code: whoever presents it first has used it up."""

    granted: Granted
    redirect_uri: str
    code_challenge: str
    expires: float
    used: bool = False
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.granted.scope


@dataclass(slots=True, eq=False)
class Token(TokenMixin):
    """An access or refresh token."""

    granted: Granted
    claims: dict[str, Any]
    """Those of an access token; none of a refresh token."""
    revoked: bool = False
    used: bool = False
    """Whether a refresh token has been exchanged for another one."""

    def check_client(self, client: Client) -> bool:
        return self.granted.client_id == client.client_id

    def get_scope(self) -> str:
        return self.granted.scope

    def is_expired(self) -> bool:
        """What is expired is not found."""
        return False

    def is_revoked(self) -> bool:
        return self.revoked or self.granted.revoked


@dataclass(frozen=True, slots=True, eq=False)
class Launch:
    """What the simulated EHR had open when an app was launched from it."""

    client_id: str
    account: Account
    patient: str | None
    need_patient_banner: bool


@dataclass(slots=True, eq=False)
class Pending:
    """An authorization request that a person is looking at."""

    id: str
    client: Client
    params: dict[str, str]
    asked: list[str]
    """The scopes that the app asks for and may have."""
    launch: Launch | None
    login_again: bool
    patient: str | None = None

    @property
    def size(self) -> int:
        """How many characters it takes to remember."""
        return sum(map(len, (*self.params, *self.params.values(), *self.asked)))


@dataclass(slots=True, eq=False)
class Session:
    """A browser, and who is logged in there."""

    id: str = field(default_factory=secrets.token_urlsafe)
    csrf: str = field(default_factory=secrets.token_urlsafe)
    account: Account | None = None
    auth_time: int = 0
    pending: OrderedDict[str, Pending] = field(default_factory=OrderedDict)
    granted: deque[Granted] = field(default_factory=lambda: deque(maxlen=_MOST_GRANTED))

    def remember(self, pending: Pending) -> None:
        """Keep a request; the oldest go where there are too many, or they are too large."""
        self.pending[pending.id] = pending
        while len(self.pending) > 1 and self._is_too_much():
            self.pending.popitem(last=False)

    def _is_too_much(self) -> bool:
        size = sum(each.size for each in self.pending.values())
        return len(self.pending) > _PENDING or size > _PENDING_SIZE


class State:
    """Clients, sessions, codes and tokens."""

    def __init__(self, apps: Sequence[DemoApp], now: Callable[[], float]) -> None:
        self.now = now
        self.apps = {each.client_id: demo_client(each) for each in apps}
        self.registered: Kept[Client] = Kept(100, CLIENT_SECONDS, now)
        self.sessions: Kept[Session] = Kept(1000, SESSION_SECONDS, now)
        self.visits: Kept[Session] = Kept(1000, SESSION_SECONDS, now)
        """Sessions in which nobody has signed in: there can be many, and they push out no other."""
        self.launches: Kept[Launch] = Kept(200, LAUNCH_SECONDS, now)
        self.posted: Kept[str] = Kept(50, CODE_SECONDS, now)
        """Requests that were sent as a form, until the browser asks for the page."""
        self.codes: Kept[Code] = Kept(1000, _REPLAY_SECONDS, now)
        self.refresh: Kept[Token] = Kept(5000, REFRESH_SECONDS, now)
        self.access: Kept[Token] = Kept(10_000, SESSION_SECONDS, now)
        self.assertions: Kept[bool] = Kept(10_000, ASSERTION_SECONDS + 120, now)

    def client(self, client_id: str) -> Client | None:
        """Return a client by its id."""
        return self.apps.get(client_id) or self.registered.get(client_id)

    def clients(self) -> list[Client]:
        """Return the clients that there are from the start, then those that registered."""
        return [*self.apps.values(), *self.registered]

    def session(self, id: str) -> Session | None:
        """Return a session by its id, whether somebody has signed in or not."""
        return self.sessions.get(id) or self.visits.get(id)

    def logged_in(self, session: Session, account: Account) -> Session:
        """Return the session under another id, which nobody can have known before the login."""
        self.forget(session)
        pending, granted = session.pending, session.granted
        for each in pending.values():
            each.patient = None  # which somebody else picked
        made = Session(account=account, pending=pending, granted=granted)
        made.auth_time = int(self.now())
        self.sessions.put(made.id, made)
        return made

    def forget(self, session: Session) -> None:
        """Forget a session."""
        self.sessions.pop(session.id)
        self.visits.pop(session.id)

    def end(self, session: Session) -> None:
        """Forget a session, and revoke all that was granted in it."""
        self.forget(session)
        for each in session.granted:
            each.revoked = True
