"""The invariants of Bundle.

https://hl7.org/fhir/R4/bundle-definitions.html
"""

from __future__ import annotations

from collections.abc import Callable

from fhir_facade.rules.validation.invariants import Holder, Holds, Rule
from fhir_facade.rules.validation.scope import Scope
from fhir_facade.rules.validation.values import child, exists, items, text

_WITH_REQUEST = ("batch", "transaction", "history")
_WITH_RESPONSE = ("batch-response", "transaction-response", "history")


def _total(it: Holder, _: Scope) -> bool:
    return not exists(it, "total") or it.get("type") in ("searchset", "history")


def _search(it: Holder, _: Scope) -> bool:
    unused = not any(exists(each, "search") for each in items(it, "entry"))
    return unused or it.get("type") == "searchset"


def _all_or_none(name: str, kinds: tuple[str, ...]) -> Holds:
    """Every entry has the element if the Bundle is of these types, otherwise none has it."""

    def holds(it: Holder, _: Scope) -> bool:
        wanted = it.get("type") in kinds
        return all(exists(each, name) == wanted for each in items(it, "entry"))

    return holds


def _unique(it: Holder, _: Scope) -> bool:
    if it.get("type") == "history":
        return True
    found = [
        (url, text(child(child(each, "resource"), "meta"), "versionId") or "")
        for each in items(it, "entry")
        if (url := text(each, "fullUrl")) is not None
    ]
    return len(set(found)) == len(found)


def _of_type(name: str, holds: Callable[[Holder], bool]) -> Holds:
    return lambda it, _: it.get("type") != name or holds(it)


def _begins_with(name: str) -> Callable[[Holder], bool]:
    def holds(it: Holder) -> bool:
        first = next(iter(items(it, "entry")), None)
        return text(child(first, "resource"), "resourceType") == name

    return holds


def _identified(it: Holder) -> bool:
    return all(exists(it.get("identifier"), each) for each in ("system", "value"))


def _any_content(it: Holder, _: Scope) -> bool:
    return any(exists(it, each) for each in ("resource", "request", "response"))


def _no_version(it: Holder, _: Scope) -> bool:
    return "/_history/" not in (text(it, "fullUrl") or "")


BUNDLE: dict[str, tuple[Rule, ...]] = {
    "Bundle": (
        Rule("bdl-1", "there may be a total only in a searchset or history", _total),
        Rule("bdl-2", "entries may have search only in a searchset", _search),
        Rule(
            "bdl-3",
            "entries must have a request in a batch, transaction or history, otherwise none",
            _all_or_none("request", _WITH_REQUEST),
        ),
        Rule(
            "bdl-4",
            "entries must have a response in a batch-response, transaction-response or history, "
            "otherwise none",
            _all_or_none("response", _WITH_RESPONSE),
        ),
        Rule("bdl-7", "entries of the same fullUrl must have different versionIds", _unique),
        Rule(
            "bdl-9",
            "a document must have an identifier with a system and a value",
            _of_type("document", _identified),
        ),
        Rule(
            "bdl-10",
            "a document must have a timestamp",
            _of_type("document", lambda it: text(it, "timestamp") is not None),
        ),
        Rule(
            "bdl-11",
            "the first resource of a document must be a Composition",
            _of_type("document", _begins_with("Composition")),
        ),
        Rule(
            "bdl-12",
            "the first resource of a message must be a MessageHeader",
            _of_type("message", _begins_with("MessageHeader")),
        ),
    ),
    "Bundle.entry": (
        Rule("bdl-5", "there must be a resource, a request or a response", _any_content),
        Rule("bdl-8", "the fullUrl must not be that of a version", _no_version),
    ),
}
