"""Every URL and method of the server, asked with every kind of token that is not the right one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

import fhir_facade.main
from fhir_facade.http.app import FhirApp, url_table
from fhir_facade.http.endpoints import Server
from fhir_facade.store import open_store
from tests.http.serving import Json, settings
from tests.security.issuer import TestIssuer
from tests.security.leaks import (
    FORM,
    MERGE,
    NEW,
    NOTE,
    Answer,
    Ears,
    Request,
    World,
    issuing,
    worlds,
)
from tests.security.world_of_two import OF_A, View, fill

GOAL: Final = "mk-ax-goal"
CASE: Final = "mk-ax-case"
AGAIN: Final[Json] = {**NEW, "id": GOAL}
BATCH: Final[Json] = {
    "resourceType": "Bundle",
    "type": "batch",
    "entry": [{"request": {"method": "GET", "url": f"Goal/{GOAL}"}}],
}
_TRIAL: Final[Json] = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "resource", "resource": AGAIN},
        {"name": "mode", "valueCode": "update"},
    ],
}
_EVERYTHING: Final[Json] = {"resourceType": "Parameters"}


TOKENS: Final = ("right", "read_only", "granular", "other_patient", "other_tenant")


@dataclass(frozen=True)
class Line:
    """What is asked, and the status that each token gets for it."""

    ask: Request
    statuses: str
    """One for each of `TOKENS`."""

    def status(self, token: str) -> int:
        return int(self.statuses.split()[TOKENS.index(token)])


def _get(url: str, statuses: str) -> Line:
    return Line(Request("GET", url), statuses)


def _send(method: str, url: str, body: Any, headers: dict[str, str], statuses: str) -> Line:
    return Line(Request(method, url, body, headers), statuses)


def _of_people(type: str, id: str, statuses: str) -> dict[tuple[str, str], Line]:
    """The lines of a type that only references tell of: of those of the caller's own records."""
    searched = statuses.replace("404", "200")
    form = f"_id={id}".encode()
    none = "404 404 404 404 404"
    return {
        (type, "GET"): _get(f"{type}?_id={id}", searched),
        (f"{type}/_search", "POST"): _send("POST", f"{type}/_search", form, FORM, searched),
        (f"{type}/_history", "GET"): _get(f"{type}/_history", none),
        (f"{type}/{{id}}/_history", "GET"): _get(f"{type}/{id}/_history", none),
        (f"{type}/{{id}}/_history/{{vid}}", "GET"): _get(f"{type}/{id}/_history/1", none),
        (f"{type}/{{id}}", "GET"): _get(f"{type}/{id}", statuses),
    }


LINES: Final[dict[tuple[str, str], Line]] = {
    ("", "GET"): _get(f"?_type=Goal&_id={GOAL}", "200 200 200 200 200"),
    ("", "POST"): _send("POST", "", BATCH, {}, "200 200 200 200 200"),
    ("_search", "POST"): _send(
        "POST", "_search", b"_type=Goal&_id=mk-ax-goal", FORM, "200 200 200 200 200"
    ),
    ("_history", "GET"): _get("_history", "200 200 403 200 200"),
    ("$validate", "POST"): _send("POST", "$validate", NEW, {}, "200 200 200 200 200"),
    **_of_people("Patient", "pat-a", "200 200 403 404 200"),
    **_of_people("Practitioner", "mk-ax-user", "200 200 403 404 404"),
    **_of_people("Organization", "org-x", "200 200 403 200 404"),
    ("{type}", "GET"): _get(f"Goal?_id={GOAL}", "200 200 200 200 200"),
    ("{type}", "POST"): _send("POST", "Goal", NEW, {}, "201 403 201 403 403"),
    ("{type}", "PUT"): _send("PUT", f"Goal?_id={GOAL}", AGAIN, {}, "200 403 200 405 405"),
    ("{type}", "PATCH"): _send("PATCH", f"Goal?_id={GOAL}", NOTE, MERGE, "200 403 200 404 404"),
    ("{type}", "DELETE"): _send("DELETE", f"Goal?_id={GOAL}", None, {}, "204 403 204 204 204"),
    ("{type}/_search", "POST"): _send(
        "POST", "Goal/_search", b"_id=mk-ax-goal", FORM, "200 200 200 200 200"
    ),
    ("{type}/$validate", "POST"): _send("POST", "Goal/$validate", NEW, {}, "200 200 200 200 200"),
    ("{type}/_history", "GET"): _get("Goal/_history", "200 200 403 200 200"),
    ("{type}/{id}/_history", "GET"): _get(f"Goal/{GOAL}/_history", "200 200 403 404 404"),
    ("{type}/{id}/_history/{vid}", "GET"): _get(
        f"Goal/{GOAL}/_history/mk-ax-v3", "200 200 404 404 404"
    ),
    ("DocumentReference/$docref", "GET"): _get(
        "DocumentReference/$docref?patient=pat-a", "200 200 403 200 200"
    ),
    ("DocumentReference/$docref", "POST"): _send(
        "POST", "DocumentReference/$docref?patient=pat-a", None, {}, "200 200 403 200 200"
    ),
    ("{type}/{id}", "GET"): _get(f"Goal/{GOAL}", "200 200 200 404 404"),
    ("{type}/{id}", "PUT"): _send("PUT", f"Goal/{GOAL}", AGAIN, {}, "200 403 200 405 405"),
    ("{type}/{id}", "PATCH"): _send("PATCH", f"Goal/{GOAL}", NOTE, MERGE, "200 403 200 404 404"),
    ("{type}/{id}", "DELETE"): _send("DELETE", f"Goal/{GOAL}", None, {}, "204 403 204 204 204"),
    ("EpisodeOfCare/{id}/$case", "GET"): _get(f"EpisodeOfCare/{CASE}/$case", "200 200 403 404 404"),
    ("EpisodeOfCare/{id}/$case", "POST"): _send(
        "POST", f"EpisodeOfCare/{CASE}/$case", None, {}, "200 200 403 404 404"
    ),
    ("Patient/{id}/$everything", "GET"): _get("Patient/pat-a/$everything", "200 200 200 200 200"),
    ("Patient/{id}/$everything", "POST"): _send(
        "POST", "Patient/pat-a/$everything", _EVERYTHING, {}, "200 200 200 200 200"
    ),
    ("{type}/{id}/$validate", "GET"): _get(f"Goal/{GOAL}/$validate", "200 200 200 404 404"),
    ("{type}/{id}/$validate", "POST"): _send(
        "POST", f"Goal/{GOAL}/$validate", _TRIAL, {}, "200 200 200 200 200"
    ),
    ("Patient/{id}/{type}", "GET"): _get("Patient/pat-a/Goal", "200 200 200 200 200"),
}
"""URL and method → an example of it, and the status of each token."""

OPEN: Final = {
    ("metadata", "GET"): "metadata",
    (".well-known/smart-configuration", "GET"): ".well-known/smart-configuration",
}
"""What is answered without a token."""

PARTS: Final = (
    # other names of a case, and what is in it
    _get(f"Case/{CASE}", "200 200 403 404 404"),
    _get(f"Bundle/{CASE}", "200 200 403 404 404"),
    _get("Case?_count=2", "200 200 403 200 200"),
    _get(f"EpisodeOfCare/{CASE}", "200 200 403 404 404"),
    _get(f"CareTeam/{CASE}", "200 200 403 404 404"),
    _get(f"CarePlan/{CASE}", "200 200 403 404 404"),
    _get(f"List/{CASE}", "200 200 403 404 404"),
    _get(f"Provenance/{CASE}.log.1", "200 200 403 404 404"),
    _get("Observation/mk-ax-outcome", "200 200 403 404 404"),
    _get("DocumentReference/mk-ax-case-document", "200 200 403 404 404"),
    _get("DocumentReference/mk-ax-contact-document", "200 200 403 404 404"),
    _get("Communication/mk-ax-contact", "200 200 403 404 404"),
    _get("Goal/mk-ax-second-goal", "200 200 404 404 404"),
    _get("Goal/mk-ax-goal?_summary=true", "200 200 200 404 404"),
    _send("DELETE", f"Case/{CASE}", None, {}, "204 403 403 204 204"),
    _send("DELETE", "Task/mk-ax-task", None, {}, "204 403 403 204 204"),
)

VIEWS: Final = {
    "right": OF_A,
    "read_only": OF_A,
    "granular": OF_A,
    "other_patient": View(frozenset("b")),
    "other_tenant": View(None, frozenset("y")),
}
BAD: Final = (
    *("expired", "wrong audience", "wrong issuer", "alg none", "HS256 with the public key"),
    *("tampered", "unknown kid", "no JWT"),
)


def good_token(issuer: TestIssuer, kind: str) -> str:
    who: Json = {"patient": "pat-a", "tenants": "*"}
    if kind == "read_only":
        return issuer.token("patient/*.rs", **who)
    if kind == "granular":
        return issuer.token("patient/Goal.cruds?lifecycle-status=active", **who)
    if kind == "other_patient":
        return issuer.token("patient/*.cruds", **{**who, "patient": "pat-b"})
    if kind == "other_tenant":
        return issuer.token("system/*.cruds", tenants=["org-y"])
    return issuer.token("patient/*.cruds", **who)


def bad_token(issuer: TestIssuer, kind: str) -> str:
    """A token that would be right but for one thing."""
    who: Json = {"patient": "pat-a", "tenants": "*"}
    scope = "patient/*.cruds system/*.cruds"
    made: dict[str, Callable[[], str]] = {
        "expired": lambda: issuer.token(scope, expires_in=-3600, **who),
        "wrong audience": lambda: issuer.token(scope, audience="http://elsewhere.test/fhir", **who),
        "wrong issuer": lambda: issuer.token(scope, issuer="http://127.0.0.1:9/issuer", **who),
        "alg none": lambda: issuer.no_algorithm(scope, **who),
        "HS256 with the public key": lambda: issuer.hmac_of_public_key(scope, **who),
        "tampered": lambda: issuer.tampered(scope, {"patient": "pat-b"}, **who),
        "unknown kid": lambda: issuer.unknown_kid(scope, **who),
        "no JWT": lambda: "not-a-token",
    }
    return made[kind]()


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as started:
        yield started


@pytest.fixture
async def world(issuer: TestIssuer) -> AsyncIterator[World]:
    store = open_store("sqlite:///:memory:")
    await fill(store)
    async with worlds(store, **issuer.settings) as (found,):
        yield found
    await store.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """What the application hands to its URL table."""
    made: list[Server] = []

    class Watched(FhirApp):
        def __init__(self, server: Server) -> None:
            made.append(server)
            super().__init__(server)

    monkeypatch.setattr(fhir_facade.main, "FhirApp", Watched)
    fhir_facade.main.create_app(settings(), open_store("sqlite:///:memory:"))
    return made[0]


async def _unused(*_: Any) -> Any:
    raise AssertionError


def test_the_matrix_has_every_line_of_the_url_table(server: Server) -> None:
    table = {(url.path, method) for url in url_table(server, _unused) for method in url.methods}
    assert table - OPEN.keys() == LINES.keys()
    is_open = {url.path for url in url_table(server, _unused) if url.is_open}
    assert is_open == {path for path, _ in OPEN if (path, "GET") in table}


def published(server: Server) -> list[Request]:
    """An example of every URL below the definitions."""
    found = []
    for path, methods in server.artefact_lines():
        url = path.replace("{id}", "x").replace("{vid}", "1")
        found += [Request(method, url) for method in methods]
    return found


def _is_challenged(answer: Answer) -> bool:
    header = answer.headers.get("www-authenticate", "")
    return answer.status == 401 and header.startswith("Bearer ")


async def test_nothing_but_what_is_open_is_answered_without_a_token(
    world: World, server: Server
) -> None:
    lines = [*LINES.values(), *PARTS]
    for request in [*(line.ask for line in lines), *published(server), *_nowhere()]:
        answer = await world.ask(request, None)
        assert _is_challenged(answer), request
        assert "error=" not in answer.headers["www-authenticate"]  # RFC 6750, 3.1
        assert answer.json["issue"][0]["code"] == "login"
        assert not Ears(View(frozenset(), frozenset())).heard(request, answer), request


def _nowhere() -> list[Request]:
    """URLs that are not in the table."""
    urls = (
        "nowhere",
        "Patient/pat-a",
        "Goal/a/b/c/d",
        "$nothing",
        "Organization?name=a",
        "Goal//x",
    )
    return [Request("GET", url) for url in urls]


async def test_what_is_open_is_answered_without_a_token(world: World) -> None:
    for url in OPEN.values():
        answer = await world.ask(Request("GET", url), None)
        assert answer.status == 200, url
        assert not Ears(View(frozenset(), frozenset())).heard(Request("GET", url), answer)


async def test_a_bad_token_opens_no_url(world: World, issuer: TestIssuer, server: Server) -> None:
    requests = [line.ask for line in LINES.values()]
    for kind in BAD:
        token = bad_token(issuer, kind)
        for request in [*requests, *published(server)[::19], *_nowhere()]:
            answer = await world.ask(request, token)
            assert _is_challenged(answer), (kind, request)
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]
            assert not Ears(View(frozenset(), frozenset())).heard(request, answer), (kind, request)


async def test_each_token_gets_its_own_status(world: World, issuer: TestIssuer) -> None:
    lines = [*LINES.values(), *PARTS]
    lines.sort(key=lambda line: line.ask.method == "DELETE")
    expected, got = {}, {}
    tokens = {kind: good_token(issuer, kind) for kind in TOKENS}
    ears = {kind: Ears.of(VIEWS[kind]) for kind in TOKENS}
    for line in lines:
        for kind in (*TOKENS[1:], TOKENS[0]):  # the one that may change it comes last
            place = f"{kind}: {line.ask.method} {line.ask.url}"
            answer = await world.ask(line.ask, tokens[kind])
            expected[place], got[place] = line.status(kind), answer.status
            assert not ears[kind].heard(line.ask, answer), place
            if answer.status == 403:
                assert answer.json["issue"][0]["code"] == "forbidden", place
    assert got == expected


async def test_definitions_are_for_every_token(
    world: World, issuer: TestIssuer, server: Server
) -> None:
    for kind in TOKENS:
        token = good_token(issuer, kind)
        for request in published(server)[::7]:
            answer = await world.ask(request, token)
            assert answer.status not in (401, 403), request
            assert answer.status < 500, request
