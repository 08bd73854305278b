"""Settings that could not give what they are for are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fhir_facade.settings import Settings


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
