"""What is written is read, to the last digit: any resource that is valid in R4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.writing.cases import created, parent, tried, under, without_move
from tests.writing.equality import assert_equal
from tests.writing.resources import WRITTEN, resources
from tests.writing.world import World

pytestmark = pytest.mark.parametrize("type_", WRITTEN)
few = tried(15)


@few
@given(data=st.data())
def test_a_created_resource_is_read_as_it_was_posted(
    world: World, type_: str, data: st.DataObject
) -> None:
    posted = under(data.draw(resources(type_)), parent(world))
    with created(world, posted) as got:
        assert_equal(posted, got)


@few
@given(data=st.data())
def test_an_updated_resource_is_read_as_it_was_put(
    world: World, type_: str, data: st.DataObject
) -> None:
    communication = parent(world)
    first = under(data.draw(resources(type_)), communication)
    second = under(data.draw(resources(type_)), communication)
    with created(world, first) as before:
        put = without_move(second, first)
        got = world.update(before["id"], put)
        assert_equal(put, got, before)
        assert_equal(first, world.update(before["id"], first), got)
