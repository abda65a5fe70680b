"""Every request that a client can make, asked of ibapi and of ib_async in the same words."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import ib_async
import ibapi.common
import ibapi.contract
import ibapi.execution
import ibapi.order
import ibapi.order_cancel
import ibapi.order_condition
import ibapi.scanner
import ibapi.tag_value

from gateway.simulator.wire.protobuf import generated
from tests.unit.simulator.offline import Encoder, IbAsyncEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

type Ask = Callable[[Any], Any]


def _gathered(*modules: ModuleType) -> dict[str, Any]:
    return {name: value for module in modules for name, value in vars(module).items()}


IBAPI = SimpleNamespace(
    **_gathered(
        ibapi.common,
        ibapi.contract,
        ibapi.execution,
        ibapi.order,
        ibapi.order_cancel,
        ibapi.order_condition,
        ibapi.scanner,
        ibapi.tag_value,
    )
)
IB_ASYNC = SimpleNamespace(**_gathered(ib_async))
"""The two packages' names, which are mostly the same."""


def filled(made: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def contract(kit: SimpleNamespace, **fields: Any) -> Any:
    """A SPY call, changed as asked."""
    call = {
        "symbol": "SPY",
        "secType": "OPT",
        "lastTradeDateOrContractMonth": "20261118",
        "strike": 600.0,
        "right": "C",
        "multiplier": "100",
        "exchange": "SMART",
        "currency": "USD",
        "localSymbol": "SPY   261118C00600000",
        "tradingClass": "SPY",
    }
    return filled(kit.Contract(), **(call | fields))


def stock(kit: SimpleNamespace, **fields: Any) -> Any:
    spy = {"conId": 756733, "symbol": "SPY", "secType": "STK", "exchange": "SMART", "currency": "USD"}
    return filled(kit.Contract(), **(spy | {"primaryExchange": "ARCA"} | fields))


def combo(kit: SimpleNamespace) -> Any:
    legs = [
        filled(kit.ComboLeg(), conId=number, ratio=number, action=action, exchange="SMART")
        for number, action in ((1, "BUY"), (2, "SELL"))
    ]
    return filled(kit.Contract(), symbol="SPY", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)


def limit(kit: SimpleNamespace, **fields: Any) -> Any:
    """A limit order, changed as asked."""
    plain = {
        "action": "BUY",
        "totalQuantity": 3,
        "orderType": "LMT",
        "lmtPrice": 1.05,
        "tif": "GTC",
        "orderRef": "O-1:7",
        "transmit": False,
        "parentId": 12,
        "ocaGroup": "group",
        "ocaType": 2,
        "account": "DUSIM0001",
    }
    return filled(kit.Order(), **(plain | fields))


def conditions(kit: SimpleNamespace) -> list[Any]:
    """One of each of the six kinds."""
    price = filled(
        kit.PriceCondition(), conId=756733, exch="SMART", exchange="SMART", isMore=True, price=600.0, triggerMethod=2
    )
    time = filled(kit.TimeCondition(), isMore=True, time="20261118-20:00:00")
    margin = filled(kit.MarginCondition(), isMore=False, percent=30)
    execution = filled(kit.ExecutionCondition(), secType="STK", exch="SMART", exchange="SMART", symbol="SPY")
    volume = filled(kit.VolumeCondition(), conId=756733, exch="SMART", exchange="SMART", isMore=True, volume=100)
    change = filled(kit.PercentChangeCondition(), conId=756733, exch="SMART", exchange="SMART", changePercent=1.5)
    return [price, time, margin, execution, volume, filled(change, isMore=True)]


def orders(kit: SimpleNamespace, version: int) -> dict[str, tuple[Any, Any]]:
    """Contract and order by a name: every optional section of placeOrder."""
    call = contract(kit)
    made = {
        "plain": (call, limit(kit)),
        "preview": (stock(kit), limit(kit, orderType="MKT", whatIf=True, transmit=True)),
        "conditions": (
            call,
            limit(kit, conditions=conditions(kit), conditionsIgnoreRth=True, conditionsCancelOrder=True),
        ),
        "scaled": (call, limit(kit, scaleInitLevelSize=1, scalePriceIncrement=0.5, scalePriceAdjustValue=0.1)),
        "hedged": (call, limit(kit, hedgeType="D", hedgeParam="x", optOutSmartRouting=True)),
        "algorithm": (
            stock(kit),
            limit(kit, algoStrategy="Adaptive", algoParams=[kit.TagValue("adaptivePriority", "Normal")], algoId="a"),
        ),
        "delta neutral order": (
            call,
            limit(kit, deltaNeutralOrderType="LMT", deltaNeutralAuxPrice=1.0, deltaNeutralConId=5),
        ),
        "delta neutral contract": (
            contract(kit, deltaNeutralContract=filled(kit.DeltaNeutralContract(), conId=5, delta=0.5, price=600.0)),
            limit(kit),
        ),
        "pegged to a benchmark": (
            stock(kit),
            limit(kit, orderType="PEG BENCH", referenceContractId=9, peggedChangeAmount=0.1, referenceExchangeId="X"),
        ),
        "combination": (
            combo(kit),
            limit(
                kit,
                orderComboLegs=[filled(kit.OrderComboLeg(), price=price) for price in (1.0, 2.0)],
                smartComboRoutingParams=[kit.TagValue("NonGuaranteed", "1")],
            ),
        ),
        "trailing": (stock(kit), limit(kit, orderType="TRAIL LIMIT", auxPrice=1.0, trailStopPrice=590.0)),
        "adjusted": (
            stock(kit),
            limit(kit, adjustedOrderType="STP", triggerPrice=610.0, adjustedStopPrice=600.0, adjustableTrailingUnit=1),
        ),
    }
    if version >= 170:
        own_book = stock(kit, exchange="IBKRATS")
        offsets = {"minTradeQty": 1, "minCompeteSize": 100, "midOffsetAtWhole": 0.1, "midOffsetAtHalf": 0.2}
        made |= {
            "pegged to the best": (
                own_book,
                limit(kit, orderType="PEG BEST", competeAgainstBestOffset=0.02, **offsets),
            ),
            "pegged up to the middle": (
                own_book,
                limit(kit, orderType="PEG BEST", competeAgainstBestOffset=float("inf"), **offsets),
            ),
            "pegged to the middle": (own_book, limit(kit, orderType="PEG MID", **offsets)),
        }
    return made


def asks(kit: SimpleNamespace, version: int) -> dict[str, Ask]:
    """Every request by its name, as something to do with a client."""
    call, spy = contract(kit), stock(kit)
    wanted = filled(
        kit.ExecutionFilter(), clientId=7, acctCode="DUSIM0001", time="20261118-00:00:00", symbol="SPY", secType="STK"
    )
    wanted = filled(wanted, exchange="SMART", side="BUY")
    scan = filled(kit.ScannerSubscription(), numberOfRows=5, instrument="STK", locationCode="STK.US.MAJOR")
    scan = filled(scan, scanCode="TOP_PERC_GAIN", abovePrice=5.0)
    events = filled(kit.WshEventData(), conId=756733)
    filters = [kit.TagValue("changePercAbove", "1")]
    end, account = "20261118-17:00:00", "DUSIM0001"
    made: dict[str, Ask] = {
        "reqIds": lambda c: c.reqIds(1),
        "setServerLogLevel": lambda c: c.setServerLogLevel(2),
        "reqCurrentTime": lambda c: c.reqCurrentTime(),
        "reqManagedAccts": lambda c: c.reqManagedAccts(),
        "reqAccountUpdates": lambda c: c.reqAccountUpdates(True, account),
        "reqAccountSummary": lambda c: c.reqAccountSummary(9, "All", "NetLiquidation,$LEDGER:ALL"),
        "cancelAccountSummary": lambda c: c.cancelAccountSummary(9),
        "reqPositions": lambda c: c.reqPositions(),
        "cancelPositions": lambda c: c.cancelPositions(),
        "reqPositionsMulti": lambda c: c.reqPositionsMulti(9, account, "model"),
        "cancelPositionsMulti": lambda c: c.cancelPositionsMulti(9),
        "reqAccountUpdatesMulti": lambda c: c.reqAccountUpdatesMulti(9, account, "model", True),
        "cancelAccountUpdatesMulti": lambda c: c.cancelAccountUpdatesMulti(9),
        "reqPnL": lambda c: c.reqPnL(9, account, ""),
        "cancelPnL": lambda c: c.cancelPnL(9),
        "reqPnLSingle": lambda c: c.reqPnLSingle(9, account, "", 756733),
        "cancelPnLSingle": lambda c: c.cancelPnLSingle(9),
        "reqFamilyCodes": lambda c: c.reqFamilyCodes(),
        "requestFA": lambda c: c.requestFA(1),
        "replaceFA": lambda c: c.replaceFA(9, 1, "<a/>"),
        "reqSoftDollarTiers": lambda c: c.reqSoftDollarTiers(9),
        "reqContractDetails": lambda c: c.reqContractDetails(9, call),
        "reqContractDetails of an ISIN": lambda c: c.reqContractDetails(
            9, contract(kit, secIdType="ISIN", secId="US78462F1030", includeExpired=True)
        ),
        "reqMatchingSymbols": lambda c: c.reqMatchingSymbols(9, "SP"),
        "reqSecDefOptParams": lambda c: c.reqSecDefOptParams(9, "SPY", "", "STK", 756733),
        "reqMarketRule": lambda c: c.reqMarketRule(26),
        "reqSmartComponents": lambda c: c.reqSmartComponents(9, "9c0001"),
        "reqMktDepthExchanges": lambda c: c.reqMktDepthExchanges(),
        "reqMarketDataType": lambda c: c.reqMarketDataType(3),
        "reqMktData": lambda c: c.reqMktData(9, call, "100,101", True, False, []),
        "reqMktData of a combination": lambda c: c.reqMktData(9, combo(kit), "", False, False, []),
        "reqMktData of a delta neutral": lambda c: c.reqMktData(
            9,
            contract(kit, deltaNeutralContract=filled(kit.DeltaNeutralContract(), conId=5, delta=0.5, price=600.0)),
            "233",
            False,
            True,
            [],
        ),
        "cancelMktData": lambda c: c.cancelMktData(9),
        "reqTickByTickData": lambda c: c.reqTickByTickData(9, spy, "BidAsk", 3, True),
        "cancelTickByTickData": lambda c: c.cancelTickByTickData(9),
        "reqMktDepth": lambda c: c.reqMktDepth(9, spy, 5, True, []),
        "cancelMktDepth": lambda c: c.cancelMktDepth(9, True),
        "reqRealTimeBars": lambda c: c.reqRealTimeBars(9, spy, 5, "MIDPOINT", False, []),
        "cancelRealTimeBars": lambda c: c.cancelRealTimeBars(9),
        "calculateImpliedVolatility": lambda c: c.calculateImpliedVolatility(9, call, 1.5, 600.5, []),
        "cancelCalculateImpliedVolatility": lambda c: c.cancelCalculateImpliedVolatility(9),
        "calculateOptionPrice": lambda c: c.calculateOptionPrice(9, call, 0.25, 600.5, []),
        "cancelCalculateOptionPrice": lambda c: c.cancelCalculateOptionPrice(9),
        "reqHistoricalData": lambda c: c.reqHistoricalData(9, call, end, "1 D", "1 min", "TRADES", True, 2, False, []),
        "reqHistoricalData of a combination": lambda c: c.reqHistoricalData(
            9, combo(kit), "", "1 D", "1 min", "MIDPOINT", False, 1, True, []
        ),
        "cancelHistoricalData": lambda c: c.cancelHistoricalData(9),
        "reqHeadTimeStamp": lambda c: c.reqHeadTimeStamp(9, spy, "TRADES", True, 2),
        "cancelHeadTimeStamp": lambda c: c.cancelHeadTimeStamp(9),
        "reqHistoricalTicks": lambda c: c.reqHistoricalTicks(9, spy, "", end, 5, "BID_ASK", False, True, []),
        "reqHistogramData": lambda c: c.reqHistogramData(9, spy, True, "3 days"),
        "cancelHistogramData": lambda c: c.cancelHistogramData(9),
        "reqNewsProviders": lambda c: c.reqNewsProviders(),
        "reqNewsArticle": lambda c: c.reqNewsArticle(9, "BRFG", "BRFG$1", []),
        "reqHistoricalNews": lambda c: c.reqHistoricalNews(9, 756733, "BRFG", "", "", 10, []),
        "reqNewsBulletins": lambda c: c.reqNewsBulletins(True),
        "cancelNewsBulletins": lambda c: c.cancelNewsBulletins(),
        "reqScannerParameters": lambda c: c.reqScannerParameters(),
        "reqScannerSubscription": lambda c: c.reqScannerSubscription(9, scan, [], filters),
        "cancelScannerSubscription": lambda c: c.cancelScannerSubscription(9),
        "reqFundamentalData": lambda c: c.reqFundamentalData(9, spy, "ReportSnapshot", []),
        "cancelFundamentalData": lambda c: c.cancelFundamentalData(9),
        "reqOpenOrders": lambda c: c.reqOpenOrders(),
        "reqAllOpenOrders": lambda c: c.reqAllOpenOrders(),
        "reqAutoOpenOrders": lambda c: c.reqAutoOpenOrders(True),
        "reqCompletedOrders": lambda c: c.reqCompletedOrders(True),
        "reqExecutions": lambda c: c.reqExecutions(9, wanted),
        "cancelOrder": lambda c: c.cancelOrder(17, kit.OrderCancel() if kit is IBAPI else ""),
        "reqGlobalCancel": lambda c: c.reqGlobalCancel(*([kit.OrderCancel()] if kit is IBAPI else [])),
        "exerciseOptions": lambda c: c.exerciseOptions(
            9, call, 1, 2, account, 1, *(["", "", False] if kit is IBAPI else [])
        ),
        "verifyRequest": lambda c: c.verifyRequest("a", "1"),
        "verifyMessage": lambda c: c.verifyMessage("a"),
        "verifyAndAuthRequest": lambda c: c.verifyAndAuthRequest("a", "1", "key"),
        "verifyAndAuthMessage": lambda c: c.verifyAndAuthMessage("a", "b"),
        "queryDisplayGroups": lambda c: c.queryDisplayGroups(9),
        "subscribeToGroupEvents": lambda c: c.subscribeToGroupEvents(9, 1),
        "updateDisplayGroup": lambda c: c.updateDisplayGroup(9, "756733@SMART"),
        "unsubscribeFromGroupEvents": lambda c: c.unsubscribeFromGroupEvents(9),
    }
    if version >= 161:
        made |= {
            "reqWshMetaData": lambda c: c.reqWshMetaData(9),
            "cancelWshMetaData": lambda c: c.cancelWshMetaData(9),
            "reqWshEventData": lambda c: c.reqWshEventData(9, events),
            "cancelWshEventData": lambda c: c.cancelWshEventData(9),
        }
    if version >= 167:
        made["reqUserInfo"] = lambda c: c.reqUserInfo(9)
    if kit is IBAPI and version >= 215:
        made["cancelHistoricalTicks"] = lambda c: c.cancelHistoricalTicks(9)
    if kit is IBAPI and version >= 197:
        made["reqCurrentTimeInMillis"] = lambda c: c.reqCurrentTimeInMillis()
    if version >= 215:
        made |= {
            "cancelContractData": lambda c: c.cancelContractData(9),
            "cancelHistoricalTicks": lambda c: c.cancelHistoricalTicks(9),
        }
    if version >= 219:
        made["reqConfig"] = lambda c: c.reqConfigProtoBuf(generated("ConfigRequest")(reqId=9))
    if version >= 221:
        made["updateConfig"] = lambda c: c.updateConfigProtoBuf(generated("UpdateConfigRequest")(reqId=9))

    def placing(what: Any, order: Any) -> Ask:
        return lambda c: c.placeOrder(17, what, order)

    for name, (what, order) in orders(kit, version).items():
        made[f"placeOrder {name}"] = placing(what, order)
    return made


def said(kit: SimpleNamespace, version: int) -> dict[str, bytes]:
    """The payload of every request, as that package writes it at a server version."""
    found = {}
    for name, ask in asks(kit, version).items():
        client = Encoder(version) if kit is IBAPI else IbAsyncEncoder(version)
        client.extraAuth = True  # or ibapi would not even try to verify itself
        ask(client)
        [found[name]] = client.conn.payloads
    return found
