"""Faults of what is said about orders: late, twice, not at all, or in an order that surprises."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.simulator.api.trouble import Late, Message
from gateway.simulator.broker.orders import Event, Order, Said, Status
from gateway.simulator.faults.fault import Fault, number, whole
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.requests.orders import CancelOrder
from tws import codes

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session

_STATUS, _EXECUTION, _COMMISSION = "3", "11", "59"
_EXECUTION_TIME = 15
_NOBODY_ASKED = "-1"

ENDS = ("52", "53", "54", "55", "57", "62", "64", "72", "74", "76", "102", "108")
"""Messages that say 'that was all'."""


@dataclass(kw_only=True, eq=False)
class _Chance(Fault):
    """Hits some messages and not others."""

    scopes = ("client", "contract")

    share: float = number(1.0, "which part of them is hit, drawn at random", 0, 1)

    def hits(self, session: "Session", fields: Message, kinds: tuple[str, ...]) -> bool:
        """Whether this message is hit."""
        return fields[0] in kinds and self.means(session, fields) and self.site.random.random() < self.share


@dataclass(kw_only=True, eq=False)
class LateExecutions(Fault):
    """Executions and their commissions come after everything else about the order."""

    name = "late-executions"
    scopes = ("client", "contract")

    delay: float = number(2.0, "world seconds by which they are late")

    def says(self, session: "Session", fields: Message) -> list[Late]:
        unasked = fields[0] == _COMMISSION or (fields[0] == _EXECUTION and fields[1] == _NOBODY_ASKED)
        return [(self.delay if unasked and self.means(session, fields) else 0.0, fields)]


@dataclass(kw_only=True, eq=False)
class RepeatedExecutions(_Chance):
    """Executions are sent again, with the same execId."""

    name = "repeated-executions"

    copies: int = whole(1, "how many more times", 1, 100)
    delay: float = number(0.0, "world seconds between two of them")

    def says(self, session: "Session", fields: Message) -> list[Late]:
        more = self.copies if self.hits(session, fields, (_EXECUTION,)) else 0
        return [(self.delay * n, fields) for n in range(more + 1)]


@dataclass(kw_only=True, eq=False)
class DuplicatedStatus(_Chance):
    """orderStatus is sent more than once."""

    name = "duplicated-status"

    copies: int = whole(1, "how many more times", 1, 100)

    def says(self, session: "Session", fields: Message) -> list[Late]:
        more = self.copies if self.hits(session, fields, (_STATUS,)) else 0
        return [(0.0, fields)] * (more + 1)


@dataclass(kw_only=True, eq=False)
class LostCommission(_Chance):
    """Commission reports are not sent."""

    name = "lost-commission"

    def says(self, session: "Session", fields: Message) -> list[Late]:
        return [] if self.hits(session, fields, (_COMMISSION,)) else [(0.0, fields)]


@dataclass(kw_only=True, eq=False)
class MissingEnds(Fault):
    """Lists come without the message that ends them."""

    name = "missing-ends"
    scopes = ("client",)

    message: int = whole(0, f"id of the one that is missing, of {', '.join(ENDS)}; 0: all of them", 0, 108)

    def says(self, session: "Session", fields: Message) -> list[Late]:
        ends = (str(self.message),) if self.message else ENDS
        return [] if fields[0] in ENDS and fields[0] in ends else [(0.0, fields)]


@dataclass(kw_only=True, eq=False)
class ZonelessExecutions(Fault):
    """Execution times are the login zone's and do not say so, as before server version 174."""

    name = "zoneless-executions"
    scopes = ("client", "contract")

    def says(self, session: "Session", fields: Message) -> list[Late]:
        if fields[0] == _EXECUTION and self.means(session, fields):
            writer = self.site.gateway.writer
            read = writer.read(fields[_EXECUTION_TIME])
            if read is not None:
                told = f"{read[0].astimezone(ZoneInfo(writer.zone)):%Y%m%d  %H:%M:%S}"
                fields = [*fields[:_EXECUTION_TIME], told, *fields[_EXECUTION_TIME + 1 :]]
        return [(0.0, fields)]


@dataclass(kw_only=True, eq=False)
class FillAfterCancel(Fault):
    """An order that is cancelled is told as Cancelled, and had been filled at the exchange: the fill is told later."""

    name = "fill-after-cancel"
    scopes = ("client", "contract")

    delay: float = number(1.0, "world seconds between the two")

    def takes(self, session: "Session", request: Request) -> bool:
        if not isinstance(request, CancelOrder):
            return False
        gateway = self.site.gateway
        order = gateway.broker.book.find(session.client_id, request.order_id)
        if order is None or not self._hits(order):
            return False
        fills = gateway.broker.fill_now(order.key)
        if not fills:
            return False
        gone = dataclasses.replace(order, status=Status.CANCELLED, cancelled_by=session.client_id)
        words = codes.text(codes.ORDER_CANCELLED)
        gateway.tell([Event(Said.STATUS, gone), Event(Said.ERROR, gone, code=codes.ORDER_CANCELLED, text=words)])
        session.later(self._tell(fills))
        return True

    def _hits(self, order: Order) -> bool:
        wanted = self.site.scope.contract
        return order.can_fill and wanted in (None, order.ticket.con_id)

    async def _tell(self, events: list[Event]) -> None:
        await self.site.gateway.clock.sleep(self.delay)
        self.site.gateway.tell(events)
