"""The quick test accepts nothing that `validate` refuses, and nearly all that it accepts."""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.commands import check_quick
from fhir_facade.commands.check_quick import surely_valid
from fhir_facade.interactions.records import Records
from fhir_facade.main import build_registry
from fhir_facade.rules.json_text import Number, read_json
from fhir_facade.rules.narrative import narrative
from fhir_facade.rules.validation import validate, xhtml
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store

EXAMPLES = sorted((Path(__file__).parents[2].parent / "shared" / "examples").glob("*/*.json"))
Resource = dict[str, Any]

ODD: list[Any] = [
    None, True, 0, -1, 1.5, 2**40, "", " ", "x", "#", "#x", "a  b", "\x01", [], {}, [None], [[]],
    {"id": "x"}, {"x": 1}, "2020", "2020-02-30", "2020-01-01T00:00:00Z", "Patient/1", "Encounter/x",
    {"reference": "#p"}, {"reference": "Claim/1"}, {"coding": []}, {"text": "t"}, Decimal("1.10"),
    Number("1.0"), float("nan"), float("inf"), datetime(2020, 1, 1, tzinfo=UTC), "<div>x</div>",
    {"extension": [{"url": "u"}]}, [{"url": "u", "valueString": "x", "extension": []}],
]  # fmt: skip
NAMES = ["id", "x", "_status", "extension", "modifierExtension", "contained", "valueString", "text"]


@pytest.fixture
async def served(smaller_dirty_store: Store) -> list[Resource]:
    """Every resource that the dirty documents give."""
    registry = build_registry(Settings(_env_file=None))  # type: ignore[call-arg]
    records = Records(smaller_dirty_store, registry)
    found: list[Resource] = []
    for source in registry.sources:
        async for batch in smaller_dirty_store.scan(source.mapping.collection):
            for group in await records.from_documents(source, batch):
                mine = [each for each in group if records.belongs(source, each.document)]
                made = (each.resource([]) for each in mine)
                found += [each for each in made if each is not None]
    return found


def _is_sound(resource: Resource) -> bool:
    """Say whether a resource was accepted; fail if that was wrong."""
    accepted = surely_valid(resource)
    if accepted:
        assert validate(resource) == []
    return accepted


async def test_what_is_served_is_accepted(served: list[Resource]) -> None:
    assert len({each["resourceType"] for each in served}) > 8
    accepted = sum(map(_is_sound, served))
    assert accepted == len(served)


async def test_what_is_spoiled_is_accepted_only_where_it_is_valid(served: list[Resource]) -> None:
    dice = random.Random(5)
    invalid = 0
    for resource in dice.sample(served, 150):
        assert surely_valid(resource)  # what is remembered must not let through what is spoiled
        for _ in range(20):
            spoiled = copy.deepcopy(resource)
            _spoil(spoiled, dice)
            if not _is_sound(spoiled):
                invalid += bool(validate(spoiled))
    assert invalid > 1000


def _spoil(resource: Resource, dice: random.Random) -> None:
    """Change one place of a resource."""
    places = list(_places(resource))
    holder, key = dice.choice(places)
    how = dice.randrange(4)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[dice.choice(NAMES)] = copy.deepcopy(dice.choice(ODD))
    elif how == 2:
        other_holder, other = dice.choice(places)
        if other in other_holder if isinstance(other_holder, dict) else True:
            holder[key] = copy.deepcopy(other_holder[other])
    else:
        holder[key] = copy.deepcopy(dice.choice(ODD))


def _places(value: Any) -> Any:
    """Yield every (holder, key) below a value."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(part, dict | list):
            yield from _places(part)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_official_examples(file: Path) -> None:
    _is_sound(read_json(file.read_bytes()))


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"resourceType": 5},
        {"resourceType": "Nonsense"},
        {"resourceType": "Task"},
        {"resourceType": "Task", "status": "draft", "intent": "order", "contained": [{}]},
        {"resourceType": "Task", "status": "draft", "intent": "order", "for": {"reference": "#"}},
        {"resourceType": "Task", "status": "draft", "intent": "order", "_status": {"id": "x"}},
        {"resourceType": "Task", "status": "draft", "intent": "order", "modifierExtension": []},
        {"resourceType": "Task", "status": "draft", "intent": "order", "implicitRules": "#x"},
        {"resourceType": "Task", "status": "drafty", "intent": "order"},
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "c"},
            "valueString": "x",
            "valueInteger": 1,
        },
    ],
)
def test_what_it_cannot_tell_is_not_accepted(resource: Resource) -> None:
    assert not surely_valid(resource)


def _div(inside: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'


def _row(words: str) -> str:
    row = f"<tr><td><b>a</b></td><td>{words}</td></tr>"
    return f"<p><b>Task</b></p><table><tbody>{row}</tbody></table>"


@pytest.mark.parametrize(
    ("words", "quick"),
    [
        ("plain & simple <b> \"quoted\" 'too'", True),
        ("one\ntwo", False),
        ("ä 你 \U0001f600", True),
        (" ", True),
    ],
)
def test_our_own_narratives(words: str, quick: bool) -> None:
    text = narrative({"resourceType": "Task", "description": words, "note": [{"text": words}] * 3})
    assert xhtml.problems(text["div"]) == []
    assert (check_quick._TABLE.fullmatch(text["div"]) is not None) == quick
    resource = {"resourceType": "Task", "status": "draft", "intent": "order", "text": text}
    assert _is_sound(resource)


@pytest.mark.parametrize(
    "div",
    [
        _div(_row("a & b")), _div(_row("a < b")), _div(_row("]]>")), _div(_row("&nbsp;")),
        _div(_row("\x01")), _div(_row("\ud800")), _div(_row("\ufffe")), _div(_row("<i>a</b>")),
        _div(_row("&#1;")), _div(_row("")), _div(""), _div("<p><b></b></p>"), "<div>x</div>",
        _div(_row("a"))[:-1], _div(_row("<script>a</script>")), f"{_div(_row('a'))}<p/>",
        _div(_row("a")).replace("class", "onclick"), _div("<table/>"),
    ],
)  # fmt: skip
def test_other_narratives(div: str) -> None:
    resource = {
        "resourceType": "Task",
        "status": "draft",
        "intent": "order",
        "text": {"status": "generated", "div": div},
    }
    _is_sound(resource)
    if check_quick._TABLE.fullmatch(div):
        assert xhtml.problems(div) == []


@pytest.mark.parametrize(
    ("extension", "accepted"),
    [
        ({"url": "urn:u", "valueString": "x"}, True),
        ({"url": "urn:u", "id": "i", "valueString": "x"}, True),
        ({"url": "urn:u", "extension": [{"url": "v", "valueCode": "c"}]}, True),
        ({"url": "urn:u"}, False),
        ({"url": "urn:u", "id": "i"}, False),
        ({"valueString": "x", "valueCode": "c"}, False),
        ({"url": "urn:u", "valueString": "x", "valueCode": "c"}, False),
        ({"url": "urn:u", "valueString": "x", "extension": [{"url": "v", "valueId": "c"}]}, False),
    ],
)
def test_an_extension(extension: Resource, accepted: bool) -> None:
    resource = _nested(0) | {"extension": [extension]}
    assert _is_sound(resource) == accepted
    assert (validate(resource) == []) == accepted


@pytest.mark.parametrize(
    "period",
    [
        {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
        {"start": "2026-01-01T00:00:01Z", "end": "2026-01-01T00:00:00Z"},
        {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:00.5Z"},
        {"start": "2026-01-01T00:00:00+01:00", "end": "2026-01-01T00:00:00+02:00"},
        {"start": "2026-01-01T00:00:00+02:00", "end": "2026-01-01T00:00:00+01:00"},
        {"start": "2026-02-28T00:00:00Z", "end": "2026-02-29T00:00:00Z"},
        {"start": "2026-01-02", "end": "2026-01-01"},
        {"start": "2026-01", "end": "2026-01-01T00:00:00Z"},
        {"start": "2026-01-01T00:00:60Z", "end": "2026-01-01T00:01:00Z"},
        {"start": "0000-01-01T00:00:00Z"},
        {"end": "2026-01-31T24:00:00Z"},
        {"start": 5, "end": []},
    ],
)
def test_a_period(period: Resource) -> None:
    resource = _nested(0) | {"period": period}
    assert _is_sound(resource) == (validate(resource) == [])


def _nested(depth: int) -> Resource:
    extension: Resource = {"url": "urn:u", "valueString": "x"}
    for _ in range(depth):
        extension = {"url": "urn:u", "extension": [extension]}
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "c"},
        "subject": {"display": "x"},
        "extension": [extension],
    }


def test_what_lies_deep_is_left_to_validate() -> None:
    assert surely_valid(_nested(3))
    assert not surely_valid(_nested(check_quick.DEEPEST + 1))
    assert not surely_valid(_nested(200))


def test_what_is_remembered_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_quick, "KEPT", 3)
    known: set[Any] = set()
    for number in range(10):
        check_quick._keep(known, number)
        assert number in known
        assert len(known) <= 3
