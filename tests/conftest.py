"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from tests import mongo_server


@pytest.fixture(scope="session")
def mongo_url() -> Iterator[str]:
    """The base URL of a MongoDB server, without a database; started for the run if need be."""
    try:
        with mongo_server.running() as url:
            yield url
    except mongo_server.NoServerError as error:
        if os.environ.get("REQUIRE_MONGO") == "1":
            pytest.fail(f"REQUIRE_MONGO=1, but {error}", pytrace=False)
        pytest.skip(str(error))
    except mongo_server.ServerFailedError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def mongo_database(mongo_url: str) -> Iterator[str]:
    """The URL of an empty database of the test's own, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    yield mongo_server.with_database(mongo_url, name)
    with MongoClient(mongo_url) as client:
        client.drop_database(name)
