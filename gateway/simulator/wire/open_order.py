"""openOrder and completedOrder."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.broker.credit import Preview
from gateway.simulator.broker.orders import Order, Status
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields, contract
from gateway.simulator.wire.named import Pairs, fill, unnamed, values
from gateway.simulator.wire.order_echo import Echo
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import UNSET_DOUBLE, UNSET_INT, UNSET_LONG, double, plain

_MARGINS = tuple(
    f"{what}{when}"
    for when in ("Before", "Change", "After")
    for what in ("initMargin", "maintMargin", "equityWithLoan")
)
_COMMISSIONS = ("commissionAndFees", "minCommissionAndFees", "maxCommissionAndFees", "commissionAndFeesCurrency")


@dataclass(frozen=True, slots=True)
class OpenOrder(Answer):
    """An order as it stands. With a preview it is the answer to a whatIf order."""

    id: ClassVar = 5
    order: Order
    instrument: Instrument
    preview: Preview | None = None

    def text(self, version: int) -> Fields:
        echo = Echo(self.order)
        named = contract(self.instrument, echo.said("exchange", "SMART"), no_right="?")
        return [5, self.order.shown_id, *named, *values(self._said(echo, version))]

    def proto(self, version: int) -> Any:
        echo = Echo(self.order)
        said = self._said(echo, version)
        return pb.OpenOrder(
            orderId=self.order.shown_id,
            contract=echo.contract(self.instrument),
            order=echo.message([*said, *echo.later(version)]),
            orderState=fill(pb.OrderState(), said),
        )

    def _said(self, echo: Echo, version: int) -> Pairs:
        order, ticket = self.order, self.order.ticket
        pairs: Pairs = [
            *echo.terms(),
            ("clientId", order.client_id),
            ("permId", order.perm_id),
            *echo.showing(),
            *unnamed(f"{order.perm_id}.0/{ticket.account}/{plain(order.quantity)}"),
            *echo.allocation(version),
            echo.whole("auctionStrategy"),
            *echo.stock_range(),
            echo.flag("blockOrder"),
            *echo.restrictions(),
            *unnamed(0, 0, ""),
            ("parentId", ticket.parent_id),
            echo.whole("triggerMethod"),
            *echo.volatility(),
            *echo.delta_neutral(),
            *echo.trailing(),
            *unnamed("", ""),
            *echo.combo(),
            echo.flag("optOutSmartRouting"),
            *echo.clearing(),
            ("whatIf", int(self.preview is not None)),
            ("status", str(order.status)),
            *self._margins(),
        ]
        if version >= 195:
            refused = order.completed_status if order.status is Status.INACTIVE else ""
            pairs += [*unnamed("", *[UNSET_DOUBLE] * 9, ""), ("rejectReason", refused), *unnamed(0)]
        pairs += [
            *unnamed(""),
            *echo.randomised(),
            echo.text("adjustedOrderType", "None"),
            echo.price("triggerPrice", UNSET_DOUBLE),
            echo.trail_stop(UNSET_DOUBLE),
            echo.price("lmtPriceOffset", UNSET_DOUBLE),
            echo.price("adjustedStopPrice", UNSET_DOUBLE),
            echo.price("adjustedStopLimitPrice", UNSET_DOUBLE),
            echo.price("adjustedTrailingAmount", UNSET_DOUBLE),
            echo.whole("adjustableTrailingUnit"),
            echo.text("softDollarTierName"),
            echo.text("softDollarTierValue"),
            *unnamed(""),
            echo.amount("cashQty"),
            ("dontUseAutoPriceForHedge", 1),
            echo.flag("isOmsContainer"),
            echo.flag("discretionaryUpToLimitPrice"),
            echo.flag("usePriceMgmtAlgo"),
        ]
        if version >= 158:
            pairs.append(echo.whole("duration", ""))
        if version >= 160:
            pairs.append(echo.whole("postToAts", ""))
        if version >= 162:
            pairs.append(echo.flag("autoCancelParent"))
        if version >= 170:
            pairs += echo.peg_offsets("100", "0.02")
        if version >= 183:
            pairs.append(echo.text("customerAccount"))
        if version >= 184:
            pairs.append(echo.flag("professionalCustomer"))
        if version >= 185:
            pairs.append(("bondAccruedInterest", ""))
        if version >= 189:
            pairs.append(echo.flag("includeOvernight"))
        if version >= 193:
            pairs += [echo.text("extOperator"), echo.whole("manualOrderIndicator", UNSET_INT)]
        if version >= 198:
            pairs.append(("submitter", submitter(order)))
        if version >= 199:
            pairs.append(echo.flag("imbalanceOnly"))
        return pairs

    def _margins(self) -> Pairs:
        """Margins and commissions: of a whatIf, or unset with the commission once filled."""
        order, preview = self.order, self.preview
        if preview is None:
            paid = ("", "", "", "")
            if order.status is Status.FILLED and order.commission:
                paid = (plain(order.commission), "", "", "USD")
            return [*((name, UNSET_DOUBLE) for name in _MARGINS), *zip(_COMMISSIONS, paid, strict=True)]
        before, after = preview.before, preview.after
        margins = [
            (before.initial_margin, after.initial_margin),
            (before.maintenance_margin, after.maintenance_margin),
            (before.equity_with_loan, after.equity_with_loan),
        ]
        numbers = [was for was, _ in margins] + [will - was for was, will in margins] + [will for _, will in margins]
        return [
            *((name, double(round(number, 2))) for name, number in zip(_MARGINS, numbers, strict=True)),
            *zip(_COMMISSIONS, (plain(preview.commission), "", "", "USD"), strict=True),
        ]


@dataclass(frozen=True, slots=True)
class CompletedOrder(Answer):
    """An order that is over. It carries neither order id nor client id."""

    id: ClassVar = 101
    order: Order
    instrument: Instrument
    completed_at: str
    auto_cancel: str = ""

    def text(self, version: int) -> Fields:
        echo = Echo(self.order)
        named = contract(self.instrument, echo.said("exchange", "SMART"), no_right="?")
        return [101, *named, *values(self._said(echo, version))]

    def proto(self, version: int) -> Any:
        echo = Echo(self.order)
        said = self._said(echo, version)
        return pb.CompletedOrder(
            contract=echo.contract(self.instrument),
            order=echo.message([*said, *echo.later(version)]),
            orderState=fill(pb.OrderState(), said),
        )

    def _said(self, echo: Echo, version: int) -> Pairs:
        order = self.order
        pairs: Pairs = [
            *echo.terms(),
            ("permId", order.perm_id),
            *echo.showing(),
            *echo.allocation(version),
            *echo.stock_range(),
            *echo.restrictions(),
            echo.whole("triggerMethod"),
            *echo.volatility(),
            echo.text("deltaNeutralOrderType", "None"),
            echo.price("deltaNeutralAuxPrice"),
            echo.whole("deltaNeutralConId"),
            echo.flag("deltaNeutralShortSale"),
            echo.whole("deltaNeutralShortSaleSlot"),
            echo.text("deltaNeutralDesignatedLocation"),
            *echo.trailing(),
            *echo.combo(),
            *echo.clearing(),
            ("status", str(order.status)),
            *echo.randomised(),
            echo.trail_stop(UNSET_DOUBLE),
            echo.price("lmtPriceOffset", UNSET_DOUBLE),
            echo.amount("cashQty"),
            ("dontUseAutoPriceForHedge", 1),
            echo.flag("isOmsContainer"),
            ("autoCancelDate", self.auto_cancel),
            ("filledQuantity", plain(order.filled)),
            ("refFuturesConId", UNSET_INT),
            echo.flag("autoCancelParent"),
            ("shareholder", "Not an insider or substantial shareholder"),
            echo.flag("imbalanceOnly"),
            echo.flag("routeMarketableToBbo"),
            ("parentPermId", order.parent_perm_id or UNSET_LONG),
            ("completedTime", self.completed_at),
            ("completedStatus", order.completed_status),
        ]
        if version >= 170:
            pairs += echo.peg_offsets("", "")
        if version >= 183:
            pairs.append(echo.text("customerAccount"))
        if version >= 184:
            pairs.append(echo.flag("professionalCustomer"))
        if version >= 198:
            pairs.append(("submitter", submitter(order)))
        return pairs


def submitter(order: Order) -> str:
    """The user name that placed the order."""
    return order.ticket.raw.get("submitter", "")
