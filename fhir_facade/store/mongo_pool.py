"""How many connections the MongoDB driver holds, and how many of them are in use.

https://pymongo.readthedocs.io/en/stable/api/pymongo/monitoring.html
"""

from __future__ import annotations

from typing import Any

from pymongo.monitoring import ConnectionPoolListener


class Pool(ConnectionPoolListener):
    """Counts connections by the driver's own events."""

    def __init__(self) -> None:
        self.open = 0
        self.in_use = 0

    def connection_created(self, event: Any) -> None:
        """Count a connection that is there now."""
        self.open += 1

    def connection_closed(self, event: Any) -> None:
        """Count a connection that is gone."""
        self.open -= 1

    def connection_checked_out(self, event: Any) -> None:
        """Count a connection that is used now."""
        self.in_use += 1

    def connection_checked_in(self, event: Any) -> None:
        """Count a connection that is free again."""
        self.in_use -= 1

    def pool_created(self, event: Any) -> None:
        """Nothing is counted."""

    def pool_ready(self, event: Any) -> None:
        """Nothing is counted."""

    def pool_cleared(self, event: Any) -> None:
        """Nothing is counted: each connection that is closed is told of."""

    def pool_closed(self, event: Any) -> None:
        """Nothing is counted: each connection that is closed is told of."""

    def connection_ready(self, event: Any) -> None:
        """Nothing is counted."""

    def connection_check_out_started(self, event: Any) -> None:
        """Nothing is counted."""

    def connection_check_out_failed(self, event: Any) -> None:
        """Nothing is counted: the call that wanted it fails."""
