"""Requests that want to change, to move, or to learn by what a change is answered."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from tests.http.serving import BASE, Json
from tests.security.attacker_known import CHANGED, WRITTEN
from tests.security.attacker_reads import Reads
from tests.security.leaks import MERGE, Request
from tests.security.world_names import PEOPLE

_BASE = "https://fhir.wellnecity.com"
_SID = f"{_BASE}/sid"


class Writes(Reads):
    """Makes requests that write, and those that only seem to."""

    def resource(self, type_: str) -> Json:
        """One of the attacker's own resources, with something of another's put in."""
        found = copy.deepcopy(self.one(self.known.own[type_]))
        for name in ("meta", "text"):
            found.pop(name, None)
        for _ in range(self.random.choice((0, 1, 1, 1, 2))):
            self._change(found)
        return dict(found)

    def _change(self, resource: Json) -> None:
        places = list(_references(resource))
        identified = list(_identifiers(resource))
        subject = next(
            (resource[name] for name in ("subject", "for", "patient") if name in resource), None
        )
        kind = self.random.randrange(8)
        if kind == 0 and subject is not None:
            whose = self.patient()
            subject.clear()
            subject.update(
                self.one(
                    (
                        {"reference": f"Patient/{whose}"},
                        {"reference": f"{BASE}/Patient/{whose}"},
                        {"reference": f"http://elsewhere.example/Patient/{whose}"},
                        {"identifier": {"system": f"{_SID}/member", "value": whose}},
                        {"display": whose},
                    )
                )
            )
        elif kind in (1, 2) and places:
            self.one(places)["reference"] = self.reference(versioned=True)
        elif kind == 3 and identified:
            self.one(identified)["value"] = self.id(self.type())
        elif kind == 4:
            extension = {
                "url": f"{_BASE}/StructureDefinition/{self.one(('case', 'employer'))}",
                "valueReference": {"reference": self.reference()},
            }
            resource.setdefault("extension", []).append(extension)
        elif (kind == 5 and "focus" in resource) or resource["resourceType"] == "Task":
            resource["focus"] = {"reference": f"EpisodeOfCare/{self.case()}"}
        elif kind == 6:
            name = self.one(("description", "title", "note"))
            if name == "note":
                resource["note"] = [{"text": f"note {self.random.randrange(100)}"}]
            elif isinstance(resource.get(name), str):
                resource[name] = f"text {self.random.randrange(100)}"
        elif kind == 7:
            resource.pop(self.one(list(resource)[1:] or ["note"]), None)

    def body(self, type_: str, id: str | None = None) -> Json:
        found = self.resource(type_)
        found["resourceType"] = type_
        found.pop("id", None)
        if id is not None:
            found["id"] = id
        elif self.chance(0.2):
            found["id"] = self.id(type_)
        return found

    def conditions(self, type_: str, id: str) -> dict[str, str]:
        found = {}
        if self.chance(0.25):
            known = f'W/"{self.version(type_, id)}"'
            found["If-Match"] = known if self.chance(0.5) else self.etag()
        if self.chance(0.1):
            found["Prefer"] = str(self.one(("return=minimal", "return=OperationOutcome")))
        return found

    def criteria(self, type_: str) -> str:
        """Criteria about everybody's data."""
        if self.chance(0.3):
            return f"identifier={self.id(type_, 0.3)}"
        if self.chance(0.3):
            return f"patient={self.patient()}&_id={self.id(type_, 0.3)}"
        return urlencode([self.clause(type_) for _ in range(self.random.randint(1, 2))])

    def create(self) -> Request:
        type_ = self.type(WRITTEN)
        headers = {"If-None-Exist": self.criteria(type_)} if self.chance(0.4) else {}
        return Request("POST", type_, self.body(type_), headers)

    def update(self) -> Request:
        type_ = self.type(CHANGED)
        id = self.id(type_)
        return Request("PUT", f"{type_}/{id}", self.body(type_, id), self.conditions(type_, id))

    def patch_body(self, type_: str) -> tuple[Any, str]:
        path = self.one(("/subject/reference", "/for/reference", "/patient/reference", "/note"))
        value = [{"text": "patched"}] if path == "/note" else self.reference()
        if self.chance(0.5):
            op = self.one(("replace", "add", "test", "remove"))
            return [{"op": op, "path": path, "value": value}], "application/json-patch+json"
        name = path.split("/")[1]
        merge = {name: value if name == "note" else {"reference": value}}
        if self.chance(0.2):
            merge = {"id": self.id(type_)}
        return merge, "application/merge-patch+json"

    def patch(self) -> Request:
        type_ = self.type(CHANGED)
        id = self.id(type_)
        body, kind = self.patch_body(type_)
        headers = {"Content-Type": kind, **self.conditions(type_, id)}
        return Request("PATCH", f"{type_}/{id}", body, headers)

    def delete(self) -> Request:
        type_ = self.type(WRITTEN)
        id = self.id(type_, 0.4)
        return Request("DELETE", f"{type_}/{id}", headers=self.conditions(type_, id))

    def conditional(self) -> Request:
        type_ = self.type(WRITTEN)
        criteria = self.criteria(type_)
        method = self.one(("PUT", "PUT", "PATCH", "DELETE"))
        headers = self.conditions(type_, self.id(type_))
        if method == "DELETE":
            return Request("DELETE", f"{type_}?{criteria}", headers=headers)
        if method == "PUT":
            id = self.one((None, self.id(type_)))
            return Request("PUT", f"{type_}?{criteria}", self.body(type_, id), headers)
        body, kind = self.patch_body(type_)
        return Request("PATCH", f"{type_}?{criteria}", body, {"Content-Type": kind, **headers})

    def validate(self) -> Request:
        type_ = self.type(CHANGED)
        mode = self.one(("create", "update", "delete"))
        if self.chance(0.3):
            return Request("GET", f"{type_}/{self.id(type_)}/$validate?mode={mode}")
        id = self.id(type_)
        parameters = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "resource", "resource": self.body(type_, id)},
                {"name": "mode", "valueCode": mode},
            ],
        }
        path = self.one((f"{type_}/{id}/$validate", f"{type_}/$validate", "$validate"))
        return Request("POST", path, parameters)

    def written_case(self) -> Request:
        """A whole case, its parts changed as single resources are."""
        bundle = copy.deepcopy(self.one(self.known.cases))
        id = bundle["id"]
        if self.chance(0.2):
            id = self.case()
        if self.chance(0.1):
            return Request("DELETE", f"Case/{id}")
        if id != bundle["id"] and self.chance(0.7):
            bundle = json.loads(json.dumps(bundle).replace(f"{bundle['id']}", id))
        for entry in bundle["entry"]:
            if self.chance(0.15):
                self._change(entry["resource"])
            if self.chance(0.05):
                entry["resource"]["id"] = self.id(entry["resource"]["resourceType"])
        if self.chance(0.4):
            bundle["entry"] = [
                each for each in bundle["entry"] if each["resource"]["resourceType"] != "Provenance"
            ]
        if self.chance(0.4):
            bundle["entry"] = [
                each
                for each in bundle["entry"]
                if each["resource"]["resourceType"] != "Observation"
            ]
            bundle["entry"].append(self._outcome(str(bundle["id"])))
        if self.chance(0.3):
            return Request("POST", "Case", bundle)
        bundle["id"] = id
        return Request("PUT", f"Case/{id}", bundle, self.conditions("EpisodeOfCare", id))

    def _outcome(self, case: str) -> Json:
        own = self.one(self.known.own["Observation"])
        new = {key: each for key, each in copy.deepcopy(own).items() if key not in ("id", "meta")}
        new["focus"] = [{"reference": f"EpisodeOfCare/{case}"}]
        new.pop("identifier", None)
        number = self.random.randrange(10**12)
        return {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{number:012}", "resource": new}

    def written_person(self) -> Request:
        """A write of what nobody can write."""
        type_ = self.type(PEOPLE)
        id, name = self.id(type_), self.name()
        body = {"resourceType": type_, "id": id, "name": [{"text": name}]}
        url = self.one((f"{type_}/{id}", f"{type_}/{id}", f"{type_}?name={name}", type_))
        method = self.one(("PUT", "POST", "PATCH", "DELETE"))
        if method == "PATCH":
            return Request(method, url, body, MERGE)
        return Request(method, url, None if method == "DELETE" else body)

    _SINGLE = (
        *("read", "search", "search", "vread", "create", "update", "patch", "delete"),
        *("conditional", "person", "people"),
    )
    _OF_PEOPLE = ("person", "people", "people", "around", "included_people")

    def bundle(self) -> Request:
        return self._bundle(self._SINGLE)

    def bundle_of_people(self) -> Request:
        return self._bundle(self._OF_PEOPLE)

    def _bundle(self, names: Sequence[str]) -> Request:
        kind = self.one(("batch", "batch", "transaction"))
        count = self.random.randint(1, 5)
        entries = [self._entry(getattr(self, self.one(names))()) for _ in range(count)]
        return Request("POST", "", {"resourceType": "Bundle", "type": kind, "entry": entries})

    def _entry(self, request: Request) -> Json:
        url = request.url.removeprefix(f"{BASE}/")
        if request.method == "GET" and self.chance(0.05):
            url = self.in_html(url)
        asked: Json = {"method": request.method, "url": url}
        for header, name in (
            ("If-Match", "ifMatch"),
            ("If-None-Match", "ifNoneMatch"),
            ("If-None-Exist", "ifNoneExist"),
        ):
            if header in request.headers:
                asked[name] = request.headers[header]
        entry: Json = {"request": asked}
        body = request.body
        if request.method == "PATCH":
            data = json.dumps(body).encode()
            kind = request.headers["Content-Type"]
            body = {"resourceType": "Binary", "contentType": kind, "data": _base64(data)}
        if body is not None:
            entry["resource"] = body
        if request.method == "POST" and self.chance(0.7):
            number = self.random.randrange(10**12)
            entry["fullUrl"] = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        return entry


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _references(value: Any) -> list[Json]:
    """Every Reference in a resource, to be changed in place."""
    found: list[Json] = []
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            found.append(value)
        for each in value.values():
            found += _references(each)
    elif isinstance(value, list):
        for each in value:
            found += _references(each)
    return found


def _identifiers(value: Any) -> list[Json]:
    """Every Identifier in a resource, to be changed in place."""
    found: list[Json] = []
    if isinstance(value, dict):
        if isinstance(value.get("value"), str) and "system" in value:
            found.append(value)
        for each in value.values():
            found += _identifiers(each)
    elif isinstance(value, list):
        for each in value:
            found += _identifiers(each)
    return found
