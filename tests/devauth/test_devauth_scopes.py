"""What is allowed of what is asked for, and how it is said."""

from __future__ import annotations

import pytest

from fhir_facade.devauth.accounts import SYSTEM, Account
from fhir_facade.devauth.kept import Kept
from fhir_facade.devauth.scopes import grantable, known, narrowed, unheard_of
from fhir_facade.devauth.words import besides, groups
from tests.devauth.asking import SERVED

ANY = "patient/*.cruds"


@pytest.mark.parametrize(
    ("asked", "allowed", "found"),
    [
        ("patient/Goal.rs", ANY, "patient/Goal.rs"),
        ("patient/Goal.read", ANY, "patient/Goal.read"),
        ("patient/*.*", "patient/Goal.rs patient/Task.r", "patient/Goal.rs patient/Task.r"),
        ("patient/AuditEvent.rs", ANY, ""),
        ("patient/AuditEvent.rs", "patient/AuditEvent.r", "patient/AuditEvent.r"),
        ("patient/*.rs", "patient/AuditEvent.rs", ""),
        ("user/Goal.rs", ANY, ""),
        ("patient/Goal.rs?a=b", "patient/Goal.rs", "patient/Goal.rs?a=b"),
        ("patient/Goal.rs", "patient/Goal.rs?a=b", "patient/Goal.rs?a=b"),
        ("patient/Goal.rs?c=d", "patient/Goal.rs?a=b", ""),
        ("patient/Goal.rs?a=b", "patient/*.r", "patient/Goal.r?a=b"),
        ("patient/Task.rsu patient/Goal.sr patient/x.r openid", ANY, ""),
        ("openid openid launch", "launch openid", "openid launch"),
        ("patient/NoSuchType.rs patient/Goal.rs", ANY, "patient/Goal.rs"),
        ("patient/*.rs", "patient/NoSuchType.rs patient/Goal.r", "patient/Goal.r"),
        ("patient/Provenance.rs", ANY, "patient/Provenance.rs"),
        ("patient/Patient.rs?_id=1 patient/Patient.r", ANY, "patient/Patient.r"),
        ("patient/Patient.rs", "patient/*.rs?_id=1", ""),
        ("patient/*.rs?_id=1", ANY, "patient/*.rs?_id=1"),
    ],
)
def test_narrowed(asked: str, allowed: str, found: str) -> None:
    assert " ".join(narrowed(asked, allowed, SERVED)) == found


def test_known() -> None:
    asked = "openid profile patient/Goal.rs launch/encounter openid system/Basic.rs"
    assert known(asked, SERVED) == ["openid", "patient/Goal.rs"]


ASKED = ["openid", "fhirUser", "launch", "patient/Goal.rs", "user/Goal.rs", "system/Goal.rs"]
MEMBER = Account("member", "M1", "A", ("X",))
MANAGER = Account("practitioner", "U1", "B", ("X",))


@pytest.mark.parametrize(
    ("account", "confidential", "refused"),
    [
        (MEMBER, False, {"user/Goal.rs", "system/Goal.rs"}),
        (MEMBER, True, {"user/Goal.rs", "system/Goal.rs"}),
        (MANAGER, True, {"system/Goal.rs"}),
        (SYSTEM, False, {"fhirUser", "user/Goal.rs", "system/Goal.rs"}),
        (SYSTEM, True, {"fhirUser", "user/Goal.rs"}),
    ],
)
def test_grantable(account: Account, confidential: bool, refused: set[str]) -> None:
    found = grantable(ASKED, account, launched=True, confidential=confidential)
    assert {*ASKED} - {*found} == refused
    found = grantable(ASKED, account, launched=False, confidential=confidential)
    assert {*ASKED} - {*found} == {*refused, "launch"}


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("patient/Goal.r", [("Read", "records of the chosen patient", ["goals"])]),
        ("patient/Goal.read patient/Goal.s", [("Read and search", "your own records", ["goals"])]),
        (
            "user/Task.cruds user/Patient.r user/Flag.s",
            [
                (
                    *("Read and search", "records of everybody whom you may see"),
                    ["tasks", "names and member numbers", "flags"],
                ),
                ("Add, change and delete", "records of everybody whom you may see", ["tasks"]),
            ],
        ),
        (
            "patient/Task.u patient/Goal.c patient/Flag.u",
            [
                ("Change", "your own records", ["tasks", "flags"]),
                ("Add", "your own records", ["goals"]),
            ],
        ),
        (
            "patient/*.read patient/Goal.rs patient/AuditEvent.s patient/Goal.u",
            [
                ("Read and search", "your own records", ["all kinds", "the audit trail"]),
                ("Change", "your own records", ["goals"]),
            ],
        ),
        (
            "patient/*.s?_tag=x patient/Goal.s?lifecycle-status=active",
            [
                (
                    *("Search", "your own records"),
                    [
                        "all kinds (only those with _tag x)",
                        "goals (only those with lifecycle-status active)",
                    ],
                )
            ],
        ),
        (
            "system/Foo.s patient/Flag.r",
            [
                ("Read", "your own records", ["flags"]),
                ("Search", "records of everybody, without asking again", ["Foo"]),
            ],
        ),
        ("openid launch/patient", []),
    ],
)
def test_groups(scope: str, found: list[tuple[str, str, list[str]]]) -> None:
    own = any(whose == "your own records" for _, whose, _ in found)
    assert groups(scope.split(), own=own) == found


def test_besides() -> None:
    asked = ["launch/patient", "openid", "patient/Goal.r"]
    who = "Know that it is you who signed in"
    assert besides(asked) == ["Know which patient you chose", who]
    assert besides(asked, own=True) == ["Know that you are the patient", who]


def test_unheard_of() -> None:
    asked = (
        "openid profile email launch launch/encounter patient/Goal.rs patient/Basic.read "
        "patient/*.* user/Task.rs?status=ready system/AuditEvent.s"
    )
    assert unheard_of(asked) == []
    wrong = (
        "patient/Goals.rs patient/Goal.sr Patient/Goal.rs unknown patient/goal.rs launch/ goal "
        "patient/Goal.r? launch/Patient patient/Goal"
    )
    assert unheard_of(f"{asked} {wrong} unknown") == wrong.split()


def test_what_is_kept_is_bounded_and_forgotten() -> None:
    moment = [0.0]
    kept: Kept[int] = Kept(2, 10, lambda: moment[0])
    assert kept.add("a", 1)
    assert not kept.add("a", 2)
    kept.put("b", 2)
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (None, 2, 3, 2)
    assert kept.pop("b") == 2
    assert kept.pop("b") is None
    moment[0] = 10
    assert kept.get("c") is None
    assert [*kept] == []
    assert kept.add("c", 4)
