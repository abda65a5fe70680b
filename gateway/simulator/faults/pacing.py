"""Faults of the gateway's limits: less is allowed than a client counts on."""

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.simulator.api.refusals import no_history
from gateway.simulator.faults.fault import Fault, whole
from gateway.simulator.faults.upstream import ASKS_HISTORY
from gateway.simulator.history.pacing import VIOLATION
from gateway.simulator.wire.requests.base import Request

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


@dataclass(kw_only=True, eq=False)
class HistoryPacing(Fault):
    """Every request for history is a pacing violation (162)."""

    name = "pacing"
    scopes = ("client",)

    def takes(self, session: "Session", request: Request) -> bool:
        if not isinstance(request, ASKS_HISTORY):
            return False
        no_history(session, request.req_id, VIOLATION)
        return True


@dataclass(kw_only=True, eq=False)
class MessageRate(Fault):
    """Clients may send fewer messages a second."""

    name = "message-rate"

    rate: int = whole(1, "messages a second", 1, 1000)
    before: int = field(default=0, init=False)

    async def begin(self) -> None:
        self.before = self._put(self.rate)

    def end(self) -> None:
        self._put(self.before)

    def _put(self, rate: int) -> int:
        """Set the limit; returns what it was."""
        gateway = self.site.gateway
        was = gateway.settings.max_messages_per_second
        gateway.settings = dataclasses.replace(gateway.settings, max_messages_per_second=rate)
        return was
