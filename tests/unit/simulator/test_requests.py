"""What real clients encode is read back as what was meant, at every version, to the last field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from ibapi.const import UNSET_DOUBLE
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.execution import ExecutionFilter
from ibapi.order import COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID, Order, OrderComboLeg
from ibapi.order_cancel import OrderCancel
from ibapi.order_condition import Create, OrderCondition
from ibapi.scanner import ScannerSubscription
from ibapi.tag_value import TagValue

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.place_order import read_order
from gateway.simulator.wire.requests import (
    accounts,
    contracts,
    depth,
    history,
    market_data,
    option_calculations,
    orders,
    reader,
    research,
    session,
)
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.rig import VERSIONS
from tws.frames import encode_fields

if TYPE_CHECKING:
    from gateway.simulator.wire.requests.base import Request


def option() -> Any:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "SPY", "OPT", "SMART", "USD"
    contract.lastTradeDateOrContractMonth, contract.strike, contract.right = "20261118", 600.0, "C"
    contract.multiplier, contract.tradingClass = "100", "SPY"
    return contract


def read(version: int, ask: Any) -> Request:
    encoder = Encoder(version)
    ask(encoder)
    [payload] = encoder.conn.payloads
    return reader.read(payload, version)


def plain_order() -> Any:
    order = Order()
    order.action, order.totalQuantity, order.orderType, order.lmtPrice = "BUY", 3, "LMT", 1.05
    order.tif, order.orderRef, order.transmit, order.parentId = "GTC", "O-1:7", False, 12
    order.ocaGroup, order.ocaType, order.account = "group", 2, "DUSIM0001"
    return order


def condition(kind: Any, **values: Any) -> Any:
    made = Create(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def rich_order(version: int) -> Any:
    """An order that uses every optional section there is."""
    order = plain_order()
    order.deltaNeutralOrderType, order.deltaNeutralAuxPrice, order.deltaNeutralConId = "LMT", 1.0, 5
    order.scaleInitLevelSize, order.scalePriceIncrement, order.scalePriceAdjustValue = 1, 0.5, 0.1
    order.hedgeType, order.hedgeParam = "D", "x"
    order.algoStrategy = "Adaptive"
    order.algoParams = [TagValue("adaptivePriority", "Normal")]
    order.conditions = [
        condition(OrderCondition.Price, conId=756733, exchange="SMART", isMore=True, price=600.0, triggerMethod=0),
        condition(OrderCondition.Time, isMore=True, time="20261118-20:00:00"),
        condition(OrderCondition.Margin, isMore=False, percent=30),
        condition(OrderCondition.Execution, secType="STK", exchange="SMART", symbol="SPY"),
        condition(OrderCondition.Volume, conId=756733, exchange="SMART", isMore=True, volume=100),
        condition(OrderCondition.PercentChange, conId=756733, exchange="SMART", isMore=True, changePercent=1.0),
    ]
    order.orderType = "PEG BENCH"
    order.usePriceMgmtAlgo = True
    if version >= 158:
        order.duration = 60
    if version >= 199:
        order.imbalanceOnly = True
    return order


PEG_OFFSETS_FROM = 170
SHAPES = ["plain", "rich", "combo", "delta neutral"]
PEGGED = ["peg best", "peg best mid", "peg mid"]


@pytest.mark.parametrize(
    ("version", "shape"),
    [
        (version, shape)
        for version in VERSIONS
        for shape in (SHAPES + PEGGED if version >= PEG_OFFSETS_FROM else SHAPES)
    ],
)
def test_place_order_is_read_to_its_last_field(version: int, shape: str) -> None:
    contract, order = option(), plain_order()
    if shape == "rich":
        order = rich_order(version)
    if shape == "combo":
        contract.secType = "BAG"
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = 1, 1, "BUY", "SMART"
        contract.comboLegs = [leg, leg]
        price = OrderComboLeg()
        price.price = 1.0
        order.orderComboLegs = [price, price]
        order.smartComboRoutingParams = [TagValue("NonGuaranteed", "1")]
    if shape == "delta neutral":
        contract.deltaNeutralContract = DeltaNeutralContract()
    if shape.startswith("peg"):
        order.orderType = "PEG MID" if shape == "peg mid" else "PEG BEST"
        contract.exchange = "IBKRATS"
        order.minTradeQty, order.minCompeteSize, order.midOffsetAtWhole, order.midOffsetAtHalf = 1, 100, 0.1, 0.2
        order.competeAgainstBestOffset = COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID if shape == "peg best mid" else 0.02
    encoder = Encoder(version)
    encoder.placeOrder(17, contract, order)
    [fields] = encoder.sent
    cursor = Cursor(fields, 1)
    written = read_order(cursor, version)
    assert cursor.left == 0
    assert written.order_id == 17
    assert written.contract.expiry == "20261118"
    assert written.contract.strike == 600.0
    assert written.fields["orderRef"] == "O-1:7"
    assert written.fields["account"] == "DUSIM0001"
    assert (written.number("totalQuantity"), written.number("lmtPrice"), written.number("auxPrice")) == (3, 1.05, None)
    assert (written.flag("transmit"), written.integer("parentId"), written.integer("ocaType")) == (False, 12, 2)
    assert written.flag("whatIf") is False
    if shape == "rich":
        assert len(written.conditions) == 6
        assert written.algo_params == (("adaptivePriority", "Normal"),)
        assert written.fields["hedgeParam"] == "x"
        assert written.flag("usePriceMgmtAlgo")
        if version >= 158:
            assert written.integer("duration") == 60
        if version >= 199:
            assert written.flag("imbalanceOnly")
    if shape == "peg best mid":
        assert (written.number("midOffsetAtWhole"), written.number("midOffsetAtHalf")) == (0.1, 0.2)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_other_requests(version: int) -> None:
    contract = option()

    details = read(version, lambda c: c.reqContractDetails(9, contract))
    assert isinstance(details, contracts.ReqContractDetails)
    assert (details.req_id, details.contract.symbol, details.contract.expiry) == (9, "SPY", "20261118")

    isin = Contract()
    isin.secIdType, isin.secId, isin.exchange = "ISIN", "US78462F1030", "SMART"
    by_isin = read(version, lambda c: c.reqContractDetails(9, isin))
    assert isinstance(by_isin, contracts.ReqContractDetails)
    assert (by_isin.contract.sec_id_type, by_isin.contract.sec_id) == ("ISIN", "US78462F1030")

    data = read(version, lambda c: c.reqMktData(9, contract, "100,101", True, False, []))
    assert isinstance(data, market_data.ReqMarketData)
    assert (data.generic_ticks, data.snapshot, data.contract.right) == ("100,101", True, "C")

    bars = read(
        version,
        lambda c: c.reqHistoricalData(9, contract, "20261118-17:00:00", "1 D", "1 min", "TRADES", 0, 2, False, []),
    )
    assert isinstance(bars, history.ReqHistoricalData)
    assert (bars.end, bars.bar_size, bars.duration) == ("20261118-17:00:00", "1 min", "1 D")
    assert (bars.what, bars.date_format, bars.keep_up_to_date) == ("TRADES", 2, False)

    wanted = ExecutionFilter()
    wanted.clientId, wanted.acctCode, wanted.symbol, wanted.side = 7, "DUSIM0001", "SPY", "BUY"
    found = read(version, lambda c: c.reqExecutions(9, wanted))
    assert isinstance(found, orders.ReqExecutions)
    assert (found.client_id, found.account, found.symbol, found.side) == (7, "DUSIM0001", "SPY", "BUY")

    assert read(version, lambda c: c.cancelOrder(17, OrderCancel())) == orders.CancelOrder(17)
    assert read(version, lambda c: c.reqGlobalCancel(OrderCancel())) == orders.GlobalCancel()
    assert read(version, lambda c: c.reqIds(-1)) == session.ReqIds()
    assert read(version, lambda c: c.reqCurrentTime()) == session.ReqCurrentTime()
    assert read(version, lambda c: c.reqMarketDataType(3)) == market_data.ReqMarketDataType(3)
    assert read(version, lambda c: c.cancelMktData(9)) == market_data.CancelMarketData(9)
    assert read(version, lambda c: c.reqAccountSummary(9, "All", "A,B")) == accounts.ReqAccountSummary(
        9, "All", ("A", "B")
    )
    assert read(version, lambda c: c.reqAccountUpdates(True, "DU1")) == accounts.ReqAccountUpdates(True, "DU1")
    assert read(version, lambda c: c.reqPnLSingle(9, "DU1", "m", 5)) == accounts.ReqPnlSingle(9, "DU1", "m", 5)
    assert read(version, lambda c: c.reqPnL(9, "DU1", "m")) == accounts.ReqPnl(9, "DU1", "m")
    assert read(version, lambda c: c.reqAccountUpdatesMulti(9, "DU1", "m", True)) == accounts.ReqAccountUpdatesMulti(
        9, "DU1", "m", True
    )
    assert read(version, lambda c: c.requestFA(1)) == accounts.RequestFa(1)
    assert read(version, lambda c: c.replaceFA(9, 3, "<xml/>")) == accounts.ReplaceFa(9, 3, "<xml/>")
    exercise = read(version, lambda c: c.exerciseOptions(9, contract, 2, 3, "DU1", 1, "", "", False))
    assert isinstance(exercise, accounts.ExerciseOptions)
    assert (exercise.req_id, exercise.action, exercise.quantity, exercise.account) == (9, 2, 3, "DU1")
    assert exercise.override
    assert exercise.contract.con_id == contract.conId
    assert read(version, lambda c: c.reqSecDefOptParams(9, "SPY", "", "STK", 756733)) == (
        contracts.ReqSecDefOptParams(9, "SPY", "", "STK", 756733)
    )
    assert read(version, lambda c: c.reqCompletedOrders(True)) == orders.ReqCompletedOrders(True)
    assert read(version, lambda c: c.reqHeadTimeStamp(9, contract, "TRADES", 0, 2)).date_format == 2  # type: ignore[attr-defined]
    ticks = read(
        version, lambda c: c.reqHistoricalTicks(9, contract, "", "20261118-17:00:00", 5, "TRADES", 0, True, [])
    )
    assert isinstance(ticks, history.ReqHistoricalTicks)
    assert (ticks.start, ticks.end, ticks.count, ticks.what) == ("", "20261118-17:00:00", 5, "TRADES")
    stream = read(version, lambda c: c.reqTickByTickData(9, contract, "BidAsk", 0, True))
    assert isinstance(stream, market_data.ReqTickByTick)
    assert (stream.kind, stream.ignore_size) == ("BidAsk", True)
    five = read(version, lambda c: c.reqRealTimeBars(9, contract, 5, "MIDPOINT", False, []))
    assert isinstance(five, market_data.ReqRealTimeBars)
    assert five.what == "MIDPOINT"


@pytest.mark.parametrize("version", [200, 223])
def test_depth_and_calculations(version: int) -> None:
    asked = read(version, lambda c: c.reqMktDepth(9, option(), 20, True, []))
    assert isinstance(asked, depth.ReqMarketDepth)
    assert (asked.req_id, asked.contract.symbol, asked.rows, asked.smart) == (9, "SPY", 20, True)
    assert read(version, lambda c: c.cancelMktDepth(9, True)) == depth.CancelMarketDepth(9, True)
    volatility = read(version, lambda c: c.calculateImpliedVolatility(9, option(), 1.5, 600.0, []))
    assert isinstance(volatility, option_calculations.CalculateImpliedVolatility)
    assert (volatility.price, volatility.underlying) == (1.5, 600.0)
    price = read(version, lambda c: c.calculateOptionPrice(9, option(), 0.2, 600.0, []))
    assert isinstance(price, option_calculations.CalculateOptionPrice)
    assert (price.volatility, price.underlying) == (0.2, 600.0)
    assert read(version, lambda c: c.cancelCalculateOptionPrice(9)) == option_calculations.CancelCalculation(9)


@pytest.mark.parametrize("version", [200, 223])
def test_venues_are_asked_for(version: int) -> None:
    assert read(version, lambda c: c.reqMktDepthExchanges()) == contracts.ReqDepthExchanges()
    assert read(version, lambda c: c.reqSmartComponents(9, "9c0001")) == contracts.ReqSmartComponents(9, "9c0001")


@pytest.mark.parametrize("version", [200, 223])
def test_what_a_scan_does_not_say_limits_nothing(version: int) -> None:
    scan = ScannerSubscription()
    scan.instrument, scan.locationCode, scan.scanCode, scan.stockTypeFilter = "STK", "STK.US", "HOT_BY_VOLUME", "ALL"
    filters = [TagValue("changePercAbove", "1"), TagValue("priceAbove", "5")]
    asked = read(version, lambda c: c.reqScannerSubscription(9, scan, [], filters))
    named = (("changePercAbove", "1"), ("priceAbove", "5"))
    assert asked == research.ReqScannerSubscription(
        9, -1, "STK", "STK.US", "HOT_BY_VOLUME", None, None, None, "ALL", named
    )
    scan.numberOfRows, scan.belowPrice, scan.aboveVolume = 7, 0.0, 10
    limited = read(version, lambda c: c.reqScannerSubscription(9, scan, [], filters))
    assert isinstance(limited, research.ReqScannerSubscription)
    assert (limited.rows, limited.above_price, limited.below_price, limited.above_volume) == (7, None, 0.0, 10.0)


def test_contracts_are_the_same_in_both_encodings() -> None:
    isin = Contract()
    isin.secIdType, isin.secId, isin.includeExpired, isin.issuerId = "ISIN", "US78462F1030", True, "e1400001"
    for asked in (option(), isin, Contract()):
        before = read(200, lambda c, asked=asked: c.reqContractDetails(9, asked))
        assert read(205, lambda c, asked=asked: c.reqContractDetails(9, asked)) == before


def test_a_calculation_of_no_number_cannot_be_read() -> None:
    unknown = read(223, lambda c: c.calculateOptionPrice(9, option(), UNSET_DOUBLE, 600.0, []))
    assert isinstance(unknown, option_calculations.CalculateOptionPrice)
    assert (unknown.volatility, unknown.underlying) == (None, 600.0)
    with pytest.raises(RequestMalformed):
        read(223, lambda c: c.calculateOptionPrice(9, option(), math.nan, 600.0, []))


def test_empty_texts_are_unset() -> None:
    """As @stoqey/ib writes a contract: nothing where others write zeros."""
    fields = ["9", "8", "1", "", "AAPL", "STK", "", "", "", "", "", "", "", "", "", "", "", "", "", "", ""]
    asked = reader.read(encode_fields(*fields), 193)
    assert isinstance(asked, contracts.ReqContractDetails)
    assert (asked.contract.con_id, asked.contract.strike, asked.contract.symbol) == (0, 0.0, "AAPL")


@pytest.mark.parametrize(
    "fields",
    [[], [""], ["x"], ["999"], ["1"], ["9", "8", "1"], ["62", "1", "many", "All", ""], ["3", "5"], ["7", "3", "nan"]],
)
def test_what_cannot_be_read_says_so(fields: list[str]) -> None:
    with pytest.raises(RequestMalformed):
        reader.read(encode_fields(*fields), 200)


@pytest.mark.parametrize("version", [200, 223])
def test_the_highest_number_of_all_is_no_order_id(version: int) -> None:
    """It means unset, and as an id it would leave no next one that fits into a message."""
    placed = read(version, lambda c: c.placeOrder(2**31 - 1, option(), Order()))
    assert isinstance(placed, orders.PlaceOrder)
    assert placed.order.order_id == 0
