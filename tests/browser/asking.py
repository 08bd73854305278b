"""The API as a client without a browser asks it: the truth that pages are held to."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from collections import Counter
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from fhir_facade.demonstration import CLIENTS

Json = dict[str, Any]

_SCOPES = {
    "goals": "launch/patient patient/Patient.r patient/Goal.rs patient/Task.rus "
    "patient/Communication.rs",
    "case": "user/Patient.rs user/Practitioner.rs user/EpisodeOfCare.rs user/CareTeam.rs "
    "user/CarePlan.rs user/Task.rs user/Flag.rs user/Goal.rs user/Communication.rs "
    "user/DocumentReference.rs user/Provenance.rs user/List.rs user/Observation.rs",
}
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


class Api:
    """Somebody's access to the FHIR base of a server, with a token of its own."""

    def __init__(self, origin: str, account: str, app: str, patient: str = "") -> None:
        self._origin = origin
        token = _token(origin, account, app, patient)
        self._client = httpx.Client(
            base_url=f"{origin}/fhir", headers={"Authorization": f"Bearer {token}"}, timeout=20
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str) -> Json:
        """Return the resource at a URL."""
        response = self._client.get(url)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def search(self, url: str) -> list[Json]:
        """Return the matches of a search, all pages of it."""
        found = []
        while url:
            bundle = self.get(url)
            entries = bundle.get("entry", [])
            found += [each["resource"] for each in entries if each["search"]["mode"] == "match"]
            links = {each["relation"]: each["url"] for each in bundle["link"]}
            url = links.get("next", "")
        return found

    def count(self, url: str) -> int:
        """Return how many matches a search has."""
        mark = "&" if "?" in url else "?"
        total: int = self.get(f"{url}{mark}_summary=count")["total"]
        return total

    def patch(self, url: str, *operations: Json) -> Json:
        """Change a resource by a JSON Patch; return it as it is then."""
        headers = {"Content-Type": "application/json-patch+json"}
        response = self._client.patch(url, json=operations, headers=headers)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found


def _token(origin: str, account: str, app: str, patient: str) -> str:
    """Go through a standalone launch by hand, form by form."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": CLIENTS[app],
        "redirect_uri": f"{origin}/apps/{app}/",
        "scope": _SCOPES[app],
        "state": secrets.token_urlsafe(16),
        "aud": f"{origin}/fhir",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    answers = {"login": ("account", account), "patient": ("patient", patient)}
    with httpx.Client(base_url=origin, follow_redirects=False, timeout=20) as client:
        response = client.get("/auth/authorize", params=asked)
        while True:
            where = urlsplit(str(response.headers.get("location", response.url)))
            if where.path == f"/apps/{app}/":
                (code,) = parse_qs(where.query)["code"]
                break
            page = client.get(response.headers["location"])
            assert page.status_code == 200, page.text
            name = where.path.removeprefix("/auth/")
            field, value = answers.get(name, ("decision", "allow"))
            hidden = {key: html.unescape(text) for key, text in _HIDDEN.findall(page.text)}
            form = {**hidden, field: value}
            headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
            response = client.post(f"/auth/{name}", data=form, headers=headers)
            assert response.status_code == 303, response.text
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked["redirect_uri"],
            "client_id": CLIENTS[app],
            "code_verifier": verifier,
        }
        answer = client.post("/auth/token", data=form).json()
    assert "access_token" in answer, answer.get("error")
    token: str = answer["access_token"]
    return token


def rich_case(manager: Api) -> str:
    """The case of the demo's first members that has the most parts."""
    members = ",".join(f"M{100_000 + each}" for each in range(1, 21))
    cases = manager.search(f"EpisodeOfCare?patient={members}&_count=100")
    tasks = Counter(
        each["focus"]["reference"].removeprefix("EpisodeOfCare/")
        for each in manager.search(f"Task?patient={members}&_count=200")
        if each.get("focus", {}).get("reference", "").startswith("EpisodeOfCare/")
    )
    known = {each["id"] for each in cases}
    return max(known, key=lambda each: (tasks[each], each))


def revoke(origin: str, state: Json) -> None:
    """Take an app's refresh token from it, behind its back."""
    form = {"token": state["tokenResponse"]["refresh_token"], "client_id": state["clientId"]}
    assert httpx.post(f"{origin}/auth/revoke", data=form).status_code == 200
