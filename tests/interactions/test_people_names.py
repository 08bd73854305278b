"""Members, care managers and organizations, found by name."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fhir_facade.demo import generate
from fhir_facade.errors import BadRequest, TooCostly, UnknownParameter
from fhir_facade.interactions import people_names
from fhir_facade.interactions.people import MOST
from fhir_facade.interactions.records import Records
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.interactions.test_people import DOCUMENTS, REGISTRY, found, scope, task, token

NAMES = {
    "N1": "Zoë O'Brien-Smith",
    "N2": "zoe van der Berg",
    "N3": "Mary Zoephel (née Ångström)",
    "N4": "Anna.Maria Lee",
    "N5": "*(a+b)* [x]",
}


@pytest.fixture(params=["sqlite", "mongo"])
async def records(request: pytest.FixtureRequest) -> AsyncIterator[Records]:
    if request.param == "mongo":
        store: Store = open_store(request.getfixturevalue("mongo_database"))
    else:
        store = open_store("sqlite:///:memory:")
    more = [task(f"n{id}", subject={"id": id, "name": name}) for id, name in NAMES.items()]
    more.append(task("display", subject={"id": "N6", "display": "Dee Zoë"}))
    more.append(task("spelled", subject={"id": "Patient/N7", "name": "Spelled Out"}))
    assert not await store.insert("work_queue", [*DOCUMENTS, *more])
    yield Records(store, REGISTRY)
    await store.close()


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ("zoe", ["N6", "N3", "N1", "N2"]),
        ("ZOË", ["N6", "N3", "N1", "N2"]),
        ("zoe van", ["N2"]),
        ("brien", ["N1"]),
        ("smith", ["N1"]),
        ("angs", ["N3"]),
        ("maria", ["N4"]),
        ("oe", []),
        ("*(a+b)*", ["N5"]),
        ("a+b", ["N5"]),
        ("[x", ["N5"]),
        (".*", []),
        ("ann", ["M1", "N4"]),
        ("gone", []),  # a name in what is deleted
        ("Spelled", ["N7"]),
        ("van zoe", ["N2"]),
        ("lee anna", ["N4"]),
        ("zoe nobody", []),
        (" ", []),
        ("zoe van,lee", ["N4", "N2"]),
        ("O\\,Brien", []),
        ("nobody", []),
    ],
)
async def test_any_word_of_a_name_finds(records: Records, given: str, ids: list[str]) -> None:
    assert await found(records, "Patient", ("name", given)) == ids


@pytest.mark.parametrize(
    ("pairs", "ids"),
    [
        ([("name:contains", "oe")], ["N6", "N3", "N1", "N2"]),
        ([("name:exact", "Ann Case")], ["M1"]),
        ([("name:exact", "ann case")], []),
        ([("name", "zoe"), ("name", "berg")], ["N2"]),
        ([("name", "zoe"), ("_id", "N1,N4")], ["N1"]),
        ([("name", "ann"), ("identifier", "N4")], ["N4"]),
    ],
)
async def test_conditions_are_joined(records: Records, pairs: Any, ids: list[str]) -> None:
    assert await found(records, "Patient", *pairs) == ids


async def test_the_others_are_found_too(records: Records) -> None:
    assert await found(records, "Practitioner", ("name", "kerr")) == ["U1"]
    assert await found(records, "Organization", ("name", "other")) == ["OTHER"]


@pytest.mark.parametrize(
    ("pair", "error"),
    [
        (("name", ""), BadRequest),
        (("name", "x" * 129), BadRequest),
        (("name", "a b c " * 12), TooCostly),
        (("name:contains", ",".join("x" * 36)), TooCostly),
        (("name:contains", ",".join(["x" * 110] * 3)), TooCostly),
        (("name:not", "Ann"), UnknownParameter),
        (("name.given", "Ann"), UnknownParameter),
        (("family", "Case"), UnknownParameter),
    ],
)
async def test_what_cannot_be_asked(records: Records, pair: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        await found(records, "Patient", pair)
    assert type(refused.value) is error


async def test_a_name_that_many_have_is_refused(records: Records) -> None:
    many = [task(f"k{n}", subject={"id": f"K{n}", "name": f"Kim {n}"}) for n in range(MOST)]
    assert not await records.store.insert("work_queue", many)
    assert len(await found(records, "Patient", ("name", "kim"))) == MOST
    more = task("more", subject={"id": "K99", "name": "Kim too"})
    assert not await records.store.insert("work_queue", [more])
    with pytest.raises(TooCostly, match="More than 50"):
        await found(records, "Patient", ("name", "kim"))


async def test_whom_many_records_name_is_found_past_them(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page full of one member's records, and of keys that are none, does not hide the next."""
    monkeypatch.setattr(people_names, "_AT_ONCE", 3)
    many = [task(f"a{n}", subject={"id": "K1", "name": "Kim"}) for n in range(10)]
    many += [task(f"b{n}", subject={"id": "no key", "name": "Kim"}) for n in range(10)]
    many += [task(f"c{n}", subject={"id": f"K{n}", "name": "Kim"}) for n in range(2, 5)]
    assert not await records.store.insert("work_queue", many)
    assert await found(records, "Patient", ("name", "kim")) == ["K1", "K2", "K3", "K4"]


async def test_a_name_is_looked_for_where_the_caller_may_look(records: Records) -> None:
    her = token(scope("patient", "Patient", "rs"), patient="N1")
    assert await found(records, "Patient", ("name", "zoe"), by=her) == ["N1"]
    theirs = token(scope("user", "*", "rs"), user="Practitioner/U1", tenants=frozenset({"OTHER"}))
    assert await found(records, "Patient", ("name", "zoe"), by=theirs) == []
    # her own name for somebody else's care manager is no record of hers
    mine = token(scope("patient", "Practitioner", "rs"), patient="N1")
    assert await found(records, "Practitioner", ("name", "kerr"), by=mine) == []


@pytest.mark.parametrize("records", ["sqlite"], indirect=True)
async def test_every_member_of_the_demo_is_found_by_each_word(records: Records) -> None:
    """What is found is what a look at every stored name finds."""
    names = dict[str, str]()
    for collection, document in generate(40, 3):
        assert not await records.store.insert(collection, [document])
        subject = document.get("subject", {})
        if "name" in subject:
            names[subject["id"]] = subject["name"]
    by_word: dict[str, set[str]] = {}
    for id, name in names.items():
        for word in re.findall(r"\w+", name.lower()):
            by_word.setdefault(word, set()).add(id)
    assert len(by_word) > 40
    for word, ids in by_word.items():
        assert ids <= {*await found(records, "Patient", ("name", word))}
        wanted = {id for start, known in by_word.items() if start.startswith(word) for id in known}
        assert {*await found(records, "Patient", ("name", word.upper()))} & names.keys() == wanted
