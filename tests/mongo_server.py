"""Finds, or starts, something that speaks MongoDB's wire protocol, for the tests that need it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

URL_VARIABLE = "FHIR_FACADE_TEST_MONGO_URL"
PROGRAM = Path(__file__).resolve().parent.parent / "tools" / "mongo" / "mongo"
START_SECONDS = 60
STOP_SECONDS = 10


class NoServerError(Exception):
    """There is nothing to run the tests against; the message names what was looked for."""


class ServerFailedError(Exception):
    """A server was named or found, but it does not serve."""


@contextmanager
def running() -> Iterator[str]:
    """Yield the base URL of a server: the one given, else a `mongod`, else `tools/mongo`."""
    if given := os.environ.get(URL_VARIABLE):
        wait_until_it_answers(given, seconds=10)
        yield given
    elif mongod := shutil.which("mongod"):
        with _mongod(mongod) as url:
            yield url
    elif os.access(PROGRAM, os.X_OK):
        with _substitute(PROGRAM) as url:
            yield url
    else:
        raise NoServerError(
            f"no MongoDB: {URL_VARIABLE} is not set, there is no mongod on the PATH, "
            "and tools/mongo/mongo is not built (`make mongo`, needs Go)"
        )


def with_database(base_url: str, name: str) -> str:
    """Put a database name into a base URL; users stay where they are, in `admin` if not said."""
    parts = urlsplit(base_url)
    query = parts.query
    if "@" in parts.netloc and "authSource=" not in query:
        source = parts.path.strip("/") or "admin"
        query = "&".join(filter(None, [query, f"authSource={source}"]))
    return urlunsplit(parts._replace(path=f"/{name}", query=query))


def is_ferretdb(base_url: str) -> bool:
    """Tell the substitute from MongoDB; tools/mongo/README.md lists how the two differ."""
    with MongoClient(base_url) as client:
        return "ferretdbVersion" in client.server_info()


def wait_until_it_answers(url: str, seconds: float = START_SECONDS) -> None:
    """Return once the server accepts writes; raise ServerFailedError when it does not in time."""
    milliseconds = int(seconds * 1000)
    try:
        with MongoClient(url, serverSelectionTimeoutMS=milliseconds) as client:
            # Choosing a server for a write waits for a primary, which a new replica set lacks.
            client.admin.command("ping")
    except PyMongoError as error:
        raise ServerFailedError(f"the MongoDB server does not answer: {error}") from error


@contextmanager
def _mongod(program: str) -> Iterator[str]:
    # A replica set of one, because only replica sets have transactions.
    with tempfile.TemporaryDirectory(prefix="mongod-") as folder:
        port = _free_port()
        command = [program, "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1"]
        command += ["--replSet", "rs0", "--quiet"]
        # Nobody reads its log, so it must not fill a pipe.
        quiet = subprocess.DEVNULL
        with _process(command, stdout=quiet, stderr=quiet) as process:
            _initiate(process, port)
            url = f"mongodb://127.0.0.1:{port}/"
            wait_until_it_answers(url)
            yield url


def _initiate(process: subprocess.Popen[str], port: int) -> None:
    members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
    deadline = time.monotonic() + START_SECONDS
    with MongoClient(
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=500
    ) as client:
        while True:
            try:
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            except PyMongoError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ServerFailedError(f"mongod did not start: {error}") from error
                time.sleep(0.1)
            else:
                return


@contextmanager
def _substitute(program: Path) -> Iterator[str]:
    # It picks the port and the temporary folder itself, and ends when its standard input does.
    with tempfile.TemporaryFile("w+") as errors:
        command = [str(program), "-watch-stdin"]
        with _process(command, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                process.wait(STOP_SECONDS)
                errors.seek(0)
                raise ServerFailedError(f"tools/mongo/mongo did not start: {errors.read()}")
            url = line.removeprefix("listening on ").strip()
            wait_until_it_answers(url)
            yield url


@contextmanager
def _process(
    command: list[str], *, stdout: int, stderr: IO[str] | int
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
