"""An order's fields as openOrder and completedOrder write them back: as the client wrote them, with the gateway's own
defaults in the gaps.

The defaults and their spelling were read off captured frames (server versions 173 and 200). Each value stands beside
its name in the API: text is the values in their order, protobuf puts each where its name is.
"""

from collections.abc import Iterable
from itertools import batched
from typing import Any

from gateway.simulator.broker.orders import Order
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.fields import contract_proto
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.named import Pair, Pairs, fill, unnamed
from gateway.simulator.wire.place_order import CONDITIONS, DELTA_NEUTRAL_CONTRACT, LEG
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import UNSET_INT, double, plain


class Echo:
    """Reads an order's raw fields for writing them back."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._raw = order.ticket.raw

    def said(self, name: str, default: str = "") -> str:
        """What the client wrote."""
        return self._raw.get(name) or default

    def text(self, name: str, default: str = "") -> Pair:
        return name, self.said(name, default)

    def whole(self, name: str, default: str = "0") -> Pair:
        """A whole number; unset reads as the default."""
        value = self.said(name)
        return name, default if value in ("", UNSET_INT) else str(Cursor([value]).integer())

    def flag(self, name: str, default: str = "0") -> Pair:
        value = self.said(name)
        if not value:
            return name, default
        return name, "1" if value.lower() in ("1", "true") else "0"

    def price(self, name: str, default: str = "") -> Pair:
        """A Java double; unset reads as the default."""
        number = self._number(name)
        return name, default if number is None else double(number)

    def amount(self, name: str, default: str = "0") -> Pair:
        """A number without a needless point."""
        number = self._number(name)
        return name, default if number is None else plain(number)

    def _number(self, name: str) -> float | None:
        value = self.said(name)
        return Cursor([value]).number() if value else None

    def conditions(self) -> Pairs:
        rows = self.order.ticket.conditions
        pairs = unnamed(len(rows), *(value for row in rows for value in row))
        if rows:
            pairs += [self.flag("conditionsIgnoreRth"), self.flag("conditionsCancelOrder")]
        return pairs

    def algo(self) -> Pairs:
        strategy = self.text("algoStrategy")
        if not strategy[1]:
            return [strategy]
        params = self.order.ticket.algo_params
        return [strategy, *unnamed(len(params), *(value for pair in params for value in pair))]

    def scale(self) -> Pairs:
        _, increment = self.price("scalePriceIncrement")
        pairs: Pairs = [
            self.whole("scaleInitLevelSize", UNSET_INT),
            self.whole("scaleSubsLevelSize", UNSET_INT),
            ("scalePriceIncrement", increment),
        ]
        if float(increment or 0) > 0:  # as it is written: one that is too small for that is none
            pairs += [
                self.price("scalePriceAdjustValue"),
                self.whole("scalePriceAdjustInterval"),
                self.price("scaleProfitOffset"),
                self.flag("scaleAutoReset"),
                self.whole("scaleInitPosition"),
                self.whole("scaleInitFillQty"),
                self.flag("scaleRandomPercent"),
            ]
        return pairs

    def hedge(self) -> Pairs:
        kind = self.text("hedgeType")
        return [kind, self.text("hedgeParam")] if kind[1] else [kind]

    def limit(self) -> Pair:
        return "lmtPrice", double(self.order.working_limit or 0.0)

    def aux(self) -> Pair:
        stop = self.order.ticket.stop_price
        return ("auxPrice", double(stop)) if stop is not None else self.price("auxPrice", "0.0")

    def trail_stop(self, default: str = "") -> Pair:
        """Where a trailing stop stands, or what was written."""
        stop = self.order.stop
        return ("trailStopPrice", double(stop)) if stop is not None else self.price("trailStopPrice", default)

    # Runs of fields that openOrder and completedOrder share.

    def terms(self) -> Pairs:
        """What is to be traded, how and for whom."""
        order, ticket = self.order, self.order.ticket
        return [
            ("action", ticket.action),
            ("totalQuantity", plain(order.quantity)),
            ("orderType", ticket.order_type),
            self.limit(),
            self.aux(),
            ("tif", ticket.tif),
            ("ocaGroup", order.oca_group),
            ("account", ticket.account),
            self.text("openClose"),
            self.whole("origin"),
            ("orderRef", ticket.order_ref),
        ]

    def showing(self) -> Pairs:
        return [
            self.flag("outsideRth"),
            self.flag("hidden"),
            self.amount("discretionaryAmt"),
            self.text("goodAfterTime"),
        ]

    def allocation(self, version: int) -> Pairs:
        """From the adviser's group to the short sale's exemption."""
        return [
            self.text("faGroup"),
            self.text("faMethod"),
            self.text("faPercentage"),
            *(unnamed("") if version < 177 else []),
            self.text("modelCode"),
            self.text("goodTillDate"),
            self.text("rule80A"),
            self.price("percentOffset"),
            self.text("settlingFirm"),
            self.whole("shortSaleSlot"),
            self.text("designatedLocation"),
            self.whole("exemptCode", "-1"),
        ]

    def stock_range(self) -> Pairs:
        """From the starting price to the size on display."""
        _, size = self.whole("displaySize", UNSET_INT)
        return [
            self.price("startingPrice"),
            self.price("stockRefPrice"),
            self.price("delta"),
            self.price("stockRangeLower"),
            self.price("stockRangeUpper"),
            ("displaySize", UNSET_INT if size == "0" else size),
        ]

    def restrictions(self) -> Pairs:
        return [
            self.flag("sweepToFill"),
            self.flag("allOrNone"),
            self.whole("minQty", ""),
            ("ocaType", self.order.oca_type),
        ]

    def volatility(self) -> Pairs:
        return [self.price("volatility"), self.whole("volatilityType")]

    def trailing(self) -> Pairs:
        return [
            self.flag("continuousUpdate"),
            self.whole("referencePriceType"),
            self.trail_stop(),
            self.price("trailingPercent"),
        ]

    def combo(self) -> Pairs:
        """A combination in words, its legs, their prices and its routing; then scale and hedge."""
        ticket = self.order.ticket
        legs, prices, routing = ticket.combo or ((), (), ())
        return [
            *unnamed(self.legs_in_words(), len(legs) // len(LEG), *legs),
            *unnamed(len(prices), *prices),
            *unnamed(len(routing) // 2, *routing),
            *self.scale(),
            *self.hedge(),
        ]

    def clearing(self) -> Pairs:
        """Clearing, the delta neutral contract, the algorithm, and whether it was solicited."""
        return [
            self.text("clearingAccount"),
            self.text("clearingIntent", "IB"),
            self.flag("notHeld"),
            *self.delta_neutral_contract(),
            *self.algo(),
            self.flag("solicited"),
        ]

    def delta_neutral_contract(self) -> Pairs:
        if not self.said("deltaNeutralContract"):
            return unnamed(0)
        return unnamed(1, *(self.said(name) for name in DELTA_NEUTRAL_CONTRACT.values()))

    def legs_in_words(self) -> str:
        return ",".join(f"{leg.con_id}|{leg.sign}" for leg in self.order.ticket.legs)

    def randomised(self) -> Pairs:
        """Randomised size and price, and the conditions. (Between them a benchmark peg would name its benchmark.)"""
        return [
            self.flag("randomizeSize"),
            self.flag("randomizePrice"),
            *self.conditions(),
        ]

    def delta_neutral(self) -> Pairs:
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

    def peg_offsets(self, compete_size: str, compete_offset: str) -> Pairs:
        return [
            self.whole("minTradeQty", ""),
            self.whole("minCompeteSize", compete_size),
            self.price("competeAgainstBestOffset", compete_offset),
            self.price("midOffsetAtWhole"),
            self.price("midOffsetAtHalf"),
        ]

    def later(self, version: int) -> Pairs:
        """What came when orders were protobuf already. Assumed: an order shows it as it was written."""
        pairs: Pairs = []
        if version >= 216:
            pairs += [self.flag(name) for name in ("deactivate", "postOnly", "allowPreOpen", "ignoreOpenAuction")]
        if version >= 217:
            pairs += [self.whole(name, "") for name in ("routeMarketableToBbo", "seekPriceImprovement", "whatIfType")]
        if version >= 223 and self.said("hedgeType"):
            pairs.append(self.whole("hedgeMaxSize", ""))
        return pairs

    # What protobuf says as messages in messages, where text has counts and groups.

    def contract(self, instrument: Instrument) -> Any:
        """The contract, with the legs of a combination and the delta neutral contract."""
        contract = contract_proto(instrument, self.said("exchange", "SMART"), no_right="?")
        if self.order.ticket.legs:
            contract.comboLegsDescrip = self.legs_in_words()
        legs, prices, _ = self.order.ticket.combo or ((), (), ())
        for number, leg in enumerate(batched(legs, len(LEG))):
            fill(contract.comboLegs.add(), zip(LEG, leg, strict=False))
            fill(contract.comboLegs[number], [("perLegPrice", price) for price in prices[number : number + 1]])
        if self.said("deltaNeutralContract"):
            said = {name: self.said(written) for name, written in DELTA_NEUTRAL_CONTRACT.items()}
            fill(contract.deltaNeutralContract, said.items())
        return contract

    def message(self, pairs: Pairs) -> Any:
        """The order: the values that have a name in it, and the groups."""
        order, ticket = fill(pb.Order(), pairs), self.order.ticket
        for row in ticket.conditions:
            fill(
                order.conditions.add(), zip(("type", "isConjunctionConnection", *CONDITIONS[row[0]]), row, strict=False)
            )
        for tags, said in ((order.smartComboRoutingParams, self._routing()), (order.algoParams, ticket.algo_params)):
            for tag, value in said:
                tags[tag] = value
        tier = [(name.removeprefix("softDollarTier").lower(), value) for name, value in pairs if "Tier" in name]
        fill(order.softDollarTier, tier)
        return order

    def _routing(self) -> Iterable[tuple[str, ...]]:
        return batched(self.order.ticket.combo[2], 2) if self.order.ticket.combo else ()
