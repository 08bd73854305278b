"""Signs somebody in and lists the goals: python goals.py FHIR_BASE CLIENT_ID REDIRECT_URI"""

import sys

from fhirclient.client import FHIRClient
from fhirclient.models.goal import Goal

base, app, redirect = sys.argv[1:]
scope = "patient/Patient.r patient/Goal.rs"  # it adds launch/patient by itself
smart = FHIRClient({"api_base": base, "app_id": app, "redirect_uri": redirect, "scope": scope})
smart.handle_callback(input(f"Open {smart.authorize_url}\nWhere did the browser end? "))
print(smart.patient.name[0].text)
for goal in Goal.where({}).perform_resources_iter(smart.server):
    print(goal.description.text)
