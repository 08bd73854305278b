"""What operations answer with: Parameters, expanded value sets, outcomes of validation."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.http.asker import SERVED
from tests.validator.broken import broken
from tests.validator.sample import Json, Sample
from tests.validator.server import Asking
from tests.writing.exact_json import read

_GUIDE = "https://fhir.wellnecity.com"
_STATUS = "system=http://hl7.org/fhir/task-status"
_STORED = f"system={_GUIDE}/CodeSystem/platform-task-status"
_VALUES = f"url={_GUIDE}/ValueSet/task-status"
_CATEGORY = f"{_GUIDE}/CodeSystem/task-category"
TERMINOLOGY = (
    f"ConceptMap/$translate?{_STORED}&code=In Progress",
    f"ConceptMap/$translate?{_STORED}&code=none",
    f"ConceptMap/platform-task-status-to-fhir/$translate?{_STATUS}&code=in-progress&reverse=true",
    "ValueSet/task-status/$expand",
    "ValueSet/task-status/$expand?filter=re&count=2&offset=1&includeDefinition=true",
    f"ValueSet/$validate-code?{_VALUES}&{_STATUS}&code=ready",
    f"ValueSet/$validate-code?{_VALUES}&{_STATUS}&code=none",
    f"ValueSet/$validate-code?{_VALUES}&{_STATUS}&code=ready&display=Wrong",
    f"CodeSystem/$validate-code?url={_CATEGORY}&code=Claim",
    f"CodeSystem/$validate-code?url={_CATEGORY}&code=none",
    f"CodeSystem/$lookup?system={_CATEGORY}&code=Claim",
)


async def terminology(asking: Asking) -> AsyncIterator[Sample]:
    for url in TERMINOLOGY:
        yield Sample(url, "operation", await asking.get(f"/{url}"))


async def validations(asking: Asking, whole: dict[str, Json]) -> AsyncIterator[Sample]:
    """What `$validate` says of a resource of each type, and of broken ones."""
    for type_ in (*SERVED, "Case"):
        url = f"{type_}/{whole[type_]['id']}/$validate"
        yield Sample(url, "operation", await asking.get(f"/{url}"))
    for each in broken(whole):
        response = await asking.send("POST", "/$validate", each.resource)
        assert response.status_code in (200, 400), f"{each.name}: {response.text}"
        yield Sample(f"$validate {each.name}", "operation", read(response.content))
