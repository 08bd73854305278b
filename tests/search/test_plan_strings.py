"""Strings, uris, words that go with codes, and composites: the exact filter, as text."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.rules.text_match import TEXT
from tests.search.plans import LIVE, added, both, either, plan, scalar

NOTHING = "nothing"
EVERYTHING: dict[str, Any] = {}
M = "[\u0300-\u036f]*"
"""Accents that stand as characters of their own."""
X, V = "[xX\u1e8a\u1e8b\u1e8c\u1e8d]", "[vV\u1e7c\u1e7d\u1e7e\u1e7f]"


def text(path: str, pattern: str) -> Any:
    return scalar(path, {"$regex": pattern})


class TestStrings:
    @pytest.mark.parametrize("value", ["7.x", "7.X", "7.\u1e8b", "7.x\u0308"])
    def test_begins_with_whatever_the_case_and_the_accents(self, value: str) -> None:
        assert added(f"Task?description={value}") == text("message", rf"^{M}7{M}\.{M}{X}{M}")

    @pytest.mark.parametrize("value", ["7.x", "7.X"])
    def test_contains(self, value: str) -> None:
        found = added(f"Task?description:contains={value}")
        assert found == text("message", rf"7{M}\.{M}{X}{M}")

    @pytest.mark.parametrize("value", ["7.x", "\u1e8b", " x", "(a|b)*$"])
    def test_exact(self, value: str) -> None:
        assert added(f"Task?description:exact={value}") == scalar("message", value)

    def test_alternatives_and_escapes(self) -> None:
        wanted = either(text("message", f"^{M}7{M},{M}7{M}"), text("message", f"^{M}{X}{M}"))
        assert added(r"Task?description=7\,7,x,") == wanted
        exact = either(scalar("message", "a,b"), scalar("message", r"c\d"))
        assert added(r"Task?description:exact=a\,b,c\\d") == exact

    @pytest.mark.parametrize("sign", list(".*+?[](){}^&|"))
    def test_signs_are_no_patterns(self, sign: str) -> None:
        found = added(f"Task?description=7{quote(sign)}")
        assert found == text("message", f"^{M}7{M}{re.escape(sign)}{M}")

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("title=Case", EVERYTHING),
            ("title=CASE ITEMS", EVERYTHING),
            ("title=case items, and more", EVERYTHING),
            ("title=items", NOTHING),
            ("title:contains=ITEM", EVERYTHING),
            ("title:exact=Case items", EVERYTHING),
            ("title:exact=Case", NOTHING),
            ("title:exact=case items", NOTHING),
        ],
    )
    def test_a_text_that_is_always_the_same(self, search: str, found: Any) -> None:
        assert added(f"List?{search}") == found

    @pytest.mark.parametrize("modifier", ["text", "not", "in", "below", "starts-with", "Exact"])
    def test_other_modifiers_are_refused(self, modifier: str) -> None:
        with pytest.raises(UnknownParameter, match="it takes: :missing, :exact, :contains"):
            plan(f"Task?description:{modifier}=x")

    @pytest.mark.parametrize("name", ["description", "description:exact", "code:text"])
    def test_a_long_one_is_refused(self, name: str) -> None:
        """Each character becomes a class of a pattern, and servers take patterns of some 30 kB."""
        assert plan(f"Task?{name}={'x' * 128}").sources
        with pytest.raises(BadRequest, match="takes up to 128 characters"):
            plan(f"Task?{name}={'x' * 129}")

    def test_without_a_value_it_is_refused(self) -> None:
        for name in ("description", "description:exact", "description:contains"):
            with pytest.raises(BadRequest, match="'description' has no value"):
                plan(f"Task?{name}=,")


class TestWords:
    def test_of_a_concept_that_is_nothing_but_words(self) -> None:
        assert added("Communication?topic:text=7.x") == text("topic", rf"^{M}7{M}\.{M}{X}{M}")
        assert added("Communication?topic=7.x") == NOTHING
        assert added("Goal?description:text=x") == text("name", f"^{M}{X}{M}")

    def test_of_a_step(self) -> None:
        wanted = both(text("case_workflow_step_name", f"^{M}{V}{M}"), LIVE)
        assert added("CarePlan?activity-code:text=v") == {"workflow": {"$elemMatch": wanted}}

    def test_of_a_table_are_the_displays_of_its_codes(self) -> None:
        first, second, *others = added("Task?code:text=CLÂ")["$or"]
        known = {"$in": ["Claim", "claim", "CLAIM"]}
        assert [first, second] == [scalar("category", known), scalar("category.value", known)]
        assert others[-1].keys() == {"category.display", "$nor"}

    def test_of_a_code_that_shows_itself(self) -> None:
        found = added("DocumentReference?type:text=x")["$or"]
        assert found[0] == text("document_type", f"^{M}{X}{M}")
        assert found[-1] == text("document_type.display", f"^{M}{X}{M}")
        assert text("name", f"^{M}{X}{M}") in added("Flag?code:text=x")["$or"][0]["$or"]

    @pytest.mark.parametrize(
        ("value", "found"), [("case", EVERYTHING), ("CASE O", EVERYTHING), ("outcome", NOTHING)]
    )
    def test_of_a_code_that_is_always_the_same(self, value: str, found: Any) -> None:
        assert added(f"Observation?code:text={value}") == found

    @pytest.mark.parametrize("name", ["status", "_id", "identifier", "_tag", "patient", "due"])
    def test_what_has_no_words_does_not_take_it(self, name: str) -> None:
        with pytest.raises(UnknownParameter, match="':text' is not supported here"):
            plan(f"Task?{name}:text=x")


PLACED = both(text("bucket", TEXT), text("path", TEXT))


class TestUris:
    def test_the_whole(self) -> None:
        found = added("DocumentReference?location=gs://wnc/M1/7%2520x.pdf")
        path = text("path", r"^/*M1/7\ x\.pdf$")
        assert found == both(scalar("bucket", "wnc"), path, PLACED)

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            (
                "gs://wnc/M1",
                both(scalar("bucket", "wnc"), text("path", "^/*M1"), PLACED),
            ),
            ("gs://wnc/", both(scalar("bucket", "wnc"), text("path", "^/*"), PLACED)),
            ("gs://wn", both(text("bucket", "^wn"), PLACED)),
            ("gs://", both(text("bucket", "^"), PLACED)),
            ("gs:", PLACED),
            ("http://wnc/", NOTHING),
            ("gs://wnc/M 1", NOTHING),
        ],
    )
    def test_what_begins_with_it(self, value: str, found: Any) -> None:
        assert added(f"DocumentReference?location:below={value}") == found

    def test_what_it_begins_with(self) -> None:
        found = added("DocumentReference?location:above=gs://wnc/M1")
        starts = scalar("path", {"$in": ["M", "M1", "/M", "/M1"]})
        assert found == both(scalar("bucket", {"$in": ["wnc"]}), starts)

    @pytest.mark.parametrize(
        "value", ["http://wnc/M1", "gs://wnc", "gs:/wnc/M1", "gs://wnc/M 1", "/M1", "wnc/M1"]
    )
    def test_what_is_no_such_url(self, value: str) -> None:
        assert added(f"DocumentReference?location={value}") == NOTHING

    @pytest.mark.parametrize("modifier", ["", ":below", ":above"])
    def test_where_nothing_is_stored(self, modifier: str) -> None:
        assert added(f"Task?_profile{modifier}=http://example.org/p") == NOTHING

    @pytest.mark.parametrize("modifier", ["exact", "contains", "not", "text"])
    def test_other_modifiers_are_refused(self, modifier: str) -> None:
        with pytest.raises(UnknownParameter, match="it takes: :missing, :below, :above"):
            plan(f"DocumentReference?location:{modifier}=gs://x/y")


class TestContentType:
    @staticmethod
    def ending(known: str) -> Any:
        condition = {"$regex": rf"(?:^|/)\.*[^/.][^/]*\.({known})$", "$options": "i"}
        return both(scalar("path", condition), PLACED)

    @pytest.mark.parametrize("value", ["image/jpeg", "urn:ietf:bcp:13|image/jpeg"])
    def test_by_the_endings_that_stand_for_it(self, value: str) -> None:
        found = added(f"DocumentReference?contenttype={value}")
        assert found == self.ending("jpe|jpeg|jpg")

    @pytest.mark.parametrize("value", ["image/none", "|image/jpeg", "x|image/jpeg", "image"])
    def test_no_such_type(self, value: str) -> None:
        assert added(f"DocumentReference?contenttype={value}") == NOTHING

    def test_below(self) -> None:
        found = added("DocumentReference?contenttype:below=image")
        assert "|jpe|jpeg|jpg|" in str(found)
        assert "pdf" not in str(found)
        assert added("DocumentReference?contenttype:below=image/jpeg") == self.ending(
            "jpe|jpeg|jpg"
        )


VALUE = either(
    scalar("outcomeCategory", {"$in": ["resolved"]}),
    scalar("outcomeCategory.value", {"$in": ["resolved"]}),
)
LOCAL = "https://fhir.wellnecity.com/CodeSystem"


class TestComposites:
    @pytest.mark.parametrize("name", ["code-value-concept", "combo-code-value-concept"])
    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ("case-outcome$resolved", VALUE),
            (f"{LOCAL}/case-outcome-code|case-outcome$resolved", VALUE),
            (f"case-outcome${LOCAL}/outcome-category|resolved", VALUE),
            ("case-outcome$|resolved", NOTHING),
            ("other$resolved", NOTHING),
            ("other$resolved,case-outcome$resolved", VALUE),
        ],
    )
    def test_both_parts_must_fit(self, name: str, value: str, found: Any) -> None:
        assert added(f"Observation?{name}={value}") == found

    def test_an_escaped_dollar_is_part_of_the_code(self) -> None:
        found = added(r"Observation?code-value-concept=case-outcome$a\$b")
        assert found["$or"][0] == scalar("outcomeCategory", {"$in": ["a$b"]})

    @pytest.mark.parametrize("value", ["case-outcome", "$", "a$", "$b", "a$b$c", r"a\$b"])
    def test_anything_but_two_parts_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match=r"is code\$value-concept"):
            plan(f"Observation?code-value-concept={value}")

    @pytest.mark.parametrize("modifier", ["missing", "not", "text", "exact"])
    def test_it_takes_no_modifier(self, modifier: str) -> None:
        with pytest.raises(UnknownParameter, match="it takes: none"):
            plan(f"Observation?code-value-concept:{modifier}=true")


class TestProfile:
    """Every resource has this guide's profile; US Core's is where nothing kept takes it away."""

    OWN = "https://fhir.wellnecity.com/StructureDefinition/facade-"
    US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"

    @pytest.mark.parametrize(
        "asked",
        [
            f"={OWN}task",
            f"={OWN}task|0.1.0",
            ":below=https://fhir.wellnecity.com/",
            f":above={OWN}task/more",
        ],
    )
    def test_its_own_is_everyone_s(self, asked: str) -> None:
        assert added(f"Task?_profile{asked}") == EVERYTHING

    def test_the_profile_of_another_type_is_nobody_s(self) -> None:
        assert added(f"Task?_profile={self.OWN}goal") == NOTHING
        assert added(f"Task?_profile={self.US_CORE}goal") == NOTHING

    def test_us_core_where_stored_fields_satisfy_it(self) -> None:
        complete = added(f"CareTeam?_profile:below={self.US_CORE}careteam")
        assert complete["$and"][0] == {"participants": {"$type": "array"}}
        assert added(f"Goal?_profile:below={self.US_CORE}goal") == EVERYTHING
        assert added(f"DocumentReference?_profile:below={self.US_CORE}documentreference") == NOTHING
