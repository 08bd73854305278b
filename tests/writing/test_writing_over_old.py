"""Any resource may take the place of any old document, and is read as it was put."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.demo import generate
from tests.writing.cases import remove, tried, without_move
from tests.writing.equality import assert_equal
from tests.writing.exact_json import Json, read
from tests.writing.resources import resources
from tests.writing.stored import served_as
from tests.writing.stray import mutated
from tests.writing.test_writing_stray_fields import TYPES, placed
from tests.writing.world import World

OLD = list(generate(12, 4, 0.6))


def _of(type_: str) -> list[tuple[str, Json]]:
    return [pair for pair in OLD if type_ in {kind for kind, _ in served_as(*pair)}]


@pytest.mark.parametrize("type_", TYPES)
@tried(20)
@given(data=st.data())
def test_what_is_put_over_an_old_document_is_read(
    world: World, type_: str, data: st.DataObject
) -> None:
    pairs = _of(type_)
    collection, document = pairs[data.draw(st.integers(0, len(pairs) - 1))]
    if data.draw(st.booleans()):
        document = data.draw(mutated(document))
    stored = placed(world, (collection, document))
    ids = [id for kind, id in served_as(collection, stored) if kind == type_]
    response = world.ask("GET", f"/{type_}/{ids[0]}") if ids else None
    if response is None or response.status_code != 200:
        return
    before = read(response.content)
    put = without_move(data.draw(resources(type_)), before)
    assert_equal(put, world.update(before["id"], put), before)
    if type_ == "Flag":
        remove(world, before)
