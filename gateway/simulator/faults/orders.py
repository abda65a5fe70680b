"""Faults of what is said about orders: late, twice, not at all, or in an order that surprises."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.simulator.api.trouble import Late
from gateway.simulator.broker.orders import Event, Order, Said, Status
from gateway.simulator.faults.fault import Fault, number, text, whole
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.orders import CommissionReport, Execution, OrderStatus
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.requests.orders import CancelOrder, PlaceOrder
from tws import codes

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session

ENDS = (52, 53, 54, 55, 57, 62, 64, 72, 74, 76, 102, 108)
"""Messages that say 'that was all'."""


@dataclass(kw_only=True, eq=False)
class _Chance(Fault):
    """Hits some messages and not others."""

    scopes = ("client", "contract")

    share: float = number(1.0, "which part of them is hit, drawn at random", 0, 1)

    def hits(self, session: "Session", answer: Answer, kind: type[Answer]) -> bool:
        """Whether this message is of the kind, and hit."""
        return isinstance(answer, kind) and self.means(session, answer) and self.site.random.random() < self.share


@dataclass(kw_only=True, eq=False)
class LateExecutions(Fault):
    """Executions and their commissions come after everything else about the order."""

    name = "late-executions"
    scopes = ("client", "contract")

    delay: float = number(2.0, "world seconds by which they are late")

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        match answer:
            case CommissionReport() | Execution(req_id=-1) if self.means(session, answer):  # -1: nobody asked
                return [(self.delay, answer)]
        return [(0.0, answer)]


@dataclass(kw_only=True, eq=False)
class RepeatedExecutions(_Chance):
    """Executions are sent again, with the same execId."""

    name = "repeated-executions"

    copies: int = whole(1, "how many more times", 1, 100)
    delay: float = number(0.0, "world seconds between two of them")

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        more = self.copies if self.hits(session, answer, Execution) else 0
        return [(self.delay * n, answer) for n in range(more + 1)]


@dataclass(kw_only=True, eq=False)
class DuplicatedStatus(_Chance):
    """orderStatus is sent more than once."""

    name = "duplicated-status"

    copies: int = whole(1, "how many more times", 1, 100)

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        more = self.copies if self.hits(session, answer, OrderStatus) else 0
        return [(0.0, answer)] * (more + 1)


@dataclass(kw_only=True, eq=False)
class LostCommission(_Chance):
    """Commission reports are not sent."""

    name = "lost-commission"

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        return [] if self.hits(session, answer, CommissionReport) else [(0.0, answer)]


@dataclass(kw_only=True, eq=False)
class MissingEnds(Fault):
    """Lists come without the message that ends them."""

    name = "missing-ends"
    scopes = ("client",)

    message: int = whole(0, f"id of the one that is missing, of {', '.join(map(str, ENDS))}; 0: all of them", 0, 108)

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        return [] if answer.id in ENDS and self.message in (0, answer.id) else [(0.0, answer)]


@dataclass(kw_only=True, eq=False)
class ZonelessExecutions(Fault):
    """Execution times are the login zone's and do not say so, as before server version 174."""

    name = "zoneless-executions"
    scopes = ("client", "contract")

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        if isinstance(answer, Execution) and self.means(session, answer):
            zone = ZoneInfo(self.site.gateway.writer.zone)
            answer = dataclasses.replace(answer, at=f"{answer.fill.at.astimezone(zone):%Y%m%d  %H:%M:%S}")
        return [(0.0, answer)]


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


@dataclass(kw_only=True, eq=False)
class _NewOrders(Fault):
    """Hits orders that are new, and leaves changes of known ones alone."""

    scopes = ("client", "contract")

    def hits(self, session: "Session", request: Request) -> bool:
        """Whether this request places a new order that is meant."""
        if not isinstance(request, PlaceOrder):
            return False
        known = (session.client_id, request.order.order_id) in self.site.gateway.broker.book.orders
        return not known and self.site.scope.contract in (None, self.con_id(request))

    def con_id(self, request: PlaceOrder) -> int | None:
        """The contract that it is for, None where no single one is meant."""
        found = self.site.gateway.instruments.find(request.order.contract, self.site.gateway.now())
        return found[0].con_id if len(found) == 1 else None


@dataclass(kw_only=True, eq=False)
class LostOrders(_NewOrders):
    """New orders are lost on their way: nobody answers, and the broker has none of them."""

    name = "lost-orders"

    def takes(self, session: "Session", request: Request) -> bool:
        if not self.hits(session, request):
            return False
        self.hit()
        return True


@dataclass(kw_only=True, eq=False)
class RefusedOrders(_NewOrders):
    """New orders are refused with 201."""

    name = "refused-orders"

    which: str = text("all", "all of them, or those that would close what is held", "all", "closing")

    def takes(self, session: "Session", request: Request) -> bool:
        if not self.hits(session, request):
            return False
        assert isinstance(request, PlaceOrder)
        if self.which == "closing" and not self._closes(request):
            return False
        self.hit()
        session.error(request.order.order_id, codes.ORDER_REJECTED, f"{codes.text(codes.ORDER_REJECTED)}not now")
        return True

    def _closes(self, request: PlaceOrder) -> bool:
        con_id = self.con_id(request)
        held = 0.0 if con_id is None else self.site.gateway.broker.position(con_id).quantity
        return held != 0 and request.order.fields["action"] == ("SELL" if held > 0 else "BUY")
