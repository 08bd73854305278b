"""docs/smart.md says what to install, and how the `client_id` gets where it is needed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.smart.apps import Demo
from tests.smart.docs import EXAMPLES, TEXT, commands
from tests.smart.node import SECONDS

DOCUMENTED = "http://127.0.0.1:8000"
PACKAGES = {"jwt": "pyjwt[crypto]", "fhirclient": "fhirclient>=4.4"}
"""module → what is installed for it, where that is not the same"""


def typed(*names: str) -> str:
    """The commands of the blocks in which one of the texts stands, in their order."""
    found = [each.text for each in commands("bash") if any(name in each.text for name in names)]
    assert len(found) == len(names)
    return "".join(found)


def ran(demo: Demo, folder: Path, script: str) -> str:
    """What a script prints; what it would install is there."""
    bash = shutil.which("bash")
    assert bash
    own = re.sub(r"^pip install .*\n", "", script, flags=re.MULTILINE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "-euc", own.replace(DOCUMENTED, demo.origin)],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported(program: str) -> set[str]:
    """The packages of others that a program imports."""
    found: set[str] = set()
    for each in ast.walk(ast.parse(program)):
        if isinstance(each, ast.Import):
            found |= {name.name.partition(".")[0] for name in each.names}
        elif isinstance(each, ast.ImportFrom):
            found.add((each.module or "").partition(".")[0])
    return found - sys.stdlib_module_names


@pytest.mark.parametrize("name", ["goals.py", "service.py"])
def test_what_a_program_needs_is_installed_before_it_is_run(name: str) -> None:
    block = typed(f"python examples/{name}")
    installed = block.partition("python examples")[0].replace("'", "")
    needed = imported((EXAMPLES / name).read_text("utf-8"))
    assert needed
    for each in needed:
        assert f" {PACKAGES.get(each, each)}" in installed, each


def test_what_makes_the_key_is_installed_before() -> None:
    block = typed("generate_key")
    (program,) = re.findall(r"python -c '\n(.*?)'", block, re.S)
    assert imported(program) == {"joserfc"}
    assert block.startswith("pip install joserfc\n")


@pytest.mark.parametrize(("folder", "program"), [("", "service.mjs"), ("browser", "http.server")])
def test_what_a_program_in_javascript_needs_is_installed_before(folder: str, program: str) -> None:
    (line,) = [each for each in typed(program).splitlines() if program in each]
    assert f"cd {'/'.join(filter(None, ('examples', folder)))} && npm install && " in line
    assert (EXAMPLES / folder / "package.json").exists()


def test_the_client_id_of_the_app_comes_out_of_the_registration(demo: Demo, tmp_path: Path) -> None:
    script = typed('"Goals in a page"', "python examples/goals.py")
    kept = script.partition("python examples")[0]
    assert (
        ran(demo, tmp_path, f'{kept}echo; echo "$client_id"').splitlines()[-1].startswith("demo-")
    )


def test_the_service_runs_as_it_is_typed(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(EXAMPLES)
    script = typed("generate_key", "python examples/service.py")
    in_python = re.sub(r"^\(cd .*\n", "", script, flags=re.MULTILINE)
    assert int(ran(demo, tmp_path, f"{in_python}").rpartition("}")[2]) > 10
    wrong = 'client_id=nobody\npython examples/service.py "$base" "$client_id" key.json || true'
    base = f'base="{demo.fhir}"\nexec 2>&1\n'
    text = ran(demo, tmp_path, base + wrong)
    assert text.startswith("invalid_client: The client does not exist on this server")


def test_sections_need_no_other_for_their_shell_function() -> None:
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE):
        used = section.find("$(member ")
        assert used < 0 or 0 <= section.find("member() {") < used
