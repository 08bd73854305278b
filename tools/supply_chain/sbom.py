"""Write the software bill of materials of what a deployment installs (CycloneDX, JSON).

    python -m tools.supply_chain.sbom dist/sbom.json

It lists this program, what it needs, and its extras `motor` and `tracing`, in the versions of this
environment; tools of the development are not in it. It is checked against CycloneDX's own schema.

https://cyclonedx.org/docs/1.6/json/
"""

# ruff: noqa: T201, S603

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAM = "fhir-facade"
EXTRAS = ("motor", "tracing")
_ROOT = "root-component"


def installed_with(program: str, extras: tuple[str, ...]) -> set[str]:
    """Return the names of all that is installed for a program and its extras, here."""
    found: set[str] = set()
    todo = [(program, extra) for extra in ("", *extras)]
    seen = set(todo)
    while todo:
        name, extra = todo.pop()
        try:
            lines = requires(name) or []
        except PackageNotFoundError:  # an optional extra's, left out of this environment
            continue
        found.add(canonicalize_name(name))
        for line in lines:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                each = {(str(canonicalize_name(needed.name)), one) for one in ("", *needed.extras)}
                todo += each - seen
                seen |= each
    return found


def cut(bom: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return a bill of materials with some of its components alone."""
    kept = [each for each in bom["components"] if canonicalize_name(each["name"]) in names]
    refs = {_ROOT, *(each["bom-ref"] for each in kept)}
    graph = [
        {**each, "dependsOn": [one for one in each.get("dependsOn", ()) if one in refs]}
        for each in bom["dependencies"]
        if each["ref"] in refs
    ]
    return {**bom, "components": kept, "dependencies": graph}


def whole() -> dict[str, Any]:
    """Return the bill of materials of this whole environment."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", "pyproject.toml"]
    command += ["--output-format", "JSON", "--spec-version", "1.6", "--no-validate", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def main(path: Path) -> int:
    """Write the file, and return the exit status: 1 where it is not valid."""
    bom = cut(whole(), installed_with(PROGRAM, EXTRAS))
    text = json.dumps(bom, indent=2) + "\n"
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        print(f"the bill of materials is not valid: {wrong}")
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    print(f"wrote: {path}, {len(bom['components'])} components, valid CycloneDX 1.6")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
