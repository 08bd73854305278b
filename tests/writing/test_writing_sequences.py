"""A resource that is edited again and again is always what its edits make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.writing.cases import created, parent, tried, under
from tests.writing.edits import apply, edits
from tests.writing.equality import (
    content,
    differing,
    expected_after,
    without_time_of_change,
)
from tests.writing.resources import WRITTEN, resources
from tests.writing.world import World


@pytest.mark.parametrize("type_", WRITTEN)
@tried(12)
@given(data=st.data())
def test_each_edit_changes_its_element_alone(world: World, type_: str, data: st.DataObject) -> None:
    with created(world, under(data.draw(resources(type_)), parent(world))) as current:
        for _ in range(data.draw(st.integers(1, 5))):
            edit = data.draw(edits(type_, content(current)))
            expected, got = apply(world, current, edit)
            wanted, given_ = expected_after(expected, got, current)
            if edit[3] != "put":
                without_time_of_change(wanted, given_)
            wrong = differing(wanted, given_)
            assert not wrong, (edit, wrong)
            current = got
