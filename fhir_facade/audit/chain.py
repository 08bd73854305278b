"""One chain of entries: its registration, its entries in order, and the anchors of its head.

A process has a chain of its own, so that processes do not wait for one another.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fhir_facade.audit.entry import HASH, PREV, Document, Place, entry, moment, sealed

Now = Callable[[], datetime]
FIRST_ANCHOR = ""
"""What stands for the predecessor of a chain's first anchor."""


class Chain:
    """A chain that is being written; `registration` is to be stored before its first entry."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self.id = secrets.token_hex(6)
        self.registration: Document = sealed(
            {
                "_id": self.id,
                "started": moment(now()),
                "host": socket.gethostname(),
                "pid": os.getpid(),
            }
        )
        self.head = Place(self.id, 0)
        self._hash: str = self.registration[HASH]
        self.anchored = self.head
        """The last entry that an anchor vouches for."""
        self._anchors = 0
        self._anchor_hash = FIRST_ANCHOR

    def append(self, fields: Mapping[str, Any]) -> Document:
        """Return the document of the next entry."""
        place = Place(self.id, self.head.seq + 1)
        document = entry(fields, place, self._hash)
        self.head, self._hash = place, document[HASH]
        return document

    def anchor(self, *, closing: bool = False) -> Document:
        """Return the document that says what the chain's head is now; `closing`: the last one."""
        self._anchors += 1
        document = sealed(
            {
                "_id": Place(self.id, self._anchors).id,
                "chain": self.id,
                "number": self._anchors,
                "seq": self.head.seq,
                "head": self._hash,
                "at": moment(self._now()),
                "closing": closing,
                PREV: self._anchor_hash,
            }
        )
        self.anchored = self.head
        self._anchor_hash = document[HASH]
        return document
