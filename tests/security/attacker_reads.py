"""Requests that want to see or to count: reads, versions, searches, pages, whole cases."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from tests.http.serving import BASE
from tests.security.attacker_known import CHANGED, TYPES
from tests.security.attacker_people import People
from tests.security.leaks import Request


class Reads(People):
    """Makes requests that change nothing."""

    def value(self, kind: str) -> str:
        if kind == "reference":
            return str(self.one((self.reference, self.patient, self.case, self.word))())
        if kind == "token":
            codes = ("active", "ready", "completed", "planned", "current", "final", "finished")
            system = self.one(("", "", "", "|", "http://hl7.org/fhir/goal-status|"))
            return f"{system}{self.one((*codes, self.word(), self.word(), self.word()))}"
        if kind == "date":
            moment = self.one(("2026-01-16", "2026", "2026-02", "2026-03-01T00:00:00Z"))
            return f"{self.one(('', 'ge', 'le', 'gt', 'lt', 'ne', 'ap'))}{moment}"
        if kind == "number":
            return str(self.one(("1", "0", "ge0")))
        return str(self.one((self.word(), "mk", "mk-b", "m", "VIP")))

    def clause(self, type_: str, *, simple: bool = False) -> tuple[str, str]:
        """One search parameter, perhaps modified, chained or reversed."""
        params = self.known.params[type_]
        name = str(self.one(list(params)))
        kind = params[name]
        way = 0.0 if simple else self.random.random()
        if kind == "reference" and way > 0.6:
            other = self.type()
            inner, value = self.clause(other, simple=self.chance(0.7))
            return f"{name}{self.one((':' + other, ':' + other, ''))}.{inner}", value
        if way > 0.85:
            other = self.type()
            links = [each for each, kind in self.known.params[other].items() if kind == "reference"]
            if links:
                inner, value = self.clause(other, simple=self.chance(0.7))
                return f"_has:{other}:{self.one(links)}:{inner}", value
        if way > 0.55:
            modifiers = {
                "token": ("not", "text", "missing", "in", "below"),
                "string": ("exact", "contains", "missing"),
                "reference": ("identifier", "missing", "Patient", "EpisodeOfCare", "Task"),
                "date": ("missing",),
                "uri": ("above", "below", "missing"),
            }.get(kind, ("missing",))
            modifier = self.one(modifiers)
            value = self.one(("true", "false")) if modifier == "missing" else self.value(kind)
            return f"{name}:{modifier}", value
        if self.chance(0.1):
            return name, f"{self.value(kind)},{self.value(kind)}"
        return name, self.value(kind)

    def result(self, type_: str) -> list[tuple[str, str]]:
        """Result parameters."""
        found: list[tuple[str, str]] = []
        includes, reverse = self.known.includes.get(type_, ([], []))
        if self.chance(0.2) and includes:
            again = self.one(("", ":iterate"))
            found.append((f"_include{again}", str(self.one((*includes, "*")))))
        if self.chance(0.25) and reverse:
            again = self.one(("", "", ":iterate"))
            found.append((f"_revinclude{again}", str(self.one(reverse))))
        if self.chance(0.3):
            found.append(("_count", str(self.one(("0", "1", "2", "3", "1000")))))
        if self.chance(0.2):
            found.append(("_total", str(self.one(("accurate", "none", "estimate")))))
        if self.chance(0.15):
            keys = [*self.known.params[type_], "_lastUpdated", "_id"]
            found.append(("_sort", f"{self.one(('', '-'))}{self.one(keys)}"))
        if self.chance(0.15):
            found.append(("_summary", str(self.one(("count", "count", "true", "text", "data")))))
        if self.chance(0.05):
            found.append(("_elements", "id,subject,note"))
        if self.chance(0.05):
            found.append(("_format", str(self.one(("json", "xml")))))
        if self.chance(0.05):
            found.append(("_pretty", "true"))
        return found

    def query(self, type_: str, most: int = 2) -> str:
        clauses = [self.clause(type_) for _ in range(self.random.randint(0, most))]
        return urlencode([*clauses, *self.result(type_)], safe=":,/@|*")

    def search(self) -> Request:
        type_ = self.type()
        headers = {"Prefer": "handling=lenient"} if self.chance(0.4) else {}
        return Request("GET", f"{type_}?{self.query(type_)}", headers=headers)

    def posted_search(self) -> Request:
        type_ = self.type()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        path = self.one((f"{type_}/_search", f"_search?_type={type_}"))
        return Request("POST", path, self.query(type_).encode(), form)

    def system_search(self) -> Request:
        types = ",".join(self.random.sample(TYPES, self.random.randint(1, 4)))
        shared = self.one(
            (
                f"_id={self.id(self.type())}",
                "_lastUpdated=ge2026-02-01",
                f"_tag={self.word()}",
                f"patient={self.patient()}",
                "_count=5",
            )
        )
        return Request("GET", f"?_type={types}&{shared}" if self.chance(0.7) else f"?{shared}")

    def compartment(self) -> Request:
        type_ = self.type()
        if self.chance(0.2):
            return Request("GET", f"Patient/{self.patient()}/*?_count=1000")
        return Request("GET", f"Patient/{self.patient()}/{type_}?{self.query(type_, 1)}")

    def everything(self) -> Request:
        since = self.one(("", "?_since=2026-02-01", "?_count=5", "?_type=Goal,Task"))
        return Request("GET", f"Patient/{self.patient()}/$everything{since}")

    def read(self) -> Request:
        type_ = self.type()
        id, headers = self.id(type_), {}
        if self.chance(0.15):
            known = f'W/"{self.version(type_, id)}"'
            headers["If-None-Match"] = known if self.chance(0.7) else self.etag()
        if self.chance(0.05):
            headers["If-Modified-Since"] = "Wed, 01 Jul 2026 00:00:00 GMT"
        method = "HEAD" if self.chance(0.1) else "GET"
        shape = self.one(("", "", "", "?_summary=true", "?_elements=id,note", "?_summary=count"))
        return Request(method, f"{type_}/{id}{shape}", headers=headers)

    def vread(self) -> Request:
        key = str(self.one(list(self.known.versions)))
        type_, id = key.split("/", 1)
        if self.chance(0.3):
            id = self.id(type_)
        return Request("GET", f"{type_}/{id}/_history/{self.version(type_, id)}")

    def history(self) -> Request:
        type_ = self.type(CHANGED)
        more = self.one(("", "?_count=1", "?_count=0", "?_since=2026-01-03", "?_count=2"))
        at = self.one(("", "", "?_at=2026-01-03", "?_at=ge2026-01-03"))
        more = more or at
        path = self.one((f"{type_}/{self.id(type_)}/_history", f"{type_}/_history", "_history"))
        return Request("GET", f"{path}{more}")

    def whole_case(self) -> Request:
        case = self.case()
        path = self.one((f"EpisodeOfCare/{case}/$case", f"Case/{case}", f"Bundle/{case}"))
        return Request(self.one(("GET", "GET", "HEAD")), path)

    def cases(self) -> Request:
        query = self.one(
            (f"patient={self.patient()}", f"_id={self.case()}", "_count=3", "status=active")
        )
        return Request("GET", f"Case?{query}")

    def docref(self) -> Request:
        more = self.one(("", "&on-demand=true", "&start=2026-01-01", "&_count=2"))
        return Request("GET", f"DocumentReference/$docref?patient={self.patient()}{more}")

    def page(self) -> Request:
        """The next page of an own search, or one that somebody else was given."""
        if self._links and self.chance(0.6):
            return Request("GET", str(self.one(self._links)))
        link = str(self.one(self.known.links))
        if self.chance(0.5):
            cursor = link.rpartition("_cursor=")[2]
            return Request("GET", f"{self.type()}?_count=2&_cursor={cursor}")
        return Request("GET", link)

    def odd(self) -> Request:
        """What is no interaction, or nobody's."""
        type_ = self.type()
        urls = (
            f"{BASE}/{type_}/../{type_}/{self.id(type_)}",
            f"{type_}//{self.id(type_)}",
            f"{type_}/{self.id(type_)}/",
            f"Patient/{self.patient()}",
            f"Patient/{self.patient()}/_history",
            f"Organization/{self.employer()}",
            f"{type_}/{quote(self.reference(), safe='')}",
            f"EpisodeOfCare/{self.case()}/{type_}",
            f"AuditEvent?patient={self.patient()}",
            "metadata",
            "StructureDefinition?_count=1",
            f"StructureDefinition?_id={self.id(type_)}",
            f"ValueSet/$expand?url={self.word()}",
            f"CodeSystem/$lookup?system=x&code={self.word()}",
        )
        return Request(self.one(("GET", "GET", "HEAD", "OPTIONS")), str(self.one(urls)))
