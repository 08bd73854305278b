"""Files that are sent as they are, and nothing beside them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from fhir_facade.web import files
from fhir_facade.web.layout import STATIC
from tests.http.serving import asking
from tests.web.fronts import HOST, front, paged

SWAGGER = STATIC / "vendor" / "swagger-ui"
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of static files with one app, and a secret beside it."""
    app = tmp_path / "static" / "apps" / "goals"
    app.mkdir(parents=True)
    (app / "index.html").write_text("<title>app</title>")
    (app / "launch.html").write_text("<title>launch</title>")
    (app / "main-4F2K9XQ1.js").write_text("1")
    (app / "main-ABCDEFGH.js").write_text("1")
    (app / "main.js").write_text("1")
    (app / "deeper").mkdir()
    (app / "deeper" / "style.css").write_text("")
    other = tmp_path / "static" / "apps" / "other"
    other.mkdir()
    (other / "index.html").write_text("not to be served")
    (tmp_path / "secret.txt").write_text("secret")
    (app / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(files, "STATIC", tmp_path / "static")
    monkeypatch.setattr("fhir_facade.web.pages.STATIC", tmp_path / "static")
    return tmp_path


def _client(store: Store, patch: pytest.MonkeyPatch, **given: Any) -> httpx.AsyncClient:
    known = {"apps": {"goals": "goals-app"}, "auth": "/auth", **given}
    return asking(paged(store, patch, front(**known)), HOST)


@pytest.fixture
async def client(
    static: Path, clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(clean_store, monkeypatch, connect=["https://auth.test"]) as client:
        yield client


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/apps/goals/", "<title>app</title>"),
        ("/apps/goals/?code=1&state=2", "<title>app</title>"),
        ("/apps/goals/launch", "<title>launch</title>"),
        ("/apps/goals/launch?iss=x&launch=y", "<title>launch</title>"),
    ],
)
async def test_the_pages_of_an_app(client: httpx.AsyncClient, target: str, text: str) -> None:
    answer = await client.get(target)
    assert (answer.status_code, answer.text) == (200, text)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "connect-src 'self' https://auth.test;" in policy
    assert "unsafe" not in policy
    again = await client.get(target, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await client.head(target)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("main-4F2K9XQ1.js", FOREVER),
        ("main-ABCDEFGH.js", FOREVER),
        ("main.js", "no-cache"),
        ("deeper/style.css", "no-cache"),
    ],
)
async def test_what_an_app_loads(client: httpx.AsyncClient, name: str, kept: str) -> None:
    answer = await client.get(f"/apps/goals/{name}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == kept
    kinds = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
    assert answer.headers["content-type"] == kinds[name.rpartition(".")[2]]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_configuration_of_an_app(client: httpx.AsyncClient) -> None:
    answer = await client.get("/apps/goals/config.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "fhir": f"{HOST}/fhir",
        "clientId": "goals-app",
        "logout": f"{HOST}/auth/logout",
    }


async def test_the_configuration_behind_a_proxy(
    static: Path, clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"auth": None, "base_url": "https://fhir.test/r4"}
    async with _client(clean_store, monkeypatch, **given) as client:
        told = (await client.get("/apps/goals/config.json")).json()
        # the name that the proxy asks by is not that of the base, and it must not be led away
        assert (await client.get("/apps/goals/")).status_code == 200
    assert told == {"fhir": "https://fhir.test/r4", "clientId": "goals-app", "logout": None}


async def test_a_name_that_others_may_have_leads_nowhere(
    static: Path, clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _client(clean_store, monkeypatch, base_url="http://fhir.test:8000/fhir") as client:
        assert (await client.get("/apps/goals/")).status_code == 200


async def test_an_app_has_one_origin(
    static: Path, clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"base_url": "http://127.0.0.1:8000/fhir"}
    async with _client(clean_store, monkeypatch, **given) as client:
        for target in ("/apps/goals/", "/apps/goals/launch?iss=x%20y"):
            answer = await client.get(target)
            assert answer.status_code == 307
            assert answer.headers["location"] == f"http://127.0.0.1:8000{target}"
        at_home = await client.get("http://127.0.0.1:8000/apps/goals/")
        assert at_home.status_code == 200
        elsewhere = await client.get("http://localhost:9000/apps/goals/")
        assert elsewhere.status_code == 200


async def test_the_folder_without_its_slash(client: httpx.AsyncClient) -> None:
    answer = await client.get("/apps/goals")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/apps/goals/"


@pytest.mark.parametrize(
    "target",
    [
        "/apps",
        "/apps/",
        "/apps/other",
        "/apps/other/",
        "/apps/other/index.html",
        "/apps/other/config.json",
        "/apps/goals/nothing.js",
        "/apps/goals/deeper",
        "/apps/goals/link.txt",
        "/apps/goals/launch/",
        "/apps/goals/../other/index.html",
        "/apps/goals/%2e%2e/other/index.html",
        "/apps/goals/..%2fother%2findex.html",
        "/apps/goals/..%5cother%5cindex.html",
        "/apps/goals/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret.txt",
        "/apps/goals/%00",
        "/apps/goals/index.html%00.js",
        "/apps/goals//etc/passwd",
        "/apps/goals/" + "x" * 5000,
        "/apps/../secret.txt",
        "/apps/..%2f../",
        "/apps/%2e%2e/",
        "/static/../../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/..%5csecret.txt",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/%00",
        "/static/",
        "/static/apps/goals/index.html",
        "/static/apps/other/index.html",
        "/static/x/../apps/other/index.html",
        "/static/%61pps/other/index.html",
        "/static//apps/other/index.html",
        "/static/./apps/other/index.html",
    ],
)
async def test_nothing_else(client: httpx.AsyncClient, target: str) -> None:
    url = client.base_url.copy_with(raw_path=target.encode())
    answer = await client.get(url, follow_redirects=False)
    assert answer.status_code == 404, answer.text
    assert "secret" not in answer.text
    assert "to be served" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("target", ["/apps/goals/", "/apps/goals/main.js", "/static/base.css"])
async def test_files_are_only_read(
    program: httpx.AsyncClient, client: httpx.AsyncClient, method: str, target: str
) -> None:
    asked = program if target.startswith("/static") else client
    answer = await asked.request(method, target)
    assert answer.status_code == 405


async def test_no_apps_are_served_where_there_are_none(program: httpx.AsyncClient) -> None:
    for target in ("/apps/goals/", "/apps/goals/launch", "/apps/goals/config.json"):
        assert (await program.get(target)).status_code == 404


async def test_static_files(program: httpx.AsyncClient) -> None:
    kinds = {
        "base.css": "text/css; charset=utf-8",
        "answer.js": "text/javascript; charset=utf-8",
        "favicon.svg": "image/svg+xml",
        "vendor/swagger-ui/LICENSE": "text/plain; charset=utf-8",
        "vendor/swagger-ui/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    }
    for name, kind in kinds.items():
        answer = await program.get(f"/static/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.content == (STATIC / name).read_bytes()
        assert answer.headers["cache-control"] == "no-cache"
        assert "unsafe" not in answer.headers["content-security-policy"]
        same = {"If-None-Match": answer.headers["etag"]}
        assert (await program.get(f"/static/{name}", headers=same)).status_code == 304


def test_swagger_ui_is_what_its_makers_published() -> None:
    lines = re.findall(
        r"^\| (\S+) \| ([A-Za-z0-9+/]{86}==) \|$", (SWAGGER / "README.md").read_text(), re.MULTILINE
    )
    found = {each.name for each in SWAGGER.iterdir()} - {"README.md"}
    assert {name for name, _ in lines} == found
    for name, digest in lines:
        known = hashlib.sha512((SWAGGER / name).read_bytes()).digest()
        assert base64.b64encode(known).decode() == digest, name


def test_nothing_of_ours_names_another_server() -> None:
    """What pages load names no other origin, and no page does anything inline."""
    for each in STATIC.rglob("*"):
        parts = each.relative_to(STATIC).parts
        if each.suffix in (".css", ".js") and parts[0] not in ("vendor", "apps"):
            assert not re.search(r"https?://|//\w|@import|eval\(", _code(each)), each
    for each in (STATIC.parent / "templates").iterdir():
        text = each.read_text()
        assert not re.search(r"https?://| style=| on\w+=|<style|<script>", text), each


def _code(path: Path) -> str:
    """The text of a script or style sheet without its comments."""
    return re.sub(r"/\*.*?\*/|^\s*//.*$|(?<=\S)\s+// .*$", "", path.read_text(), flags=re.M | re.S)


def _schemes() -> list[tuple[str, dict[str, str]]]:
    css = (STATIC / "base.css").read_text()
    dark = css.index("@media (prefers-color-scheme: dark)")
    ends = {"light": css[:dark], "dark": css[dark : css.index("@media print")]}
    return [(name, dict(re.findall(r"--([\w-]+): (#\w{6})", text))) for name, text in ends.items()]


def _contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio"""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("name", "colours"), _schemes())
def test_colours_can_be_read(name: str, colours: dict[str, str]) -> None:
    for ground in ("bg", "surface", "surface-2"):
        for text in ("text", "muted", "accent", "good", "warn", "bad"):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (name, text, ground)
        for edge in ("line-strong", "focus"):
            assert _contrast(colours[edge], colours[ground]) >= 3, (name, edge, ground)
    assert _contrast(colours["accent-text"], colours["accent"]) >= 4.5
    for each in ("accent", "good", "warn", "bad"):
        assert _contrast(colours[each], colours[f"{each}-soft"]) >= 4.5, (name, each)
