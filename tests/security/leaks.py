"""The same request to two worlds: one with everybody's documents, one with a caller's own alone.

What the caller is answered must be the same, byte for byte: then nothing of the others is in it,
neither a word nor a number nor an error that tells them apart (non-interference).
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_plus

import httpx

from fhir_facade.main import create_app
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.serving import BASE, Json, asking, settings
from tests.security.issuer import TestIssuer
from tests.security.world_of_two import MARKER, OF_A, View, documents_for, fill, markers

NEW: Final[Json] = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Walk more"},
    "subject": {"reference": "Patient/pat-a"},
    "extension": [
        {
            "url": "https://fhir.wellnecity.com/StructureDefinition/employer",
            "valueReference": {"reference": "Organization/org-x"},
        }
    ],
}
NOTE: Final[Json] = {"note": [{"text": "patched"}]}
MERGE: Final = {"Content-Type": "application/merge-patch+json"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


_CURSOR: Final = re.compile(r"_cursor=([\w-]+)")


@dataclass(frozen=True)
class Request:
    """One request, as a client sends it."""

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()

    @property
    def written(self) -> str:
        """The content, with what stands in it as base64: the patches of a Bundle."""
        text = self.content.decode()
        packed = re.findall(r'"data": "([A-Za-z0-9+/=]+)"', text)
        return " ".join([text, *(base64.b64decode(each).decode() for each in packed)])

    @property
    def sent(self) -> str:
        """Everything that the client says, for what an answer may repeat."""
        text = f"{unquote_plus(self.url)} {self.written} {' '.join(self.headers.values())}"
        return " ".join([text, *map(_opened, _CURSOR.findall(text))])

    def __str__(self) -> str:
        headers = {name: value for name, value in self.headers.items() if name != "Authorization"}
        return f"{self.method} {self.url} {headers or ''} {self.content.decode()[:600]}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/html")

    @property
    def json(self) -> Json:
        return dict(json.loads(self.body)) if self.body and not self.is_page else {}

    @property
    def told(self) -> str:
        """All that a client can read of it: page links decoded, too."""
        text = self.body.decode("utf-8", "replace")
        if self.is_page:  # what a person reads, and what stands in the links
            text = f"{html.unescape(_TAG.sub('', text))} {html.unescape(text)}"
        shown = f"{text} {json.dumps(self.headers)}"
        cursors = _CURSOR.findall(shown)
        # queries in the audit trail are base64, too
        queries = re.findall(r'"query":\s*"([A-Za-z0-9+/=]+)"', text)
        opened = [_opened(each) for each in [*cursors, *queries]]
        return " ".join([shown, unquote_plus(shown), *opened])


_TAG = re.compile(r"<[^>]*>")


def _opened(cursor: str) -> str:
    """What a page link carries, for whoever decodes it."""
    try:
        data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (ValueError, binascii.Error):
        return ""
    return data.decode("latin-1")


_OWN_HEADERS = ("x-request-id", "date", "server-timing", "content-length")


async def ask(client: httpx.AsyncClient, request: Request, token: str | None = None) -> Answer:
    headers = dict(request.headers)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if request.content and "Content-Type" not in headers:
        headers["Content-Type"] = "application/fhir+json"
    url = request.url if "://" in request.url else f"{BASE}/{request.url}".rstrip("/")
    response = await client.request(request.method, url, content=request.content, headers=headers)
    return Answer(response.status_code, dict(response.headers), response.content)


@dataclass(frozen=True)
class World:
    """An application on a store."""

    store: Store
    client: httpx.AsyncClient

    async def ask(self, request: Request, token: str | None) -> Answer:
        return await ask(self.client, request, token)


@asynccontextmanager
async def worlds(*stores: Store, **given: Any) -> AsyncIterator[tuple[World, ...]]:
    """An application on each of some stores."""
    async with AsyncExitStack() as stack:
        found = []
        for store in stores:
            app = create_app(settings(**given), store)
            await stack.enter_async_context(app.router.lifespan_context(app))
            found.append(World(store, await stack.enter_async_context(asking(app))))
        yield tuple(found)


# --- what may differ between two answers that say the same ---------------------------------------

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?|\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d"  # as pages tell them
    r"|(?<=_cursor=)[\w-]+"
)
_OF_PAGE = re.compile(r"<li>\d+\.\d ms</li>|<li>request <code>[0-9a-f]{16}</code></li>")
"""What a page says of the one request that it answers."""
_GIVEN = re.compile(
    r"\b[0-9a-f]{24}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b"  # ids
    r"|\b[0-9a-f]{16}\b"  # versions, ids of requests
)


def normal(text: str) -> str:
    """A text without the moments in it, the server's own ids and versions numbered as they come."""
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"<{len(names)}>")

    return _GIVEN.sub(named, _MOMENT.sub("<moment>", text))


def _comparable(answer: Answer, *, exact: bool) -> tuple[int, Any, str]:
    headers = {name: each for name, each in answer.headers.items() if name not in _OWN_HEADERS}
    body = answer.body.decode("utf-8", "replace")
    if answer.is_page:
        body = _OF_PAGE.sub("", body)
    if not exact:
        return answer.status, normal(json.dumps(headers)), normal(body)
    return answer.status, headers, body


def difference(one: Answer, other: Answer, *, exact: bool = True) -> str | None:
    """What tells two answers apart; None where nothing does.

    `exact`: to the byte; else as far as neither the time nor the server's own ids are in it.
    """
    if one.status == other.status >= 500:
        return f"{one.status}: {one.body[:500]!r}"
    first, second = (_comparable(each, exact=exact) for each in (one, other))
    if first == second:
        return None
    return f"with the others:    {_shown(one, *_apart(first, second))}\n" + (
        f"without the others: {_shown(other, *_apart(second, first))}"
    )


def _apart(one: tuple[int, Any, str], other: tuple[int, Any, str]) -> tuple[str, str]:
    """The headers that only one has, and the place in its body where the two part."""
    headers = [each for each in str(one[1]).split(", ") if each not in str(other[1])]
    place = next(
        (at for at, (a, b) in enumerate(zip(one[2], other[2], strict=False)) if a != b), None
    )
    if place is None:
        place = min(len(one[2]), len(other[2]))
    return ", ".join(headers), one[2][max(0, place - 200) : place + 400]


def _shown(answer: Answer, headers: str, body: str) -> str:
    return f"{answer.status} {headers} … {body}"


@dataclass
class Ears:
    """Listens for words of the others in what a caller is answered."""

    view: View
    known: set[str] = field(default_factory=set)
    """Words that stand in the caller's own documents, or that the caller has written there."""

    @classmethod
    def of(cls, view: View) -> Ears:
        own = " ".join(str(document) for _, document in documents_for(view))
        return cls(view, {each[0] for each in MARKER.finditer(own.lower())})

    def heard(self, request: Request, answer: Answer) -> set[str]:
        """The words of others in an answer that the caller did not know before."""
        said = {each[0] for each in MARKER.finditer(request.sent.lower())}
        if request.method in ("POST", "PUT", "PATCH") and answer.status < 300:
            self.known |= {each[0] for each in MARKER.finditer(request.written.lower())}
        return markers(answer.told, self.view) - said - self.known


@contextmanager
def issuing() -> Iterator[TestIssuer]:
    """An issuer that has its keys before anybody asks for them: two threads would make two."""
    with TestIssuer() as started:
        started.jwks()
        yield started


PATIENT_A: Final[Json] = {"patient": "pat-a", "tenants": "*"}


class Both:
    """A caller in a world with the others, and in one without them."""

    def __init__(
        self,
        both: tuple[World, ...],
        issuer: TestIssuer,
        view: View,
        token: str,
    ) -> None:
        self.all, self.own = both
        self.name = ""
        self.issuer, self.view, self.token = issuer, view, token

    async def ask(
        self, url: str, method: str = "GET", body: Any = None, **headers: str
    ) -> tuple[Answer, Answer]:
        request = Request(method, url, body, headers)
        answers = [await world.ask(request, self.token) for world in (self.all, self.own)]
        assert not Ears.of(self.view).heard(request, answers[0]), url
        return answers[0], answers[1]

    async def same(self, url: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        """The answer, which is the same in both worlds."""
        answers = await self.ask(url, method, body, **headers)
        apart = difference(*answers, exact=method in ("GET", "HEAD"))
        assert apart is None, f"{method} {url}\n{apart}"
        return answers[0]

    async def by_everybody(self, url: str, **headers: str) -> Answer:
        """What is answered to one who may see all."""
        token = self.issuer.token("system/*.cruds", tenants="*")
        return await self.all.ask(Request("GET", url, headers=headers), token)

    async def as_everybody(self, url: str) -> Json:
        return (await self.by_everybody(url)).json


@asynccontextmanager
async def both_of(issuer: TestIssuer, view: View, token: str) -> AsyncIterator[Both]:
    """A caller in two embedded stores."""
    stores = [open_store("sqlite:///:memory:") for _ in range(2)]
    await fill(stores[0])
    await fill(stores[1], view)
    async with worlds(*stores, **issuer.settings) as found:
        yield Both(found, issuer, view, token)
    for store in stores:
        await store.close()


@asynccontextmanager
async def both_of_a(issuer: TestIssuer) -> AsyncIterator[Both]:
    """Patient A in two embedded stores."""
    async with both_of(issuer, OF_A, issuer.token("patient/*.cruds", **PATIENT_A)) as both:
        yield both
