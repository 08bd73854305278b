"""Fixtures that every test may ask for."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pymongo import MongoClient

from fhir_facade import main
from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.main import build_registry
from fhir_facade.rules.registry import Registry
from fhir_facade.settings import Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests import mongo_server
from tests.recorded import recorded

pytest_plugins = ["tests.log_watch"]

# what is recorded of requests has tests of its own; elsewhere it would only cost time
os.environ.setdefault("FHIR_FACADE_AUDIT", "off")

_build_registry, _MAPPINGS = main.build_registry, main.ALL
_registries: dict[str, Registry] = {}


def _kept_registry(settings: Settings) -> Registry:
    """A registry is never changed: applications with the same settings can share one here."""
    known = repr(settings.context())
    if main.ALL is not _MAPPINGS:  # a test has put its own in their place
        return _build_registry(settings)
    if known not in _registries:
        _registries[known] = _build_registry(settings)
    return _registries[known]


main.build_registry = _kept_registry

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("spec", "tests/spec against a deployment")
    group.addoption("--base-url", help="FHIR base that tests/spec asks (else: a demo of its own).")
    group.addoption(
        "--spec-patient",
        action="append",
        default=[],
        metavar="ID",
        help="Patient whose resources tests/spec looks at; repeatable (else: some that it finds).",
    )
    group.addoption(
        "--spec-header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="Header of every request of tests/spec, 'Authorization: Bearer …'; repeatable.",
    )
    group.addoption(
        "--spec-writes",
        action="store_true",
        help="Let tests/spec create resources in the deployment, and delete them again.",
    )


_WITHOUT_COVERAGE = (
    *("browser", "clients", "smart", "spec", "validator", "writes_hard", "writing_lists"),
    *("security/test_attacker", "security/test_matrix", "search/test_search_brute_force"),
    *("store/test_property", "store/test_matching", "interactions/test_interactions_stores_agree"),
    *("http/test_http_declared", "http/test_http_undeclared", "http/test_http_walk"),
    *("http/test_http_errors", "http/test_http_ugly", "http/test_http_validate_modes"),
    *("interactions/test_interactions_dirty", "interactions/test_interactions_paging"),
    *("interactions/test_bundle_validity", "interactions/test_history_rows"),
    *("search/test_search_served_is_found", "search/test_search_date_oracle"),
    *("rules/test_rules_present", "rules/test_rules_dates", "rules/validation/test_profile_pub"),
    *("writing/test_writing_stray", "writing/test_writing_stored", "writing/test_writing_round"),
    *("commands/test_command_check_resume", "mappings/test_mapping_validity"),
)
"""Tests that go over the same lines again and again: counting those would double their time."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("no_cov", default=True):  # its marks are an error to a run that counts none
        return
    here = Path(__file__).parent
    for item in items:
        if str(item.path.relative_to(here)).startswith(_WITHOUT_COVERAGE):
            item.add_marker("no_cover")


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


@pytest.fixture(scope="session")
def dirty_documents() -> list[tuple[str, dict[str, Any]]]:
    """Sixty members' documents, three in ten of them spoiled; nobody changes them."""
    return list(generate(60, 1, 0.3))


@pytest.fixture(scope="session")
def clean_documents() -> list[tuple[str, dict[str, Any]]]:
    """Eight members' clean documents; nobody changes them."""
    return list(generate(8))


@pytest.fixture(scope="session")
def dirty_file(
    tmp_path_factory: pytest.TempPathFactory, dirty_documents: list[tuple[str, dict[str, Any]]]
) -> Path:
    """An embedded store of the dirty documents, for tests that only read."""
    return _store_file(tmp_path_factory.mktemp("dirty") / "store.db", dirty_documents)


@pytest.fixture(scope="session")
def smaller_dirty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of twenty members, and what is recorded of them, for tests that go through it many
    times."""
    documents = list(generate(20, 1, 0.3))
    documents += recorded(documents, 200)
    return _store_file(tmp_path_factory.mktemp("smaller") / "store.db", documents)


@pytest.fixture(scope="session")
def clean_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded store of eight members' clean documents, for tests that only read."""
    return _store_file(tmp_path_factory.mktemp("clean") / "store.db", list(generate(8)))


@pytest.fixture(scope="session")
def recorded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with what is recorded of requests and writes: every served type is there."""
    documents = list(generate(8))
    documents += recorded(documents, 12)
    return _store_file(tmp_path_factory.mktemp("recorded") / "store.db", documents)


def _store_file(path: Path, documents: list[tuple[str, dict[str, Any]]]) -> Path:
    async def fill() -> None:
        store = open_store(f"sqlite:///{path}")
        await load_documents(store, iter(documents))
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
        await store.ensure_indexes(build_registry(settings).indexes())
        await store.close()

    asyncio.run(fill())
    return path


@pytest.fixture
async def dirty_store(dirty_file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{dirty_file}")
    yield store
    await store.close()


@pytest.fixture
async def smaller_dirty_store(smaller_dirty_file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{smaller_dirty_file}")
    yield store
    await store.close()


@pytest.fixture
async def clean_store(clean_file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{clean_file}")
    yield store
    await store.close()


@pytest.fixture
async def recorded_store(recorded_file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{recorded_file}")
    yield store
    await store.close()


@pytest.fixture
async def sqlite_store() -> AsyncIterator[Store]:
    """An empty embedded store of the test's own."""
    store = open_store("sqlite:///:memory:")
    yield store
    await store.close()


@pytest.fixture(params=["sqlite", "mongo"])
async def empty_store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An empty store of the test's own, of each kind in turn."""
    mongo = request.param == "mongo"
    url = request.getfixturevalue("mongo_database") if mongo else "sqlite:///:memory:"
    store = open_store(url)
    yield store
    await store.close()
