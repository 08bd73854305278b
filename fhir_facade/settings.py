"""What a deployer can set: environment variables `FHIR_FACADE_*`, or the same names in `.env`."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from limits import parse_many
from pydantic import Field, TypeAdapter, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from fhir_facade.issuer import Issuer as Issuer
from fhir_facade.rules.context import DEFAULT_CANONICAL, Context

_CODES = TypeAdapter(dict[str, dict[str, str]])
_PLAIN_URL = re.compile(r"[A-Za-z0-9:/._~%@!$&'()*+,;=\[\]-]+")
_ORIGIN: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::(?:[0-9]+|\*))?"
)

SECRETS_DIR: Final = "FHIR_FACADE_SECRETS_DIR"
"""Names the folder whose files hold settings, as orchestrators mount secrets."""


DEMO_LIFETIME: Final = "FHIR_FACADE_DEMO_LIFETIME"
"""By this variable `serve --demo --auth` tells its server how long tokens last."""


class Settings(BaseSettings):
    """Every setting, with its default and its meaning."""

    model_config = SettingsConfigDict(
        env_prefix="FHIR_FACADE_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    store: str = Field(
        default="sqlite:///fhir-facade.db",
        repr=False,  # it may hold a password
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
    max_url: int = Field(default=16_384, ge=256, le=65_535, description="Bytes of URL before a 414")
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
        min_length=1,
        repr=False,
        description="Signs page links; set it where several servers answer for one address, "
        "random at each start otherwise",
    )
    issuers: tuple[Issuer, ...] = Field(
        default=(),
        description="JSON list of the authorization servers whose tokens are accepted, "
        '`[{"issuer": "https://auth.example.org"}]`, which wants `FHIR_FACADE_BASE_URL` too; '
        "without one, only requests from this machine are answered",
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
        default="patient",
        min_length=1,
        description="The claim of a token that names the patient in context",
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
    apps: dict[Literal["goals", "case"], str] = Field(
        default_factory=dict,
        description="JSON object: the name of each app to serve below `/apps` → the client id that "
        'it is registered under, `{"goals": "goals-app"}`; none where it is not set',
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description="JSON list of the browser origins that may read answers, "
        '`["https://app.example.org"]`; `http://localhost:*` for any port, `*` for any origin',
    )
    max_headers: int = Field(
        default=32_768, ge=1024, le=131_072, description="Bytes of request headers before a 431"
    )
    request_timeout: float = Field(
        default=60, ge=0, description="Seconds of work on one request before a 503; 0 for no limit"
    )
    shutdown_timeout: int = Field(
        default=30,
        ge=1,
        description="Seconds that requests in flight have when the server is told to stop",
    )
    rate_limit: str = Field(
        default="",
        description="Requests of one client before a 429, such as `100/second` or `600/minute`, "
        "counted by each worker for itself; none where it is not set",
    )
    trusted_proxies: list[str] = Field(
        default_factory=list,
        description="JSON list of the addresses or networks of proxies whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed",
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM file of the certificate chain; `serve` speaks HTTPS with it"
    )
    tls_key: Path | None = Field(
        default=None,
        description="PEM file of its private key, where the key is in a file of its own",
    )
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

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        for each in value:
            if each != "*" and not _ORIGIN.fullmatch(each):
                raise ValueError(
                    "an origin is written as browsers send it: https://app.example.org, in lower "
                    "case, without a path or a last slash"
                )
        return value

    @field_validator("issuers")
    @classmethod
    def _answers_for_itself(
        cls, value: tuple[Issuer, ...], info: ValidationInfo
    ) -> tuple[Issuer, ...]:
        # without it, a token's audience and every link would be what the request's Host says
        if value and "base_url" in info.data and not info.data["base_url"]:
            raise ValueError("where tokens are asked for, FHIR_FACADE_BASE_URL must be set")
        if len({each.issuer for each in value}) < len(value):
            raise ValueError("an issuer stands in it twice")
        return value

    @field_validator("rate_limit")
    @classmethod
    def _known_rate(cls, value: str) -> str:
        try:
            if value and [each.amount > 0 for each in parse_many(value)] != [True]:
                raise ValueError
        except ValueError:
            raise ValueError("must be a number and a time, such as 600/minute") from None
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        for each in value:
            try:
                ipaddress.ip_network(each)
            except ValueError:
                raise ValueError(
                    "must be addresses or networks, such as 10.0.0.7 or 10.0.0.0/24"
                ) from None
        return value

    @field_validator("tls_key")
    @classmethod
    def _key_of_a_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("tls_certificate") is None:
            raise ValueError("is of no use without FHIR_FACADE_TLS_CERTIFICATE")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("not the name of an IANA time zone, such as America/Chicago") from None
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the first that has one first; files are the last."""
        sources = (init_settings, env_settings, dotenv_settings)
        folder = os.environ.get(SECRETS_DIR)
        if not folder:
            return sources
        if not Path(folder).is_dir():
            raise SettingsError(f"{SECRETS_DIR} names no folder")
        return (*sources, SecretsSettingsSource(settings_cls, secrets_dir=folder))

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
