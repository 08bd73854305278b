"""What a token opens at the FHIR server, and what it does not.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
https://www.rfc-editor.org/rfc/rfc6750
"""

from __future__ import annotations

from functools import cache

import httpx
import pytest

from tests.smart.apps import Demo, Json
from tests.smart.person import MEMBER
from tests.smart.spec_clients import answered, browser_app, member_tokens

_ACTIVE = "lifecycle-status=active"


@cache
def _token(demo: Demo, scope: str, account: str = MEMBER) -> str:
    found: str = browser_app(demo).tokens(account, scope=scope)["access_token"]
    return found


@cache
def _goals(demo: Demo) -> list[Json]:
    """All goals of the member, who may see every one."""
    found = demo.get("Goal?_count=200", member_tokens(demo)["access_token"]).json()
    return [each["resource"] for each in found["entry"] if each["search"]["mode"] == "match"]


def _ids(bundle: Json) -> set[str]:
    return {each["resource"]["id"] for each in bundle.get("entry", [])}


def test_what_needs_no_token(demo: Demo) -> None:
    for path in ("/fhir/metadata", "/fhir/.well-known/smart-configuration", "/auth/jwks"):
        assert answered(demo, path).status_code == 200, path


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (None, None),
        ("Bearer made-up", "invalid_token"),
        ("Bearer e30.e30.e30", "invalid_token"),
        ("Basic Z29hbHM6YXBw", None),
    ],
)
@pytest.mark.parametrize("path", ["Goal", "Goal/1", "Patient/M100001", ""])
def test_without_a_good_token_a_client_is_told_how_to_get_in(
    demo: Demo, path: str, header: str | None, error: str | None
) -> None:
    """RFC 6750, section 3: a challenge; no error where no token was tried."""
    headers = {} if header is None else {"Authorization": header}
    response = httpx.request(
        "POST" if path == "" else "GET", f"{demo.fhir}/{path}", headers=headers
    )
    assert response.status_code == 401
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    if error is not None:
        assert f'error="{error}"' in challenge
    if header is None:
        assert "error" not in challenge
    assert response.json()["resourceType"] == "OperationOutcome"


def test_a_token_that_does_not_reach_is_answered_with_a_challenge(demo: Demo) -> None:
    """RFC 6750, section 3: the challenge MUST be there; `insufficient_scope` names why."""
    response = demo.get("Task", _token(demo, "launch/patient patient/Goal.rs"))
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]


def test_the_scheme_may_be_written_in_any_case_and_a_token_is_not_taken_from_the_address(
    demo: Demo,
) -> None:
    token, url = member_tokens(demo)["access_token"], f"{demo.fhir}/Goal?_count=1"
    response = httpx.get(url, headers={"Authorization": f"bEaReR {token}"}, timeout=20)
    assert response.status_code == 200
    assert httpx.get(f"{url}&access_token={token}", timeout=20).status_code in (400, 401)


@pytest.mark.parametrize(
    ("scope", "reads", "searches"),
    [
        ("patient/Goal.r", 200, 403),
        ("patient/Goal.s", 403, 200),
        ("patient/Goal.rs", 200, 200),
        ("patient/Goal.r patient/Goal.s", 200, 200),
        ("patient/Goal.read", 200, 200),
        ("patient/Goal.write", 403, 403),
        ("patient/Goal.cud", 403, 403),
        ("patient/*.*", 200, 200),
        ("patient/*.read", 200, 200),
        ("patient/Task.rs", 403, 403),
        ("openid fhirUser", 403, 403),
    ],
)
def test_a_letter_of_a_scope_is_what_it_opens(
    demo: Demo, scope: str, reads: int, searches: int
) -> None:
    token, one = _token(demo, f"launch/patient {scope}"), _goals(demo)[0]["id"]
    assert demo.get(f"Goal/{one}", token).status_code == reads
    assert demo.get(f"Goal/{one}/_history", token).status_code == reads
    assert demo.get("Goal?_count=1", token).status_code == searches
    body = {"resourceType": "Goal"}
    headers = {"Authorization": f"Bearer {token}"}
    written = httpx.post(f"{demo.fhir}/Goal", json=body, headers=headers, timeout=20)
    may_write = any(each in scope for each in (".write", ".cud", ".*"))
    assert (written.status_code == 403) != may_write, "what may be written is not a good Goal"


@pytest.mark.parametrize("letters", ["rs", "r"])
def test_a_query_of_a_scope_is_kept_by_reads_and_searches(demo: Demo, letters: str) -> None:
    """2.2, Finer-grained resource constraints using search parameters."""
    token = _token(demo, f"launch/patient patient/Goal.{letters}?{_ACTIVE}")
    active = {each["id"] for each in _goals(demo) if each["lifecycleStatus"] == "active"}
    others = {each["id"] for each in _goals(demo)} - active
    assert active
    assert others
    if "s" in letters:
        assert _ids(demo.get("Goal?_count=200", token).json()) == active
    if "r" in letters:
        assert {demo.get(f"Goal/{each}", token).status_code for each in active} == {200}
        assert {demo.get(f"Goal/{each}", token).status_code for each in others} == {404}


def test_scopes_are_a_union(demo: Demo) -> None:
    """2.2, Scope equivalence: what any of them opens is open."""
    statuses = ("active", "completed")
    scopes = " ".join(f"patient/Goal.rs?lifecycle-status={each}" for each in statuses)
    found = demo.get("Goal?_count=200", _token(demo, f"launch/patient {scopes}")).json()
    wanted = {each["id"] for each in _goals(demo) if each["lifecycleStatus"] in statuses}
    assert _ids(found) == wanted
    assert _ids(found) > _ids(
        demo.get(
            "Goal?_count=200&lifecycle-status=active", _token(demo, f"launch/patient {scopes}")
        ).json()
    )


def test_a_batch_is_judged_entry_by_entry(demo: Demo) -> None:
    """2.2, Batches and transactions."""
    paths = ["Goal?_count=1", "Task?_count=1", f"Goal/{_goals(demo)[0]['id']}", "Patient/M100002"]
    batch = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": each}} for each in paths],
    }
    token = _token(demo, "launch/patient patient/Goal.rs")
    headers = {"Authorization": f"Bearer {token}"}
    response = httpx.post(demo.fhir, json=batch, headers=headers, timeout=20)
    assert response.status_code == 200
    statuses = [each["response"]["status"][:3] for each in response.json()["entry"]]
    assert statuses[:3] == ["200", "403", "200"]
    assert statuses[3] in ("403", "404")


@pytest.mark.parametrize(
    ("scope", "reaches"),
    [("patient/Goal.u", True), ("patient/Goal.c", False), ("patient/Goal.rs", False)],
)
def test_an_update_wants_its_own_letter(demo: Demo, scope: str, reaches: bool) -> None:
    """A made-up version lets nothing through, whatever the scope is."""
    one = _goals(demo)[0]
    token = _token(demo, f"launch/patient {scope}")
    headers = {"Authorization": f"Bearer {token}", "If-Match": 'W/"made-up"'}
    url = f"{demo.fhir}/Goal/{one['id']}"
    response = httpx.put(url, json=one, headers=headers, timeout=20)
    assert (response.status_code != 403) == reaches
    assert not response.is_success
