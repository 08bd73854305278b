"""One server and one browser for a test run (for each worker of it), a fresh window for a test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser import serving
from tests.browser.asking import Api
from tests.browser.chromium import MISSING, browser_path, chromium
from tests.browser.watching import Watch

MANAGER = "U13"
SECONDS = 3
OPEN = ("requested", "received", "accepted", "ready", "in-progress", "on-hold")

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session", autouse=True)
def path_of_browser() -> str:
    """The browser; where there is none the tests are skipped, or fail where it is required."""
    found = browser_path()
    if found is not None:
        return found
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {MISSING}", pytrace=False)
    pytest.skip(MISSING)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(path_of_browser: str) -> AsyncIterator[Browser]:
    """A browser without a window."""
    async with chromium(path_of_browser) as found:
        yield found


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory, path_of_browser: str) -> Iterator[str]:
    """`serve --demo --auth`, with data of its own."""
    with serving.demo(
        tmp_path_factory.mktemp("demo"), "--auth", "--token-seconds", "7200"
    ) as found:
        yield found


@pytest.fixture(scope="session")
def brief_origin(
    tmp_path_factory: pytest.TempPathFactory, path_of_browser: str, clean_file: Path
) -> Iterator[str]:
    """The same with few members, and tokens that end within seconds."""
    folder = tmp_path_factory.mktemp("brief")
    shutil.copy(clean_file, folder / "store.db")
    with serving.with_store(folder, folder / "store.db", SECONDS) as found:
        yield found


@pytest.fixture(scope="session")
def elsewhere_origin(
    tmp_path_factory: pytest.TempPathFactory, path_of_browser: str, clean_file: Path
) -> Iterator[str]:
    """The same with members who are patients of another server."""
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copy(clean_file, folder / "store.db")
    base = '{"Patient": "https://ehr.example.org/r4"}'
    store = folder / "store.db"
    with serving.with_store(folder, store, 7200, FHIR_FACADE_REFERENCE_BASE=base) as found:
        yield found


@pytest.fixture(scope="session")
def open_origin(
    tmp_path_factory: pytest.TempPathFactory, path_of_browser: str, clean_file: Path
) -> Iterator[str]:
    """A server without an authorization server, that a browser can simply read."""
    folder = tmp_path_factory.mktemp("open")
    shutil.copy(clean_file, folder / "store.db")
    with serving.without_tokens(folder, folder / "store.db") as found:
        yield found


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Watch:
    """What the browser does in this test; other than the origins of its servers it asks nobody."""
    known = {"origin", "brief_origin", "elsewhere_origin", "open_origin"}
    names = known & set(request.fixturenames)
    return Watch(*(request.getfixturevalue(name) for name in sorted(names)))


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, watch: Watch) -> AsyncIterator[BrowserContext]:
    """A window without a past, looked at from the first request to the last."""
    found = await browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-US", timezone_id="UTC"
    )
    found.set_default_timeout(15_000)
    await watch.attach(found)
    yield found
    await found.close()


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_wrong(context: BrowserContext, watch: Watch) -> AsyncIterator[None]:
    """Fails a test whose pages asked elsewhere, broke their policy or complained."""
    yield
    wrong = watch.wrong()
    if wrong:
        pytest.fail("\n".join(dict.fromkeys(wrong)), pytrace=False)


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """A page of that window."""
    return await context.new_page()


@pytest.fixture(scope="session")
def manager(origin: str) -> Iterator[Api]:
    """A care manager's access."""
    with Api(origin, f"practitioner:{MANAGER}", "case") as found:
        yield found


@pytest.fixture(scope="session")
def _busy(manager: Api) -> Iterator[str]:
    """Members with a case, active goals and at least two open tasks."""
    tasks = manager.get(f"Task?status={','.join(OPEN)}&_sort=-due&_count=400")["entry"]
    goals = manager.get("Goal?lifecycle-status=active&_count=400")["entry"]
    cases = manager.get("EpisodeOfCare?status=active&_count=400")["entry"]
    with_goals = {each["resource"].get("subject", {}).get("reference") for each in goals}
    with_cases = {each["resource"].get("patient", {}).get("reference") for each in cases}
    counted = Counter(each["resource"].get("for", {}).get("reference", "") for each in tasks)
    usable = with_goals & with_cases
    found = sorted(key for key, number in counted.items() if number > 1 and key in usable)
    return itertools.chain(key.removeprefix("Patient/") for key in found)


@pytest.fixture
def member(_busy: Iterator[str]) -> str:
    """A member with goals and tasks that no other test changes."""
    return next(_busy)


@pytest.fixture
def as_member(origin: str) -> Iterator[Callable[[str], Api]]:
    """Access to the main server as a member."""
    made: list[Api] = []

    def signed_in(member: str) -> Api:
        made.append(Api(origin, f"member:{member}", "goals"))
        return made[-1]

    yield signed_in
    for each in made:
        each.__exit__(None, None, None)


@pytest.fixture
def brief_member(brief_origin: str) -> str:
    """A member of the other server who has something to do."""
    with Api(brief_origin, f"practitioner:{MANAGER}", "case") as api:
        goals = api.search("Goal?lifecycle-status=active&_count=100")
        tasks = api.search(f"Task?status={','.join(OPEN)}&_count=100")
    active = {each["subject"]["reference"] for each in goals}
    found = sorted({each["for"]["reference"] for each in tasks} & active)
    return str(found[0]).removeprefix("Patient/")
