"""A server on an empty store, new for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.writing.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as world:
        yield world
