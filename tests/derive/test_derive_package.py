"""The FHIR package: what is committed, in the layout that validators load, the same each time."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fhir_facade import __version__, cli
from fhir_facade.derive.artefacts import artefacts
from fhir_facade.derive.package import package
from tests.mappings.serving import BASE, registry, registry_with


def _members(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        found = {}
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            found[member.name] = file.read().decode()
        return found


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["derive", *arguments], catch_exceptions=False)


MEMBERS = _members(package(registry()))


def test_its_manifest_comes_first() -> None:
    assert next(iter(MEMBERS)) == "package/package.json"
    manifest = json.loads(MEMBERS["package/package.json"])
    assert manifest["name"] == "com.wellnecity.fhir-facade"
    assert manifest["version"] == __version__
    assert manifest["type"] == "IG"
    assert manifest["canonical"] == BASE
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["dependencies"] == {
        "hl7.fhir.r4.core": "4.0.1",
        "hl7.fhir.us.core": "6.1.0",
    }


def test_its_index_names_every_resource() -> None:
    index: dict[str, Any] = json.loads(MEMBERS["package/.index.json"])
    assert index["index-version"] == 2
    listed = {f"package/{each['filename']}": each for each in index["files"]}
    assert [*listed] == [*MEMBERS][2:]
    for name, each in listed.items():
        resource = json.loads(MEMBERS[name])
        assert name == f"package/{resource['resourceType']}-{resource['id']}.json"
        assert each["resourceType"] == resource["resourceType"]
        assert each.get("url") == resource.get("url")


def test_it_holds_the_committed_resources() -> None:
    committed = {
        path.removeprefix("capability/"): text
        for path, text in artefacts(registry()).items()
        if path.startswith("capability/") and path != "capability/indexes.json"
    }
    assert {f"package/{name}": text for name, text in committed.items()} == {
        name: text for name, text in MEMBERS.items() if "-" in name
    }


def test_the_same_bytes_each_time() -> None:
    assert package(registry_with()) == package(registry_with())


def test_members_belong_to_nobody_and_to_no_moment() -> None:
    with tarfile.open(fileobj=io.BytesIO(package(registry())), mode="r:gz") as archive:
        facts = {(each.mtime, each.uid, each.gid, each.uname, each.mode) for each in archive}
    assert len(facts) == 1


class TestCommand:
    def test_a_package_is_written_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        result = _run("--package", "out.tgz")
        assert (result.exit_code, result.output) == (0, "wrote: out.tgz\n")
        assert [each.name for each in tmp_path.iterdir()] == ["out.tgz"]
        assert (tmp_path / "out.tgz").read_bytes() == package(registry())

    def test_with_the_deployments_canonical_base(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("FHIR_FACADE_CANONICAL", "https://elsewhere.example")
        _run("--package", "a.tgz")
        _run("--package", "b.tgz", "--canonical", "https://third.example/fhir/")
        for name, base in (("a", "https://elsewhere.example"), ("b", "https://third.example/fhir")):
            members = _members((tmp_path / f"{name}.tgz").read_bytes())
            assert json.loads(members["package/package.json"])["canonical"] == base
            assert BASE not in "".join(members.values())

    def test_a_base_that_is_no_url(self, tmp_path: Path) -> None:
        result = _run("--package", str(tmp_path / "x.tgz"), "--canonical", "elsewhere")
        assert result.exit_code == 2
        assert not (tmp_path / "x.tgz").exists()

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        assert _run("--package", str(tmp_path / "no" / "x.tgz")).exit_code == 2
