"""Whom the login page offers, and what each of them is to the FHIR server."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from fhir_facade.devauth.people import People, Person

Kind = Literal["member", "practitioner", "system"]

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPES: Final = {"member": "Patient", "practitioner": "Practitioner"}


class Account(NamedTuple):
    """Somebody who is logged in; `employers` is None for all of them."""

    kind: Kind
    id: str
    name: str
    employers: tuple[str, ...] | None

    @property
    def key(self) -> str:
        """The value of the login button, `member:M100001`."""
        return f"{self.kind}:{self.id}"

    @property
    def subject(self) -> str:
        """What `sub` is; no two accounts share it."""
        return f"{self.kind}-{self.id}" if self.kind != "system" else "system"

    def fhir_user(self, fhir: str) -> str | None:
        """Return the URL of the user's resource; the administrator has none."""
        name = _TYPES.get(self.kind)
        return f"{fhir}/{name}/{self.id}" if name else None

    def may_see(self, person: Person) -> bool:
        """Say whether a member is one whom this user's tokens can reach."""
        if self.kind == "member":
            return person.id == self.id
        return self.employers is None or bool({*self.employers} & {*person.employers})


SYSTEM: Final = Account("system", "administrator", "Administrator", None)


class Directory:
    """Finds accounts and patients among the people of the demo data."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def members(self, words: str = "", seen_by: Account | None = None) -> list[Person]:
        """Return the members whose name or id has all the words."""
        found = _named(await self._people.members(), words)
        return [each for each in found if seen_by is None or seen_by.may_see(each)]

    async def practitioners(self, words: str = "") -> list[Person]:
        """Return the practitioners whose name or id has all the words."""
        return list(_named(await self._people.practitioners(), words))

    async def member(self, id_: str, seen_by: Account) -> Person | None:
        """Return one member, None where there is none whom the user may see."""
        found = (each for each in await self.members(seen_by=seen_by) if each.id == id_)
        return next(found, None)

    async def account(self, key: str) -> Account | None:
        """Return the account of a login button, None where there is none."""
        kind, _, id_ = key.partition(":")
        if key == SYSTEM.key:
            return SYSTEM
        if kind == "member":
            return _account("member", await self._people.members(), id_)
        if kind == "practitioner":
            return _account("practitioner", await self._people.practitioners(), id_)
        return None


def _account(kind: Kind, people: Sequence[Person], id_: str) -> Account | None:
    found = next((each for each in _named(people, "") if each.id == id_), None)
    return None if found is None else Account(kind, found.id, found.name, found.employers)


def _named(people: Iterable[Person], words: str) -> Iterable[Person]:
    """Yield who can be the subject of a token, and has all the words in name or id."""
    wanted = _plain(words).split()
    for each in people:
        if not _ID.fullmatch(each.id):
            continue
        text = _plain(f"{each.name} {each.id}")
        if all(word in text for word in wanted):
            yield each


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))
