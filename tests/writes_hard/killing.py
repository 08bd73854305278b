"""A server process that is killed while many clients write, and what it had acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.writes_hard.kit import (
    JSON_PATCH,
    Json,
    communication,
    counted,
    counting,
    document,
    etag,
    flag,
    send,
    task,
    url_of,
)

PROGRAM = str(Path(sys.executable).with_name("fhir-facade"))
CLIENTS = 32


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serving_process(folder: Path, store: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the server on a store; yield its FHIR base and the process, killed in the end."""
    port = free_port()
    command = [PROGRAM, "serve", "--port", str(port)]
    given = {key: each for key, each in os.environ.items() if not key.startswith("FHIR_FACADE_")}
    given |= {"FHIR_FACADE_STORE": store, "FHIR_FACADE_UPDATE_CREATE": "true"}
    log = folder / "log.txt"
    with (
        log.open("ab") as file,
        subprocess.Popen(command, cwd=folder, env=given, stdout=file, stderr=file) as process,
    ):
        try:
            wait(f"http://127.0.0.1:{port}/health/ready", process, log)
            yield f"http://127.0.0.1:{port}/fhir", process
        finally:
            process.kill()


def wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers."""
    for _ in range(400):
        if process.poll() is not None:
            pytest.fail(f"it ended: {log.read_text()}", pytrace=False)
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"it does not answer: {log.read_text()}", pytrace=False)


@dataclass
class Acknowledged:
    """What the server said it had done, and what it refused."""

    writes: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(Type/id, version, the body that was answered; empty for a deletion)"""
    deleted: set[str] = field(default_factory=set)
    refused: list[tuple[int, str]] = field(default_factory=list)


class Writer:
    """One client that creates, updates, patches and deletes until the server is gone."""

    def __init__(self, client: httpx.AsyncClient, number: int, parent: str) -> None:
        self._client, self._number, self._parent = client, number, parent
        self._random = random.Random(number)
        self._tasks: list[Json] = []
        self._made = 0

    async def write(self, done: Acknowledged) -> None:
        with contextlib.suppress(httpx.TransportError):
            while True:
                await self._one(done)

    async def _one(self, done: Acknowledged) -> None:
        kind = self._random.random()
        if kind < 0.4 or not self._tasks:
            await self._create(done)
        elif kind < 0.45:
            body = document(self._parent, description=f"{self._number}")
            self._note(done, await send(self._client, "POST", "/DocumentReference", body))
        elif kind < 0.5:
            one = self._tasks.pop(self._random.randrange(len(self._tasks)))
            response = await send(self._client, "DELETE", url_of(one))
            assert response.status_code == 204, response.text
            done.writes.append((url_of(one)[1:], response.headers["etag"][3:-1], b""))
            done.deleted.add(url_of(one)[1:])
        else:
            await self._change(done, self._random.randrange(len(self._tasks)))

    async def _create(self, done: Acknowledged) -> None:
        self._made += 1
        number = f"{self._number}-{self._made}"
        if self._random.random() < 0.2:
            body = flag(f"flag-{number}", f"M{self._number}")
            self._note(done, await send(self._client, "POST", "/Flag", body))
            return
        body = task(id=f"c-{number}", description=f"by {number}", extension=counting(0))
        response = await send(self._client, "PUT", url_of(body), body)
        if self._note(done, response):
            self._tasks.append(response.json())

    async def _change(self, done: Acknowledged, place: int) -> None:
        one = self._tasks[place]
        number = counted(one) + 1
        header = {"If-Match": etag(one)}
        if number % 3:
            body = {**one, "extension": counting(number), "description": f"was changed {number}"}
            response = await send(self._client, "PUT", url_of(one), body, header)
        else:
            change: Any = [
                {"op": "replace", "path": "/extension/0/valueInteger", "value": number},
                {"op": "add", "path": "/note", "value": [{"text": f"patched {number}"}]},
            ]
            response = await send(self._client, "PATCH", url_of(one), change, header, JSON_PATCH)
        if self._note(done, response):
            self._tasks[place] = response.json()

    def _note(self, done: Acknowledged, response: httpx.Response) -> bool:
        if not response.is_success:
            done.refused.append((response.status_code, response.text))
            return False
        one = response.json()
        done.writes.append((url_of(one)[1:], one["meta"]["versionId"], response.content))
        return True


async def killed_while_writing(
    base: str, process: subprocess.Popen[bytes], until: int
) -> Acknowledged:
    """Let clients write, kill the server once so many writes are acknowledged."""
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=30) as client:
        parent = await send(client, "POST", "/Communication", communication())
        assert parent.status_code == 201
        done = Acknowledged()
        writers = [Writer(client, each, parent.json()["id"]) for each in range(CLIENTS)]
        tasks = [asyncio.ensure_future(each.write(done)) for each in writers]
        async with asyncio.timeout(60):
            while len(done.writes) < until:
                await asyncio.sleep(0.001)
            process.kill()
            await asyncio.gather(*tasks)
    await asyncio.to_thread(process.wait, 10)
    return done
