"""Every derived file: written by `fhir-facade derive`, checked for drift by `derive --check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fhir_facade.derive.capability import capability_statement
from fhir_facade.derive.docs import mapping_page
from fhir_facade.derive.operations import case_operation
from fhir_facade.derive.search_parameters import custom_search_parameters
from fhir_facade.derive.value_sets import value_set_resources
from fhir_facade.rules.registry import Registry


def artefacts(registry: Registry) -> dict[str, str]:
    """Return path (from the project's root) → content of every derived file."""
    found = {
        "capability/CapabilityStatement-fhir-facade.json": _json(
            capability_statement(registry, None)
        ),
        "capability/OperationDefinition-EpisodeOfCare-case.json": _json(
            case_operation(registry.context)
        ),
        "capability/indexes.json": _json(index_list(registry)),
    }
    for each in custom_search_parameters(registry):
        found[f"capability/SearchParameter-{each['id']}.json"] = _json(each)
    for each in value_set_resources(registry):
        found[f"capability/ValueSet-{each['id']}.json"] = _json(each)
    for resource in registry:
        found[f"docs/mappings/{resource.name}.md"] = mapping_page(resource, registry)
    return found


def index_list(registry: Registry) -> list[dict[str, Any]]:
    """Return the index list as `createIndexes` takes it."""
    return [
        {"collection": index.collection, "name": index.name, "key": dict(index.keys)}
        for index in registry.indexes()
    ]


def drift(registry: Registry, root: Path) -> list[str]:
    """Return the derived files that are missing, stale or no longer derived."""
    wanted = artefacts(registry)
    stale = [
        path
        for path, text in wanted.items()
        if not (root / path).is_file() or (root / path).read_text("utf-8") != text
    ]
    present = [
        *(root / "capability").glob("SearchParameter-*.json"),
        *(root / "capability").glob("ValueSet-*.json"),
        *(root / "docs" / "mappings").glob("*.md"),
    ]
    names = {path.relative_to(root).as_posix() for path in present}
    return sorted([*stale, *(names - wanted.keys())])


def write(registry: Registry, root: Path) -> list[str]:
    """Write every derived file and remove those no longer derived; return what changed."""
    changed = drift(registry, root)
    wanted = artefacts(registry)
    for path in changed:
        target = root / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(wanted[path], "utf-8")
        else:
            target.unlink()
    return changed


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
