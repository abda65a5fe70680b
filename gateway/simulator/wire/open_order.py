"""openOrder and completedOrder: the order as the client wrote it, with the gateway's own defaults in the gaps.

The defaults and their spelling were read off captured frames (server versions 173 and 200).
"""

from dataclasses import dataclass

from gateway.simulator.broker.broker import Preview
from gateway.simulator.broker.orders import Order, Status
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.fields import Fields, contract
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.text import UNSET_DOUBLE, UNSET_INT, UNSET_LONG, double, plain


@dataclass(frozen=True, slots=True)
class Echo:
    """Reads an order's raw fields for writing them back."""

    order: Order

    def text(self, name: str, default: str = "") -> str:
        return self.order.ticket.raw.get(name) or default

    def whole(self, name: str, default: str = "0") -> str:
        """A whole number; unset reads as the default."""
        value = self.order.ticket.raw.get(name, "")
        return default if value in ("", UNSET_INT) else str(Cursor([value]).integer())

    def flag(self, name: str, default: str = "0") -> str:
        value = self.order.ticket.raw.get(name, "")
        if not value:
            return default
        return "1" if value.lower() in ("1", "true") else "0"

    def price(self, name: str, default: str = "") -> str:
        """A Java double; unset reads as the default."""
        value = self.order.ticket.raw.get(name, "")
        number = Cursor([value]).number() if value else None
        return default if number is None else double(number)

    def amount(self, name: str, default: str = "0") -> str:
        """A number without a needless point."""
        value = self.order.ticket.raw.get(name, "")
        number = Cursor([value]).number() if value else None
        return default if number is None else plain(number)

    def conditions(self) -> Fields:
        rows = self.order.ticket.conditions
        fields: Fields = [len(rows)]
        for row in rows:
            fields += row
        if rows:
            fields += [self.flag("conditionsIgnoreRth"), self.flag("conditionsCancelOrder")]
        return fields

    def algo(self) -> Fields:
        strategy = self.text("algoStrategy")
        if not strategy:
            return [""]
        params = self.order.ticket.algo_params
        fields: Fields = [strategy, len(params)]
        for pair in params:
            fields += pair
        return fields

    def scale(self) -> Fields:
        increment = self.price("scalePriceIncrement")
        fields: Fields = [
            self.whole("scaleInitLevelSize", UNSET_INT),
            self.whole("scaleSubsLevelSize", UNSET_INT),
            increment,
        ]
        if increment and float(increment) > 0:
            fields += [
                self.price("scalePriceAdjustValue"),
                self.whole("scalePriceAdjustInterval"),
                self.price("scaleProfitOffset"),
                self.flag("scaleAutoReset"),
                self.whole("scaleInitPosition"),
                self.whole("scaleInitFillQty"),
                self.flag("scaleRandomPercent"),
            ]
        return fields

    def hedge(self) -> Fields:
        kind = self.text("hedgeType")
        return [kind, self.text("hedgeParam")] if kind else [""]

    def limit(self) -> str:
        return double(self.order.ticket.limit_price or 0.0)

    def aux(self) -> str:
        stop = self.order.ticket.stop_price
        return double(stop) if stop is not None else self.price("auxPrice", "0.0")


def open_order(version: int, order: Order, instrument: Instrument, preview: Preview | None = None) -> Fields:
    """Message 5. With a preview it is the answer to a whatIf order."""
    echo, ticket = Echo(order), order.ticket
    exchange = echo.text("exchange", "SMART")
    fields: Fields = [
        5,
        order.order_id,
        *contract(instrument, exchange, no_right="?"),
        ticket.action,
        plain(order.quantity),
        ticket.order_type,
        echo.limit(),
        echo.aux(),
        ticket.tif,
        order.oca_group,
        ticket.account,
        echo.text("openClose"),
        echo.whole("origin"),
        ticket.order_ref,
        order.client_id,
        order.perm_id,
        echo.flag("outsideRth"),
        echo.flag("hidden"),
        echo.amount("discretionaryAmt"),
        echo.text("goodAfterTime"),
        f"{order.perm_id}.0/{ticket.account}/{plain(order.quantity)}",
        echo.text("faGroup"),
        echo.text("faMethod"),
        echo.text("faPercentage"),
    ]
    if version < 177:
        fields.append("")
    fields += [
        echo.text("modelCode"),
        echo.text("goodTillDate"),
        echo.text("rule80A"),
        echo.price("percentOffset"),
        echo.text("settlingFirm"),
        echo.whole("shortSaleSlot"),
        echo.text("designatedLocation"),
        echo.whole("exemptCode", "-1"),
        echo.whole("auctionStrategy"),
        echo.price("startingPrice"),
        echo.price("stockRefPrice"),
        echo.price("delta"),
        echo.price("stockRangeLower"),
        echo.price("stockRangeUpper"),
        _display_size(echo),
        echo.flag("blockOrder"),
        echo.flag("sweepToFill"),
        echo.flag("allOrNone"),
        echo.whole("minQty", ""),
        order.oca_type,
        0,
        0,
        "",
        ticket.parent_id,
        echo.whole("triggerMethod"),
        echo.price("volatility"),
        echo.whole("volatilityType"),
        *_delta_neutral(echo),
        echo.flag("continuousUpdate"),
        echo.whole("referencePriceType"),
        echo.price("trailStopPrice"),
        echo.price("trailingPercent"),
        "",
        "",
        "",
        0,
        0,
        0,
        *echo.scale(),
        *echo.hedge(),
        echo.flag("optOutSmartRouting"),
        echo.text("clearingAccount"),
        echo.text("clearingIntent", "IB"),
        echo.flag("notHeld"),
        0,
        *echo.algo(),
        echo.flag("solicited"),
        int(preview is not None),
        str(order.status),
        *_margins(order, preview),
    ]
    if version >= 195:
        fields += ["", *[UNSET_DOUBLE] * 9, "", "", 0]
    fields += [
        "",
        echo.flag("randomizeSize"),
        echo.flag("randomizePrice"),
        *_peg_bench(echo),
        *echo.conditions(),
        echo.text("adjustedOrderType", "None"),
        echo.price("triggerPrice", UNSET_DOUBLE),
        echo.price("trailStopPrice", UNSET_DOUBLE),
        echo.price("lmtPriceOffset", UNSET_DOUBLE),
        echo.price("adjustedStopPrice", UNSET_DOUBLE),
        echo.price("adjustedStopLimitPrice", UNSET_DOUBLE),
        echo.price("adjustedTrailingAmount", UNSET_DOUBLE),
        echo.whole("adjustableTrailingUnit"),
        echo.text("softDollarTierName"),
        echo.text("softDollarTierValue"),
        "",
        echo.amount("cashQty"),
        1,
        echo.flag("isOmsContainer"),
        echo.flag("discretionaryUpToLimitPrice"),
        echo.flag("usePriceMgmtAlgo"),
    ]
    if version >= 158:
        fields.append(echo.whole("duration", ""))
    if version >= 160:
        fields.append(echo.whole("postToAts", ""))
    if version >= 162:
        fields.append(echo.flag("autoCancelParent"))
    if version >= 170:
        fields += _peg_offsets(echo, "100", "0.02")
    if version >= 183:
        fields.append(echo.text("customerAccount"))
    if version >= 184:
        fields.append(echo.flag("professionalCustomer"))
    if version >= 185:
        fields.append("")
    if version >= 189:
        fields.append(echo.flag("includeOvernight"))
    if version >= 193:
        fields += [echo.text("extOperator"), echo.whole("manualOrderIndicator", UNSET_INT)]
    if version >= 198:
        fields.append(submitter(order))
    if version >= 199:
        fields.append(echo.flag("imbalanceOnly"))
    return fields


def completed_order(version: int, order: Order, instrument: Instrument, completed_at: str) -> Fields:
    """Message 101: an order that is over. It carries neither order id nor client id."""
    echo, ticket = Echo(order), order.ticket
    fields: Fields = [
        101,
        *contract(instrument, echo.text("exchange", "SMART"), no_right="?"),
        ticket.action,
        plain(order.quantity),
        ticket.order_type,
        echo.limit(),
        echo.aux(),
        ticket.tif,
        order.oca_group,
        ticket.account,
        echo.text("openClose"),
        echo.whole("origin"),
        ticket.order_ref,
        order.perm_id,
        echo.flag("outsideRth"),
        echo.flag("hidden"),
        echo.amount("discretionaryAmt"),
        echo.text("goodAfterTime"),
        echo.text("faGroup"),
        echo.text("faMethod"),
        echo.text("faPercentage"),
    ]
    if version < 177:
        fields.append("")
    fields += [
        echo.text("modelCode"),
        echo.text("goodTillDate"),
        echo.text("rule80A"),
        echo.price("percentOffset"),
        echo.text("settlingFirm"),
        echo.whole("shortSaleSlot"),
        echo.text("designatedLocation"),
        echo.whole("exemptCode", "-1"),
        echo.price("startingPrice"),
        echo.price("stockRefPrice"),
        echo.price("delta"),
        echo.price("stockRangeLower"),
        echo.price("stockRangeUpper"),
        _display_size(echo),
        echo.flag("sweepToFill"),
        echo.flag("allOrNone"),
        echo.whole("minQty", ""),
        order.oca_type,
        echo.whole("triggerMethod"),
        echo.price("volatility"),
        echo.whole("volatilityType"),
        echo.text("deltaNeutralOrderType", "None"),
        echo.price("deltaNeutralAuxPrice"),
        echo.whole("deltaNeutralConId"),
        echo.flag("deltaNeutralShortSale"),
        echo.whole("deltaNeutralShortSaleSlot"),
        echo.text("deltaNeutralDesignatedLocation"),
        echo.flag("continuousUpdate"),
        echo.whole("referencePriceType"),
        echo.price("trailStopPrice"),
        echo.price("trailingPercent"),
        "",
        0,
        0,
        0,
        *echo.scale(),
        *echo.hedge(),
        echo.text("clearingAccount"),
        echo.text("clearingIntent", "IB"),
        echo.flag("notHeld"),
        0,
        *echo.algo(),
        echo.flag("solicited"),
        str(order.status),
        echo.flag("randomizeSize"),
        echo.flag("randomizePrice"),
        *_peg_bench(echo),
        *echo.conditions(),
        echo.price("trailStopPrice", UNSET_DOUBLE),
        echo.price("lmtPriceOffset", UNSET_DOUBLE),
        echo.amount("cashQty"),
        1,
        echo.flag("isOmsContainer"),
        "",
        plain(order.filled),
        UNSET_INT,
        echo.flag("autoCancelParent"),
        "Not an insider or substantial shareholder",
        0,
        0,
        order.parent_perm_id or UNSET_LONG,
        completed_at,
        order.completed_status,
    ]
    if version >= 170:
        fields += _peg_offsets(echo, "", "")
    if version >= 183:
        fields.append(echo.text("customerAccount"))
    if version >= 184:
        fields.append(echo.flag("professionalCustomer"))
    if version >= 198:
        fields.append(submitter(order))
    return fields


def submitter(order: Order) -> str:
    """The user name that placed the order."""
    return order.ticket.raw.get("submitter", "")


def _display_size(echo: Echo) -> str:
    size = echo.whole("displaySize", UNSET_INT)
    return UNSET_INT if size == "0" else size


def _delta_neutral(echo: Echo) -> Fields:
    """Always ten fields: the gateway writes the type "None" where there is none."""
    return [
        echo.text("deltaNeutralOrderType", "None"),
        echo.price("deltaNeutralAuxPrice"),
        echo.whole("deltaNeutralConId"),
        echo.text("deltaNeutralSettlingFirm"),
        echo.text("deltaNeutralClearingAccount"),
        echo.text("deltaNeutralClearingIntent"),
        echo.text("deltaNeutralOpenClose", "?"),
        echo.flag("deltaNeutralShortSale"),
        echo.whole("deltaNeutralShortSaleSlot"),
        echo.text("deltaNeutralDesignatedLocation"),
    ]


def _peg_bench(echo: Echo) -> Fields:
    if echo.order.ticket.order_type not in ("PEG BENCH", "PEGBENCH"):
        return []
    return [
        echo.whole("referenceContractId"),
        echo.flag("isPeggedChangeAmountDecrease"),
        echo.price("peggedChangeAmount"),
        echo.price("referenceChangeAmount"),
        echo.text("referenceExchangeId"),
    ]


def _peg_offsets(echo: Echo, compete_size: str, compete_offset: str) -> Fields:
    return [
        echo.whole("minTradeQty", ""),
        echo.whole("minCompeteSize", compete_size),
        echo.price("competeAgainstBestOffset", compete_offset),
        echo.price("midOffsetAtWhole"),
        echo.price("midOffsetAtHalf"),
    ]


def _margins(order: Order, preview: Preview | None) -> Fields:
    """Nine margins, then commission, its bounds and currency: of a whatIf, or unset with the commission once filled."""
    if preview is None:
        if order.status is Status.FILLED and order.commission:
            return [*[UNSET_DOUBLE] * 9, plain(order.commission), "", "", "USD"]
        return [*[UNSET_DOUBLE] * 9, "", "", "", ""]
    before, after = preview.before, preview.after
    values = [
        (before.initial_margin, after.initial_margin),
        (before.maintenance_margin, after.maintenance_margin),
        (before.equity_with_loan, after.equity_with_loan),
    ]
    return [
        *(double(round(was, 2)) for was, _ in values),
        *(double(round(will - was, 2)) for was, will in values),
        *(double(round(will, 2)) for _, will in values),
        plain(preview.commission),
        "",
        "",
        "USD",
    ]
