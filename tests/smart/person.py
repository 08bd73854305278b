"""A person in front of a browser: reads pages, follows redirects, fills in forms.

https://html.spec.whatwg.org/multipage/form-control-infrastructure.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx

MEMBER, MANAGER, SYSTEM = "member:M100001", "practitioner:U11", "system:administrator"


@dataclass
class Form:
    """A form of a page, and what it would send if nothing was touched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: set[tuple[str, str]] = field(default_factory=set)
    """(name, value) of each button, radio button and checkbox."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(form)
            self._is_inside = True
        elif self._is_inside and given.get("name") and tag in ("input", "button"):
            self._control(self.found[-1], tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value = given["name"], given.get("value", "")
        if tag == "button" or given.get("type") in ("radio", "checkbox"):
            form.choices.add((name, value))
            if "checked" in given:
                form.fields[name] = value
        else:
            form.fields[name] = value


class Person:
    """Somebody with a browser of her own, and with cookies of her own.

    An address that begins with `app` is where she stops: the app reads it there by itself.
    """

    def __init__(self, origin: str, app: str = "") -> None:
        self.origin, self._app = origin, app
        self.client = httpx.Client(timeout=20)
        self.address = ""
        self.page: httpx.Response | None = None

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @property
    def text(self) -> str:
        """What she sees."""
        assert self.page is not None
        return self.page.text

    @property
    def at(self) -> str:
        """The path of the page."""
        return urlsplit(self.address).path

    @property
    def told(self) -> dict[str, str]:
        """The parameters of the address."""
        return {name: each for name, (each,) in parse_qs(urlsplit(self.address).query).items()}

    def go(self, url: str) -> Person:
        """Open an address."""
        return self._arrive(url, None)

    def send(self, wanted: tuple[str, str] | None = None, **filled: str) -> Person:
        """Send the form that has a choice (a button, say), or the only one that is posted."""
        form = self.form(wanted)
        data = {**form.fields, **filled, **(dict([wanted]) if wanted else {})}
        target = urljoin(self.address, form.action)
        headers = {"Origin": _origin(self.address), "Sec-Fetch-Site": "same-origin"}
        assert self.page is not None
        allowed = self.page.headers["content-security-policy"]
        response = self.client.post(target, data=data, headers=headers)
        return self._arrive(target, response, _form_action(allowed))

    def form(self, wanted: tuple[str, str] | None = None) -> Form:
        """The form of the page with a choice."""
        posted = [each for each in self._forms() if each.method == "post"]
        (found,) = [each for each in posted if wanted is None or wanted in each.choices]
        return found

    def choose(self, name: str, id: str, value: str = "") -> Person:
        """Press somebody's button; look for it by its number where it is not on the page."""
        return self.find(name, id, value).send((name, value or id))

    def find(self, name: str, id: str, value: str = "") -> Person:
        """Let the page show somebody by number, where it does not do so yet."""
        forms = self._forms()
        if any((name, value or id) in each.choices for each in forms):
            return self
        (search,) = [each for each in forms if "q" in each.fields]
        query = urlencode(search.fields | {"q": id})
        return self.go(f"{urljoin(self.address, search.action)}?{query}")

    def _forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.found

    def sign_in(self, account: str = MEMBER, patient: str = "M100001") -> Person:
        """Choose who to be, and a patient where one is asked for."""
        if self.at == "/auth/login":
            self.choose("account", account.partition(":")[2], account)
        if self.at == "/auth/patient":
            self.choose("patient", patient)
        return self

    def allow(self, account: str = MEMBER, patient: str = "M100001") -> Person:
        """Go on until the app has been allowed what it asks for."""
        self.sign_in(account, patient)
        assert self.at == "/auth/consent", f"{self.at}: {_words(self.text)}"
        return self.send(("decision", "allow"))

    def open_app(self, client_id: str, account: str, patient: str = "", **filled: str) -> Person:
        """Launch an app from the simulated EHR."""
        self.go(f"{self.origin}/auth/launch")
        if self.at == "/auth/login":
            self.choose("account", account.partition(":")[2], account)
        assert self.at == "/auth/launch"
        self.find("patient", patient)
        return self.send(("app", client_id), patient=patient, **filled)

    def _arrive(
        self, url: str, response: httpx.Response | None, allowed: list[str] | None = None
    ) -> Person:
        """Follow redirects; after a form, only where the policy of its page lets it lead."""
        for _ in range(20):
            self.address = url
            if self._app and url.startswith(self._app):
                self.page = None
                return self
            if response is None:
                response = self.client.get(url)
            if not response.is_redirect:
                self.page = response
                return self
            url, response = urljoin(url, response.headers["location"]), None
            if allowed is not None:
                assert _origin(url) in [self.origin, *allowed], f"{url} is not in {allowed}"
        raise AssertionError(f"no end of redirects at {url}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _form_action(policy: str) -> list[str]:
    rules: dict[str, Any] = {}
    for each in policy.split(";"):
        name, *sources = each.split()
        rules[name] = sources
    return [each for each in rules["form-action"] if each != "'self'"]


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())
