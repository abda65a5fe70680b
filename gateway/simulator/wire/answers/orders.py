"""What happens to orders: status, executions, commissions. An order itself is in `wire.open_order`."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.broker.orders import Fill, Order, Status
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields, contract, contract_proto
from gateway.simulator.wire.named import Pairs, fill, values
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import UNSET_DOUBLE, plain


@dataclass(frozen=True, slots=True)
class OrderStatus(Answer):
    """Where an order stands. The client id is the owner's, but that of the client that cancelled it once it did
    (captured)."""

    id: ClassVar = 3
    order: Order

    def text(self, version: int) -> Fields:
        return [3, *values(self._said())]

    def proto(self, version: int) -> Any:
        return fill(pb.OrderStatus(), self._said())

    def _said(self) -> Pairs:
        order = self.order
        canceller = order.cancelled_by
        return [
            ("orderId", order.shown_id),
            ("status", str(order.status)),
            ("filled", plain(order.filled)),
            ("remaining", plain(order.remaining)),
            ("avgFillPrice", plain(round(order.average_price, 8))),
            ("permId", order.perm_id),
            ("parentId", order.ticket.parent_id),
            ("lastFillPrice", plain(order.last_price)),
            ("clientId", canceller if canceller is not None and order.status is not Status.FILLED else order.client_id),
            ("whyHeld", order.why_held),
            ("mktCapPrice", 0),
        ]


@dataclass(frozen=True, slots=True)
class OrderBound(Answer):
    """An order entered by hand has an id of the API now."""

    id: ClassVar = 100
    order: Order

    def text(self, version: int) -> Fields:
        return [100, self.order.perm_id, self.order.client_id, self.order.order_id]

    def proto(self, version: int) -> Any:
        order = self.order
        return pb.OrderBound(permId=order.perm_id, clientId=order.client_id, orderId=order.order_id)


@dataclass(frozen=True, slots=True)
class OpenOrderEnd(Answer):
    """That was all that is open."""

    id: ClassVar = 53

    def text(self, version: int) -> Fields:
        return [53, 1]

    def proto(self, version: int) -> Any:
        return pb.OpenOrdersEnd()


@dataclass(frozen=True, slots=True)
class CompletedOrdersEnd(Answer):
    """That was all that is over."""

    id: ClassVar = 102

    def text(self, version: int) -> Fields:
        return [102]

    def proto(self, version: int) -> Any:
        return pb.CompletedOrdersEnd()


@dataclass(frozen=True, slots=True)
class Execution(Answer):
    """A fill; `req_id` is -1 when nobody asked."""

    id: ClassVar = 11
    req_id: int
    instrument: Instrument
    fill: Fill
    at: str
    submitter: str

    def text(self, version: int) -> Fields:
        done = self.fill
        named = contract(self.instrument, done.exchange, strike="0.0")
        return [11, self.req_id, done.order_id, *named, *values(self._said(version))]

    def proto(self, version: int) -> Any:
        execution = fill(pb.Execution(), [("orderId", self.fill.order_id), *self._said(version)])
        named = contract_proto(self.instrument, self.fill.exchange)
        return pb.ExecutionDetails(reqId=self.req_id, contract=named, execution=execution)

    def _said(self, version: int) -> Pairs:
        done = self.fill
        pairs: Pairs = [
            ("execId", done.exec_id),
            ("time", self.at),
            ("acctNumber", done.account),
            ("exchange", done.exchange),
            ("side", "BOT" if done.buys else "SLD"),
            ("shares", plain(done.shares)),
            ("price", plain(done.price)),
            ("permId", done.perm_id),
            ("clientId", done.client_id),
            ("isLiquidation", 0),
            ("cumQty", plain(done.cumulative)),
            ("avgPrice", plain(round(done.average_price, 8))),
            ("orderRef", done.order_ref),
            ("evRule", ""),
            ("evMultiplier", ""),
            ("modelCode", done.model_code),
            ("lastLiquidity", done.liquidity),
        ]
        if version >= 178:
            pairs.append(("isPriceRevisionPending", 0))
        if version >= 198:
            pairs.append(("submitter", self.submitter))
        return pairs


@dataclass(frozen=True, slots=True)
class ExecutionsEnd(Answer):
    """Those were all executions."""

    id: ClassVar = 55
    req_id: int

    def text(self, version: int) -> Fields:
        return [55, 1, self.req_id]

    def proto(self, version: int) -> Any:
        return pb.ExecutionDetailsEnd(reqId=self.req_id)


@dataclass(frozen=True, slots=True)
class CommissionReport(Answer):
    """What a fill cost, and what it earned if it closed something.

    Assumed: unset numbers are written out as in text. Left out, clients would take them for a profit of 0.
    """

    id: ClassVar = 59
    fill: Fill

    def text(self, version: int) -> Fields:
        fill = self.fill
        realized = UNSET_DOUBLE if fill.realized is None else plain(fill.realized)
        return [59, 1, fill.exec_id, plain(fill.commission), fill.currency, realized, UNSET_DOUBLE, ""]

    def proto(self, version: int) -> Any:
        fill = self.fill
        return pb.CommissionAndFeesReport(
            execId=fill.exec_id,
            commissionAndFees=fill.commission,
            currency=fill.currency,
            realizedPNL=float(UNSET_DOUBLE) if fill.realized is None else fill.realized,
            bondYield=float(UNSET_DOUBLE),
        )
