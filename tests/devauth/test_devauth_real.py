"""A real server on a port: the tokens are taken by the FHIR server beside it, scope by scope."""

from __future__ import annotations

import httpx

from tests.devauth.asking import VERIFIER, Backend, Browser, new_key


async def _get(origin: str, path: str, token: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=origin) as client:
        return await client.get(f"/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


async def test_the_fhir_server_tells_where_to_sign_in(origin: str) -> None:
    async with httpx.AsyncClient(base_url=origin) as client:
        found = (await client.get("/fhir/.well-known/smart-configuration")).json()
        assert found["authorization_endpoint"] == f"{origin}/auth/authorize"
        assert found["token_endpoint"] == f"{origin}/auth/token"
        assert {"launch-ehr", "launch-standalone", "sso-openid-connect"} <= {*found["capabilities"]}
        assert {"openid", "fhirUser", "launch", "launch/patient"} <= {*found["scopes_supported"]}
        assert (await client.get("/fhir/Goal")).status_code == 401


async def test_a_member_reads_her_goals_and_nobody_elses(
    origin: str, person: Browser, employers: dict[str, str]
) -> None:
    me, other = [*employers][:2]
    code = await person.code(f"member:{me}", scope="launch/patient patient/Goal.rs")
    token = (await person.token(code)).json()["access_token"]
    found = (await _get(origin, "Goal?_count=500", token)).json()
    assert found["entry"]
    patients = {each["resource"]["subject"]["reference"] for each in found["entry"]}
    assert patients == {f"Patient/{me}"}
    empty = (await _get(origin, f"Goal?patient={other}", token)).json()
    assert "entry" not in empty
    assert (await _get(origin, "Task", token)).status_code == 403  # it was not asked for


async def test_a_care_manager_sees_her_employers_members(
    origin: str, person: Browser, employers: dict[str, str]
) -> None:
    code = await person.code("practitioner:U11", scope="openid fhirUser user/Task.rs")
    token = (await person.token(code)).json()["access_token"]
    found = (await _get(origin, "Task?_count=500", token)).json()
    patients = {each["resource"]["for"]["reference"] for each in found["entry"]}
    hers = next(iter(employers.values()))
    mine = {f"Patient/{id_}" for id_, each in employers.items() if each == hers}
    assert patients
    assert patients <= mine
    assert (await _get(origin, "Goal", token)).status_code == 403


async def test_a_refreshed_token_is_taken_too(
    origin: str, person: Browser, employers: dict[str, str]
) -> None:
    found = await person.tokens(
        f"member:{next(iter(employers))}", scope="offline_access patient/Goal.rs"
    )
    again = (await person.refresh(found["refresh_token"])).json()
    assert (await _get(origin, "Goal", again["access_token"])).status_code == 200


async def test_id_and_refresh_tokens_are_no_access_tokens(
    origin: str, person: Browser, employers: dict[str, str]
) -> None:
    found = await person.tokens(
        f"member:{next(iter(employers))}", scope="openid offline_access patient/Goal.rs"
    )
    for name in ("id_token", "refresh_token"):
        assert (await _get(origin, "Goal", found[name])).status_code == 401


async def test_a_backend_service_sees_all_employers(
    origin: str, person: Browser, employers: dict[str, str]
) -> None:
    service = await Backend.registered(person, new_key("RS384"), "RS384")
    token = (await service.token(scope="system/Goal.rs")).json()["access_token"]
    found = (await _get(origin, "Goal?_count=500", token)).json()
    patients = {each["resource"]["subject"]["reference"] for each in found["entry"]}
    assert len({employers[each.removeprefix("Patient/")] for each in patients}) > 1
    assert (await _get(origin, "Task", token)).status_code == 403


async def test_the_verifier_is_what_it_takes(
    origin: str, person: Browser, employers: dict[str, str]
) -> None:
    code = await person.code(f"member:{next(iter(employers))}", scope="patient/Goal.rs")
    answer = await person.token(code, code_verifier=VERIFIER[::-1])
    assert answer.json()["error"] == "invalid_grant"
