"""placeOrder, the longest message there is: about 119 fields with optional groups between them and no marker.

In protobuf the same fields stand under their names. Both are read in the order of the text, so that an order is the
same whichever way it was written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract, read_contract_proto
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.protobuf import number, whole


@dataclass(frozen=True, slots=True)
class WrittenOrder:
    """An order as a client wrote it: the contract, and every plain field under its name in the API."""

    order_id: int
    contract: ContractQuery
    fields: dict[str, str]
    conditions: tuple[tuple[str, ...], ...]
    combo: tuple[tuple[str, ...], ...]
    """Of a combination: the fields of its legs (`LEG` each), their prices, and its routing's tags and values."""
    algo_params: tuple[tuple[str, str], ...]

    def number(self, name: str) -> float | None:
        """A field as a number; None if empty or unset.

        Raises:
            RequestMalformed: it is no number.
        """
        return Cursor([self.fields[name]]).number()

    def integer(self, name: str) -> int:
        """A field as a whole number, 0 if unset.

        Raises:
            RequestMalformed: it is none.
        """
        return Cursor([self.fields[name]]).integer()

    def flag(self, name: str) -> bool:
        """A field as yes or no."""
        return Cursor([self.fields[name]]).flag()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HEAD = _names(
    "action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef transmit parentId "
    "blockOrder sweepToFill displaySize triggerMethod outsideRth hidden"
)
_AFTER_COMBO = _names("sharesAllocation discretionaryAmt goodAfterTime goodTillDate faGroup faMethod faPercentage")
_BODY = _names(
    "modelCode shortSaleSlot designatedLocation exemptCode ocaType rule80A settlingFirm allOrNone minQty percentOffset "
    "eTradeOnly firmQuoteOnly nbboPriceCap auctionStrategy startingPrice stockRefPrice delta stockRangeLower "
    "stockRangeUpper overridePercentageConstraints volatility volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"
)
_DELTA_NEUTRAL = _names(
    "deltaNeutralConId deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent "
    "deltaNeutralOpenClose deltaNeutralShortSale deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"
)
_TO_SCALE = _names(
    "continuousUpdate referencePriceType trailStopPrice trailingPercent scaleInitLevelSize scaleSubsLevelSize "
    "scalePriceIncrement"
)
_SCALE = _names(
    "scalePriceAdjustValue scalePriceAdjustInterval scaleProfitOffset scaleAutoReset scaleInitPosition "
    "scaleInitFillQty scaleRandomPercent"
)
_TO_HEDGE = _names("scaleTable activeStartTime activeStopTime hedgeType")
_CLEARING = _names("optOutSmartRouting clearingAccount clearingIntent notHeld")
_AFTER_ALGO = _names("algoId whatIf orderMiscOptions solicited randomizeSize randomizePrice")
_PEG_BENCH = _names(
    "referenceContractId isPeggedChangeAmountDecrease peggedChangeAmount referenceChangeAmount referenceExchangeId"
)
_ADJUSTED = _names(
    "adjustedOrderType triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount "
    "adjustableTrailingUnit extOperator softDollarTierName softDollarTierValue cashQty mifid2DecisionMaker "
    "mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo dontUseAutoPriceForHedge isOmsContainer "
    "discretionaryUpToLimitPrice usePriceMgmtAlgo"
)
_LATER = _names(
    "deactivate postOnly allowPreOpen ignoreOpenAuction routeMarketableToBbo seekPriceImprovement whatIfType"
)
ATTACHED = _names("slOrderId slOrderType ptOrderId ptOrderType")
"""Orders that the gateway is to attach by itself: the ids and types of a stop-loss and of a profit-taker."""
DELTA_NEUTRAL_CONTRACT = {
    "conId": "deltaNeutralContractId",
    "delta": "deltaNeutralContractDelta",
    "price": "deltaNeutralContractPrice",
}
"""Fields of a delta neutral contract, and their names among those of an order here."""
LEG = _names("conId ratio action exchange openClose shortSalesSlot designatedLocation exemptCode")
"""A combination's leg, field by field."""
CONDITIONS = {
    "1": _names("isMore price conId exchange triggerMethod"),
    "3": _names("isMore time"),
    "4": _names("isMore percent"),
    "5": _names("secType exchange symbol"),
    "6": _names("isMore volume conId exchange"),
    "7": _names("isMore changePercent conId exchange"),
}
"""What a condition says after its type and conjunction: price, time, margin, execution, volume, percent change."""


class _Source(Protocol):
    """What a client wrote, asked for in the order of the text."""

    version: int

    def order_id(self) -> int: ...

    def contract(self) -> ContractQuery: ...

    def text(self, name: str) -> str:
        """A plain field."""

    def combo(self) -> tuple[tuple[str, ...], ...]: ...

    def hedges_delta(self) -> bool:
        """Whether a delta neutral contract follows."""

    def algorithm(self) -> tuple[tuple[str, str], ...]: ...

    def conditions(self) -> tuple[tuple[str, ...], ...]: ...


def read_order(cursor: Cursor, version: int) -> WrittenOrder:
    """Read a placeOrder behind its message id.

    Raises:
        RequestMalformed: it ends early or a count in it makes no sense.
    """
    return _read(_Text(cursor, version))


def read_order_proto(said: Any) -> WrittenOrder:
    """Read a `PlaceOrderRequest`.

    Raises:
        RequestMalformed: a number in it is none.
    """
    return _read(_Proto(said))


def _read(source: _Source) -> WrittenOrder:
    fields: dict[str, str] = {}
    version = source.version

    def take(names: Iterable[str]) -> None:
        for name in names:
            fields[name] = source.text(name)

    def since(gate: int, *names: str) -> None:
        if version >= gate:
            take(names)

    order_id = source.order_id()
    contract = source.contract()
    take(_HEAD)
    combo = source.combo() if contract.sec_type == "BAG" else ()
    take(_AFTER_COMBO)
    if version < 177:
        source.text("faProfile")
    take(_BODY)
    if fields["deltaNeutralOrderType"]:
        take(_DELTA_NEUTRAL)
    take(_TO_SCALE)
    if (Cursor([fields["scalePriceIncrement"]]).number() or 0) > 0:
        take(_SCALE)
    take(_TO_HEDGE)
    if fields["hedgeType"]:
        take(["hedgeParam"])
        since(223, "hedgeMaxSize")
    take(_CLEARING)
    if source.hedges_delta():
        fields["deltaNeutralContract"] = "1"
        take(DELTA_NEUTRAL_CONTRACT.values())
    take(["algoStrategy"])
    algo = source.algorithm() if fields["algoStrategy"] else ()
    take(_AFTER_ALGO)
    if fields["orderType"] in ("PEG BENCH", "PEGBENCH"):
        take(_PEG_BENCH)
    conditions = source.conditions()
    if conditions:
        take(["conditionsIgnoreRth", "conditionsCancelOrder"])
    take(_ADJUSTED)
    since(158, "duration")
    since(160, "postToAts")
    since(162, "autoCancelParent")
    since(166, "advancedErrorOverride")
    since(169, "manualOrderTime")
    if version >= 170:
        _peg_offsets(source, fields, contract.exchange)
    since(183, "customerAccount")
    since(184, "professionalCustomer")
    if 187 <= version < 190:
        take(["externalUserId", "manualOrderIndicator"])
    since(189, "includeOvernight")
    since(192, "manualOrderIndicator")
    since(199, "imbalanceOnly")
    since(216, *_LATER, *ATTACHED)
    return WrittenOrder(order_id, contract, fields, conditions, combo, algo)


def _peg_offsets(source: _Source, fields: dict[str, str], exchange: str) -> None:
    """Fields that only pegged orders, and orders to IBKR's own book, carry."""
    if exchange == "IBKRATS":
        fields["minTradeQty"] = source.text("minTradeQty")
    mid = fields["orderType"] in ("PEG MID", "PEGMID")
    if fields["orderType"] in ("PEG BEST", "PEGBEST"):
        fields["minCompeteSize"] = source.text("minCompeteSize")
        offset = source.text("competeAgainstBestOffset")
        if offset in ("Infinity", "Infinite"):  # up to the midpoint; the second is ib_async's spelling
            mid, offset = True, "Infinity"
        fields["competeAgainstBestOffset"] = offset
    if mid:
        fields["midOffsetAtWhole"] = source.text("midOffsetAtWhole")
        fields["midOffsetAtHalf"] = source.text("midOffsetAtHalf")


class _Text:
    """The fields one after the other."""

    def __init__(self, cursor: Cursor, version: int) -> None:
        self._cursor = cursor
        self.version = version

    def order_id(self) -> int:
        return self._cursor.integer()

    def contract(self) -> ContractQuery:
        """The fourteen contract fields of an order: twelve and a security id."""
        contract = read_contract(self._cursor)
        return replace(contract, sec_id_type=self._cursor.text(), sec_id=self._cursor.text())

    def text(self, name: str) -> str:
        return self._cursor.text()

    def combo(self) -> tuple[tuple[str, ...], ...]:
        return tuple(self._group(width) for width in (len(LEG), 1, 2))

    def hedges_delta(self) -> bool:
        return self._cursor.flag()

    def algorithm(self) -> tuple[tuple[str, str], ...]:
        return tuple((self._cursor.text(), self._cursor.text()) for _ in range(self._cursor.count()))

    def conditions(self) -> tuple[tuple[str, ...], ...]:
        return tuple(self._condition() for _ in range(self._cursor.count(100)))

    def _condition(self) -> tuple[str, ...]:
        kind = str(self._cursor.integer())
        return kind, *(self._cursor.text() for _ in range(1 + len(CONDITIONS.get(kind, ()))))

    def _group(self, width: int) -> tuple[str, ...]:
        return tuple(self._cursor.text() for _ in range(width * self._cursor.count()))


class _Proto:
    """A `PlaceOrderRequest`. The texts it makes are those that a client would have written."""

    version = 223

    def __init__(self, said: Any) -> None:
        self._said = said
        self._order = said.order
        self._legs = list(said.contract.comboLegs)
        said.contract.ClearField("comboLegs")  # an order's legs are looked at later, and refused in another way

    def order_id(self) -> int:
        return whole(self._said.orderId)

    def contract(self) -> ContractQuery:
        return replace(read_contract_proto(self._said.contract), issuer_id="", include_expired=False)

    def text(self, name: str) -> str:
        match name:
            case "softDollarTierName":
                return str(self._order.softDollarTier.name)
            case "softDollarTierValue":
                return str(self._order.softDollarTier.value)
            case "orderMiscOptions":
                return "".join(f"{tag}={value};" for tag, value in _pairs(self._order.orderMiscOptions))
        if name in ATTACHED:
            return _spelled(self._said.attachedOrders, name)
        for field, called in DELTA_NEUTRAL_CONTRACT.items():
            if name == called:
                return _spelled(self._said.contract.deltaNeutralContract, field)
        return _spelled(self._order, name)

    def combo(self) -> tuple[tuple[str, ...], ...]:
        legs = tuple(_spelled(leg, name) for leg in self._legs for name in LEG)
        prices = tuple(_spelled(leg, "perLegPrice") for leg in self._legs)
        routing = tuple(text for pair in _pairs(self._order.smartComboRoutingParams) for text in pair)
        return legs, prices if any(prices) else (), routing

    def hedges_delta(self) -> bool:
        return bool(self._said.contract.HasField("deltaNeutralContract"))

    def algorithm(self) -> tuple[tuple[str, str], ...]:
        return _pairs(self._order.algoParams)

    def conditions(self) -> tuple[tuple[str, ...], ...]:
        return tuple(
            (
                str(one.type),
                "a" if one.isConjunctionConnection else "o",
                *(_spelled(one, name) for name in CONDITIONS.get(str(one.type), ())),
            )
            for one in self._order.conditions
        )


def _pairs(said: Any) -> tuple[tuple[str, str], ...]:
    """Tags and values, by their tags: protobuf does not keep the order in which they were written."""
    return tuple(sorted(said.items()))


def _spelled(message: Any, name: str) -> str:
    """A field as text; a flag that is not there is off, and any other field that is not there, or that protobuf has
    no place for, is empty."""
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        return ""
    value = getattr(message, name)
    if isinstance(value, bool):
        return "1" if value else "0"
    if not message.HasField(name):
        return ""
    if isinstance(value, float):
        if value == float("inf"):
            return "Infinity"
        return "" if number(value) is None else str(value)
    return str(value)
