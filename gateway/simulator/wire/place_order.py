"""placeOrder, the longest message there is: about 119 fields with optional groups between them and no marker."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract
from gateway.simulator.wire.cursor import Cursor


@dataclass(frozen=True, slots=True)
class WrittenOrder:
    """An order as a client wrote it: the contract, and every plain field under its name in the API."""

    order_id: int
    contract: ContractQuery
    fields: dict[str, str]
    conditions: tuple[tuple[str, ...], ...]
    combo: tuple[tuple[str, ...], ...]
    """Of a combination: the fields of its legs (`LEG_FIELDS` each), their prices, and its routing's tags and values."""
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
DELTA_NEUTRAL_CONTRACT = _names("deltaNeutralContractId deltaNeutralContractDelta deltaNeutralContractPrice")
LEG_FIELDS = 8
"""A leg's: conId, ratio, action, exchange, openClose, shortSaleSlot, designatedLocation, exemptCode."""

_CONDITION_FIELDS = {1: 5, 3: 2, 4: 2, 5: 3, 6: 4, 7: 4}
"""Fields of a condition after its type and conjunction: price, time, margin, execution, volume, percent change."""


def read_order(cursor: Cursor, version: int) -> WrittenOrder:
    """Read a placeOrder behind its message id.

    Raises:
        RequestMalformed: it ends early or a count in it makes no sense.
    """
    fields: dict[str, str] = {}

    def take(names: Iterable[str]) -> None:
        for name in names:
            fields[name] = cursor.text()

    def since(gate: int, *names: str) -> None:
        if version >= gate:
            take(names)

    order_id = cursor.integer()
    contract = _contract(cursor)
    take(_HEAD)
    combo: tuple[tuple[str, ...], ...] = ()
    if contract.sec_type == "BAG":
        combo = tuple(_group(cursor, width) for width in (LEG_FIELDS, 1, 2))
    take(_AFTER_COMBO)
    if version < 177:
        cursor.skip()
    take(_BODY)
    if fields["deltaNeutralOrderType"]:
        take(_DELTA_NEUTRAL)
    take(_TO_SCALE)
    if (Cursor([fields["scalePriceIncrement"]]).number() or 0) > 0:
        take(_SCALE)
    take(_TO_HEDGE)
    if fields["hedgeType"]:
        take(["hedgeParam"])
    take(_CLEARING)
    if cursor.flag():
        fields["deltaNeutralContract"] = "1"
        take(DELTA_NEUTRAL_CONTRACT)
    take(["algoStrategy"])
    algo: list[tuple[str, str]] = []
    if fields["algoStrategy"]:
        algo = [(cursor.text(), cursor.text()) for _ in range(cursor.count())]
    take(_AFTER_ALGO)
    if fields["orderType"] in ("PEG BENCH", "PEGBENCH"):
        take(_PEG_BENCH)
    conditions = _conditions(cursor, fields)
    take(_ADJUSTED)
    since(158, "duration")
    since(160, "postToAts")
    since(162, "autoCancelParent")
    since(166, "advancedErrorOverride")
    since(169, "manualOrderTime")
    if version >= 170:
        _peg_offsets(cursor, fields, contract.exchange)
    since(183, "customerAccount")
    since(184, "professionalCustomer")
    if 187 <= version < 190:
        take(["externalUserId", "manualOrderIndicator"])
    since(189, "includeOvernight")
    since(192, "manualOrderIndicator")
    since(199, "imbalanceOnly")
    return WrittenOrder(order_id, contract, fields, conditions, combo, tuple(algo))


def _group(cursor: Cursor, width: int) -> tuple[str, ...]:
    return tuple(cursor.text() for _ in range(width * cursor.count()))


def _contract(cursor: Cursor) -> ContractQuery:
    """The fourteen contract fields of an order: twelve and a security id."""
    contract = read_contract(cursor)
    return replace(contract, sec_id_type=cursor.text(), sec_id=cursor.text())


def _conditions(cursor: Cursor, fields: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    conditions: list[tuple[str, ...]] = []
    for _ in range(cursor.count(100)):
        kind = cursor.integer()
        rest = [cursor.text() for _ in range(1 + _CONDITION_FIELDS.get(kind, 0))]
        conditions.append((str(kind), *rest))
    if conditions:
        fields["conditionsIgnoreRth"] = cursor.text()
        fields["conditionsCancelOrder"] = cursor.text()
    return tuple(conditions)


def _peg_offsets(cursor: Cursor, fields: dict[str, str], exchange: str) -> None:
    """Fields that only pegged orders, and orders to IBKR's own book, carry."""
    if exchange == "IBKRATS":
        fields["minTradeQty"] = cursor.text()
    mid = fields["orderType"] in ("PEG MID", "PEGMID")
    if fields["orderType"] in ("PEG BEST", "PEGBEST"):
        fields["minCompeteSize"] = cursor.text()
        offset = cursor.text()
        if offset in ("Infinity", "Infinite"):  # up to the midpoint; the second is ib_async's spelling
            mid, offset = True, "Infinity"
        fields["competeAgainstBestOffset"] = offset
    if mid:
        fields["midOffsetAtWhole"] = cursor.text()
        fields["midOffsetAtHalf"] = cursor.text()
