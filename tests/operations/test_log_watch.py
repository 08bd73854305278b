"""The plugin that looks at every log line of the test run finds what it looks for."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_facade.demo import generate
from tests.log_watch import LogWatch, demo_texts, surnames
from tests.security.issuer import CLIENT_SECRET, TestIssuer

_RUN = """
import logging
import pytest

logger = logging.getLogger("fhir_facade")

def test_a_name():
    logger.debug("reading %s", "Amara" + " Sample" + "ton")

def test_nothing():
    logger.warning("the store does not answer yet")

@pytest.fixture
def late():
    yield
    logger.info("token %s", "ey" + "Jhbcdefghijk.eyJmnopqrstuvw.xyz")

def test_a_token_at_the_end_of_a_fixture(late):
    pass

def test_a_secret():
    from tests.log_watch import forbid
    forbid("hush" + "-hush")
    logger.error("failed with hush" + "-hush")

def test_a_value_in_an_exception():
    try:
        raise ValueError("Amara" + " Sample" + "ton")
    except ValueError:
        logger.exception("failed")

def test_a_library_s_debug_line():
    logging.getLogger("pymongo.command").debug("Amara" + " Sample" + "ton")

def test_what_was_captured(caplog):
    logger.info("fine")
    assert caplog.messages == []
    with caplog.at_level(logging.INFO, logger="fhir_facade"):
        logger.info("fine")
    assert caplog.messages == ["fine"]
"""


def test_a_planted_leak_makes_the_run_red(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / "test_planted.py").write_text(_RUN)
    path = os.pathsep.join([str(pytestconfig.rootpath), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-rEA", "-p", "tests.log_watch"]
    command += ["-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [
            *command,
            "-p",
            "no:randomly",
            "-c",
            os.devnull,
            "--rootdir",
            str(tmp_path),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""},
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    red = {line.split("::")[1].split(" ")[0] for line in done.stdout.splitlines()
           if line.startswith(("ERROR test_", "FAILED test_"))}  # fmt: skip
    assert red == {"test_a_name", "test_a_token_at_the_end_of_a_fixture", "test_a_secret"}
    assert "Amara Sampleton" in done.stdout


@pytest.fixture(scope="module")
def watch() -> LogWatch:
    return LogWatch()


def test_the_demo_members_names_and_texts_are_looked_for(watch: LogWatch) -> None:
    documents = [document for _, document in generate(20)]
    assert len(demo_texts()) > 300
    texts = [str(each) for each in documents]
    assert sum(bool(watch.leaks(each)) for each in texts) > 0.9 * len(texts)
    for name in surnames():
        assert watch.leaks(f"a line with {name}, a name")


def test_the_tokens_and_secrets_of_the_tests_issuer_are_looked_for(watch: LogWatch) -> None:
    issuer = TestIssuer()
    for secret in (issuer.token("user/*.rs"), issuer.opaque("user/*.rs"), CLIENT_SECRET):
        assert watch.leaks(f"a line with {secret} in it")


@pytest.mark.parametrize(
    "line",
    [
        "request 0123456789abcdef: GET /{type}/{id} 200",
        "65 indexes are missing; run: fhir-facade indexes --apply",
        "request r1 crashed: ValueError",
    ],
)
def test_ordinary_lines_are_let_through(watch: LogWatch, line: str) -> None:
    assert watch.leaks(line) == []


def test_a_line_is_looked_at_once_and_another_request_s_like_it_not_again(
    watch: LogWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(request: str, path: str) -> list[str]:
        args = (request, path)
        record = logging.LogRecord(
            "fhir_facade", logging.DEBUG, "", 1, "request %s: %s", args, None
        )
        watch.emit(record)
        return watch.take()

    assert told("r1", "/Task") == []
    looked: list[str] = []
    monkeypatch.setattr(watch, "leaks", lambda text: looked.append(text) or [])
    assert told("r2", "/Task") == []
    assert looked == []
    told("r3", "/Flag")
    assert len(looked) == 2
