"""The HTTP protocol of `serve`: what cannot be parsed is answered as FHIR clients expect."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fhir_facade.errors import Issue
from fhir_facade.http.response import CONTENT_TYPE
from fhir_facade.interactions.search import outcome
from fhir_facade.rules.json_text import to_json

_TEXT = "The request is not HTTP that this server reads, or its URL is longer than 64 KiB."


class FhirProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, with an OperationOutcome for a request it cannot parse."""

    def send_400_response(self, msg: str) -> None:
        """Answer with 400 and close."""
        del msg
        body = to_json(outcome([Issue("error", "invalid", _TEXT)]))
        head = (
            b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: %b\r\n"
            b"content-length: %d\r\n\r\n" % (CONTENT_TYPE, len(body))
        )
        self.transport.write(head + body)
        self.transport.close()
