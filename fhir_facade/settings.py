"""What a deployer can set: environment variables `FHIR_FACADE_*`, or the same names in `.env`."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fhir_facade.rules.context import DEFAULT_CANONICAL, Context

_CODES = TypeAdapter(dict[str, dict[str, str]])
_PLAIN_URL = re.compile(r"[A-Za-z0-9:/._~%@!$&'()*+,;=\[\]-]+")


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
    cors_origins: list[str] = Field(
        default_factory=lambda: ["*"],
        description="JSON list of the browser origins that may read responses",
    )
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
