"""The terminology operations on artefacts of forms that no published one has."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import NotFound, Unsupported
from fhir_facade.interactions.capabilities import Capabilities
from fhir_facade.interactions.conformance import Artefact, Conformance, artefact
from fhir_facade.interactions.terminology_expand import expand
from fhir_facade.interactions.terminology_lookup import lookup
from fhir_facade.interactions.terminology_translate import translate
from fhir_facade.interactions.terminology_validate import (
    validate_in_code_system,
    validate_in_value_set,
)
from fhir_facade.main import build_registry
from fhir_facade.rules.validation import validate
from tests.http.serving import Json, settings
from tests.http.test_http_terminology import values

ANIMALS = {
    "resourceType": "CodeSystem",
    "id": "animals",
    "url": "urn:animals",
    "version": "1",
    "name": "Animals",
    "status": "active",
    "content": "complete",
    "caseSensitive": False,
    "concept": [
        {
            "code": "mammal",
            "display": "Mammal",
            "definition": "Has hair",
            "concept": [
                {
                    "code": "cat",
                    "display": "Cat",
                    "designation": [
                        {"language": "de", "value": "Katze"},
                        {"use": {"code": "x"}, "value": "Felis"},
                    ],
                    "property": [{"code": "legs", "valueInteger": 4}],
                },
                {
                    "code": "dodo",
                    "display": "Dodo",
                    "property": [{"code": "inactive", "valueBoolean": True}],
                },
                {"code": "auk", "property": [{"code": "status", "valueCode": "retired"}]},
            ],
        }
    ],
}
NAMES: Json = {
    "resourceType": "CodeSystem",
    "id": "names",
    "url": "urn:names",
    "version": "1",
    "name": "Names",
    "status": "active",
    "content": "fragment",
    "concept": [{"code": "Tom"}],
}


def _set(id: str, include: Any, *exclude: Any) -> Json:
    compose = {"include": include if isinstance(include, list) else [include]}
    return {
        "resourceType": "ValueSet",
        "id": id,
        "url": f"urn:{id}",
        "version": "1",
        "name": "Given",
        "status": "active",
        "compose": {**compose, **({"exclude": [*exclude]} if exclude else {})},
    }


CATS = {"system": "urn:animals", "concept": [{"code": "cat", "display": "Kitty"}]}
SETS = [
    _set("all", {"system": "urn:animals"}),
    _set("cats", CATS),
    _set("others", {"system": "urn:animals"}, CATS),
    _set("imported", {"valueSet": ["urn:cats"]}),
    _set("both", {"system": "urn:animals", "valueSet": ["urn:cats|1", "urn:all"]}),
    _set("open", [{"system": "urn:names"}, CATS]),
    _set("less-open", {"system": "urn:names", "valueSet": ["urn:open"]}),
    _set("elsewhere", [{"system": "http://loinc.org"}, CATS]),
    _set("some-elsewhere", {"system": "http://loinc.org", "concept": [{"code": "1-8"}]}),
    _set("filtered", {"system": "urn:animals", "filter": [{"property": "x"}]}),
    _set("unknown", {"valueSet": ["urn:nowhere"]}),
    _set("round", {"valueSet": ["urn:round"]}),
    _set("older", {"system": "urn:animals", "version": "0", "concept": [{"code": "cat"}]}),
]
MAP = {
    "resourceType": "ConceptMap",
    "id": "sounds",
    "url": "urn:sounds",
    "version": "1",
    "name": "Sounds",
    "status": "active",
    "sourceUri": "urn:all",
    "group": [
        {
            "source": "urn:animals",
            "sourceVersion": "1",
            "target": "urn:sounds",
            "targetVersion": "2",
            "element": [
                {
                    "code": "cat",
                    "target": [
                        {"code": "meow", "display": "Meow", "equivalence": "wider"},
                        {"code": "purr", "equivalence": "equal"},
                    ],
                },
                {"code": "dodo", "target": [{"equivalence": "unmatched"}]},
                {"code": "auk"},
            ],
            "unmapped": {"mode": "provided"},
        }
    ],
}


class _Given(Conformance):
    """The artefacts of this test in place of the published ones."""

    def of_type(self, type_: str) -> dict[str, Artefact]:
        found = [artefact(each) for each in (ANIMALS, NAMES, *SETS, MAP)]
        return {each.id: each for each in found if each.resource["resourceType"] == type_}


@pytest.fixture(scope="module")
def given() -> Conformance:
    registry = build_registry(settings())
    return _Given(registry, Capabilities(registry))


def _codes(value_set: Json) -> list[str]:
    assert not validate(value_set)
    return [each["code"] for each in value_set["expansion"].get("contains", ())]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("all", ["mammal", "cat", "dodo", "auk"]),
        ("cats", ["cat"]),
        ("others", ["mammal", "dodo", "auk"]),
        ("imported", ["cat"]),
        ("both", ["cat"]),
        ("open", ["Tom", "cat"]),
        ("less-open", ["Tom"]),
        ("some-elsewhere", ["1-8"]),
    ],
)
def test_what_is_in_a_value_set(given: Conformance, name: str, codes: list[str]) -> None:
    found = expand(given, {"url": f"urn:{name}"}, None)
    assert _codes(found) == codes
    assert ("extension" in found["expansion"]) == ("open" in name)


@pytest.mark.parametrize("name", ["elsewhere", "filtered", "unknown", "round"])
def test_what_cannot_be_expanded(given: Conformance, name: str) -> None:
    with pytest.raises(Unsupported):
        expand(given, {"url": f"urn:{name}"}, None)


def test_inactive_concepts(given: Conformance) -> None:
    found = expand(given, {"url": "urn:all"}, None)["expansion"]["contains"]
    assert [each["code"] for each in found if each.get("inactive")] == ["dodo", "auk"]
    active = expand(given, {"url": "urn:all", "activeOnly": True}, None)
    assert _codes(active) == ["mammal", "cat"]


def test_displays_and_designations(given: Conformance) -> None:
    own = expand(given, {"url": "urn:cats", "includeDesignations": True}, None)
    (cat,) = own["expansion"]["contains"]
    assert cat["display"] == "Kitty"
    assert [each["value"] for each in cat["designation"]] == ["Katze", "Felis"]
    plain = expand(given, {"url": "urn:all"}, None)["expansion"]["contains"]
    assert "designation" not in plain[1]
    assert "display" not in plain[3]


def test_a_filter_looks_at_displays_too(given: Conformance) -> None:
    assert _codes(expand(given, {"url": "urn:cats", "filter": "kít"}, None)) == ["cat"]
    excluded = {"url": "urn:open", "exclude-system": ["urn:animals|1", "urn:names|9"]}
    assert _codes(expand(given, excluded, None)) == ["Tom"]


def _in_set(given: Conformance, name: str, **inputs: Any) -> Json:
    asked = {"url": f"urn:{name}", "system": "urn:animals", **inputs}
    return values(validate_in_value_set(given, asked, None))


@pytest.mark.parametrize(
    ("name", "inputs", "result"),
    [
        ("all", {"code": "CAT"}, True),
        ("cats", {"code": "Cat"}, True),
        ("others", {"code": "cat"}, False),
        ("all", {"code": "cat", "display": "Katze"}, True),
        ("all", {"code": "cat", "display": "Dog"}, False),
        ("all", {"code": "auk", "display": "Auk"}, True),
        ("all", {"code": "cat", "systemVersion": "1"}, True),
        ("all", {"code": "cat", "systemVersion": "2"}, False),
        ("older", {"code": "cat", "systemVersion": "0"}, True),
        ("open", {"code": "Jerry", "system": "urn:names"}, True),
        ("open", {"code": "Jerry", "system": "urn:names", "systemVersion": "2"}, False),
        ("open", {"code": "tom", "system": "urn:names"}, True),
        ("open", {"code": "dog"}, False),
        ("elsewhere", {"code": "cat"}, True),
    ],
)
def test_a_code_in_a_value_set(given: Conformance, name: str, inputs: Json, result: bool) -> None:
    assert _in_set(given, name, **inputs)["result"] is result


def test_a_code_of_a_system_that_is_elsewhere(given: Conformance) -> None:
    with pytest.raises(Unsupported):
        _in_set(given, "elsewhere", code="1-8", system="http://loinc.org")


def test_a_code_in_a_code_system(given: Conformance) -> None:
    def asked(**inputs: Any) -> Json:
        return values(validate_in_code_system(given, inputs, None))

    assert asked(url="urn:animals", code="CAT") == {"result": True, "display": "Cat"}
    assert asked(url="urn:animals", code="cat", display="Felis")["result"] is True
    assert asked(url="urn:animals", code="cat", display="Dog")["result"] is False
    assert asked(url="urn:animals", coding={"system": "urn:animals"})["result"] is False
    assert asked(url="urn:names", code="Jerry")["result"] is True


def _look(given: Conformance, **inputs: Any) -> Json:
    return values(lookup(given, {"system": "urn:animals", **inputs}, None))


def test_what_is_known_of_a_code(given: Conformance) -> None:
    found = _look(given, code="cat")
    assert found["name"] == "Animals"
    assert found["designation"][0] == {"language": "de", "value": "Katze"}
    assert found["property"] == [
        {"code": "parent", "value": "mammal"},
        {"code": "legs", "value": 4},
    ]
    top = _look(given, code="mammal")["property"]
    assert [each["value"] for each in top if each["code"] == "child"] == ["cat", "dodo", "auk"]
    assert {"code": "definition", "value": "Has hair"} in top
    assert _look(given, code="auk")["display"] == "auk"


def test_properties_that_are_asked_for(given: Conformance) -> None:
    found = _look(given, code="cat", property=["legs"])
    assert found["property"] == [{"code": "legs", "value": 4}]
    assert "designation" not in found
    assert "designation" in _look(given, code="cat", property=["designation"])
    with pytest.raises(NotFound, match="it is open"):
        lookup(given, {"system": "urn:names", "code": "Jerry"}, None)


def _translated(given: Conformance, code: str, **inputs: Any) -> Json:
    asked = {"system": "urn:animals", "code": code, **inputs}
    return values(translate(given, asked, None))


def test_translations(given: Conformance) -> None:
    meow, purr = _translated(given, "cat")["match"]
    assert meow["equivalence"] == "wider"
    assert meow["concept"] == {
        "system": "urn:sounds",
        "version": "2",
        "code": "meow",
        "display": "Meow",
    }
    assert purr["equivalence"] == "equal"
    unmatched = _translated(given, "dodo")
    assert unmatched["result"] is False
    assert unmatched["match"] == [{"equivalence": "unmatched", "source": "urn:sounds"}]
    assert _translated(given, "auk")["result"] is False
    (own,) = _translated(given, "dog")["match"]
    assert own["concept"]["code"] == "dog"
    assert _translated(given, "cat", version="0")["result"] is False
    assert _translated(given, "cat", source="urn:all")["result"] is True
    assert _translated(given, "cat", source="urn:cats")["result"] is False


def test_translations_backwards(given: Conformance) -> None:
    found = values(
        translate(given, {"system": "urn:sounds", "code": "meow", "reverse": True}, None)
    )
    (match,) = found["match"]
    assert match["equivalence"] == "narrower"
    assert match["concept"] == {"system": "urn:animals", "version": "1", "code": "cat"}
