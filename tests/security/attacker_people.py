"""Requests about people of whom nothing is stored: by id, by name, and through what names them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from tests.http.serving import HOST
from tests.security.attacker_known import Choices
from tests.security.leaks import FORM, Request
from tests.security.world_names import PEOPLE

SYSTEMS: Final = {
    "Patient": "https://fhir.wellnecity.com/sid/member",
    "Practitioner": "https://fhir.wellnecity.com/sid/user",
    "Organization": "https://fhir.wellnecity.com/sid/org",
}
_REFERRING: Final = {
    "EpisodeOfCare": ("patient", "care-manager", "employer"),
    "Task": ("patient", "owner", "employer"),
    "Goal": ("patient", "assigned-to", "employer"),
    "Flag": ("patient", "assigned-to", "author"),
    "Communication": ("patient", "sender", "recipient", "employer"),
    "Observation": ("patient", "performer"),
    "Provenance": ("agent", "patient"),
    "AuditEvent": ("agent", "patient", "entity"),
}
"""Searches whose references lead to people, as far as there are such."""
_BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_ACCEPTED: Final = (_BROWSER, _BROWSER, "text/html", "application/fhir+json, text/html;q=0.5")


class People(Choices):
    """Makes requests that ask who somebody is, and whether there is somebody of a name."""

    def name(self) -> str:
        """A name of the attacker's own people or of others', or some letters of one."""
        name = str(self.one(self.known.own_names if self.chance(0.4) else self.known.names))
        way = self.random.randrange(8)
        if way < 3:
            return name
        if way == 3:
            return str(self.one(name.split("-")))
        if way == 4:
            return name.upper()
        if way == 5:
            return f"{name},{self.one(self.known.names)}"
        start = 0 if way == 6 else self.random.randrange(len(name))
        return name[start : start + self.random.randint(1, len(name))]

    def person(self) -> Request:
        """Who has an id."""
        type_ = self.type(PEOPLE)
        id = self.id(type_)
        shapes = ("", "", "", "", "?_summary=true", "?_elements=name", "?_pretty=true")
        more = self.one((*shapes, "/_history", f"/_history/{self.version(type_, id)}"))
        # others may have told which version there is
        headers = {"If-None-Match": f'W/"{self.version(type_, id)}"'} if self.chance(0.2) else {}
        method = "HEAD" if self.chance(0.1) else "GET"
        return Request(method, f"{type_}/{id}{more}", headers=headers)

    def people_query(self, type_: str) -> str:
        found = []
        if self.chance(0.75):
            how = self.one(("name", "name", "name:contains", "name:contains", "name:exact"))
            found.append((how, self.name()))
        if self.chance(0.35) or not found:
            ids = [self.id(type_) for _ in range(self.one((1, 1, 3)))]
            found.append(("_id", ",".join(ids)))
        if self.chance(0.15):
            system = self.one(("", f"{SYSTEMS[type_]}|", f"{SYSTEMS['Patient']}|", "|"))
            found.append(("identifier", f"{system}{self.id(type_)}"))
        if self.chance(0.05):
            found.append(self.one((("name:missing", "false"), ("name:not", self.name()))))
        if self.chance(0.35):
            found.append(("_count", str(self.one((0, 1, 2, 3, 50, 1000)))))
        if self.chance(0.25):
            taken = str(self.one(self.known.links)).rpartition("_cursor=")[2]
            found.append(("_cursor", str(self.one((0, 1, 1, 2, 50, 51, 999, taken)))))
        if self.chance(0.15):
            found.append(("_summary", str(self.one(("count", "true", "text", "data")))))
        if self.chance(0.05):
            found.append(("_elements", "id"))
        if self.chance(0.1):
            found.append(("_total", str(self.one(("accurate", "none")))))
        return urlencode(found, safe=":,/@|*")

    def people(self) -> Request:
        """Who has a name."""
        type_ = self.type(PEOPLE)
        query = self.people_query(type_)
        headers = {"Prefer": "handling=lenient"} if self.chance(0.2) else {}
        return Request("GET", f"{type_}?{query}", headers=headers)

    def posted_people(self) -> Request:
        type_ = self.type(PEOPLE)
        return Request("POST", f"{type_}/_search", self.people_query(type_).encode(), FORM)

    def included_people(self) -> Request:
        """Whom a page refers to, brought with it."""
        type_, names = str(self.one(list(_REFERRING))), []
        for _ in range(self.one((1, 1, 2, 3))):
            name = self.one(_REFERRING[type_])
            target = self.one(("", "", f":{self.type(PEOPLE)}"))
            names.append(self.one((f"{type_}:{name}{target}", f"{type_}:{name}", "*")))
        which = self.one(
            (
                f"_id={self.id(type_)},{self.id(type_)}",
                f"{self.one(_REFERRING[type_])}={self.id(self.type(PEOPLE))}",
                f"_count={self.one((0, 1, 3, 1000))}",
            )
        )
        how = self.one(("_include", "_include", "_include:iterate", "_revinclude"))
        more = self.one(("", "", "", "&_summary=count", "&_elements=id", "&_total=accurate"))
        return Request("GET", f"{type_}?{which}{''.join(f'&{how}={each}' for each in names)}{more}")

    def around(self) -> Request:
        """The same questions where they are not taken, or through what refers to people."""
        type_ = self.type(PEOPLE)
        id, name = self.id(type_), self.name()
        urls = (
            f"Task?owner:Practitioner.name={name}",
            f"Task?owner.name:contains={name}",
            f"Goal?patient:Patient.name={name}",
            f"EpisodeOfCare?care-manager:Practitioner.identifier={id}",
            f"Task?owner=Practitioner/{id}&_include=Task:owner",
            f"Task?employer={id}&_summary=count",
            f"Task?owner:identifier={SYSTEMS['Practitioner']}|{id}",
            f"{type_}?_has:Task:owner:_id={self.id('Task')}",
            f"{type_}?_has:Task:patient:_id={self.id('Task')}&_id={id}",
            f"{type_}?_id={id}&_revinclude=Task:patient&_revinclude=Task:owner",
            f"{type_}?_id={id}&_sort=name",
            f"{type_}?birthdate=1970&_id={id}",
            f"?_type={type_},Task&_id={id}",
            f"?_type={type_}&name={name}",
            f"Practitioner/{id}/Task?_summary=count",
            f"Patient/{id}/{type_}?name={name}",
            f"{type_}/{id}/$everything",
            f"{type_}/{id}/$validate",
            f"{type_}/_history?_count=2",
            f"{type_}/$match?name={name}",
            f"{type_}",
        )
        headers = {"Prefer": "handling=lenient"} if self.chance(0.5) else {}
        return Request("GET", str(self.one(urls)), headers=headers)

    def beside(self) -> Request:
        """What is served beside the FHIR base, to everybody."""
        paths = (
            *(
                "",
                "",
                "",
                "docs",
                "openapi.json",
                "health/live",
                "health/ready",
                "static/answer.js",
            ),
            *("apps/goals", "apps/case/launch", f"?patient={self.patient()}", "fhir", "fhir/"),
            *("fhir/metadata", "fhir/.well-known/smart-configuration"),
            *(f"Patient/{self.patient()}", f"apps/goals/{self.word()}", f"static/{self.word()}"),
        )
        headers = {"Accept": _BROWSER} if self.chance(0.5) else {}
        method = self.one(("GET", "GET", "GET", "HEAD"))
        return Request(method, f"{HOST}/{self.one(paths)}", headers=headers)

    def as_page(self, request: Request) -> Request:
        """The same request, as a browser or a person makes it."""
        if request.url.startswith("@@") or self.chance(0.6):
            accept = {"Accept": str(self.one(_ACCEPTED))}
            return Request(request.method, request.url, request.body, {**request.headers, **accept})
        return Request(request.method, self.in_html(request.url), request.body, request.headers)

    def in_html(self, url: str) -> str:
        wanted = self.one(("html", "text/html", "text%2Fhtml", "html&_format=json"))
        return f"{url}{'&' if '?' in url else '?'}_format={wanted}"
