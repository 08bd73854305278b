"""Every derived file: written by `fhir-facade derive`, checked for drift by `derive --check`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fhir_facade.derive.docs import mapping_page
from fhir_facade.derive.package import as_json, published_files
from fhir_facade.rules.registry import Registry


def artefacts(registry: Registry) -> dict[str, str]:
    """Return path (from the project's root) → content of every derived file."""
    found = {f"capability/{name}": text for name, text in published_files(registry).items()}
    found["capability/indexes.json"] = as_json(index_list(registry))
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
        *(root / "capability").glob("[A-Z]*-*.json"),
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
