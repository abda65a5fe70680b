"""Samples of what `wire.answers.market_data` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.market import options
from gateway.simulator.wire.answers import market_data as answers
from tests.unit.simulator.rig import SPY, stock
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    valued = options.value(call=True, spot=600.0, strike=600.0, seconds=3600)
    greeks = answers.Greeks(valued, 600.0)
    tiny = answers.Greeks(options.value(call=True, spot=600.0, strike=450.0, seconds=60), 600.0)
    prices = ("1.00", "2.00", "0.50", "1.50")
    made: Samples = {
        "MarketDataType": [answers.MarketDataType(3, req_id=9)],
        "TickParameters": [answers.TickParameters(stock(SPY), req_id=9)],
        "TickPrice": [answers.TickPrice(1, "255.45", 200, 1, req_id=9), answers.TickPrice(1, "-1", 0, 1, req_id=9)],
        "TickSize": [answers.TickSize(74, 312894, req_id=9), answers.TickSize(0, 0.0012, req_id=9)],
        "TickGeneric": [answers.TickGeneric(49, 0.0, req_id=9)],
        "TickString": [answers.TickString(45, "1795021200", req_id=9), answers.TickString(59, ",,,", req_id=9)],
        "TickOption": [
            answers.TickOption(13, valued.price, valued.volatility, greeks, req_id=9),
            answers.TickOption(10, -1.0, -1.0, greeks, req_id=9),
            answers.TickOption(12, 150.0, -1.0, tiny, req_id=9),
        ],
        "SnapshotEnd": [answers.SnapshotEnd(9)],
        "TickByTickLast": [answers.TickByTickLast(kind, 1795021200, "1.50", 2, "IEX", req_id=9) for kind in (1, 2)],
        "TickByTickQuote": [answers.TickByTickQuote(1795021200, "1.00", "1.10", 3, 4, 3, req_id=9)],
        "TickByTickMid": [answers.TickByTickMid(1795021200, 1.05, req_id=9)],
        "RealTimeBar": [
            answers.RealTimeBar(1795021200, prices, 10, 1.2, 3, req_id=9),
            answers.RealTimeBar(1795021200, prices, -1, -1, -1, req_id=9),
        ],
        "MarketDepth": [
            answers.MarketDepth(0, 0, 1, "599.99", 300, req_id=9),
            answers.MarketDepth(4, 2, 0, "0", 0, req_id=9),
        ],
        "MarketDepthL2": [
            answers.MarketDepthL2(0, 0, 1, "599.99", 300, "ARCA", smart=True, req_id=9),
            answers.MarketDepthL2(4, 2, 0, "0", 0, "", smart=True, req_id=9),
        ],
    }
    return made
