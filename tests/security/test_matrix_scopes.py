"""What scopes of every form let through: granular, by level, of both versions, and many at once.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest

from fhir_facade.store import open_store
from tests.http.serving import Json
from tests.security.issuer import TestIssuer
from tests.security.leaks import FORM, MERGE, NEW, NOTE, Answer, Request, World, issuing, worlds
from tests.security.world_of_two import contents, fill

ACTIVE, PLANNED = "mk-ax-goal", "mk-ax-second-goal"
PLAN: Final = "mk-ax-second"
"""The case that the planned goal is linked to."""
BARE: Final[Json] = {name: each for name, each in NEW.items() if name != "extension"}
OF_A: Final[Json] = {"patient": "pat-a", "tenants": "*"}
GOALS: Final = {
    *("mk-ax-goal", "mk-ay-goal", "mk-an-goal", "mk-ax-goal-in-b", "mk-ay-goal-in-x", "moved-to-a"),
}
"""The active goals of patient A."""
PLANS: Final = {"mk-ax-second-goal", "mk-ay-second-goal", "mk-an-second-goal"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[TestIssuer]:
    with issuing() as started:
        yield started


class Asker:
    """A client whose tokens have the scopes that it names."""

    def __init__(self, world: World, issuer: TestIssuer) -> None:
        self.world, self.issuer = world, issuer

    async def __call__(
        self, scope: str, url: str, method: str = "GET", body: Any = None, **claims: Any
    ) -> Answer:
        headers = {"PATCH": MERGE}.get(method, {})
        if url.endswith("_search"):
            headers = FORM
        token = self.issuer.token(scope, **{**OF_A, **claims})
        return await self.world.ask(Request(method, url, body, headers), token)

    async def ids(self, scope: str, url: str, **claims: Any) -> set[str]:
        """What a search shows, included resources too."""
        answer = await self(scope, url, **claims)
        assert answer.status == 200, answer.body
        entries = answer.json.get("entry", ())
        return {each["resource"]["id"] for each in entries if "id" in each["resource"]}

    async def status(self, scope: str, url: str, method: str = "GET", body: Any = None) -> int:
        return (await self(scope, url, method, body)).status


@pytest.fixture
async def ask(issuer: TestIssuer) -> AsyncIterator[Asker]:
    store = open_store("sqlite:///:memory:")
    await fill(store)
    async with worlds(store, **issuer.settings) as (world,):
        yield Asker(world, issuer)
    await store.close()


async def test_a_granular_scope_shows_what_its_query_matches(ask: Asker) -> None:
    scope = "patient/Goal.rs?lifecycle-status=active"
    assert await ask.ids(scope, "Goal?_count=1000") == GOALS
    assert await ask.ids(scope, "?_type=Goal&_count=1000") == GOALS
    assert await ask.ids(scope, "Patient/pat-a/Goal?_count=1000") == GOALS
    assert await ask.ids(scope, "Patient/pat-a/$everything?_count=1000") == GOALS
    assert await ask.ids(scope, f"Goal?_id={PLANNED}") == set()
    assert await ask.ids(scope, "Goal?lifecycle-status=planned") == set()
    assert await ask.status(scope, f"Goal/{ACTIVE}") == 200
    assert await ask.status(scope, f"Goal/{PLANNED}") == 404
    assert await ask.status(scope, f"Goal/{PLANNED}/$validate") == 404
    assert await ask.status(scope, f"Goal/{PLANNED}/_history/mk-ax-v2") == 404
    for url in ("Task", "Goal?_has:Task:case:_id=x", f"Goal/{ACTIVE}/_history", "Goal/_history"):
        assert await ask.status(scope, url) in (400, 403), url


async def test_scopes_of_one_type_add_up(ask: Asker) -> None:
    both = "patient/Goal.rs?lifecycle-status=active patient/Goal.rs?lifecycle-status=planned"
    assert await ask.ids(both, "Goal?_count=1000") == GOALS | PLANS
    one = "patient/Goal.rs?lifecycle-status=active patient/Goal.rs"
    assert await ask.ids(one, "Goal?_count=1000") == GOALS | PLANS
    read_all = "patient/Goal.r patient/Goal.s?lifecycle-status=active"
    assert await ask.ids(read_all, "Goal?_count=1000") == GOALS
    assert await ask.status(read_all, f"Goal/{PLANNED}") == 200
    search_all = "patient/Goal.s patient/Goal.r?lifecycle-status=active"
    assert await ask.ids(search_all, "Goal?_count=1000") == GOALS | PLANS
    assert await ask.status(search_all, f"Goal/{PLANNED}") == 404


async def test_all_conditions_of_a_granular_scope_hold(ask: Asker) -> None:
    scope = "patient/Goal.rs?lifecycle-status=active&start-date=2026-01-16"
    assert await ask.ids(scope, "Goal?_count=1000") == GOALS
    scope = "patient/Goal.rs?lifecycle-status=active&start-date=2020-01-16"
    assert await ask.ids(scope, "Goal?_count=1000") == set()
    scope = "patient/Goal.rs?lifecycle-status=active,planned"
    assert await ask.ids(scope, "Goal?_count=1000") == GOALS | PLANS


async def test_what_a_granular_scope_hides_is_nowhere_else(ask: Asker) -> None:
    """The plan of a case, whole cases, includes, chains: the planned goal is in none of them."""
    scope = (
        "patient/Goal.rs?lifecycle-status=active patient/CarePlan.rs patient/EpisodeOfCare.rs "
        "patient/List.rs patient/CareTeam.rs"
    )
    for url in (
        f"CarePlan/{PLAN}",
        f"CarePlan?_id={PLAN}",
        f"CarePlan?_id={PLAN}&_include=CarePlan:goal",
        f"CarePlan?_id={PLAN}&_include=*",
        f"EpisodeOfCare?_id={PLAN}&_revinclude=Goal:case",
        f"EpisodeOfCare/{PLAN}/$case",
        f"Case/{PLAN}",
        f"Case?_id={PLAN}",
        "Patient/pat-a/*?_count=1000",
    ):
        answer = await ask(scope, url)
        assert answer.status == 200, url
        assert PLANNED.encode() not in answer.body, url
    assert await ask.ids(scope, f"CarePlan?goal={PLANNED}") == set()
    assert await ask.ids(scope, f"CarePlan?goal._id={PLANNED}") == set()
    assert await ask.ids(scope, f"EpisodeOfCare?_has:Goal:case:_id={PLANNED}") == set()
    assert await ask.ids(scope, "EpisodeOfCare?_has:Goal:case:lifecycle-status=planned") == set()
    assert PLANNED.encode() in (await ask("patient/*.rs", f"CarePlan/{PLAN}")).body


NOT_UNDERSTOOD: Final = (
    "patient/Goal.sr",
    "patient/Goal.",
    "patient/Goal",
    "patient/goal.rs",
    "patient/Goals.rs",
    "patient/Goal.read?lifecycle-status:not=active",
    "patient/Goal.rs?lifecycle-status:not=active",
    "patient/Goal.rs?patient.name=x",
    "patient/Goal.rs?nonsense=1",
    "patient/Goal.rs?_count=5",
    "patient/Goal.rs?_sort=start-date",
    "patient/Goal.rs?_has:Task:case:status=ready",
    "patient/Goal.rs?lifecycle-status",
    "patient/Goal.rs?=",
    "patient/Goal.rs?start-date=yesterday",
    "Patient/Goal.rs",
    "encounter/Goal.rs",
    "patient/Goal.rs\tsystem/*.rs",
    "openid fhirUser launch/patient",
    "patient/Patient.rs",
    "",
)


async def test_a_scope_that_is_not_understood_grants_nothing(ask: Asker) -> None:
    for scope in NOT_UNDERSTOOD:
        assert await ask.status(scope, f"Goal/{ACTIVE}") in (403, 404), scope
        answer = await ask(scope, "Goal?_count=1000")
        assert answer.status == 403 or answer.json["total"] == 0, scope
        assert await ask.status(scope, "Goal", "POST", NEW) == 403, scope


async def test_the_first_version_of_scopes_reads_or_writes(ask: Asker) -> None:
    assert await ask.ids("patient/Goal.read", "Goal?_count=1000") == GOALS | PLANS
    assert await ask.status("patient/Goal.read", f"Goal/{ACTIVE}") == 200
    assert await ask.status("patient/Goal.read", "Goal", "POST", NEW) == 403
    assert await ask.status("patient/Goal.write", f"Goal/{ACTIVE}") == 403
    assert await ask.status("patient/Goal.write", "Goal") == 403
    assert await ask.status("patient/Goal.write", "Goal", "POST", NEW) == 201
    assert await ask.status("patient/*.*", "Goal", "POST", NEW) == 201
    mixed = "patient/Goal.read patient/Task.rs?status=ready patient/Flag.*"
    assert await ask.status(mixed, f"Goal/{ACTIVE}") == 200
    assert await ask.status(mixed, "Task/mk-ax-second-task") == 404
    assert await ask.status(mixed, "Flag/mk-ax-flag", "DELETE") == 204


async def test_a_level_says_whose_records(ask: Asker) -> None:
    goals = GOALS | PLANS
    everyone = await ask.ids("system/Goal.rs", "Goal?_count=1000", patient=None)
    assert everyone > goals
    assert "mk-by-goal" in everyone
    practitioner = {"user": "Practitioner/7", "patient": None}
    assert await ask.ids("user/Goal.rs", "Goal?_count=1000", **practitioner) == everyone
    # a user that is a patient, whatever patient is in context
    itself = {"user": "Patient/pat-a", "patient": "pat-b"}
    assert await ask.ids("user/Goal.rs", "Goal?_count=1000", **itself) == goals
    absolute = {"user": "http://fhir.test/fhir/Patient/pat-a", "patient": None}
    assert await ask.ids("user/Goal.rs", "Goal?_count=1000", **absolute) == goals
    for user in ("RelatedPerson/9", "Person/9", None):  # not more than the patient in context
        assert await ask.ids("user/Goal.rs", "Goal?_count=1000", user=user) == goals
    # where nothing says whose, nobody's
    for scope, claims in (
        ("patient/Goal.rs", {"patient": None}),
        ("patient/Goal.rs", {"patient": None, "user": "Patient/pat-a"}),
        ("patient/Goal.rs", {"patient": ""}),
        ("patient/Goal.rs", {"patient": ["pat-a", "pat-b"]}),
        ("patient/Goal.rs", {"patient": {"id": "pat-a"}}),
        ("patient/Goal.rs", {"patient": "pat-a,pat-b"}),
        ("patient/Goal.rs", {"patient": "*"}),
        ("user/Goal.rs", {"user": "RelatedPerson/9", "patient": None}),
        ("user/Goal.rs", {"user": "Patient/", "patient": None}),
        ("user/Goal.rs", {"user": "Patient", "patient": None}),
        ("user/Goal.rs", {"user": "patient/pat-a", "patient": None}),
        ("user/Goal.rs", {"user": ["Practitioner/7"], "patient": None}),
        ("user/Goal.rs", {"user": "", "patient": None}),
        ("user/Goal.rs", {"user": None, "patient": None}),
        ("user/Goal.rs", {"user": "Person/9", "patient": None}),
        ("user/Goal.rs", {"user": "http://elsewhere.example/Group/9", "patient": None}),
        ("user/Goal.rs", {"user": "Device/x/../../Practitioner/7", "patient": None}),
        ("system/Goal.rs", {"tenants": None}),
        ("system/Goal.rs", {"tenants": ""}),
        ("system/Goal.rs", {"tenants": []}),
        ("system/Goal.rs", {"tenants": ["org-x*"]}),
        ("system/Goal.rs", {"tenants": {"org-x": True}}),
        ("system/Goal.rs", {"tenants": [["org-x"]]}),
        ("system/Goal.rs", {"tenants": 7}),
        ("system/Goal.rs", {"tenants": True}),
        ("system/Goal.rs", {"tenants": "org-x,org-y"}),
        ("system/Goal.rs", {"tenants": "org-x org-z"}),
    ):
        answer = await ask(scope, "Goal?_count=1000", **claims)
        shown = answer.json.get("total", 0) if answer.status == 200 else 0
        assert shown == 0, (scope, claims)
        assert answer.status in (200, 401, 403), (scope, claims)


async def test_levels_add_up_and_tenants_limit_them_all(ask: Asker) -> None:
    scope = "patient/Goal.rs?lifecycle-status=planned user/Goal.rs?lifecycle-status=active"
    claims: Json = {"user": "Practitioner/7", "tenants": ["org-x"]}
    found = await ask.ids(scope, "Goal?_count=1000", **claims)
    assert {each for each in found if each.startswith("mk-a")} == {
        *("mk-ax-goal", "mk-ax-second-goal", "mk-ax-goal-in-b")
    }
    assert "mk-bx-goal" in found
    assert "mk-bx-second-goal" not in found
    assert not [each for each in found if each[4:5] in ("y", "n") and each.startswith("mk-")]


async def test_a_granular_write_scope_looks_at_both_states(ask: Asker) -> None:
    scope = "patient/Goal.cruds?lifecycle-status=active"
    planned = {**NEW, "lifecycleStatus": "planned"}
    before = await contents(ask.world.store)
    assert await ask.status(scope, "Goal", "POST", planned) == 403
    done = {**NEW, "id": ACTIVE, "lifecycleStatus": "completed"}
    assert await ask.status(scope, f"Goal/{ACTIVE}", "PUT", done) == 403
    assert (
        await ask.status(scope, f"Goal/{ACTIVE}", "PATCH", {"lifecycleStatus": "completed"}) == 403
    )
    mine = {**NEW, "id": PLANNED}
    assert await ask.status(scope, f"Goal/{PLANNED}", "PUT", mine) == 405  # there is none to see
    assert await ask.status(scope, f"Goal/{PLANNED}", "PATCH", NOTE) == 404
    assert await ask.status(scope, f"Goal/{PLANNED}", "DELETE") == 204
    assert await ask.status(scope, f"Goal?_id={PLANNED}", "DELETE") == 204
    assert await contents(ask.world.store) == before
    assert await ask.status(scope, "Goal", "POST", NEW) == 201
    assert await ask.status(scope, f"Goal/{ACTIVE}", "PUT", {**NEW, "id": ACTIVE}) == 200
    assert await ask.status(scope, f"Goal/{ACTIVE}", "DELETE") == 204


async def test_what_may_be_read_and_not_written_is_forbidden(ask: Asker) -> None:
    scope = "patient/Goal.rs patient/Goal.cud?lifecycle-status=active"
    before = await contents(ask.world.store)
    assert await ask.status(scope, f"Goal/{PLANNED}", "PUT", {**NEW, "id": PLANNED}) == 403
    assert await ask.status(scope, f"Goal/{PLANNED}", "PATCH", NOTE) == 403
    assert await ask.status(scope, f"Goal/{PLANNED}", "DELETE") == 403
    assert await contents(ask.world.store) == before


async def test_no_write_gives_a_record_to_somebody_else(ask: Asker) -> None:
    before = await contents(ask.world.store)
    for patient in ("Patient/pat-b", "http://elsewhere.example/Patient/pat-a", "Patient/nobody"):
        given = {**NEW, "id": ACTIVE, "subject": {"reference": patient}}
        assert await ask.status("patient/*.cruds", f"Goal/{ACTIVE}", "PUT", given) == 403
        assert await ask.status("patient/*.cruds", "Goal", "POST", given) == 403
        change = {"subject": {"reference": patient}}
        assert await ask.status("patient/*.cruds", f"Goal/{ACTIVE}", "PATCH", change) == 403
    of_x: Json = {"tenants": ["org-x"]}
    of_y = {**NEW["extension"][0], "valueReference": {"reference": "Organization/org-y"}}
    for given in ({**NEW, "id": ACTIVE, "extension": [of_y]}, {**BARE, "id": ACTIVE}):
        for method, url in (("PUT", f"Goal/{ACTIVE}"), ("POST", "Goal")):
            answer = await ask("system/*.cruds", url, method, given, **of_x)
            assert answer.status == 403, (method, answer.body)
    for extension in ([of_y], None):
        merge = {"extension": extension}
        answer = await ask("system/*.cruds", f"Goal/{ACTIVE}", "PATCH", merge, **of_x)
        assert answer.status == 403, answer.body
    assert await contents(ask.world.store) == before


async def test_to_change_is_not_to_read(ask: Asker) -> None:
    """Without `r` no answer holds the resource, without `s` nothing searches."""
    words = (b"mk-ax-goal-name", b"mk-ax-note", b"mk-ax-measure")
    scope = "patient/Goal.cud"
    for method, url, body in (
        ("PATCH", f"Goal/{ACTIVE}", {"priority": {"text": "high"}}),
        ("GET", f"Goal/{ACTIVE}", None),
        ("GET", f"Goal/{ACTIVE}/$validate", None),
        ("GET", f"Goal/{ACTIVE}/_history", None),
        ("GET", f"Goal/{ACTIVE}/_history/mk-ax-v3", None),
        ("GET", "Patient/pat-a/$everything", None),
        ("POST", "Goal/_search", b"_id=mk-ax-goal"),
        ("DELETE", f"Goal/{ACTIVE}", None),
    ):
        answer = await ask(scope, url, method, body)
        assert not any(word in answer.body for word in words), url
        if method in ("GET", "POST"):
            shown = answer.status == 200 and answer.json.get("total") == 0
            assert answer.status == 403 or shown, url
    for method in ("PUT", "PATCH", "DELETE"):
        body = None if method == "DELETE" else {**NEW} if method == "PUT" else NOTE
        assert await ask.status(scope, f"Goal?_id={ACTIVE}", method, body) == 403


async def test_what_is_searched_through_must_be_searchable(ask: Asker) -> None:
    scope = "patient/Task.rs"
    for url in (
        "Task?focus:EpisodeOfCare.status=active",
        "Task?focus.status=active",
        "Task?focus:EpisodeOfCare._id=mk-bx-case",
        "EpisodeOfCare?_has:Task:focus:_id=mk-ax-task",
        "Task?_type=Goal",
        "?_type=Task,Goal",
    ):
        assert await ask.status(scope, url) in (400, 403), url
    only = await ask.ids("patient/*.rs", "Task?_count=1000")
    for url in ("Task?_count=1000&_include=*", "Task?_count=1000&_revinclude=Provenance:target"):
        assert await ask.ids(scope, url) == only, url


async def test_the_audit_trail_is_for_a_scope_that_names_it(ask: Asker) -> None:
    for scope in ("patient/*.cruds", "patient/*.*", "patient/*.read", "system/*.rs", "user/*.rs"):
        for url in ("AuditEvent", "AuditEvent/chain.0000000001", "Patient/pat-a/AuditEvent"):
            assert await ask.status(scope, url) == 403, (scope, url)
        for url in ("Patient/pat-a/*?_count=1000", "Patient/pat-a/$everything?_count=1000"):
            shown = await ask(scope, url)
            assert b"AuditEvent" not in shown.body, (scope, url)
    named = "patient/*.rs patient/AuditEvent.rs"
    assert await ask.ids(named, "AuditEvent") == {
        *("chain.0000000001", "chain.0000000002", "chain.0000000003"),
        *("chain.0000000022", "chain.0000000023", "chain.0000000024"),
    }
    # an entry that is about several patients is none of theirs
    assert await ask.status(named, "AuditEvent/chain.0000000020") == 404
    assert await ask.status(named, "AuditEvent/chain.0000000001") == 200
    assert await ask.status("system/AuditEvent.cud", "AuditEvent", "POST", NEW) in (400, 403, 405)
