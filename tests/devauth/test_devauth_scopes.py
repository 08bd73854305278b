"""What is allowed of what is asked for, and how it is said."""

from __future__ import annotations

import pytest

from fhir_facade.devauth.accounts import SYSTEM, Account
from fhir_facade.devauth.kept import Kept
from fhir_facade.devauth.scopes import grantable, in_words, known, narrowed
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
    ("scope", "words", "own"),
    [
        (
            "patient/Goal.r",
            "Read goals of the chosen patient",
            "Read your goals",
        ),
        (
            "user/Task.cruds",
            "Add, read, change, delete and search tasks of everybody whose records you may see",
            None,
        ),
        (
            "patient/*.read",
            "Read and search all records of the chosen patient",
            "Read and search your records",
        ),
        ("system/Foo.s", "Search Foo of everybody, without asking again", None),
        (
            "patient/Goal.s?lifecycle-status=active",
            "Search goals (only those with lifecycle-status active) of the chosen patient",
            "Search your goals (only those with lifecycle-status active)",
        ),
        ("launch/patient", "Know which patient you chose", "Know that you are the patient"),
    ],
)
def test_words(scope: str, words: str, own: str | None) -> None:
    assert in_words(scope) == words
    assert in_words(scope, own=True) == (own or words)


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
