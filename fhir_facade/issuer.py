"""An authorization server, as the settings name it.

https://www.rfc-editor.org/rfc/rfc8414
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator, model_validator


def is_loopback(host: str) -> bool:
    """Say whether a host, a name or an address, is this machine by definition."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _secure_url(value: str) -> str:
    """Return a URL to an authorization server; raise ValueError where others could answer it."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "#" in value:
        raise ValueError("must be an absolute URL that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password; see client_id, client_secret_file")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https://; http:// is for a server on this machine")
    return value


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError("cannot be read") from None


class Issuer(BaseModel):
    """An authorization server whose tokens are accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    """What `iss` must be, character by character."""
    audience: str | None = None
    """What `aud` must hold; the FHIR base URL where it is not set."""
    jwks_url: str | None = None
    """Where the keys are; found out by discovery where it is not set."""
    discovery_url: str | None = None
    """The metadata document, where it is not at a well-known place below the issuer."""
    introspection_url: str | None = None
    """Where opaque tokens are asked about (RFC 7662); without it only JWTs are accepted."""
    any_audience: bool = False
    """Whether an opaque token is good although the endpoint does not say for which server it is."""
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    """Who this server is to the introspection endpoint."""

    @field_validator("issuer", "jwks_url", "discovery_url", "introspection_url")
    @classmethod
    def _over_tls(cls, value: str | None) -> str | None:
        return None if value is None else _secure_url(value)

    @field_validator("audience", "client_id")
    @classmethod
    def _something(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("must not be empty")
        return value

    @field_validator("client_secret_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not _content(value):
            raise ValueError("is empty")
        return value

    @model_validator(mode="after")
    def _knows_itself(self) -> Issuer:
        if self.client_secret is not None and self.client_secret_file is not None:
            raise ValueError("client_secret and client_secret_file are two ways to say one thing")
        if self.introspection_url is not None and self.client_id is None:
            raise ValueError("introspection_url needs client_id, and its secret")
        return self
