"""Carers, employers and members whom documents of several owners name, each in their own way.

Their ids are nobody's: what is not to be known is who shows them, and under which name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fhir_facade.interactions.people import MOST
from tests.security.world_people import (
    NOBODY,
    NOWHERE,
    A,
    B,
    C,
    Document,
    Documents,
    Maker,
    X,
    Y,
    employer_id,
)

PEOPLE: Final = ("Patient", "Practitioner", "Organization")
"""The types of which nothing is stored but references to them."""

SHARED: Final = "carer-1"
"""A carer of everybody's; what A's documents at X say of it is the id alone."""
OF_B_ALONE, OF_C_ALONE = "carer-2", "carer-3"
FORMER: Final = "carer-4"
"""A carer whom only a task shows that scopes for tasks to be done leave out."""
NOBODYS_EMPLOYER: Final = "org-z"

_FIELDS: Final = {
    "Patient": ("subject", "patientId"),
    "Practitioner": ("owner",),
    "Organization": ("client", "clientId"),
}


def named() -> Iterator[tuple[str, Document]]:
    """Documents that show the same people under names of their owners."""
    ax, ay, bx, by, cy = (Maker(*each) for each in ((A, X), (A, Y), (B, X), (B, Y), (C, Y)))
    yield ax.task("cared-for", owner={"id": SHARED})
    for maker in (ay, bx, by, cy):
        yield maker.task("cared-for", owner=_shown(maker, SHARED))
        yield maker.case("cared-for", owner=_shown(maker, SHARED))
        whom = {"id": employer_id(maker.tenant), "name": maker.word("employer-name")}
        yield maker.task("employed", client=whom)
    for maker in (bx, by):
        yield maker.flag("watched", owner=_shown(maker, OF_B_ALONE))
        yield maker.interaction("called", owner=_shown(maker, OF_B_ALONE))
    former = {"id": FORMER, "name": ax.word("former-name")}
    yield ax.task("done", owner=former, status="Completed")
    yield cy.goal("wanted", owner=_shown(cy, OF_C_ALONE))
    nowhere = Maker(B, NOWHERE)
    whom = {"id": NOBODYS_EMPLOYER, "name": nowhere.word("employer-name")}
    yield nowhere.task("employed", client=whom)
    # forms that name nobody, or that a loose reader takes for somebody
    yield bx.task("two-carers", owner=[_shown(bx, SHARED), _shown(bx, OF_B_ALONE)])
    yield ax.task("two-carers", owner={"id": [OF_B_ALONE], "name": ax.word("no-carer-name")})
    yield ax.task("no-carer", owner={"name": ax.word("no-carer-name")})
    yield from _crowd()


def _shown(maker: Maker, id: str) -> Document:
    return {"id": id, "name": maker.word("carer-name")}


def _crowd() -> Iterator[tuple[str, Document]]:
    """More of each type than a search by name may find, with names that begin as all do."""
    maker = Maker(NOBODY, NOWHERE)
    for number in range(MOST + 1):
        who = {"id": f"crowd-{number}", "name": maker.word("crowd-name")}
        yield maker.task(f"crowd-{number}", subject=who, owner=who, client=who)


def people_in(documents: Documents) -> dict[str, dict[str, list[str]]]:
    """Type → id → the names under which some documents show who has that id."""
    found: dict[str, dict[str, list[str]]] = {type_: {} for type_ in PEOPLE}
    for _, document in documents:
        for type_, fields in _FIELDS.items():
            for each in _references(document.get(field) for field in fields):
                id = each["id"].removeprefix(f"{type_}/")
                names = found[type_].setdefault(id, [])
                if each.get("name"):
                    names.append(each["name"])
    return found


def _references(values: Iterable[Any]) -> Iterator[dict[str, str]]:
    for value in values:
        each = {"id": value} if isinstance(value, str) else value
        if isinstance(each, dict) and isinstance(each.get("id"), str) and each["id"]:
            yield each
