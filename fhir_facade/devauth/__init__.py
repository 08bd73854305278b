"""The development authorization server: SMART App Launch for demo data, and for nothing else.

https://hl7.org/fhir/smart-app-launch/
"""

from __future__ import annotations

from fhir_facade.devauth.app import authorization_server
from fhir_facade.devauth.discovery import metadata
from fhir_facade.devauth.people import DemoApp, People, Person, Served

__all__ = ["DemoApp", "People", "Person", "Served", "authorization_server", "metadata"]
