"""AuditEvent: entries of the audit trail, in the patterns of IHE BALP."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_facade.rules.findings import Findings, is_unservable
from tests.mappings.fhir_rules import problems
from tests.mappings.serving import BASE, extension, registry, registry_with, serve, stored
from tests.mappings.test_mapping_validity import ODD
from tests.recorded import AGENTS, LOGIN, REQUESTS, audited

DCM = "http://dicom.nema.org/resources/ontology/DCM"
RESTFUL = "http://hl7.org/fhir/restful-interaction"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ISSUER = "https://auth.example.org"

ENTRY: dict[str, Any] = {
    "_id": "c0ffee.0000000007",
    "at": datetime(2026, 1, 16, 9, 30, 0, 678000, tzinfo=UTC),
    "interaction": "read",
    "action": "R",
    "outcome": "0",
    "status": 200,
    "ids": ["Task/t1"],
    "patient": "M1",
    "tenant": "OAK",
    "agent": {
        "user": "Practitioner/7",
        "subject": "s7",
        "client": "app",
        "issuer": ISSUER,
        "scopes": "user/*.rs",
    },
    "address": "192.0.2.1",
    "request": "r1",
}
ROLES = ("client", "server", "user")


def served(**fields: Any) -> dict[str, Any]:
    found = serve("AuditEvent", {**ENTRY, **fields})
    assert list(problems(found)) == []
    return found


def agents(**fields: Any) -> dict[str, dict[str, Any]]:
    return dict(zip(ROLES, served(**fields)["agent"], strict=False))


def role(agent: dict[str, Any]) -> tuple[str, str]:
    (coding,) = agent["type"]["coding"]
    return coding["system"], coding["code"]


def entities(code: str, **fields: Any) -> list[dict[str, Any]]:
    """The entities of a role, or of a type where they have none."""
    found = served(**fields).get("entity", ())
    return [each for each in found if code == (each.get("role") or each["type"])["code"]]


def details(**fields: Any) -> dict[str, str]:
    (request,) = entities("XrequestId", **fields)
    return {each["type"]: each["valueString"] for each in request.get("detail", ())}


class TestWhatHappened:
    def test_a_request(self) -> None:
        found = served(reason="conflict")
        assert found["id"] == ENTRY["_id"]
        assert found["recorded"] == found["meta"]["lastUpdated"] == "2026-01-16T09:30:00.678Z"
        assert found["type"]["code"] == "rest"
        assert [(each["system"], each["code"]) for each in found["subtype"]] == [(RESTFUL, "read")]
        assert (found["action"], found["outcome"]) == ("R", "0")
        assert found["outcomeDesc"] == "conflict"
        (employer,) = extension(found, "of-employer")
        assert employer["valueReference"]["reference"] == "Organization/OAK"

    @pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each["interaction"])
    def test_every_interaction_has_a_subtype(self, request_: dict[str, Any]) -> None:
        (subtype,) = served(**request_)["subtype"]
        named = request_["interaction"]
        assert subtype["code"] == ("operation" if named.startswith("$") else named)

    def test_an_operation_is_named_in_a_detail(self) -> None:
        assert details(interaction="$everything", action="E")["operation"] == "$everything"
        assert "operation" not in details()

    def test_what_r4_has_no_code_for_has_no_subtype(self) -> None:
        assert "subtype" not in served(interaction="options")

    @pytest.mark.parametrize("login", [{"failed": "login"}, {"interaction": "login"}])
    def test_a_failed_login(self, login: dict[str, Any]) -> None:
        found = served(**login)
        assert (found["type"]["system"], found["type"]["code"]) == (DCM, "110114")
        assert [(each["system"], each["code"]) for each in found["subtype"]] == [(DCM, "110122")]

    def test_several_employers(self) -> None:
        found = extension(served(tenant=["OAK", "ELM"]), "of-employer")
        named = [each["valueReference"]["reference"] for each in found]
        assert named == ["Organization/OAK", "Organization/ELM"]

    def test_this_server_noted_it(self) -> None:
        source = served()["source"]
        assert source["observer"]["identifier"]["system"] == f"{BASE}/sid/server"
        assert source["type"][0]["code"] == "4"


class TestAgents:
    def test_the_user_asked_through_the_client(self) -> None:
        found = agents()
        identifier = {"system": ISSUER, "value": "app"}
        assert found["client"]["who"] == {"identifier": identifier, "display": "app"}
        assert found["client"]["name"] == "app"
        assert found["user"]["who"] == {
            "reference": "Practitioner/7",
            "type": "Practitioner",
            "identifier": {"system": ISSUER, "value": "s7"},
        }
        assert [each["requestor"] for each in found.values()] == [False, False, True]

    @pytest.mark.parametrize("action", "CRUDE")
    def test_only_of_a_read_is_the_client_the_destination(self, action: str) -> None:
        found = agents(action=action)
        wanted = ["110152", "110153"] if action == "R" else ["110153", "110152"]
        assert [role(found["client"]), role(found["server"])] == [(DCM, each) for each in wanted]

    @pytest.mark.parametrize(
        ("action", "code"),
        [("C", "AUT"), ("U", "AUT"), ("D", "AUT"), ("R", "IRCP"), ("E", "IRCP")],
    )
    def test_a_user_receives_or_writes(self, action: str, code: str) -> None:
        assert role(agents(action=action)["user"]) == (PARTICIPATION, code)

    def test_a_client_of_its_own_is_the_requestor(self) -> None:
        found = agents(agent={"subject": "ehr", "client": "ehr", "issuer": ISSUER})
        assert "user" not in found
        assert found["client"]["requestor"] is True

    def test_of_a_failed_login_only_the_address_is_known(self) -> None:
        found = serve("AuditEvent", LOGIN)
        assert list(problems(found)) == []
        client, server = found["agent"]
        assert client["network"] == {"address": "203.0.113.9", "type": "2"}
        assert client["requestor"] is True
        assert "who" not in client
        assert server["requestor"] is False

    def test_a_user_that_can_be_no_agent_is_known_by_its_subject(self) -> None:
        found = agents(agent={"user": "Person/3", "subject": "s3", "issuer": ISSUER})
        assert found["user"]["who"] == {"identifier": {"system": ISSUER, "value": "s3"}}

    def test_an_issuer_that_is_no_uri_names_no_system(self) -> None:
        found = agents(agent={"subject": "s3", "issuer": "no uri"})
        assert found["user"]["who"] == {"identifier": {"value": "s3"}}

    def test_users_of_another_server_are_named_there(self) -> None:
        of = registry_with(reference_base={"Practitioner": "https://ehr.example.org/r4/"})
        found = serve("AuditEvent", ENTRY, of=of)["agent"][2]["who"]["reference"]
        assert found == "https://ehr.example.org/r4/Practitioner/7"

    @pytest.mark.parametrize(
        ("address", "kind"), [("192.0.2.1", "2"), ("2001:db8::1", "2"), ("gateway", "1")]
    )
    def test_an_address_is_one_of_ip_or_a_name(self, address: str, kind: str) -> None:
        found = agents(address=address)["client"]["network"]
        assert found == {"address": address, "type": kind}

    def test_scopes_are_a_detail(self) -> None:
        assert details()["scopes"] == "user/*.rs"


class TestEntities:
    def test_a_patient(self) -> None:
        (found,) = entities("1")
        assert found["what"]["reference"] == "Patient/M1"
        assert found["type"]["code"] == "1"

    def test_several_patients(self) -> None:
        found = entities("1", patient=["M1", "M2"])
        assert [each["what"]["reference"] for each in found] == ["Patient/M1", "Patient/M2"]

    def test_resources(self) -> None:
        found = entities("4", ids=["Task/t1", "Bundle/c1", "StructureDefinition/employer"])
        named = ["Task/t1", "Bundle/c1", "StructureDefinition/employer"]
        assert [each["what"]["reference"] for each in found] == named
        assert {each["type"]["code"] for each in found} == {"2"}

    def test_the_query_as_it_was_asked(self) -> None:
        query = "Task?code:text=Grüße&patient=M1"
        (found,) = entities("24", query=query)
        assert base64.b64decode(found["query"]).decode() == query
        assert "name" not in found

    def test_the_request_and_what_was_shown(self) -> None:
        (found,) = entities("XrequestId")
        assert found["what"] == {"identifier": {"value": "r1"}}
        told = details(count=2, total=30, more=1, version="1f", inner=True)
        assert told == {
            "http-status": "200",
            "shown": "2",
            "matches": "30",
            "ids-left-out": "1",
            "version": "1f",
            "scopes": "user/*.rs",
            "entry-of": "batch or transaction",
        }

    def test_an_entry_about_nothing_has_none(self) -> None:
        known = {"_id": "a.1", "at": ENTRY["at"]}
        assert "entity" not in serve("AuditEvent", known)


FIELDS = [*ENTRY, *(f"agent.{name}" for name in ENTRY["agent"]), "failed", "query", "count"]


@pytest.mark.parametrize("field", FIELDS)
def test_whatever_stands_in_a_field_what_is_served_is_r4(field: str) -> None:
    (source,) = registry().types["AuditEvent"].sources
    for odd in ODD:
        first, _, inner = field.partition(".")
        value = {**ENTRY[first], inner: odd} if inner else odd
        findings: Findings = []
        found = source.encode(stored({**ENTRY, first: value}), "1", findings)
        assert (found is None) == is_unservable(findings)
        assert found is None or list(problems(found)) == [], odd


def test_every_entry_is_r4() -> None:
    document = {"_id": "t1", "subject": {"id": "M1"}, "client": {"id": "OAK"}}
    for number in range(len(AGENTS) * len(REQUESTS)):
        found = serve("AuditEvent", audited(number, "Task", document))
        assert list(problems(found)) == []


def test_it_is_nobodys_but_its_patients_and_tenants() -> None:
    (source,) = registry().types["AuditEvent"].sources
    assert (source.mapping.patient, source.mapping.tenant) == ("patient", "tenant")
    assert source.mapping.writes == ()
