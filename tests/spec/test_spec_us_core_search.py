"""The searches that US Core lists, each with values out of the resources it has to find.

https://hl7.org/fhir/us/core/STU6.1/CapabilityStatement-us-core-server.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.http.declared import escaped
from tests.spec.elements import at, compares, date_range, ranges, tokens
from tests.spec.live import (
    Json,
    Sample,
    get,
    matches,
    name_of,
    names,
    not_there,
    post,
    resources_of,
)
from tests.spec.us_core import COMPARATORS, GROUPS, Parameter

Query = dict[str, str]

ASKED = 3
"""Resources whose values each search is asked with."""

SEARCHES = [
    pytest.param(type_, names, strength, id=f"{type_}-{'-'.join(names)}")
    for type_, group in GROUPS.items()
    for strength, searches in (("SHALL", group.shall), ("SHOULD", group.should))
    for names in searches
]


def _parameters(fits: Callable[[Parameter], bool]) -> pytest.MarkDecorator:
    """One test for each parameter of a sort."""
    return pytest.mark.parametrize(
        ("type_", "name"),
        [
            pytest.param(type_, name, id=f"{type_}-{name}")
            for type_, group in GROUPS.items()
            for name, param in group.parameters.items()
            if fits(param)
        ],
    )


BY_PATIENT = [each for each in SEARCHES if "patient" in each.values[1]]
TYPES = pytest.mark.parametrize("type_", GROUPS)


def _parameter(type_: str, name: str) -> Parameter:
    return GROUPS[type_].parameters[name]


def _values(param: Parameter, resource: Json) -> list[Any]:
    return [value for path in param.elements for value in at(resource, path)]


def _spelled(param: Parameter, resource: Json) -> str | None:
    """A way to ask for what a resource has by a parameter."""
    for value in _values(param, resource):
        if param.kind == "id":
            return str(value)
        if param.kind == "reference" and value.get("reference"):
            return str(value["reference"]).rpartition("/")[2]
        if param.kind == "token" and (codes := sorted(tokens(value), key=str)):
            return escaped(codes[0][1])
        if param.kind == "date" and ranges(value):
            return value if isinstance(value, str) else f"ge{value.get('start', value.get('end'))}"
    return None


def _queries(
    type_: str, names: tuple[str, ...], resources: list[Json]
) -> Iterator[tuple[Json, Query]]:
    """Resources that have values of all the parameters, with the search for those values."""
    for resource in resources:
        spelled = {name: _spelled(_parameter(type_, name), resource) for name in names}
        query = {name: value for name, value in spelled.items() if value is not None}
        if len(query) == len(names):
            yield resource, query


def _is_match(param: Parameter, sought: str, resource: Json) -> bool:
    """Whether a resource has what was asked for, without asking the server."""
    values = _values(param, resource)
    if param.kind == "id":
        return sought in values
    if param.kind == "reference":
        return any(str(each.get("reference")).rpartition("/")[2] == sought for each in values)
    if param.kind == "token":
        return any(escaped(code) == sought for each in values for _, code in tokens(each))
    prefix, text = (sought[:2], sought[2:]) if sought[:2].isalpha() else ("", sought)
    there = [each for value in values for each in ranges(value)]
    return any(compares(prefix, date_range(text), each) for each in there)


def _all_match(type_: str, query: Query, found: list[Json]) -> None:
    for resource in found:
        for name, value in query.items():
            assert resource["resourceType"] == type_
            assert _is_match(_parameter(type_, name), value, resource), (query, name_of(resource))


def _asked(type_: str, names: tuple[str, ...], some: list[Json]) -> list[tuple[Json, Query]]:
    """A few of the searches, each different, by the resources that they have to find."""
    queries: dict[tuple[tuple[str, str], ...], tuple[Json, Query]] = {}
    for resource, query in _queries(type_, names, some):
        queries.setdefault(tuple(query.items()), (resource, query))
        if len(queries) == ASKED:
            break
    if not queries:
        pytest.skip(f"no {type_} looked at has a code or a date for each of: {', '.join(names)}")
    return [*queries.values()]


@pytest.mark.parametrize(("type_", "names", "strength"), SEARCHES)
def test_a_search_is_declared(
    resources: list[Json], type_: str, names: tuple[str, ...], strength: str
) -> None:
    declared = [
        param["name"]
        for each in resources
        if each["type"] == type_
        for param in each["searchParam"]
    ]
    if not declared:
        not_there(f"{type_} is not served")
    missing = {*names} - {*declared}
    assert not missing, f"US Core: a server {strength} support {' + '.join(names)} of {type_}"


@pytest.mark.parametrize(("type_", "names", "strength"), SEARCHES)
def test_a_search_finds_what_has_the_values(
    server: httpx.Client, sample: Sample, type_: str, names: tuple[str, ...], strength: str
) -> None:
    """By GET and by POST, with the id of the patient alone and as a reference."""
    missed = asked = 0
    for resource, query in _asked(type_, names, sample(type_)):
        found = matches(server, f"/{type_}", **query)
        _all_match(type_, query, found)
        ids = {name_of(each) for each in found}
        posted = post(server, f"/{type_}", **query, _count="1000")
        assert {name_of(each) for each in resources_of(posted)} == ids, query
        if "patient" in query:
            spelled = query | {"patient": f"Patient/{query['patient']}"}
            assert {name_of(each) for each in matches(server, f"/{type_}", **spelled)} == ids
        dated = any(_parameter(type_, name).kind == "date" for name in names)
        asked += 1
        missed += name_of(resource) not in ids
        assert dated or name_of(resource) in ids, (strength, query)
    # a date may be stored in a spelling that is served but cannot be searched
    assert missed < asked, (strength, names)


@pytest.mark.parametrize(("type_", "names", "strength"), BY_PATIENT)
def test_a_search_finds_all_of_the_patient(
    server: httpx.Client, sample: Sample, type_: str, names: tuple[str, ...], strength: str
) -> None:
    """What the search leaves of the patient's resources is what does not have the values."""
    dated = [name for name in names if _parameter(type_, name).kind == "date"]
    for _, query in _asked(type_, names, sample(type_)):
        whole = matches(server, f"/{type_}", patient=query["patient"])
        there = {
            name_of(each)
            for each in whole
            if all(_is_match(_parameter(type_, name), query[name], each) for name in names)
        }
        found = {name_of(each) for each in matches(server, f"/{type_}", **query)}
        assert found <= there, (strength, query)
        assert dated or found == there, (strength, query)


@_parameters(lambda param: param.kind == "date")
@pytest.mark.parametrize("prefix", COMPARATORS)
def test_dates_compare(
    server: httpx.Client, sample: Sample, type_: str, name: str, prefix: str
) -> None:
    param = _parameter(type_, name)
    found_any = False
    for resource, query in _asked(type_, ("patient", name), sample(type_)):
        day = query[name].removeprefix("ge")[:10]
        moved = query | {name: f"{prefix}{day}"}
        found = matches(server, f"/{type_}", **moved)
        _all_match(type_, moved, found)
        if _is_match(param, moved[name], resource):
            found_any |= name_of(resource) in {name_of(each) for each in found}
        else:
            found_any = True
        both = matches(server, f"/{type_}", **query | {name: ["ge1900", f"{prefix}{day}"]})
        assert {name_of(each) for each in both} <= {name_of(each) for each in found}
    assert found_any


@_parameters(lambda param: param.kind == "token")
def test_a_token_with_and_without_its_system(
    server: httpx.Client, sample: Sample, type_: str, name: str
) -> None:
    param = _parameter(type_, name)
    for resource, query in _asked(type_, ("patient", name), sample(type_)):
        pairs = {each for value in _values(param, resource) for each in tokens(value)}
        plain = {name_of(each) for each in matches(server, f"/{type_}", **query)}
        for system, code in pairs:
            if escaped(code) != query[name] or not (system := system or param.system):
                continue
            whole = query | {name: f"{escaped(system)}|{query[name]}"}
            named = {name_of(each) for each in matches(server, f"/{type_}", **whole)}
            assert name_of(resource) in named, whole
            assert named <= plain
            other = query | {name: f"http://none.example|{query[name]}"}
            assert not matches(server, f"/{type_}", **other)


@_parameters(lambda param: param.many)
def test_several_values_are_or(server: httpx.Client, sample: Sample, type_: str, name: str) -> None:
    queries = _queries(type_, ("patient", name), sample(type_))
    pairs = {(query["patient"], query[name]) for _, query in queries}
    values = sorted({value for _, value in pairs})
    for patient in sorted({patient for patient, _ in pairs})[:ASKED]:
        url = f"/{type_}"
        parts = [
            {name_of(each) for each in matches(server, url, patient=patient, **{name: value})}
            for value in values
        ]
        joined = matches(server, url, patient=patient, **{name: ",".join(values)})
        assert {name_of(each) for each in joined} == set().union(*parts)
        assert joined


@TYPES
def test_a_search_without_its_status(server: httpx.Client, sample: Sample, type_: str) -> None:
    """It is answered, or refused with an outcome; here as anywhere, never half answered."""
    patient = _asked(type_, ("patient",), sample(type_))[0][1]["patient"]
    response = server.get(f"/{type_}", params={"patient": patient})
    assert response.status_code in (200, 400)
    kind = "Bundle" if response.status_code == 200 else "OperationOutcome"
    assert response.json()["resourceType"] == kind


@TYPES
def test_what_changed_since(server: httpx.Client, sample: Sample, type_: str) -> None:
    resource, query = _asked(type_, ("patient",), sample(type_))[0]
    moment = resource["meta"]["lastUpdated"]
    for prefix in COMPARATORS:
        asked = query | {"_lastUpdated": f"{prefix}{moment}"}
        found = matches(server, f"/{type_}", **asked)
        assert (name_of(resource) in {name_of(each) for each in found}) == (prefix in ("ge", "le"))
        for each in found:
            there = date_range(each["meta"]["lastUpdated"])
            assert compares(prefix, date_range(moment), there), asked


@TYPES
def test_another_patients_are_not_found(server: httpx.Client, sample: Sample, type_: str) -> None:
    assert sample(type_)
    assert not matches(server, f"/{type_}", patient="no-such-patient")


def test_a_goal_by_its_words(server: httpx.Client, sample: Sample) -> None:
    """The platform's goals are described by text alone, which `:text` finds."""
    asked = 0
    for resource, query in _asked("Goal", ("patient",), sample("Goal")):
        words = resource["description"].get("text", "").split()
        if not words or not words[0].isalnum():
            continue
        found = matches(server, "/Goal", **query, **{"description:text": words[0]})
        assert name_of(resource) in {name_of(each) for each in found}
        for each in found:
            assert words[0].casefold() in str(each["description"]).casefold()
        asked += 1
    assert asked


@TYPES
def test_a_provenance_comes_with_what_it_is_of(
    server: httpx.Client, sample: Sample, type_: str
) -> None:
    """`_revinclude=Provenance:target`, which US Core asks of every type."""
    brought = 0
    for resource, query in _asked(type_, ("patient",), sample(type_)):
        bundle = get(server, f"/{type_}", **query, _revinclude="Provenance:target", _count=200)
        assert name_of(resource) in names(bundle)
        for each in resources_of(bundle, "include"):
            spelled = [target.get("reference", "") for target in each["target"]]
            targets = {every.partition("/_history/")[0] for every in spelled}
            assert each["resourceType"] == "Provenance"
            assert targets & {*names(bundle)}, name_of(each)
            brought += 1
    assert brought, f"US Core: the Provenance of a {type_} SHALL be available; none came"


@TYPES
def test_the_link_to_provenance_is_declared(resources: list[Json], type_: str) -> None:
    found = [each for each in resources if each["type"] == type_]
    if not found:
        not_there(f"{type_} is not served")
    declared = found[0].get("searchRevInclude", [])
    assert "Provenance:target" in declared
