"""Patch a parsed resource in the formats of FHIR R4: JSON Patch, merge patch and FHIRPath Patch.

Each function returns a new resource and leaves its arguments as they are. A patch that is malformed
is a BadRequest (400), one that cannot be applied to this resource an Unprocessable (422); neither
quotes a value. Whether the result is a valid resource, and still has its `id`, is for the caller.

https://hl7.org/fhir/R4/http.html#patch
"""

from fhir_facade.rules.patch.fhirpath_patch import fhirpath_patch
from fhir_facade.rules.patch.json_patch import json_patch
from fhir_facade.rules.patch.merge_patch import merge_patch

__all__ = ["fhirpath_patch", "json_patch", "merge_patch"]
