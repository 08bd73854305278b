"""Servers on empty stores."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from tests import mongo_server
from tests.writing.world import World, new_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A server whose store the tests of a module share: each has its own members."""
    with new_world() as world:
        yield world


@pytest.fixture(scope="module")
def mongo_server_world(mongo_url: str) -> Iterator[World]:
    """A server on the MongoDB substitute, which the tests of a module share."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    with new_world(mongo_server.with_database(mongo_url, name)) as world:
        yield world
    with MongoClient(mongo_url) as client:
        client.drop_database(name)


@pytest.fixture
def mongo_world(mongo_database: str) -> Iterator[World]:
    """The same on the MongoDB substitute."""
    with new_world(mongo_database) as world:
        yield world
