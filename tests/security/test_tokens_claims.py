"""Claims: whom a token speaks of, in the spellings that issuers use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_facade.errors import Unauthorized
from fhir_facade.security.tokens import Authenticator
from tests.http.serving import settings
from tests.security.issuer import AUDIENCE, TestIssuer

SCOPE = "patient/Goal.rs"


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    """One for all: nothing is changed in it."""
    with TestIssuer() as started:
        yield started


@pytest.mark.parametrize(
    ("claims", "spelled"),
    [
        ({"scope": "patient/Goal.rs user/Task.rs"}, ["patient/Goal.rs", "user/Task.rs"]),
        (
            {"scope": ["patient/Goal.rs", 5, None, "user/Task.rs"]},
            ["patient/Goal.rs", "user/Task.rs"],
        ),
        ({"scp": ["patient/Goal.rs", "user/Task.rs"]}, ["patient/Goal.rs", "user/Task.rs"]),
        ({"scp": "patient/Goal.rs"}, ["patient/Goal.rs"]),
        ({"scope": "patient/Goal.rs", "scp": "system/*.cruds"}, ["patient/Goal.rs"]),
        ({"scope": "", "scp": "system/*.cruds"}, []),
        ({"scope": {"patient/Goal.rs": 1}}, []),
        ({}, []),
    ],
)
async def test_scopes_are_a_text_or_a_list(
    issuer: TestIssuer, tokens: Authenticator, claims: dict[str, Any], spelled: list[str]
) -> None:
    token = issuer.token(claims.get("scope"), scp=claims.get("scp"))
    found = await tokens.principal(token)
    assert [each.spelled for each in found.scopes] == spelled


async def test_an_id_token_grants_nothing(issuer: TestIssuer, tokens: Authenticator) -> None:
    token = issuer.token(None, nonce="n", headers={"typ": "JWT"})
    assert (await tokens.principal(token)).scopes == ()


@pytest.mark.parametrize(
    ("claim", "patient"),
    [
        ("M1", "M1"),
        ("Patient/M1", "M1"),
        (123, "123"),
        ("Patient/M1/x", None),
        ("Practitioner/M1", None),
        ("https://ehr.test/Patient/M1", None),
        ("a b", None),
        ("", None),
        ("M1\n", None),
        (["M1"], None),
        ({"id": "M1"}, None),
        (True, None),
        (None, None),
    ],
)
async def test_the_patient_is_an_id_or_a_reference(
    issuer: TestIssuer, tokens: Authenticator, claim: Any, patient: str | None
) -> None:
    assert (await tokens.principal(issuer.token(SCOPE, patient=claim))).patient == patient


async def test_the_patient_may_stand_in_another_claim(issuer: TestIssuer) -> None:
    made = Authenticator(settings(**issuer.settings, patient_claim="launch_patient"))
    found = await made.principal(issuer.token(SCOPE, patient="M2", launch_patient="M1"))
    assert found.patient == "M1"
    await made.close()


@pytest.mark.parametrize(
    ("claim", "user"),
    [
        ("Practitioner/7", "Practitioner/7"),
        (f"{AUDIENCE}/Practitioner/7", "Practitioner/7"),
        ("https://ehr.test/r4/Practitioner/7", None),
        ("http://localhost:8080/Patient/M1", None),
        (None, None),
    ],
)
async def test_the_user_is_one_of_this_server(
    issuer: TestIssuer, tokens: Authenticator, claim: Any, user: str | None
) -> None:
    assert (await tokens.principal(issuer.token(SCOPE, user=claim))).user == user


@pytest.mark.parametrize(
    "claim",
    [
        "",
        "7",
        "Patient/",
        "Patient/M1/_history/2",
        "Patient/M1?x",
        "patient/M1",
        "a b/Patient/1",
        7,
        [],
    ],
)
async def test_a_user_that_cannot_be_read_is_not_passed_over(
    issuer: TestIssuer, tokens: Authenticator, claim: Any
) -> None:
    with pytest.raises(Unauthorized, match="fhirUser is not the URL of a resource"):
        await tokens.principal(issuer.token(SCOPE, user=claim))


@pytest.mark.parametrize(
    ("claim", "tenants"),
    [
        ("e1", {"e1"}),
        ("Organization/e1", {"e1"}),
        (["e1", "Organization/e2"], {"e1", "e2"}),
        (["e1", None, {}, ["e3"], 4], {"e1", "4"}),
        (7, {"7"}),
        ("*", None),
        (["*"], None),
        (["*", "e1"], {"e1"}),
        ("Organization/*", set()),
        ("", set()),
        ([], set()),
        ({"e1": 1}, set()),
        (True, set()),
        (None, set()),
    ],
)
async def test_tenants_are_one_or_several_or_all(
    issuer: TestIssuer, tokens: Authenticator, claim: Any, tenants: set[str] | None
) -> None:
    assert (await tokens.principal(issuer.token(SCOPE, tenants=claim))).tenants == tenants


async def test_without_a_tenant_claim_a_token_is_for_all_tenants(issuer: TestIssuer) -> None:
    made = Authenticator(settings(**{**issuer.settings, "tenant_claim": ""}))
    assert (await made.principal(issuer.token(SCOPE, tenants=["e1"]))).tenants is None
    await made.close()


@pytest.mark.parametrize(
    ("claims", "client"),
    [
        ({"client_id": "a", "azp": "b", "cid": "c"}, "a"),
        ({"azp": "b", "cid": "c"}, "b"),
        ({"cid": "c"}, "c"),
        ({}, None),
    ],
)
async def test_the_client_has_one_of_three_names(
    issuer: TestIssuer, tokens: Authenticator, claims: dict[str, str], client: str | None
) -> None:
    found = await tokens.principal(issuer.token(SCOPE, client=None, **claims))
    assert found.client == client


@pytest.mark.parametrize("name", ["sub", "client_id", "azp", "cid"])
async def test_a_name_that_is_no_text_is_refused(
    issuer: TestIssuer, tokens: Authenticator, name: str
) -> None:
    with pytest.raises(Unauthorized, match=f"The token's {name} is not a text"):
        await tokens.principal(issuer.token(SCOPE, client=None, **{name: ["x"]}))


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1", True, [], {}, 1e300, 2**60])
async def test_a_time_that_is_none_is_refused(
    issuer: TestIssuer, tokens: Authenticator, name: str, value: Any
) -> None:
    with pytest.raises(Unauthorized, match=f"The token's {name} is not a time"):
        await tokens.principal(issuer.token(SCOPE, **{name: value}))


async def test_a_token_that_is_bound_to_a_key_is_no_bearer_token(
    issuer: TestIssuer, tokens: Authenticator
) -> None:
    with pytest.raises(Unauthorized, match="bound to a key"):
        await tokens.principal(issuer.token(SCOPE, cnf={"jkt": "x"}))
