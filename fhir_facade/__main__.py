"""`python -m fhir_facade` is the `fhir-facade` command."""

from fhir_facade.cli import app

app()
