"""docs/smart.md is run: the launch by hand, and the small clients in examples/."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from tests.smart.apps import App, Demo, Json, Service
from tests.smart.docs import EXAMPLES, ROOT, TEXT, commands, differences, listings
from tests.smart.node import FOLDER, SECONDS, line_of, running, tell
from tests.smart.person import MANAGER, MEMBER, Person

DOCUMENTED = "http://127.0.0.1:8000"
REDIRECT = "http://127.0.0.1:3000/"
MARK = "--- the next block"


@pytest.mark.parametrize(
    "file",
    [
        "browser/app.js",
        "browser/index.html",
        *(each.name for each in sorted(EXAMPLES.glob("*.*")) if each.suffix in (".py", ".mjs")),
    ],
)
def test_a_listing_is_the_file(file: str) -> None:
    assert listings()[file] == (EXAMPLES / file).read_text("utf-8")


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", TEXT)
    assert len(links) > 10
    for path, anchor in links:
        file = ROOT / "docs" / (path or "smart.md")
        assert file.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
            assert anchor in slugs, f"{path}#{anchor}"


def test_the_launch_by_hand(demo: Demo, tmp_path: Path) -> None:
    blocks = commands("sh")
    script = f"\necho; echo '{MARK}'\n".join(each.text for each in blocks)
    bash = shutil.which("bash")
    assert bash
    (tmp_path / "script").write_text("set -eu\n" + script.replace(DOCUMENTED, demo.origin))
    with (
        running(bash, "script", folder=tmp_path) as process,
        Person(demo.origin, REDIRECT) as person,
    ):
        printed = ""
        while "/authorize?" not in (line := line_of_any(process)):
            printed += line
        tell(process, person.go(line.strip()).allow(MEMBER).told["code"])
        rest = rest_of(process)
    answers = (printed + line + rest).split(MARK)
    assert process.returncode == 0, answers
    assert len(answers) == len(blocks) > 6
    for block, answer in zip(blocks, answers, strict=True):
        if block.answer is not None:
            shown = json.loads(block.answer.replace(DOCUMENTED, demo.origin))
            assert differences(shown, json.loads(answer)) == [], block.text


def line_of_any(process: subprocess.Popen[str]) -> str:
    """The next line, an empty one too."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "it ended"
    return line


def rest_of(process: subprocess.Popen[str]) -> str:
    """All that it prints until it ends; what was read ahead is not lost."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    found = process.stdout.read()
    process.wait(SECONDS)
    return found


def test_a_difference_is_found() -> None:
    """What the test above relies on."""
    real = {"a": "text", "b": [1, {"c": 2}], "d": None}
    assert differences({"a": "te…", "b": [1, "…"], "…": "…"}, real) == []
    assert differences({"a": "text", "b": [1, {"c": 2}], "d": None}, real) == []
    for wrong in (
        {"a": "x…", "…": "…"},
        {"a": "text"},
        {"b": [1], "…": "…"},
        {"b": [2, "…"], "…": "…"},
        {"b": [1, {"c": 3}], "…": "…"},
        {"e": 1, "…": "…"},
    ):
        assert differences(wrong, real), wrong


def test_the_python_app(demo: Demo, app: App) -> None:
    arguments = [demo.fhir, app.client_id, app.redirect_uri]
    process = subprocess.Popen(
        [sys.executable, EXAMPLES / "goals.py", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process, Person(demo.origin, app.redirect_uri) as person:
        try:
            url = line_of(process).removeprefix("Open ")
            tell(process, person.go(url).allow("member:M100109").address)
            printed = rest_of(process).removeprefix("Where did the browser end? ")
        finally:
            process.kill()
    name, *goals = printed.splitlines()
    token = app.tokens("member:M100109")["access_token"]
    assert name == demo.get("Patient/M100109", token).json()["name"][0]["text"]
    assert goals == described(demo, token)


@pytest.mark.parametrize("file", ["goals.py", "browser/app.js"])
def test_the_first_clients_have_ten_lines(file: str) -> None:
    lines = listings()[file].splitlines()
    assert len([each for each in lines if each and not each.startswith(('"""', "//"))]) == 10


def described(demo: Demo, token: str) -> list[str]:
    found = demo.get("Goal?_count=100", token).json()["entry"]
    return [each["resource"]["description"]["text"] for each in found]


@pytest.fixture(scope="module")
def counting(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The client id of a backend service, and the file with its key."""
    key = ECKey.generate_key("P-384")
    file = tmp_path_factory.mktemp("service") / "key.json"
    file.write_text(json.dumps(key.as_dict(private=True)))
    (metadata,) = [each for each in registrations() if "client_credentials" in each["grant_types"]]
    metadata["jwks"] = {"keys": [key.as_dict(private=False)]}
    made = demo.register(**metadata)
    return made["client_id"], file


def registrations() -> list[Json]:
    """The bodies of the registrations outside of the launch by hand."""
    bodies = re.findall(
        r"-d '(\{.*?^\})'", "".join(each.text for each in commands("bash")), re.M | re.S
    )
    assert len(bodies) == 2
    return [json.loads(each.replace("""'"$(cat public.json)"'""", "{}")) for each in bodies]


def test_the_key_is_made_as_shown(tmp_path: Path) -> None:
    (command,) = [each.text for each in commands("bash") if "generate_key" in each.text]
    (program,) = re.findall(r"python -c '\n(.*?)'", command, re.S)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=SECONDS)
    assert json.loads((tmp_path / "key.json").read_text())["d"]
    (public,) = json.loads((tmp_path / "public.json").read_text())["keys"]
    assert public.keys() == {"kty", "crv", "x", "y"}


def in_progress(demo: Demo, service: Service) -> int:
    token = service.token("system/Task.rs")["access_token"]
    found: int = demo.get("Task?status=in-progress&_summary=count", token).json()["total"]
    return found


def test_the_services(
    demo: Demo, counting: tuple[str, Path], service: Service, newer_node: str, tmp_path: Path
) -> None:
    """The one in JavaScript finds its library beside it."""
    client_id, key = counting
    shutil.copy(EXAMPLES / "service.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    expected = in_progress(demo, service)
    assert expected > 10
    programs = ([sys.executable, EXAMPLES / "service.py"], [newer_node, "service.mjs"])
    for program in programs:
        done = subprocess.run(
            [*program, demo.fhir, client_id, key],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.stdout == f"{expected}\n", done.stderr


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@contextmanager
def files(folder: Path, port: int) -> Iterator[None]:
    """Serve a folder, as any server of static files does."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def browser() -> str:
    """The path of Chromium; skips by name where there is none."""
    names = (os.environ.get("CHROME", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for each in names if each and (path := shutil.which(each))), None)
    if found is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no Chromium (CHROME)", pytrace=False)
        pytest.skip("there is no Chromium on the PATH, and CHROME is not set")
    return found


def test_the_app_in_a_browser(demo: Demo, newer_node: str, tmp_path: Path, page_app: str) -> None:
    """A member opens it; then an EHR launches it, for one patient and for another, in one tab."""
    from playwright.sync_api import Page, sync_playwright

    path = browser()
    _install(tmp_path / "app", demo, page_app)

    def launch(page: Page, patient: str) -> None:
        page.goto(f"{demo.auth}/launch?app={page_app}")
        if page.locator(f'button[value="{MANAGER}"]').count():
            page.locator(f'button[value="{MANAGER}"]').click()
        page.locator(f'input[type=radio][name=app][value="{page_app}"]').check()
        page.locator(f'input[type=radio][name=patient][value="{patient}"]').check()
        page.get_by_role("button", name="Launch").click()

    def shown(page: Page) -> list[str]:
        page.locator('button[value="allow"]').click()
        page.wait_for_function("!document.body.innerText.startsWith('Signing in')")
        return page.locator("body").inner_text().splitlines()

    with files(tmp_path / "app", demo.app_port), sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        page = chromium.new_page()
        page.goto(f"{demo.app_origin}/")
        page.locator(f'button[value="{MEMBER}"]').click()
        page.go_back()  # who gives up, and comes again, begins anew
        page.goto(f"{demo.app_origin}/")
        if page.locator(f'button[value="{MEMBER}"]').count():
            page.locator(f'button[value="{MEMBER}"]').click()
        found = [shown(page)]
        page.context.clear_cookies()
        for patient in ("M100001", "M100002"):
            launch(page, patient)
            found.append(shown(page))
        chromium.close()
    app = App(demo, page_app, f"{demo.app_origin}/")
    expected = []
    for patient in ("M100001", "M100002"):
        scope = "patient/Patient.r patient/Goal.rs"
        token = app.tokens(f"member:{patient}", scope=scope)["access_token"]
        name = demo.get(f"Patient/{patient}", token).json()["name"][0]["text"]
        expected.append([name, *described(demo, token)])
    assert found == [expected[0], *expected]


def _install(folder: Path, demo: Demo, client: str) -> None:
    """Copy the app to a folder, with the library that `npm install` would bring."""
    shutil.copytree(EXAMPLES / "browser", folder)
    modules = folder / "node_modules"
    modules.unlink(missing_ok=True) if modules.is_symlink() else shutil.rmtree(modules, True)
    modules.symlink_to(FOLDER / "node_modules")
    text = (folder / "app.js").read_text("utf-8")
    assert text.count(DOCUMENTED) == text.count("the client_id that you got") == 1
    given = text.replace(DOCUMENTED, demo.origin).replace("the client_id that you got", client)
    (folder / "app.js").write_text(given, "utf-8")


@pytest.fixture(scope="module")
def page_app(demo: Demo) -> str:
    """The client id of the app in a page, registered as the docs say."""
    (metadata,) = [each for each in registrations() if "redirect_uris" in each]
    assert metadata["redirect_uris"] == [metadata["initiate_login_uri"]] == [REDIRECT]
    metadata["redirect_uris"] = [f"{demo.app_origin}/"]
    metadata["initiate_login_uri"] = f"{demo.app_origin}/"
    found: str = demo.register(**metadata)["client_id"]
    return found
