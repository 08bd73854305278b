"""A patch as it stands in the entry of a Bundle."""

from __future__ import annotations

import base64

from tests.http.serving import Json


def patch(text: str, kind: str = "application/json-patch+json") -> Json:
    data = base64.b64encode(text.encode()).decode()
    return {"resourceType": "Binary", "contentType": kind, "data": data}
