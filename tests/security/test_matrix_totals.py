"""What each caller is shown and counted is what a plain loop over the documents finds theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from fhir_facade.store import open_store
from tests.http.serving import Json
from tests.security.issuer import TestIssuer
from tests.security.leaks import Ears, Request, World, issuing, worlds
from tests.security.world_of_two import (
    DOCUMENTS,
    OF_A,
    OF_A_AT_X,
    OF_X,
    View,
    fill,
    owner_of,
)
from tests.security.world_people import Document, patient_id

_TYPES: Final = {"task": "Task", "goal": "Goal", "flag": "Flag", "Interaction": "Communication"}
_OF_CASE: Final = ("EpisodeOfCare", "CareTeam", "CarePlan", "List")

Resource = tuple[str, str, str, Document]
"""Collection, type, id, and the document it stands in."""


def _is_shown(document: Document) -> bool:
    names = ("is_deleted", "isDeleted", "is_hidden", "isHidden")
    return not any(document.get(name) for name in names)


def resources() -> Iterator[Resource]:
    """Everything that a search may find, by the documents alone."""
    for name, document in DOCUMENTS:
        if not _is_shown(document) or document.get("status") == f"{_mark(document)}-parked":
            continue
        id = str(document["_id"])
        if name == "work_queue":
            yield name, _TYPES[document["type"]], id, document
        elif name == "patient_case":
            for each in _OF_CASE:
                # a case of nobody has no CareTeam, CarePlan or List that could be told
                yield name, each, id, document
            for place, _ in enumerate(document["log"], 1):
                yield name, "Provenance", f"{id}.log.{place}", document
        elif name == "outcomes":
            yield name, "Observation", id, document
        elif name == "fhir_provenance":
            yield name, "Provenance", id, document
        elif name == "fhir_audit":
            yield name, "AuditEvent", id, document
        for each in document.get("documents", ()):
            if _is_shown(each):
                yield name, "DocumentReference", each["document_id"], document


def _mark(document: Document) -> str:
    return "-".join(str(document["_id"]).split("-")[:2])


RESOURCES: Final = list(resources())


def expected(type_: str, view: View, fits: Callable[[str, Document], bool]) -> list[str]:
    """The ids that a caller is shown, by a loop."""
    return sorted(
        id
        for name, each, id, document in RESOURCES
        if each == type_ and view.holds(*owner_of(name, document)) and fits(name, document)
    )


def _links(document: Document) -> list[str]:
    return [each["id"] for each in document.get("linkedModules", ()) if each["type"] == "case"]


def _of_patient(letter: str) -> Callable[[str, Document], bool]:
    def fits(name: str, document: Document) -> bool:
        several = document.get("patient")
        if name == "fhir_audit" and isinstance(several, list):
            return patient_id(letter) in several
        return owner_of(name, document)[0] == letter

    return fits


def _of_case(case: str) -> Callable[[str, Document], bool]:
    def fits(name: str, document: Document) -> bool:
        return str(document["_id"]) == case if name == "patient_case" else case in _links(document)

    return fits


SEARCHES: Final[dict[str, Callable[[str, Document], bool]]] = {
    "": lambda name, document: True,
    "patient=pat-a": _of_patient("a"),
    "patient=Patient/pat-b": _of_patient("b"),
}
LINKED: Final = ("Task", "Goal", "Flag", "Communication", "Observation", "DocumentReference")
CASES: Final = ("mk-ax-case", "mk-bx-case", "mk-ax-second")

CALLERS: Final[dict[str, tuple[View, str, Json]]] = {
    "patient a": (OF_A, "patient/*.rs", {"patient": "pat-a", "tenants": "*"}),
    "patient b": (View(frozenset("b")), "patient/*.read", {"patient": "pat-b", "tenants": "*"}),
    "employer x": (OF_X, "system/*.rs", {"tenants": "org-x"}),
    "employers x and y": (
        View(None, frozenset("xy")),
        "user/*.rs",
        {"user": "Practitioner/7", "tenants": ["org-x", "org-y"]},
    ),
    "patient a at employer x": (
        OF_A_AT_X,
        "patient/*.rs",
        {"patient": "pat-a", "tenants": "org-x"},
    ),
    "no tenant": (View(None, frozenset()), "system/*.rs", {}),
}
TYPES: Final = (*LINKED, *_OF_CASE, "Provenance", "AuditEvent")


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as started:
        yield started


@pytest.mark.parametrize("kind", ["sqlite", "mongo"])
async def test_totals_and_pages_are_what_a_loop_finds(
    request: pytest.FixtureRequest, issuer: TestIssuer, kind: str
) -> None:
    is_mongo = kind == "mongo"
    store = open_store(
        request.getfixturevalue("mongo_database") if is_mongo else "sqlite:///:memory:"
    )
    await fill(store)
    async with worlds(store, **issuer.settings) as (world,):
        for name, (view, scope, claims) in CALLERS.items():
            if is_mongo and name != "patient a at employer x":
                continue
            audit = scope.replace("*", "AuditEvent")
            token = issuer.token(f"{scope} {audit}", **claims)
            for type_ in TYPES:
                searches = {**SEARCHES, **(_case_searches() if type_ in LINKED else {})}
                if is_mongo:
                    searches = {"": SEARCHES[""]}
                for query, fits in searches.items():
                    wanted = expected(type_, view, fits)
                    got = await _found(world, token, f"{type_}?{query}", view)
                    assert got == wanted, f"{name}: {type_}?{query}"
    await store.close()


def _case_searches() -> dict[str, Callable[[str, Document], bool]]:
    return {f"case={case}": _of_case(case) for case in CASES}


async def _found(world: World, token: str, url: str, view: View) -> list[str]:
    """The ids that a search shows, page by page; every total is their number."""
    ears = Ears.of(view)
    found: list[str] = []
    following: Any = f"{url}&_total=accurate&_count={15 if url.endswith('?') else 1000}"
    totals = []
    while following is not None:
        asked = Request("GET", following)
        answer = await world.ask(asked, token)
        assert answer.status == 200, f"{url}: {answer.body!r}"
        assert not ears.heard(asked, answer), url
        bundle = answer.json
        totals.append(bundle["total"])
        matches = [each for each in bundle.get("entry", ()) if each["search"]["mode"] == "match"]
        found += [each["resource"]["id"] for each in matches]
        links = {each["relation"]: each["url"] for each in bundle["link"]}
        following = links.get("next")
    counted = (await world.ask(Request("GET", f"{url}&_summary=count"), token)).json["total"]
    assert {counted, *totals} == {len(found)}, url
    return sorted(found)
