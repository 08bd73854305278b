"""Every error the facade answers with: a tree of classes with HTTP status and FHIR issue code.

FacadeError                      500 exception
├── BadRequest                   400 invalid
│   ├── UnknownParameter         400 not-supported
│   └── BadCursor                400 invalid
├── Unauthorized                 401 login
│   └── TokenExpired             401 expired
├── Forbidden                    403 forbidden
│   └── ScopeMissing             403 forbidden
├── NotFound                     404 not-found
│   ├── UnknownType              404 not-supported
│   └── Unservable               404 not-found
├── Gone                         410 deleted
├── MethodNotAllowed             405 not-supported
├── NotAcceptable                406 not-supported
├── TooLarge                     413 too-long
├── UriTooLong                   414 too-long
├── UnsupportedMediaType         415 not-supported
├── Conflict                     409 conflict
│   └── Duplicate                409 duplicate
├── PreconditionFailed           412 conflict
│   └── MultipleMatches          412 multiple-matches
├── Unprocessable                422 invalid
│   ├── BusinessRule             422 business-rule
│   └── Unsupported              422 not-supported
├── TooCostly                    422 too-costly
├── TooManyRequests              429 throttled
├── HeadersTooLarge              431 too-long
└── StoreUnavailable             503 transient
    ├── NotRecorded              503 transient
    └── TimedOut                 503 timeout

https://hl7.org/fhir/R4/operationoutcome.html
https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome."""

    severity: str
    code: str
    diagnostics: str
    expression: str | None = None


class FacadeError(Exception):
    """An error that is answered with an OperationOutcome; `diagnostics` is safe to show."""

    status = 500
    code = "exception"

    def __init__(
        self,
        diagnostics: str,
        *,
        expression: str | None = None,
        issues: Sequence[Issue] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(diagnostics)
        self.headers = headers or {}
        self.issues = tuple(issues) or (Issue("error", self.code, diagnostics, expression),)


class BadRequest(FacadeError):
    status, code = 400, "invalid"


class UnknownParameter(BadRequest):
    code = "not-supported"


class BadCursor(BadRequest):
    pass


class Unauthorized(FacadeError):
    status, code = 401, "login"


class TokenExpired(Unauthorized):
    code = "expired"


class Forbidden(FacadeError):
    status, code = 403, "forbidden"


class ScopeMissing(Forbidden):
    """No scope of the token allows it; another token may (RFC 6750, section 3.1)."""


class NotFound(FacadeError):
    status, code = 404, "not-found"


class UnknownType(NotFound):
    code = "not-supported"


class Unservable(NotFound):
    pass


class Gone(FacadeError):
    status, code = 410, "deleted"


class MethodNotAllowed(FacadeError):
    status, code = 405, "not-supported"


class NotAcceptable(FacadeError):
    status, code = 406, "not-supported"


class TooLarge(FacadeError):
    status, code = 413, "too-long"


class UriTooLong(FacadeError):
    status, code = 414, "too-long"


class UnsupportedMediaType(FacadeError):
    status, code = 415, "not-supported"


class Conflict(FacadeError):
    status, code = 409, "conflict"


class Duplicate(Conflict):
    code = "duplicate"


class PreconditionFailed(FacadeError):
    status, code = 412, "conflict"


class MultipleMatches(PreconditionFailed):
    code = "multiple-matches"


class Unprocessable(FacadeError):
    status, code = 422, "invalid"


class BusinessRule(Unprocessable):
    code = "business-rule"


class Unsupported(Unprocessable):
    code = "not-supported"


class TooCostly(FacadeError):
    status, code = 422, "too-costly"


class TooManyRequests(FacadeError):
    status, code = 429, "throttled"


class HeadersTooLarge(FacadeError):
    status, code = 431, "too-long"


class StoreUnavailable(FacadeError):
    status, code = 503, "transient"


class NotRecorded(StoreUnavailable):
    pass


class TimedOut(StoreUnavailable):
    code = "timeout"
