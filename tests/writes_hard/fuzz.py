"""Requests that nobody should send, from a seed: bodies, patches, headers, criteria."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.writes_hard.kit import FHIR, JSON_PATCH, MERGE_PATCH, Json

MARKER = "Zq7Marker"
"""Stands for health data: it is in every odd string, and must be in no log and no diagnostics."""


@dataclass(frozen=True)
class Raw:
    """JSON text that `json.dumps` would not write."""

    text: str


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    body: bytes | None = None
    headers: dict[str, str | bytes] = field(default_factory=dict)


def deep(levels: int, text: str = "x") -> Any:
    found: Any = text
    for _ in range(levels):
        found = [found] if levels % 2 else {"a": found}
    return found


ODD_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1),
    *(Raw("1.10"), Raw("-0"), Raw("-0.0"), Raw("1e400"), Raw("1E-400"), Raw("1e7000")),
    *(Raw("1e99999999999999999999"), Raw("9" * 399), Raw("9" * 1000), Raw("0." + "1" * 390)),
    *(Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e-99999999999999999999")),
    *(Raw('"\\ud800"'), Raw('"\\udc00\\ud800"'), Raw('{"a":1,"a":2}'), Raw('"\\u0000"')),
    *(Raw("[[[[[[[[" * 20 + "]]]]]]]]" * 20), Raw('{"a":' * 90 + "1" + "}" * 90)),
    *([], {}, [[]], [None], [{}], {"": ""}, {"a": None}, [1, "a", None, {}]),
    *("", " ", "\t", "\u200b", "\ufeff", "\x7f", "\ufffe", "\ud83d\ude00"),
    *(f"{MARKER}", f" {MARKER} ", f"{MARKER}\n", f"<{MARKER}/>", f"${MARKER}", f"{MARKER}.a"),
    *(f"Patient/{MARKER}", f"#{MARKER}", f"urn:uuid:{MARKER}", f"http://x/{MARKER}/_history/1"),
    *(f"Patient/{MARKER}/x/y", "Patient/", "/", "#", "Patient/a b", "Nonsense/1", "Task/../x"),
    *("2026", "2026-02-30", "2026-01-16T24:00:00Z", "2026-01-16T09:30:61Z", "0000-01-01"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999Z"),
    *("2026-01-16T09:30:00", "2026-01-16T09:30:00.123456789Z", "-2026-01-01", "12026-01-01"),
    *("active", "completed", "entered-in-error", "in-progress", "on-hold", "Active", "order"),
    *("$set", "$where", "a.b", "__proto__", "constructor", "_id", "is_deleted", "fhir"),
    *("gs://b/p", "gs://", "gs:///p", "gs://b/%zz", "gs://b/../x", "javascript:alert(1)"),
    *({"reference": f"Patient/{MARKER}"}, {"identifier": {"value": MARKER}}, {"display": MARKER}),
    *({"coding": [{"code": MARKER}]}, {"text": MARKER}, {"$set": {"a": 1}}, {"a.b": 1}),
    *({"coding": [{"system": MARKER, "code": "a"}, {"system": MARKER}]}, {"value": Raw("1.50")}),
    *({"extension": [{"url": MARKER, "valueString": MARKER}]}, {"url": MARKER}, [{"url": MARKER}]),
    *({"start": "2026-02-01", "end": "2026-01-01"}, {"end": "9999-12-31"}, {"start": MARKER}),
    *(MARKER * 50, "x" * 70_000, "é" * 1000, deep(20, MARKER), deep(70, MARKER)),
]
ODD_KEYS = [
    *("$set", "$where", "a.b", "", ".", "$", "__proto__", "constructor", "_id", "_", "__"),
    *("resourceType", "id", "meta", "extension", "modifierExtension", "contained", "text"),
    *("implicitRules", "language", "_status", "_id", "is_deleted", "fhir", "type", "é", "a" * 300),
    *("valueString", "valueInteger", "value", "reference", "url", "status", "note", "identifier"),
]
PATHS = [
    *("", "/", "/status", "/description", "/note", "/note/0", "/note/-", "/note/0/text", "/id"),
    *(
        "/note/00",
        "/note/-1",
        "/note/99999999999999999999",
        "/meta",
        "/meta/versionId",
        "/extension",
    ),
    *("/resourceType", "/~2", "/~", "/a~1b", "/$set", "/__proto__", "/for/reference", "/nope/nope"),
    *("status", "#/status", "/extension/0/valueInteger", "/code", "/subject", "/text/div", "/é"),
]
FHIR_PATHS = [
    *("Task", "Task.status", "Task.note[0]", "Task.note[0].text", "Task.note", "Goal.status", ""),
    *("Task.extension.where(url='a')", "Task.descendants()", "Task.note.first()", "status", "%x"),
    *("Task.status | Task.intent", "Task.note[99999999999999999999]", "Task.id", "(" * 500, "`a`"),
    *(
        "Task.meta",
        "Task.for.resolve()",
        "Task.note.where(text='x' or true)",
        "Task..status",
        "$this",
    ),
]
TAGS = [
    *("*", 'W/"', '"', "W/", 'W/""', ",,,", 'W/"a",', "\t", "é", "x" * 5000, '"a" "b"', "w/*"),
    *(f'W/"{MARKER}"', f'"{MARKER}", "b"', 'W/"\\""', "None", "null", '*, "a"'),
]
PREFERENCES = [
    *("return=minimal", "return=representation", "return=OperationOutcome", "return=", "=", ";;"),
    *('return="', "handling=strict", "handling=lenient", "respond-async", "é=é", "return=\x01"),
    *(f"return={MARKER}", "return=minimal, return=representation", "x" * 5000, "return = minimal"),
]
CRITERIA = [
    *(
        "patient=M1",
        "identifier=a|b",
        f"patient={MARKER}",
        f"identifier={MARKER}|{MARKER}",
        "_id=t1",
    ),
    *("", "?", "??", "=", "&", "&&&", "patient", "patient=", "=M1", "patient=%", "patient=%zz"),
    *("patient=%00", "patient=%ff", "patient=%0d%0a", "status=ready\nX: y", "status=\r\n\r\nGET /"),
    *("status:not=ready", "status:missing=true", "status:in=x", "_lastUpdated=gt2026", "_tag=a|b"),
    *("_lastUpdated=99999999-01", "authored-on=ge0001", "authored-on=eq9999-12-31T23:59:60-14:00"),
    *(
        "patient.name=x",
        "patient:Patient=M1",
        "patient:Nope=M1",
        "_has:Task:x:y=z",
        "_filter=a eq b",
    ),
    *(
        "status=" + "ready," * 300,
        "&".join(["status=ready"] * 60),
        "code=|",
        "code=||",
        "code=a|b|c",
    ),
    *("_count=0", "_summary=count&patient=M1", "_sort=x", "_include=*", "_format=xml", "_cursor=x"),
    *("$where=1", "a.b=c", "__proto__=1", "due=gt1e400", "description:exact=\\", "é=é", "+=+"),
]


def text_of(value: Any) -> str:
    """JSON text, with what is raw as it is."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        inner = (f"{json.dumps(name)}:{text_of(each)}" for name, each in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    return json.dumps(value)


class Fuzzer:
    """Makes requests from a seed; `there` are resources that are in the store."""

    def __init__(self, seed: int, samples: list[Json], there: list[Json]) -> None:
        self._random = random.Random(seed)
        self._samples = samples
        self._there = there

    def request(self) -> Request:
        makers: list[Callable[[], Request]] = [self._create, self._update, self._patch, self._odd]
        weights = [4, 4, 4, 2]
        (make,) = self._random.choices(makers, weights)
        return make()

    def mutated(self, resource: Json) -> Any:
        """A resource with one to three things gone wrong."""
        changed: Any = copy.deepcopy(resource)
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            holder, key = self._place(changed)
            self._spoil(holder, key)
        return changed if self._random.random() < 0.97 else self._value()

    def _place(self, value: Any) -> tuple[Any, Any]:
        """A holder somewhere within, and the key of one of its members."""
        holder: Any = value
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                return holder, None
            key = self._random.choice(keys)
            inner = holder[key]
            if not isinstance(inner, dict | list) or not inner or self._random.random() < 0.3:
                return holder, key
            holder = inner

    def _spoil(self, holder: Any, key: Any) -> None:
        kind = self._random.randrange(8)
        if isinstance(holder, dict) and (key is None or kind == 0):
            holder[self._random.choice(ODD_KEYS)] = self._value()
        elif key is None or (isinstance(holder, list) and kind == 1):
            holder.append(self._value() if self._random.random() < 0.7 or not holder else holder[0])
        elif kind == 2:
            del holder[key]
        elif kind == 3 and isinstance(holder, dict):
            holder[self._random.choice(ODD_KEYS)] = holder.pop(key)
        elif kind == 4:
            holder[key] = [holder[key]]
        elif kind == 5:
            holder[key] = {self._random.choice(ODD_KEYS): holder[key]}
        else:
            holder[key] = self._value()

    def _value(self) -> Any:
        return copy.deepcopy(self._random.choice(ODD_VALUES))

    def _headers(self, *more: str) -> dict[str, str | bytes]:
        found: dict[str, str | bytes] = {"Content-Type": FHIR}
        if self._random.random() < 0.1:
            found["Prefer"] = self._random.choice(PREFERENCES).encode("latin-1")
        for name in more:
            if self._random.random() < 0.1:
                pool = CRITERIA if name == "If-None-Exist" else TAGS
                found[name] = self._random.choice(pool).encode("utf-8")
        return found

    def _create(self) -> Request:
        sample = self._random.choice(self._samples)
        body = text_of(self.mutated(sample)).encode("utf-8", "surrogatepass")
        return Request("POST", f"/{sample['resourceType']}", body, self._headers("If-None-Exist"))

    def _update(self) -> Request:
        there = self._random.choice(self._there)
        others = [each for each in self._samples if each["resourceType"] == there["resourceType"]]
        sample = {**self._random.choice([there, *others]), "id": there["id"]}
        body = text_of(self.mutated(sample)).encode("utf-8", "surrogatepass")
        url = f"/{there['resourceType']}/{there['id']}"
        if self._random.random() < 0.1:
            url = f"/{there['resourceType']}?{self._query()}"
        return Request("PUT", url, body, self._headers("If-Match", "If-None-Match"))

    def _query(self) -> str:
        asked = self._random.choice(CRITERIA)
        return "".join(f"%{ord(each):02x}" if each in "\r\n\x00 " else each for each in asked)

    def _patch(self) -> Request:
        there = self._random.choice(self._there)
        pick = self._random.choice
        headers = self._headers("If-Match")
        kind = pick((JSON_PATCH, MERGE_PATCH, FHIR, "application/json"))
        headers["Content-Type"] = kind
        body: Any = {pick([*there, *ODD_KEYS]): self._value() for _ in range(pick((1, 2)))}
        if kind == JSON_PATCH:
            body = [self._operation() for _ in range(pick((1, 1, 2, 5)))]
        elif kind == FHIR:
            body = self._parameters()
        if self._random.random() < 0.15:
            body = self.mutated(body) if isinstance(body, dict) else self._value()
        url = f"/{there['resourceType']}/{there['id']}"
        if self._random.random() < 0.05:
            url = f"/{there['resourceType']}?{self._query()}"
        return Request("PATCH", url, text_of(body).encode("utf-8", "surrogatepass"), headers)

    def _operation(self) -> Any:
        pick = self._random.choice
        op = pick(
            ("add", "add", "replace", "replace", "remove", "move", "copy", "test", "nope", "")
        )
        found = {"op": op, "path": pick(PATHS), "value": self._value(), "from": pick(PATHS)}
        for name in list(found):
            if self._random.random() < 0.05:
                found[name] = self._value()
            elif self._random.random() < 0.05:
                del found[name]
        return found

    def _parameters(self) -> Json:
        pick = self._random.choice
        parts = [
            {
                "name": "type",
                "valueCode": pick(("add", "insert", "delete", "replace", "move", "x")),
            },
            {"name": "path", "valueString": pick(FHIR_PATHS)},
            {"name": "name", "valueString": pick(["note", "status", *ODD_KEYS])},
            {"name": "value", f"value{pick(('String', 'Code', 'Integer', 'X'))}": self._value()},
            {"name": pick(("index", "source", "x")), "valueInteger": pick((0, -1, 2**40, "a"))},
        ]
        chosen = [each for each in parts if self._random.random() < 0.85]
        return {
            "resourceType": "Parameters",
            "parameter": [{"name": "operation", "part": chosen}] * pick((1, 1, 1, 2)),
        }

    def _odd(self) -> Request:
        """Good bodies with odd headers and URLs, and bodies of bytes gone wrong."""
        there = self._random.choice(self._there)
        url = f"/{there['resourceType']}/{there['id']}"
        good = text_of(there).encode()
        kind = self._random.randrange(5)
        if kind == 0:
            headers = {
                "Content-Type": FHIR,
                "If-None-Exist": self._random.choice(CRITERIA).encode(),
            }
            return Request("POST", f"/{there['resourceType']}", good, headers)
        if kind == 1:
            headers = {"Content-Type": FHIR, "If-Match": self._random.choice(TAGS).encode()}
            return Request("PUT", url, good, headers)
        if kind == 2:
            method = self._random.choice(("PUT", "DELETE"))
            asked = f"/{there['resourceType']}?{self._query()}"
            return Request(method, asked, None if method == "DELETE" else good, self._headers())
        broken = bytearray(good)
        for _ in range(self._random.choice((1, 1, 2, 8))):
            place = self._random.randrange(len(broken))
            broken[place : place + self._random.choice((0, 1, 1))] = bytes(
                self._random.choice(
                    (b"\xff", b"\x00", b'"', b"{", b"]", b",", b"\xed\xa0\x80", b"")
                )
            )
        if self._random.random() < 0.3:
            del broken[self._random.randrange(len(broken)) :]
        return Request("PUT", url, bytes(broken), self._headers())
