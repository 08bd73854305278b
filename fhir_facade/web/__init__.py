"""The pages of this server: what a person sees who opens it in a browser."""

from fhir_facade.web.front import Counts, Front, Health
from fhir_facade.web.pages import add_pages
from fhir_facade.web.rendering import rendered

__all__ = ["Counts", "Front", "Health", "add_pages", "rendered"]
