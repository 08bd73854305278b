"""A document that has outgrown what a database can hold is refused, and stays as it was."""

from __future__ import annotations

from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import case_of, stored_case


def letter() -> Json:
    """A document of a case that is most of 8 MB large."""
    text = "x" * 900_000
    extensions = [{"url": f"https://example.org/{n}", "valueString": text} for n in range(9)]
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"title": "Letter", "url": "gs://bucket/letter.pdf"}}],
        "context": {"encounter": [{"reference": "EpisodeOfCare/c1"}]},
        "extension": extensions,
    }


def test_a_case_does_not_outgrow_the_database(world: World) -> None:
    stored_case(world)
    body = letter()
    answers = [world.ask("POST", "/DocumentReference", body) for _ in range(3)]
    taken = [each for each in answers if each.status_code == 201]
    refused = [each for each in answers if each.status_code != 201]
    assert refused
    assert {each.status_code for each in refused} <= {413, 422}
    assert "retry-after" not in refused[0].headers
    assert len(case_of(world)["documents"]) == len(taken) > 0
    assert world.ask("GET", "/EpisodeOfCare/c1").status_code == 200
