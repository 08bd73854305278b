"""Who the members are and what happens in their cases, before any document is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from bson import ObjectId

from fhir_facade.demo.content.organizations import EMPLOYERS
from fhir_facade.demo.content.people import CARE_MANAGERS, CLINICS, GIVEN_NAMES, SURNAMES
from fhir_facade.demo.content.programs import ADHERENCE, DIABETES, PROGRAMS
from fhir_facade.demo.content.shapes import Employer, Person, Program
from fhir_facade.demo.dice import Dice, day, midnight

FIRST_MEMBER_NUMBER = 100001
WELL_KNOWN_MEMBER = "M100001"
WELL_KNOWN_NAME = ("Amara", "Sampleton")
CASES_PER_MEMBER = {0: 4, 1: 62, 2: 26, 3: 8}
LONGEST_CASE = 540
RESOLVED_AFTER = {30: 0.10, 120: 0.35, 270: 0.60, LONGEST_CASE: 0.85}
PROGRAMS_BY_KEY = {program.key: program for program in PROGRAMS}
PROGRAM_WEIGHTS = {program.key: program.weight for program in PROGRAMS}
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Plan(NamedTuple):
    """How much happens in a case: counts of work items, its age in days, and whether it ended."""

    program: Program
    tasks: int
    flags: int
    goals: int
    interactions: int
    age: int
    resolved: bool


WELL_KNOWN_PLANS = (
    Plan(DIABETES, tasks=4, flags=1, goals=3, interactions=2, age=180, resolved=False),
    Plan(ADHERENCE, tasks=2, flags=1, goals=1, interactions=1, age=320, resolved=True),
)


@dataclass
class Member:
    """A member of a health plan."""

    id: str
    given: str
    family: str
    employer: Employer
    active_flags: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The name as the platform denormalizes it."""
        return f"{self.given} {self.family}"

    @property
    def well_known(self) -> bool:
        """Whether this is the member that the documentation uses in its examples."""
        return self.id == WELL_KNOWN_MEMBER


@dataclass
class CaseFile:
    """The story of one case, which all its documents tell."""

    member: Member
    plan: Plan
    id: ObjectId
    number: str
    opened: datetime
    closed: datetime | None
    now: datetime
    owner: Person
    former_owner: Person | None
    condition: str
    words: dict[str, str]
    amount: float
    dates_as_text: bool
    camel_case_parts: bool

    @property
    def program(self) -> Program:
        """The program of the case."""
        return self.plan.program

    @property
    def last(self) -> datetime:
        """The last moment at which something may have happened."""
        return self.closed or self.now

    @cached_property
    def subject(self) -> Person:
        """The member as a reference."""
        return Person(self.member.id, self.member.name)

    def say(self, text: str) -> str:
        """Fill in the names and amounts of this case."""
        return text.format_map(self.words) if "{" in text else text

    def date(self, moment: datetime) -> Any:
        """Return a date the way this case stores dates: as text or as midnight."""
        return day(moment) if self.dates_as_text else midnight(moment)


def end_of_day(today: date) -> datetime:
    """Return the moment at which the demo data stands still."""
    return datetime.combine(today, time(22), tzinfo=UTC)


def draw_member(number: int, dice: Dice) -> Member:
    """Invent the member with the given number, counted from 0."""
    if number == 0:
        return Member(WELL_KNOWN_MEMBER, *WELL_KNOWN_NAME, employer=EMPLOYERS[0])
    return Member(
        id=f"M{FIRST_MEMBER_NUMBER + number}",
        given=dice.choice(GIVEN_NAMES),
        family=dice.choice(SURNAMES),
        employer=dice.choice(EMPLOYERS),
    )


def draw_plans(member: Member, dice: Dice) -> tuple[Plan, ...]:
    """Decide how many cases a member has and what happens in them."""
    if member.well_known:
        return WELL_KNOWN_PLANS
    return tuple(_draw_plan(dice) for _ in range(dice.weigh(CASES_PER_MEMBER)))


def _draw_plan(dice: Dice) -> Plan:
    age = 3 + int(dice.betavariate(1.2, 1.6) * (LONGEST_CASE - 3))
    likelihood = next(share for limit, share in RESOLVED_AFTER.items() if age <= limit)
    return Plan(
        program=PROGRAMS_BY_KEY[dice.weigh(PROGRAM_WEIGHTS)],
        tasks=dice.randint(1, 8),
        flags=dice.choice((0, 1, 1, 1, 2, 2, 3)),
        goals=dice.choice((0, 1, 1, 2, 2, 3, 3, 4)),
        interactions=dice.randint(0, 8),
        age=age,
        resolved=age > 10 and dice.chance(likelihood),
    )


def _spoken(moment: datetime) -> str:
    return f"{MONTHS[moment.month - 1]} {moment.day}"


def draw_case(member: Member, plan: Plan, now: datetime, dice: Dice) -> CaseFile:
    """Invent the story of one case."""
    opened = dice.moment(now - timedelta(days=plan.age), now - timedelta(days=plan.age - 1))
    closed = None
    if plan.resolved:
        closed = dice.moment(opened + timedelta(days=max(5, plan.age // 3)), now)
    owner, former_owner = dice.sample(CARE_MANAGERS, 2)
    program = plan.program
    amount = round(dice.uniform(*program.savings), 2)
    words = {
        "first": member.given,
        "drug": dice.choice(program.drugs),
        "clinic": dice.choice(CLINICS),
        "amount": f"${amount:,.2f}",
        "day": _spoken(opened - timedelta(days=dice.randint(2, 60))),
    }
    return CaseFile(
        member=member,
        plan=plan,
        id=dice.object_id(opened),
        number=f"{dice.randrange(100000):05d}",
        opened=opened,
        closed=closed,
        now=now,
        owner=owner,
        former_owner=former_owner if dice.chance(0.3) else None,
        condition=dice.choice(tuple(program.conditions)),
        words=words,
        amount=amount,
        dates_as_text=dice.chance(0.6),
        camel_case_parts=dice.chance(0.4),
    )
