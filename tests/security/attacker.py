"""Random requests of a caller who wants what is not the caller's.

Everything that the others have is known to the attacker by name: ids, versions, words, page links.
What must not come back is what the attacker did not send.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.security.attacker_known import next_links
from tests.security.attacker_writes import Writes
from tests.security.leaks import Answer, Request

_SLOT = re.compile(r"@@(\d+)@@")

Kinds = Sequence[tuple[str, int]]
"""Names of methods that make requests, and how often each is chosen."""


@dataclass
class Attacker(Writes):
    """Makes requests; what it was answered flows into the next ones.

    Values that each world gives itself (ids, versions, page links) stand in a request as `@@3@@`.
    """

    slots: list[tuple[str, ...]] = field(default_factory=list)

    def filled(self, request: Request, world: int) -> Request:
        """The request as one of the worlds gets it."""

        def value(found: re.Match[str]) -> str:
            return self.slots[int(found[1])][world]

        def real(text: str) -> str:
            return _SLOT.sub(value, text)

        body = request.body
        if body is not None and not isinstance(body, bytes):
            quoted = _SLOT.sub(lambda found: json.dumps(value(found))[1:-1], json.dumps(body))
            body = json.loads(quoted)
        headers = {name: real(value) for name, value in request.headers.items()}
        return Request(request.method, real(request.url), body, headers)

    def _slot(self, values: Sequence[str]) -> str:
        self.slots.append(tuple(values))
        return f"@@{len(self.slots) - 1}@@"

    def learned(self, answers: Sequence[Answer]) -> None:
        """Take over what each world gave: new ids, versions, page links."""
        if {each.status for each in answers} == {201} and answers[0].headers.get("location"):
            paths = [each.headers["location"].split("/fhir/")[-1].split("/") for each in answers]
            if len({path[0] for path in paths}) == 1:
                id = self._slot([path[1] for path in paths])
                self._ids.setdefault(paths[0][0], []).append(id)
        etags = [each.headers.get("etag") for each in answers]
        if None not in etags:
            self._etags.append(self._slot([str(each) for each in etags]))
        if {each.status for each in answers} == {200} and b'"relation":"next"' in answers[0].body:
            links = [next_links(each.json) for each in answers]
            if all(links):
                self._links.append(self._slot([each[0] for each in links]))

    READS: tuple[tuple[str, int], ...] = (
        *(("read", 10), ("vread", 5), ("history", 7), ("search", 34), ("posted_search", 3)),
        *(("system_search", 4), ("compartment", 6), ("everything", 2), ("whole_case", 4)),
        *(("cases", 2), ("docref", 2), ("page", 6), ("odd", 3)),
        *(("person", 7), ("people", 13), ("posted_people", 2), ("around", 4), ("beside", 4)),
        ("included_people", 5),
    )
    PEOPLE: tuple[tuple[str, int], ...] = (
        *(
            ("person", 8),
            ("people", 14),
            ("posted_people", 2),
            ("around", 3),
            *(("bundle_of_people", 3), ("included_people", 4)),
        ),
    )
    WRITES: tuple[tuple[str, int], ...] = (
        *(("create", 8), ("update", 14), ("patch", 9), ("delete", 3), ("conditional", 10)),
        *(("validate", 8), ("written_case", 7), ("bundle", 12), ("bundle_of_people", 2)),
        ("written_person", 2),
    )

    def request(self, kinds: Kinds) -> tuple[str, Request]:
        """Any request of some kinds, and its kind."""
        names, weights = zip(*kinds, strict=True)
        (name,) = self.random.choices(names, weights)
        make: Callable[[], Request] = getattr(self, name)
        request = make()
        if request.method in ("GET", "HEAD") and self.chance(0.25):
            return f"{name} as a page", self.as_page(request)
        return name, request
