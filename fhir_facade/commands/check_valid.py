"""What is asked of each resource that would be served: a validator yields what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from fhir_facade.commands.check_quick import surely_valid
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.validation import validate

Validator = Callable[[str, dict[str, Any]], Iterable[tuple[str, str]]]
"""Given the type and a resource, gives (FHIRPath without positions, reason) of each fault."""

_POSITION = re.compile(r"\[\d+\]")


def by_rules(name: str, resource: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Ask what the server asks of a write: structure, codes, references, invariants."""
    return () if surely_valid(resource) else _faults(name, resource)


def _faults(name: str, resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for issue in validate(resource, type=name):
        if issue.severity == "error":
            where = issue.expression or name
            reason = issue.diagnostics.removeprefix(f"{where}: ").removesuffix(".")
            yield _POSITION.sub("", where), _POSITION.sub("", reason)


def by_models(name: str, resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Ask the models of `fhir.resources`, which share no line with `by_rules`: slow."""
    try:
        _model(name).model_validate_json(to_json(resource))
    except ValueError as error:
        errors = getattr(error, "errors", list)
        places = {".".join(str(part) for part in each["loc"]) for each in errors()}
        for place in sorted(places) or [name]:
            named = re.sub(r"\.\d+", "", place)
            yield named, "the R4 model refuses it"


@cache
def _model(name: str) -> Any:
    return getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
