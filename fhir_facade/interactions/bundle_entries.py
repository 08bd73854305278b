"""The entries of a batch or transaction, each read and judged by itself.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from fhir_facade.errors import BadRequest, FacadeError, Issue, MethodNotAllowed, Unsupported
from fhir_facade.rules.draft import Resource
from fhir_facade.rules.validation import validate

TYPES: Final = ("batch", "transaction")
READS: Final = ("GET", "HEAD")
_METHODS: Final = (*READS, "POST", "PUT", "PATCH", "DELETE")
_WITH_RESOURCE: Final = ("POST", "PUT", "PATCH")
_PATCHES: Final = ("Binary", "Parameters")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|//")
_ONE: Final = "Bundle.entry[0]"
_OWN: Final = (f"{_ONE}.request", f"{_ONE}.request.method", f"{_ONE}.request.url")
"""What is judged here, in words that say more."""
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BUNDLE_3: Final = "bdl-3)."
_NOT_HERE: Final = "The url must be relative to this server's base, or below it."
_MOST_ISSUES: Final = 1000

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a batch or transaction."""

    at: int
    method: str
    path: str
    """Below the base, without percent-encoding and without the query."""
    query: str
    resource: Resource | None
    full_url: str | None
    request: dict[str, Any]

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.at}]"

    @property
    def segments(self) -> list[str]:
        return self.path.split("/")

    @property
    def is_operation(self) -> bool:
        """Say whether the last part of the URL names an operation or a search."""
        return self.segments[-1][:1] in ("$", "_")

    def condition(self, name: str) -> str | None:
        """Return `ifMatch`, `ifNoneExist` … of the request."""
        found = self.request.get(name)
        return found if isinstance(found, str) else None


def read_bundle(bundle: Resource) -> list[Issue]:
    """Return what is wrong with a Bundle beside its entries."""
    head = {name: value for name, value in bundle.items() if name not in ("entry", "_entry")}
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not entries:
        head = bundle
    return errors_of(validate(head, type="Bundle"))


def errors_of(issues: Sequence[Issue]) -> list[Issue]:
    """Return the issues that are errors."""
    return [each for each in issues if each.severity in ("error", "fatal")]


def read_entries(bundle: Resource, base_url: str) -> list[Entry | list[Issue]]:
    """Return each entry, or what is wrong with it."""
    values = bundle.get("entry") or []
    repeated = _repeated(values)
    found: list[Entry | list[Issue]] = []
    for at, value in enumerate(values):
        entry = _entry(value, at, bundle["type"], base_url)
        if at in repeated:
            issue = Issue("error", "invalid", "Another entry has this fullUrl.", _full_url(at))
            entry = [issue] if isinstance(entry, Entry) else [*entry, issue]
        found.append(entry)
    return found


def _checkable(entry: Any) -> Any:
    """Return an entry as it is to be valid: what it asks to be validated need not be."""
    request = entry.get("request") if isinstance(entry, dict) else None
    url = request.get("url") if isinstance(request, dict) else None
    if not isinstance(url, str) or not url.partition("?")[0].endswith("$validate"):
        return entry
    return {name: value for name, value in entry.items() if name != "resource"}


def _full_url(at: int) -> str:
    return f"Bundle.entry[{at}].fullUrl"


def _repeated(values: Sequence[Any]) -> set[int]:
    """Return the entries whose identity an earlier one has (bdl-7)."""
    seen, repeated = set(), set()
    for at, value in enumerate(values):
        url = value.get("fullUrl") if isinstance(value, dict) else None
        if isinstance(url, str):
            if url in seen:
                repeated.add(at)
            seen.add(url)
    return repeated


def _entry(value: Any, at: int, type: str, base_url: str) -> Entry | list[Issue]:
    place = f"Bundle.entry[{at}]"
    alone = {"resourceType": "Bundle", "type": type, "entry": [_checkable(value)]}
    issues = [
        renamed(each, _ONE if (each.expression or "").startswith(_ONE) else "Bundle", place)
        for each in errors_of(validate(alone))
        if each.expression not in _OWN and not each.diagnostics.endswith(_BUNDLE_3)
    ]
    if not isinstance(value, dict):
        return issues
    request = value.get("request")
    if not isinstance(request, dict):
        text = "An entry needs a request: its method and url."
        return [*issues, Issue("error", "required", text, f"{place}.request")]
    method = request.get("method")
    if method not in _METHODS:
        text = f"The method must be one of {', '.join(_METHODS)}."
        issues.append(Issue("error", "value", text, f"{place}.request.method"))
    try:
        path, query = _url(request.get("url"), base_url)
    except BadRequest as error:
        return [
            *issues,
            *(replace(each, expression=f"{place}.request.url") for each in error.issues),
        ]
    resource = value.get("resource")
    entry = Entry(at, str(method), path, query, resource, value.get("fullUrl"), request)
    issues += [] if issues else _mismatches(entry)
    return issues or entry


def _url(url: Any, base_url: str) -> tuple[str, str]:
    """Return the path below the base, and the query; raise BadRequest."""
    if not isinstance(url, str):
        raise BadRequest("A request needs a url.")
    if url == base_url or url.startswith((f"{base_url}/", f"{base_url}?")):
        url = url[len(base_url) :]
    path, _, query = url.partition("?")
    if _SCHEME.match(path):
        raise BadRequest(_NOT_HERE)
    if "#" in url or any(each.isspace() for each in url):
        raise BadRequest("The url must have no fragment and no whitespace.")
    if _BROKEN_PERCENT.search(url):
        raise BadRequest("The url has a % that begins no percent-encoding; write it as %25.")
    path = unquote(path.removeprefix("/"))
    segments = path.split("/")
    if path and not all(each not in ("", ".", "..") for each in segments):
        raise BadRequest("The path of the url has an empty part.")
    return path, query


def _mismatches(entry: Entry) -> list[Issue]:
    """Return what does not go together in an entry."""
    place, resource = entry.place, entry.resource
    if not entry.path and entry.method not in READS:
        text = "The url names nothing: a batch or transaction cannot stand in another one."
        return [Issue("error", "value", text, f"{place}.request.url")]
    if entry.method not in _WITH_RESOURCE or entry.is_operation:
        return []
    if resource is None:
        text = f"An entry whose method is {entry.method} needs a resource."
        return [Issue("error", "required", text, f"{place}.resource")]
    if entry.method == "PATCH" and resource["resourceType"] not in _PATCHES:
        text = "A patch is a Binary that holds it, or the Parameters of a FHIRPath Patch."
        return [Issue("error", "value", text, f"{place}.resource")]
    return []


def pairs_of(query: str, expression: str) -> Pairs:
    """Return the decoded parameters of a query; raise BadRequest."""
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        text = "The parameters are not percent-encoded UTF-8."
        raise BadRequest(text, expression=expression) from None


def renamed(issue: Issue, old: str, new: str) -> Issue:
    """Return an issue whose expression, and the text that repeats it, begin otherwise."""
    expression, text = issue.expression or old, issue.diagnostics
    if not expression.startswith(old):
        return issue
    if text.startswith(f"{expression}:"):
        text = new + text[len(old) :]
    return replace(issue, diagnostics=text, expression=new + expression[len(old) :])


def placed(issue: Issue, entry: Entry) -> Issue:
    """Return an issue of one request as an issue of the Bundle that the request stands in."""
    expression = issue.expression
    if expression is None:
        return replace(issue, expression=f"{entry.place}.request")
    if expression.startswith("Bundle."):
        return issue
    type = expression.partition(".")[0]
    own = (entry.resource or {}).get("resourceType")
    if own is None:
        return replace(issue, expression=f"{entry.place}.request")
    if type != own:  # of the resource that a patch makes
        return replace(issue, expression=f"{entry.place}.resource")
    return renamed(issue, own, f"{entry.place}.resource")


@contextmanager
def about(entry: Entry) -> Iterator[None]:
    """Give the errors raised inside their place in the Bundle.

    405 would be said of the URL that the Bundle was sent to: it becomes 422.
    """
    try:
        yield
    except FacadeError as error:
        error.issues = tuple(placed(each, entry) for each in error.issues)
        if error.status != MethodNotAllowed.status:
            raise
        raise Unsupported(str(error), issues=error.issues) from None


def together_refused(errors: Sequence[FacadeError]) -> FacadeError:
    """Return one error for those of several entries: a 400 if there is one, else as the first."""
    first = next((each for each in errors if each.status == 400), errors[0])
    first.issues = tuple(issue for each in errors for issue in each.issues)[:_MOST_ISSUES]
    return first
