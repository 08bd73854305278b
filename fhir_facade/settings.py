"""What a deployer can set: environment variables `FHIR_FACADE_*`, or the same names in `.env`."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fhir_facade.rules.context import DEFAULT_CANONICAL, Context

_CODES = TypeAdapter(dict[str, dict[str, str]])
_PLAIN_URL = re.compile(r"[A-Za-z0-9:/._~%@!$&'()*+,;=\[\]-]+")


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
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    """Who this server is to the introspection endpoint."""


class Settings(BaseSettings):
    """Every setting, with its default and its meaning."""

    model_config = SettingsConfigDict(
        env_prefix="FHIR_FACADE_", env_file=".env", extra="ignore", frozen=True
    )

    store: str = Field(
        default="sqlite:///fhir-facade.db",
        description="`sqlite:///relative.db`, `sqlite:////absolute.db` or `mongodb://host/database`",
    )
    mongo_driver: Literal["pymongo", "motor"] = Field(
        default="pymongo", description="`pymongo`, or `motor` with the extra of that name installed"
    )
    base_url: str | None = Field(
        default=None,
        description="The public URL of the FHIR base, such as `https://fhir.example.org/fhir`; "
        "taken from each request where it is not set",
    )
    canonical: str = Field(
        default=DEFAULT_CANONICAL,
        description="Base of code systems, identifier systems and extensions",
    )
    reference_base: dict[str, str] = Field(
        default_factory=dict,
        description="JSON object: resource type → base URL of the server that holds it, "
        '`{"Patient": "https://ehr.example.org/r4"}`; other references are relative',
    )
    timezone: str = Field(
        default="UTC",
        description="IANA zone of stored datetimes without one, and of dates cut out of them",
    )
    codes_file: Path | None = Field(
        default=None,
        description="JSON file: FHIR path → stray stored value → FHIR code, "
        '`{"Task.status": {"Parked": "on-hold"}}`',
    )
    search_handling: Literal["strict", "lenient"] = Field(
        default="strict",
        description="What an unknown search parameter does where the client does not say: refuse "
        "the search, or be left out of it",
    )
    unindexed_search: Literal["answer", "refuse"] = Field(
        default="answer",
        description="What becomes of a search that no index answers: it is logged and answered, or "
        "refused as `too-costly`",
    )
    unmapped: Literal["keep", "refuse"] = Field(
        default="keep",
        description="What becomes of content that the stored fields cannot hold: it is kept in the "
        "document beside them, or refused with 422",
    )
    lifecycle: Literal["refuse", "advise"] = Field(
        default="refuse",
        description="What a goal's move against its life cycle is: `refuse`, a 422; `advise`, a "
        "warning",
    )
    narrative: Literal["profiled", "always"] = Field(
        default="profiled",
        description="Which resources get a generated narrative: `profiled`, CarePlans, whose US "
        "Core profile wants one; `always`, all; `_summary=text` always has one",
    )
    update_create: bool = Field(
        default=False,
        description="Whether a PUT to an id that nothing has creates the resource under it",
    )
    max_entries: int = Field(
        default=500, ge=1, description="Entries of a batch, transaction or Case before a 413"
    )
    default_count: int = Field(
        default=50, ge=1, description="Matches a page where `_count` is not given"
    )
    max_count: int = Field(default=1000, ge=1, description="The largest `_count` that is honoured")
    max_url: int = Field(default=16_384, ge=256, description="Bytes of URL before a 414")
    max_body: int = Field(
        default=10_000_000, ge=1024, description="Bytes of request body before a 413"
    )
    translations: int = Field(
        default=8192,
        ge=0,
        description="Documents whose translation is kept in memory, by their very bytes "
        "(about 4 kB each); 0 keeps none",
    )
    cursor_secret: str = Field(
        default_factory=lambda: secrets.token_hex(16),
        description="Signs page links; set it where several servers answer for one address, "
        "random at each start otherwise",
    )
    issuers: tuple[Issuer, ...] = Field(
        default=(),
        description="JSON list of the authorization servers whose tokens are accepted, "
        '`[{"issuer": "https://auth.example.org"}]`; without one, only requests from this machine '
        "are answered",
    )
    insecure: bool = Field(
        default=False,
        description="Answer everybody although no issuer is set: for synthetic data only",
    )
    clock_skew: int = Field(
        default=60, ge=0, le=600, description="Seconds by which an issuer's clock may be off"
    )
    token_cache: int = Field(
        default=60,
        ge=0,
        le=3600,
        description="Seconds for which a verified token is not verified again, never beyond its "
        "`exp`",
    )
    patient_claim: str = Field(
        default="patient", description="The claim of a token that names the patient in context"
    )
    tenant_claim: str = Field(
        default="",
        description="The claim of a token that names the employers it is for, one, a list, or `*` "
        "for all; without this setting tokens are for all employers",
    )
    open_definitions: bool = Field(
        default=False,
        description="Whether profiles, code systems and the other definitions, and the operations "
        "of terminology, are answered without a token",
    )
    audit: Literal["off", "record", "require"] = Field(
        default="record",
        description="`record`, everything that happened is appended to `fhir_audit`; `require`, "
        "and nothing is answered that could not be; `off`",
    )
    audit_anchors: Path | None = Field(
        default=None,
        description="File to which the heads of the audit chain are appended too, best on another "
        "system than the database",
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description="JSON list of the browser origins that may read responses; `*` for any",
    )
    max_headers: int = Field(
        default=32_768, ge=1024, description="Bytes of request headers before a 431"
    )
    max_depth: int = Field(
        default=100, ge=10, le=1000, description="Nesting of a JSON body before a 400"
    )
    max_includes: int = Field(
        default=20, ge=1, description="`_include` and `_revinclude` of one search before a 400"
    )
    max_chain: int = Field(default=5, ge=1, description="Steps of a chain or `_has` before a 400")
    request_timeout: float = Field(
        default=60, ge=0, description="Seconds of work on one request before a 503; 0 for no limit"
    )
    rate_limit: str = Field(
        default="",
        description="Requests of one client before a 429, such as `100/second` or `600/minute`; "
        "none where it is not set",
    )
    trusted_proxies: list[str] = Field(
        default_factory=list,
        description="JSON list of the addresses whose `X-Forwarded-For` and `-Proto` are believed",
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM file of the certificate chain; `serve` speaks HTTPS with it"
    )
    tls_key: Path | None = Field(default=None, description="PEM file of its private key")
    metrics: Literal["off", "local", "open"] = Field(
        default="local", description="Who may read `/metrics`: nobody, this machine, everybody"
    )
    server_timing: bool = Field(
        default=False, description="Whether answers say in `Server-Timing` what took how long"
    )
    log_format: Literal["text", "json"] = Field(default="text", description="How logs are written")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged"
    )

    @field_validator("canonical", "base_url")
    @classmethod
    def _no_slash(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        if value and not _PLAIN_URL.fullmatch(value):
            raise ValueError("must be plain ASCII without blanks, ? and #")
        return value.rstrip("/") if value else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("not the name of an IANA time zone, such as America/Chicago") from None
        return value

    def context(self) -> Context:
        """Return what mappings are compiled with; raise ValueError for a bad codes file."""
        strays = _CODES.validate_json(self.codes_file.read_bytes()) if self.codes_file else {}
        return Context(
            canonical=self.canonical,
            timezone=ZoneInfo(self.timezone),
            reference_base=self.reference_base,
            stray_codes=strays,
            keeps=self.unmapped == "keep",
            advises=self.lifecycle == "advise",
            narrates=self.narrative == "always",
        )
