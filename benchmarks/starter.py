"""The peer: fhirstarter serving the same resources, from memory.

It reads annotations when it runs, so this module must not postpone them.
"""

import json
import os
from pathlib import Path

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.task import Task
from fhir_core.types import Id
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext

FOLDER = Path(os.environ["BENCH_FOLDER"])
READ = json.loads((FOLDER / "read.json").read_bytes())
TASKS = [entry["resource"] for entry in json.loads((FOLDER / "search.json").read_bytes())["entry"]]

provider = FHIRProvider()


@provider.read(Task)
async def read(context: InteractionContext, id_: Id) -> Task:
    return Task.model_validate(READ)


@provider.search_type(Task)
async def search(context: InteractionContext, status: str | None = None) -> Bundle:
    entries = [{"resource": task} for task in TASKS]
    return Bundle.model_validate(
        {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
    )


app = FHIRStarter(title="peer")
app.add_providers(provider)
