"""The control for HTTP: a Starlette application that returns prepared bytes."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(os.environ["BENCH_FOLDER"])
BODIES = {path.stem: path.read_bytes() for path in FOLDER.glob("*.json")}


async def body(request: Request) -> Response:
    return Response(BODIES[request.path_params["name"]], media_type="application/fhir+json")


app = Starlette(routes=[Route("/{name}", body)])
