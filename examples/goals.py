"""Signs somebody in and lists the goals: python goals.py FHIR_BASE CLIENT_ID REDIRECT_URI"""

import sys
from urllib.parse import urlsplit
from wsgiref.simple_server import make_server
from wsgiref.util import request_uri

from fhirclient.client import FHIRClient
from fhirclient.models.goal import Goal

base, client_id, redirect = sys.argv[1:]
scope = "offline_access patient/Patient.r patient/Goal.rs"  # it adds launch/patient by itself
smart = FHIRClient(
    {"api_base": base, "app_id": client_id, "redirect_uri": redirect, "scope": scope}
)
smart.prepare()


def came_back(environ, start_response):
    smart.handle_callback(request_uri(environ))
    goals = Goal.where({}).perform_resources_iter(smart.server)
    lines = [smart.patient.name[0].text, *(each.description.text for each in goals)]
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return ["\n".join(lines).encode()]


with make_server("127.0.0.1", urlsplit(redirect).port, came_back) as server:
    print("Open", smart.authorize_url, flush=True)
    server.handle_request()
