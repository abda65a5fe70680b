"""An order's fields as openOrder and completedOrder write them back: as the client wrote them, with the gateway's own
defaults in the gaps.

The defaults and their spelling were read off captured frames (server versions 173 and 200).
"""

from gateway.simulator.broker.orders import Order
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.place_order import DELTA_NEUTRAL_CONTRACT, LEG_FIELDS
from gateway.simulator.wire.text import UNSET_INT, double, plain


class Echo:
    """Reads an order's raw fields for writing them back."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._raw = order.ticket.raw

    def text(self, name: str, default: str = "") -> str:
        return self._raw.get(name) or default

    def whole(self, name: str, default: str = "0") -> str:
        """A whole number; unset reads as the default."""
        value = self._raw.get(name, "")
        return default if value in ("", UNSET_INT) else str(Cursor([value]).integer())

    def flag(self, name: str, default: str = "0") -> str:
        value = self._raw.get(name, "")
        if not value:
            return default
        return "1" if value.lower() in ("1", "true") else "0"

    def price(self, name: str, default: str = "") -> str:
        """A Java double; unset reads as the default."""
        value = self._raw.get(name, "")
        number = Cursor([value]).number() if value else None
        return default if number is None else double(number)

    def amount(self, name: str, default: str = "0") -> str:
        """A number without a needless point."""
        value = self._raw.get(name, "")
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
        return double(self.order.working_limit or 0.0)

    def aux(self) -> str:
        stop = self.order.ticket.stop_price
        return double(stop) if stop is not None else self.price("auxPrice", "0.0")

    def trail_stop(self, default: str = "") -> str:
        """Where a trailing stop stands, or what was written."""
        stop = self.order.stop
        return double(stop) if stop is not None else self.price("trailStopPrice", default)

    # Runs of fields that openOrder and completedOrder share.

    def terms(self) -> Fields:
        """What is to be traded, how and for whom."""
        order, ticket = self.order, self.order.ticket
        return [
            ticket.action,
            plain(order.quantity),
            ticket.order_type,
            self.limit(),
            self.aux(),
            ticket.tif,
            order.oca_group,
            ticket.account,
            self.text("openClose"),
            self.whole("origin"),
            ticket.order_ref,
        ]

    def showing(self) -> Fields:
        return [
            self.flag("outsideRth"),
            self.flag("hidden"),
            self.amount("discretionaryAmt"),
            self.text("goodAfterTime"),
        ]

    def allocation(self, version: int) -> Fields:
        """From the adviser's group to the short sale's exemption."""
        return [
            self.text("faGroup"),
            self.text("faMethod"),
            self.text("faPercentage"),
            *([""] if version < 177 else []),
            self.text("modelCode"),
            self.text("goodTillDate"),
            self.text("rule80A"),
            self.price("percentOffset"),
            self.text("settlingFirm"),
            self.whole("shortSaleSlot"),
            self.text("designatedLocation"),
            self.whole("exemptCode", "-1"),
        ]

    def stock_range(self) -> Fields:
        """From the starting price to the size on display."""
        size = self.whole("displaySize", UNSET_INT)
        return [
            self.price("startingPrice"),
            self.price("stockRefPrice"),
            self.price("delta"),
            self.price("stockRangeLower"),
            self.price("stockRangeUpper"),
            UNSET_INT if size == "0" else size,
        ]

    def restrictions(self) -> Fields:
        return [
            self.flag("sweepToFill"),
            self.flag("allOrNone"),
            self.whole("minQty", ""),
            self.order.oca_type,
        ]

    def volatility(self) -> Fields:
        return [self.price("volatility"), self.whole("volatilityType")]

    def trailing(self) -> Fields:
        return [
            self.flag("continuousUpdate"),
            self.whole("referencePriceType"),
            self.trail_stop(),
            self.price("trailingPercent"),
        ]

    def combo(self) -> Fields:
        """A combination in words, its legs, their prices and its routing; then scale and hedge."""
        ticket = self.order.ticket
        legs, prices, routing = ticket.combo or ((), (), ())
        return [
            ",".join(f"{leg.con_id}|{leg.sign}" for leg in ticket.legs),
            len(legs) // LEG_FIELDS,
            *legs,
            len(prices),
            *prices,
            len(routing) // 2,
            *routing,
            *self.scale(),
            *self.hedge(),
        ]

    def clearing(self) -> Fields:
        """Clearing, the delta neutral contract, the algorithm, and whether it was solicited."""
        return [
            self.text("clearingAccount"),
            self.text("clearingIntent", "IB"),
            self.flag("notHeld"),
            *self.delta_neutral_contract(),
            *self.algo(),
            self.flag("solicited"),
        ]

    def delta_neutral_contract(self) -> Fields:
        if not self.text("deltaNeutralContract"):
            return [0]
        return [1, *(self.text(name) for name in DELTA_NEUTRAL_CONTRACT)]

    def randomised(self) -> Fields:
        """Randomised size and price, and the conditions. (Between them a benchmark peg would name its benchmark.)"""
        return [
            self.flag("randomizeSize"),
            self.flag("randomizePrice"),
            *self.conditions(),
        ]

    def delta_neutral(self) -> Fields:
        """Always ten fields: the gateway writes the type "None" where there is none."""
        return [
            self.text("deltaNeutralOrderType", "None"),
            self.price("deltaNeutralAuxPrice"),
            self.whole("deltaNeutralConId"),
            self.text("deltaNeutralSettlingFirm"),
            self.text("deltaNeutralClearingAccount"),
            self.text("deltaNeutralClearingIntent"),
            self.text("deltaNeutralOpenClose", "?"),
            self.flag("deltaNeutralShortSale"),
            self.whole("deltaNeutralShortSaleSlot"),
            self.text("deltaNeutralDesignatedLocation"),
        ]

    def peg_offsets(self, compete_size: str, compete_offset: str) -> Fields:
        return [
            self.whole("minTradeQty", ""),
            self.whole("minCompeteSize", compete_size),
            self.price("competeAgainstBestOffset", compete_offset),
            self.price("midOffsetAtWhole"),
            self.price("midOffsetAtHalf"),
        ]
