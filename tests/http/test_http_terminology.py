"""$translate, $expand, $validate-code and $lookup, of what is published."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.rules.validation import validate
from tests.http.serving import Json, matches, settings, the_issue

CANONICAL = settings().canonical
STATUS = "http://hl7.org/fhir/task-status"
PLATFORM = f"{CANONICAL}/CodeSystem/platform-task-status"
CATEGORY = f"{CANONICAL}/CodeSystem/task-category"
OPEN = f"{CANONICAL}/CodeSystem/case-type"


def value_set(name: str) -> str:
    return f"{CANONICAL}/ValueSet/{name}"


def posted(**given: Any) -> Json:
    """Parameters: text as a uri, others by their type."""
    kinds = {bool: "Boolean", int: "Integer", str: "Uri"}
    found = []
    for name, value in given.items():
        kind = kinds.get(type(value)) or ("CodeableConcept" if "coding" in value else "Coding")
        found.append({"name": name, f"value{kind}": value})
    return {"resourceType": "Parameters", "parameter": found}


def values(answer: Json) -> Json:
    """The answer's parameters by name; those with parts as a list of what is in them."""
    found: Json = {}
    for each in answer["parameter"]:
        if "part" in each:
            parts = {part["name"]: _value(part) for part in each["part"]}
            found.setdefault(each["name"], []).append(parts)
        else:
            found[each["name"]] = _value(each)
    return found


def _value(parameter: Json) -> Any:
    (found,) = (value for name, value in parameter.items() if name.startswith("value"))
    return found


async def ask(client: httpx.AsyncClient, url: str, /, **query: str) -> Json:
    response = await client.get(f"/{url}", params=query)
    assert response.status_code == 200, response.text
    answer = dict(response.json())
    assert not validate(answer)
    return answer


async def asked(client: httpx.AsyncClient, url: str, /, **query: str) -> Json:
    return values(await ask(client, url, **query))


# translate


async def test_every_stored_spelling_is_translated(client: httpx.AsyncClient) -> None:
    maps = matches((await client.get("/ConceptMap?_count=1000")).json())
    count = 0
    for each in maps:
        for group in each["group"]:
            for element in group["element"][::7]:
                query = {"system": group["source"], "code": element["code"]}
                found = await asked(client, f"ConceptMap/{each['id']}/$translate", **query)
                assert found["result"] is True
                (match,) = found["match"]
                (target,) = element["target"]
                assert match["concept"] == {"system": group["target"], "code": target["code"]}
                assert match["equivalence"] == target["equivalence"]
                assert match["source"] == each["url"]
                count += 1
    assert count > 50


async def test_from_a_spelling_to_the_code_and_back(client: httpx.AsyncClient) -> None:
    onwards = await asked(client, "ConceptMap/$translate", system=PLATFORM, code="In Progress")
    assert [each["concept"]["code"] for each in onwards["match"]] == ["in-progress"]
    back = await asked(
        client, "ConceptMap/$translate", system=STATUS, code="in-progress", targetsystem=PLATFORM
    )
    (match,) = back["match"]
    assert match["concept"]["system"] == PLATFORM


async def test_reverse(client: httpx.AsyncClient) -> None:
    """Every spelling that is read as the code, and an equivalence as seen from the other side."""
    url = "ConceptMap/platform-task-status-to-fhir/$translate"
    found = await asked(client, url, system=STATUS, code="in-progress", reverse="true")
    spellings = {each["concept"]["code"] for each in found["match"]}
    assert {"In Progress", "inProgress", "IN_PROGRESS", "in-progress"} <= spellings
    for each in found["match"]:
        assert each["concept"]["system"] == PLATFORM
        again = await asked(client, url, system=PLATFORM, code=each["concept"]["code"])
        (match,) = again["match"]
        assert match["concept"]["code"] == "in-progress"
        pair = {match["equivalence"], each["equivalence"]}
        assert len(pair) == 1 or pair == {"wider", "narrower"}


async def test_a_code_that_no_map_has(client: httpx.AsyncClient) -> None:
    for query in ({"system": "urn:x", "code": "ready"}, {"system": STATUS, "code": "parked"}):
        found = await asked(client, "ConceptMap/$translate", **query)
        assert found["result"] is False
        assert found["message"] == "No translation of the code is published here."
        assert "match" not in found


async def test_what_becomes_of_other_spellings(client: httpx.AsyncClient) -> None:
    url = "ConceptMap/platform-event-status-to-fhir/$translate"
    system = f"{CANONICAL}/CodeSystem/platform-event-status"
    found = await asked(client, url, system=system, code="never heard of")
    (match,) = found["match"]
    assert match["concept"]["code"] == "unknown"
    assert match["equivalence"] == "inexact"


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ({"source": value_set("task-status")}, True),
        ({"source": value_set("goal-status")}, False),
        ({"target": value_set("platform-task-status")}, True),
        ({"target": value_set("task-status")}, False),
        ({"targetsystem": PLATFORM}, True),
        ({"targetsystem": STATUS}, False),
        ({"url": f"{CANONICAL}/ConceptMap/fhir-to-platform-task-status"}, True),
        ({"url": f"{CANONICAL}/ConceptMap/platform-task-status-to-fhir"}, False),
        ({"source": value_set("task-status"), "reverse": "true"}, True),
        ({"target": value_set("task-status"), "reverse": "true"}, False),
        ({"version": "4.0.1"}, True),
    ],
)
async def test_between_value_sets_and_systems(
    client: httpx.AsyncClient, query: dict[str, str], result: bool
) -> None:
    given = {"system": STATUS, "code": "ready", **query}
    assert (await asked(client, "ConceptMap/$translate", **given))["result"] is result


async def test_a_coding_and_a_concept_are_posted(client: httpx.AsyncClient) -> None:
    coding = {"system": STATUS, "code": "ready"}
    concept = {"coding": [{"system": "urn:x", "code": "y"}, coding], "text": "Ready"}
    one = await asked(client, "ConceptMap/$translate", **coding)
    for body in (posted(coding=coding), posted(codeableConcept=concept)):
        response = await client.post("/ConceptMap/$translate", json=body)
        assert values(response.json()) == one


# expand


async def test_every_value_set_is_expanded_or_said_to_be_open(client: httpx.AsyncClient) -> None:
    expanded = refused = 0
    for each in matches((await client.get("/ValueSet?_count=1000")).json()):
        response = await client.get("/ValueSet/$expand", params={"url": each["url"]})
        if response.status_code == 200:
            found = response.json()
            assert not validate(found), each["id"]
            assert found["expansion"]["total"] == len(found["expansion"]["contains"])
            expanded += 1
        else:
            assert response.status_code == 422
            issue = the_issue(response)
            assert issue["code"] == "not-supported"
            assert "an open code system" in issue["diagnostics"]
            refused += 1
    assert expanded > 20
    assert refused > 3


async def test_an_expansion(client: httpx.AsyncClient) -> None:
    found = await ask(client, "ValueSet/$expand", url=value_set("task-status"))
    whole = (await client.get("/ValueSet/task-status")).json()
    assert found["url"] == whole["url"]
    assert "compose" not in found
    assert "id" not in found
    (include,) = whole["compose"]["include"]
    assert [each["code"] for each in found["expansion"]["contains"]] == [
        each["code"] for each in include["concept"]
    ]
    assert {each["system"] for each in found["expansion"]["contains"]} == {STATUS}
    again = await ask(client, "ValueSet/task-status/$expand", includeDefinition="true")
    assert again["compose"] == whole["compose"]


async def test_pages_of_an_expansion(client: httpx.AsyncClient) -> None:
    url = "ValueSet/platform-task-status/$expand"
    whole = (await ask(client, url))["expansion"]
    assert "offset" not in whole
    walked: list[Json] = []
    while len(walked) < whole["total"]:
        page = (await ask(client, url, offset=str(len(walked)), count="10"))["expansion"]
        assert page["total"] == whole["total"]
        assert page["offset"] == len(walked)
        walked += page["contains"]
    assert walked == whole["contains"]
    none = (await ask(client, url, count="0"))["expansion"]
    assert none["total"] == whole["total"]
    assert "contains" not in none


async def test_a_filter_and_what_it_depends_on(client: httpx.AsyncClient) -> None:
    url = "ValueSet/task-status/$expand"
    found = (await ask(client, url, filter="REJ", count="5", activeOnly="true"))["expansion"]
    assert [each["code"] for each in found["contains"]] == ["rejected"]
    shown = [(each["name"], _value(each)) for each in found["parameter"]]
    assert shown[:3] == [("filter", "REJ"), ("count", 5), ("activeOnly", True)]
    assert "contains" not in (await ask(client, url, filter="nothing like it"))["expansion"]
    other = (await ask(client, url, filter="rec", count="5"))["expansion"]
    assert other["identifier"] != found["identifier"]
    without = (await ask(client, url, **{"exclude-system": STATUS}))["expansion"]
    assert without["total"] == 0


async def test_the_display_comes_from_the_code_system(client: httpx.AsyncClient) -> None:
    system = (await client.get("/CodeSystem/task-category")).json()
    found = (await ask(client, "ValueSet/task-category/$expand"))["expansion"]
    assert [(each["code"], each.get("display")) for each in found["contains"]] == [
        (each["code"], each.get("display")) for each in system["concept"]
    ]
    assert {"name": "version", "valueUri": f"{CATEGORY}|{system['version']}"} in found["parameter"]


# validate-code


@pytest.mark.parametrize(
    ("query", "result", "message"),
    [
        ({"code": "ready", "system": STATUS}, True, None),
        ({"code": "parked", "system": STATUS}, False, "The code is not in the value set."),
        ({"code": "READY", "system": STATUS}, False, "The code is not in the value set."),
        ({"code": "ready", "system": "urn:x"}, False, "The code is not in the value set."),
    ],
)
async def test_a_code_of_a_value_set(
    client: httpx.AsyncClient, query: dict[str, str], result: bool, message: str | None
) -> None:
    of_type = {"url": value_set("task-status"), **query}
    for url, given in (("ValueSet", of_type), ("ValueSet/task-status", query)):
        found = await asked(client, f"{url}/$validate-code", **given)
        assert (found["result"], found.get("message")) == (result, message)


async def test_a_display(client: httpx.AsyncClient) -> None:
    concept = (await client.get("/CodeSystem/task-category")).json()["concept"][0]
    given = {"code": concept["code"], "system": CATEGORY}
    in_code_system = {"code": concept["code"]}
    for url, query in (
        ("ValueSet/task-category", given),
        ("CodeSystem/task-category", in_code_system),
    ):
        found = await asked(client, f"{url}/$validate-code", **query)
        assert (found["result"], found["display"]) == (True, concept["display"])
        right = {**query, "display": concept["display"].upper()}
        assert (await asked(client, f"{url}/$validate-code", **right))["result"] is True
        wrong = await asked(client, f"{url}/$validate-code", **query, display="another")
        assert (wrong["result"], wrong["display"]) == (False, concept["display"])
        assert wrong["message"] == "The code is valid, but its display is another one."


async def test_codings_of_a_concept(client: httpx.AsyncClient) -> None:
    """One that is in the value set is enough."""
    url = "/ValueSet/task-status/$validate-code"
    stray, good = {"system": "urn:x", "code": "y"}, {"system": STATUS, "code": "ready"}
    for codings, result in (([stray, good], True), ([stray], False), ([{"display": "z"}], False)):
        response = await client.post(url, json=posted(codeableConcept={"coding": codings}))
        assert values(response.json())["result"] is result
    single = await client.post(url, json=posted(coding=good))
    assert values(single.json())["result"] is True


async def test_an_open_code_system_takes_any_code(client: httpx.AsyncClient) -> None:
    """It can be neither listed nor ruled out: the message says so."""
    for url, query in (
        ("ValueSet/case-type", {"code": "new kind", "system": OPEN}),
        ("CodeSystem/case-type", {"code": "new kind"}),
    ):
        found = await asked(client, f"{url}/$validate-code", **query)
        assert found["result"] is True
        assert found["message"].startswith("The code system is open")
    looked = await client.get("/CodeSystem/$lookup", params={"system": OPEN, "code": "new kind"})
    assert looked.status_code == 404
    assert "it is open" in the_issue(looked)["diagnostics"]


async def test_a_code_of_a_code_system(client: httpx.AsyncClient) -> None:
    url = "CodeSystem/$validate-code"
    whole = (await client.get("/CodeSystem/task-category")).json()
    for each in whole["concept"]:
        assert (await asked(client, url, url=CATEGORY, code=each["code"]))["result"] is True
    assert (await asked(client, url, url=CATEGORY, code="x"))["message"] == "There is no such code."
    other = await asked(client, url, url=CATEGORY, code=whole["concept"][0]["code"], version="9")
    assert other["result"] is False
    coding = {"system": "urn:x", "code": whole["concept"][0]["code"]}
    response = await client.post(f"/{url}", json=posted(url=CATEGORY, coding=coding))
    assert values(response.json())["result"] is False


# lookup


async def test_every_listed_code_is_looked_up(client: httpx.AsyncClient) -> None:
    count = 0
    for system in matches((await client.get("/CodeSystem?_count=1000")).json()):
        for concept in system.get("concept", ())[:5]:
            query = {"system": system["url"], "code": concept["code"]}
            found = await asked(client, "CodeSystem/$lookup", **query)
            assert found["name"] == system["title"]
            assert found["version"] == system["version"]
            assert found["display"] == concept.get("display", concept["code"])
            count += 1
    assert count > 50


async def test_properties(client: httpx.AsyncClient) -> None:
    concept = (await client.get("/CodeSystem/task-category")).json()["concept"][0]
    query = [("system", CATEGORY), ("code", concept["code"]), ("property", "url")]
    response = await client.get("/CodeSystem/$lookup", params=[*query, ("property", "nonsense")])
    (found,) = values(response.json())["property"]
    assert found == {"code": "url", "value": CATEGORY}
    coding = {"system": CATEGORY, "code": concept["code"]}
    one = await client.post("/CodeSystem/$lookup", json=posted(coding=coding))
    assert values(one.json())["display"] == concept["display"]


async def test_codes_that_nobody_knows(client: httpx.AsyncClient) -> None:
    for query, text in (
        ({"system": CATEGORY, "code": "x"}, "The code system has no such code."),
        (
            {"system": "http://snomed.info/sct", "code": "1"},
            "This server publishes no such CodeSystem; GET CodeSystem lists those that it "
            "publishes.",
        ),
        (
            {"system": CATEGORY, "code": "Member", "version": "9"},
            "This server publishes no version of this CodeSystem; GET CodeSystem lists those that "
            "it publishes.",
        ),
    ):
        response = await client.get("/CodeSystem/$lookup", params=query)
        assert response.status_code == 404
        issue = the_issue(response)
        assert (issue["code"], issue["diagnostics"]) == ("not-found", text)
