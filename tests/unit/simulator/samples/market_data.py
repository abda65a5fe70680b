"""Samples of what `wire.answers.market_data` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.market import options
from gateway.simulator.wire.answers import market_data as answers
from tests.unit.simulator.rig import SPY, stock, told
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    valued = options.value(call=True, spot=600.0, strike=600.0, seconds=3600)
    greeks = answers.Greeks(valued, 600.0)
    prices = ("1.00", "2.00", "0.50", "1.50")
    made: Samples = {
        "market_data_type": [told(answers.market_data_type(3))],
        "tick_parameters": [told(answers.tick_parameters(stock(SPY)))],
        "tick_price": [told(answers.tick_price(1, "255.45", 200, 1)), told(answers.tick_price(1, "-1", 0, 1))],
        "tick_size": [told(answers.tick_size(74, 312894)), told(answers.tick_size(0, 0.0012))],
        "tick_generic": [told(answers.tick_generic(49, 0.0))],
        "tick_string": [told(answers.tick_string(45, "1795021200")), told(answers.tick_string(59, ",,,"))],
        "tick_option": [
            told(answers.tick_option(13, valued.price, valued.volatility, greeks)),
            told(answers.tick_option(10, -1.0, -1.0, greeks)),
        ],
        "snapshot_end": [answers.snapshot_end(9)],
        "tick_by_tick_last": [told(answers.tick_by_tick_last(kind, 1795021200, "1.50", 2, "IEX")) for kind in (1, 2)],
        "tick_by_tick_quote": [told(answers.tick_by_tick_quote(1795021200, "1.00", "1.10", 3, 4, 3))],
        "tick_by_tick_mid": [told(answers.tick_by_tick_mid(1795021200, 1.05))],
        "real_time_bar": [
            told(answers.real_time_bar(1795021200, prices, 10, 1.2, 3)),
            told(answers.real_time_bar(1795021200, prices, -1, -1, -1)),
        ],
        "market_depth": [
            told(answers.market_depth(0, 0, 1, "599.99", 300)),
            told(answers.market_depth(4, 2, 0, "0", 0)),
        ],
        "market_depth_l2": [
            told(answers.market_depth_l2(0, "ARCA", 0, 1, "599.99", 300, smart=True)),
            told(answers.market_depth_l2(4, "", 2, 0, "0", 0, smart=True)),
        ],
    }
    return made
