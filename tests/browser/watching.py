"""What a browser did while a test ran, and what of it must never happen."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_REPORT: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  reportViolation(`${event.violatedDirective} ${event.blockedURI} on ${event.documentURI}`));
"""
_STATUS: Final = "Failed to load resource: the server responded with a status of "
_OFFLINE: Final = "net::ERR_INTERNET_DISCONNECTED"
_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


class Watch:
    """Everything that the pages of a context asked for and complained about."""

    def __init__(self, *origins: str) -> None:
        self._origins = set(origins)
        self._allowed: set[int] = set()
        self.may_be_offline = False
        self._wrong: list[str] = []
        self.requests: list[Request] = []
        self.statuses: list[tuple[int, str]] = []
        """(status, URL) of each answer that is an error."""

    async def attach(self, context: BrowserContext) -> None:
        """Look at a context from now on."""

        async def violated(source: Any, words: str) -> None:
            self._wrong.append(f"against the content security policy: {words}")

        await context.expose_binding("reportViolation", violated)
        await context.add_init_script(_REPORT)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", self._said)
        context.on("weberror", self._crashed)

    def allow(self, *statuses: int) -> None:
        """Expect answers of these statuses; any other error fails the test."""
        self._allowed |= set(statuses)

    def asked(self, method: str, part: str) -> list[Request]:
        """Return the requests of a method whose path has a part."""
        return [
            each
            for each in self.requests
            if each.method == method and part in urlsplit(each.url).path
        ]

    def wrong(self) -> list[str]:
        """Return what should not have happened."""
        refused = [
            f"{status} {url}" for status, url in self.statuses if status not in self._allowed
        ]
        return [*self._wrong, *refused]

    def take(self) -> list[str]:
        """Return the same, and forget it."""
        wrong = self.wrong()
        self._wrong.clear()
        self.statuses.clear()
        return wrong

    def _asked(self, request: Request) -> None:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" not in self._origins:
            self._wrong.append(f"a request that leaves the origin: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.statuses.append((response.status, response.url))
        headers = response.headers
        if headers.get("content-type", "").startswith("text/html"):
            policy = headers.get("content-security-policy", "")
            self._wrong += [f"{each} at {response.url}" for each in lax(policy)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type != "error" or message.text.startswith(_STATUS):
            return  # which statuses are right is judged elsewhere
        if not (self.may_be_offline and _OFFLINE in message.text):
            self._wrong.append(f"said in the console: {message.text}")

    def _crashed(self, error: WebError) -> None:
        self._wrong.append(f"not caught: {error.error}")


def lax(policy: str) -> list[str]:
    """Return what a content security policy lets through that ours must not."""
    found = {}
    for each in policy.split(";"):
        name, _, value = each.strip().partition(" ")
        found[name] = value
    wrong = [
        f"{name} is {found.get(name)!r}"
        for name, value in _POLICY.items()
        if found.get(name) != value
    ]
    return wrong + [f"{each} in the policy" for each in ("unsafe-", "*") if each in policy]
