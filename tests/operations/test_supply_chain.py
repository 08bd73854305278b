"""The checks of dependencies: what they find, and that silence is not taken for soundness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.supply_chain import audit, sbom


def _found(name: str, *advisories: str) -> dict[str, Any]:
    return {"name": name, "version": "1", "vulns": [{"id": each} for each in advisories]}


def _skipped(name: str) -> dict[str, Any]:
    return {"name": name, "skip_reason": "not found"}


def test_a_vulnerable_release_is_named() -> None:
    report = {"dependencies": [_found("a"), _found("b", "CVE-1", "CVE-2"), _skipped("c")]}
    found = audit.verdict(report)
    assert found.vulnerable == {"b 1": ["CVE-1", "CVE-2"]}
    assert (found.known, found.unknown) == (2, ["c"])


def test_a_service_that_knows_nothing_has_not_answered() -> None:
    with pytest.raises(audit.NoAnswerError, match="knows none"):
        audit.verdict({"dependencies": [_skipped("a"), _skipped("b")]})


@pytest.mark.parametrize(("require", "status"), [(False, 0), (True, 1)])
def test_a_service_out_of_reach_is_said_loudly(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    require: bool,
    status: int,
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where no earlier answer is kept
    lock = tmp_path / "lock.txt"
    lock.write_text("orjson==3.10.0\n")
    assert audit.audit(lock, require=require) == status
    told = capsys.readouterr().out
    assert "DEPENDENCIES WERE NOT CHECKED" in told
    assert "vulnerable" not in told.replace("vulnerabilities", "")


def test_the_bill_is_of_what_a_deployment_installs() -> None:
    names = sbom.installed_with(sbom.PROGRAM, sbom.EXTRAS)
    assert {"fastapi", "starlette", "pymongo", "orjson", "cryptography", "motor"} <= names
    assert {"opentelemetry-sdk", "prometheus-client"} <= names
    assert not names & {"pytest", "ruff", "mypy", "pip-audit", "hypothesis", "fhirpy"}


def test_the_bill_is_cut_with_its_graph() -> None:
    whole = {
        "metadata": {"component": {"bom-ref": "root-component"}},
        "components": [
            {"bom-ref": f"{name}==1", "name": name} for name in ("Some_Name", "b", "tool")
        ],
        "dependencies": [
            {"ref": "root-component", "dependsOn": ["Some_Name==1", "tool==1"]},
            {"ref": "Some_Name==1", "dependsOn": ["b==1", "tool==1"]},
            {"ref": "b==1"},
            {"ref": "tool==1", "dependsOn": ["b==1"]},
        ],
    }
    found = sbom.cut(whole, {"some-name", "b"})
    assert [each["name"] for each in found["components"]] == ["Some_Name", "b"]
    assert found["dependencies"] == [
        {"ref": "root-component", "dependsOn": ["Some_Name==1"]},
        {"ref": "Some_Name==1", "dependsOn": ["b==1"]},
        {"ref": "b==1", "dependsOn": []},
    ]
    assert found["metadata"] == whole["metadata"]
