"""Settings that could not give what they are for are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from fhir_facade.settings import Settings

BASE = "https://fhir.example.org/fhir"
ISSUER = "https://auth.example.org"


def _refusal(**given: Any) -> str:
    """What is said of settings that are refused; nothing of what was given is in it."""
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, **given)
    (error,) = refused.value.errors(include_input=False)
    return f"{'.'.join(map(str, error['loc']))}: {error['msg'].removeprefix('Value error, ')}"


@pytest.mark.parametrize("name", ["canonical", "base_url"])
@pytest.mark.parametrize(
    "url",
    ["x.example", "https://x.example?y=1", "https://x.example#a", "https://x.example/\u00e4",
     "https://x.example/a b", "https://x.example/a|1"],
)  # fmt: skip
def test_a_base_that_gives_no_urls(name: str, url: str) -> None:
    with pytest.raises(ValidationError, match="must be"):
        Settings(_env_file=None, **{name: url})


def test_a_base_loses_its_last_slash() -> None:
    settings = Settings(
        _env_file=None, canonical="https://x.example/fhir/", base_url="http://[::1]/"
    )
    assert (settings.canonical, settings.base_url) == ("https://x.example/fhir", "http://[::1]")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"issuer": "http://auth.example.org"},
            "issuers.0.issuer: must begin with https://; http:// is for a server on this machine",
        ),
        (
            {"jwks_url": "http://10.0.0.1/jwks"},
            "issuers.0.jwks_url: must begin with https://; http:// is for a server on this machine",
        ),
        (
            {"introspection_url": "ftp://auth.example.org"},
            "issuers.0.introspection_url: must be an absolute URL that begins with https://",
        ),
        (
            {"discovery_url": "/.well-known/smart-configuration"},
            "issuers.0.discovery_url: must be an absolute URL that begins with https://",
        ),
        (
            {"jwks_url": "https://me:secret@auth.example.org"},
            "issuers.0.jwks_url: must not hold a user name or password; see client_id, "
            "client_secret_file",
        ),
        ({"audience": " "}, "issuers.0.audience: must not be empty"),
        ({"client_secret_file": "/nowhere"}, "issuers.0.client_secret_file: cannot be read"),
        (
            {"introspection_url": f"{ISSUER}/introspect"},
            "issuers.0: introspection_url needs client_id, and its secret",
        ),
        ({"algorithm": "none"}, "issuers.0.algorithm: Extra inputs are not permitted"),
    ],
)
def test_an_issuer_that_cannot_be_trusted(given: dict[str, str], said: str) -> None:
    assert _refusal(base_url=BASE, issuers=[{"issuer": ISSUER, **given}]) == said


def test_two_secrets_of_one_issuer(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("\n")
    issuer = {"issuer": ISSUER, "client_id": "facade", "client_secret_file": str(file)}
    said = "issuers.0.client_secret_file: is empty"
    assert _refusal(base_url=BASE, issuers=[issuer]) == said
    file.write_text("hush\n")
    assert Settings(_env_file=None, base_url=BASE, issuers=[issuer]).issuers  # type: ignore[arg-type]
    said = "issuers.0: client_secret and client_secret_file are two ways to say one thing"
    assert _refusal(base_url=BASE, issuers=[{**issuer, "client_secret": "hush"}]) == said


@pytest.mark.parametrize(
    "url", ["http://localhost:9000", "http://127.0.0.1:9000/auth", "http://[::1]", ISSUER]
)
def test_an_issuer_on_this_machine_needs_no_tls(url: str) -> None:
    settings = Settings(_env_file=None, base_url=BASE, issuers=[{"issuer": url}])  # type: ignore[list-item]
    assert settings.issuers[0].issuer == url


@pytest.mark.parametrize("issuer", [{"issuer": ISSUER}, {"issuer": ISSUER, "audience": "x"}])
def test_an_issuer_needs_a_base_url(issuer: dict[str, str]) -> None:
    said = "issuers: where tokens are asked for, FHIR_FACADE_BASE_URL must be set"
    assert _refusal(issuers=[issuer]) == said
    assert _refusal(base_url="", issuers=[issuer]) == said


def test_an_issuer_stands_once() -> None:
    twice = [{"issuer": ISSUER}, {"issuer": ISSUER, "audience": "x"}]
    assert _refusal(base_url=BASE, issuers=twice) == "issuers: an issuer stands in it twice"


@pytest.mark.parametrize(
    "origin",
    ["https://app.example.org/", "app.example.org", "null", "https://APP.example.org",
     "https://*.example.org", "http://localhost:3*", "https://app.example.org/a",
     "https://me@app.example.org", ""],
)  # fmt: skip
def test_an_origin_that_no_browser_sends(origin: str) -> None:
    assert _refusal(cors_origins=[origin]).startswith("cors_origins: an origin is written as")


def test_origins_that_browsers_send() -> None:
    origins = ["*", "https://app.example.org", "http://localhost:*", "capacitor://localhost"]
    assert Settings(_env_file=None, cors_origins=origins).cors_origins == origins


@pytest.mark.parametrize(
    "rate", ["600", "many", "0/minute", "1/fortnight", "5/minute;1/second", "-1/second"]
)
def test_a_rate_that_is_none(rate: str) -> None:
    said = "rate_limit: must be a number and a time, such as 600/minute"
    assert _refusal(rate_limit=rate) == said


@pytest.mark.parametrize("proxy", ["*", "proxy.example.org", "10.0.0.1/8", "", "10.0.0.300"])
def test_a_proxy_that_is_no_address(proxy: str) -> None:
    said = "trusted_proxies: must be addresses or networks, such as 10.0.0.7 or 10.0.0.0/24"
    assert _refusal(trusted_proxies=["10.0.0.7", "10.0.0.0/24", "::1", proxy]) == said


def test_a_key_without_its_certificate() -> None:
    said = "tls_key: is of no use without FHIR_FACADE_TLS_CERTIFICATE"
    assert _refusal(tls_key="key.pem") == said


def test_an_empty_secret_signs_nothing() -> None:
    assert _refusal(cursor_secret="").startswith("cursor_secret: String should have at least 1")


def test_secrets_are_not_shown() -> None:
    settings = Settings(
        _env_file=None,
        store="mongodb://user:hush@host/pmi",
        cursor_secret="hush",
        base_url=BASE,
        issuers=[{"issuer": ISSUER, "client_id": "x", "client_secret": "hush"}],  # type: ignore[list-item]
    )
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, trusted_proxies="hush", timezone="hush")  # type: ignore[arg-type]
    assert "hush" not in str(refused.value)


def test_settings_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIR_FACADE_SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv("FHIR_FACADE_STORE", raising=False)
    (tmp_path / "fhir_facade_cursor_secret").write_text("from a file\n")
    (tmp_path / "FHIR_FACADE_STORE").write_text("mongodb://user:hush@host/pmi")
    (tmp_path / "fhir_facade_max_url").write_text("300")
    (tmp_path / "fhir_facade_max_body").write_text("2000")
    monkeypatch.setenv("FHIR_FACADE_MAX_BODY", "3000")
    settings = Settings(_env_file=None, max_url=400)
    assert settings.cursor_secret == "from a file"
    assert settings.store == "mongodb://user:hush@host/pmi"
    assert (settings.max_url, settings.max_body) == (400, 3000)


def test_a_folder_of_files_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_FACADE_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="FHIR_FACADE_SECRETS_DIR names no folder"):
        Settings(_env_file=None)
