"""Samples of what `wire.answers.market_data` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.market import options
from gateway.simulator.wire.answers import market_data as answers
from tests.unit.simulator.rig import SPY, stock
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    spy = stock(SPY)
    valued = options.value(call=True, spot=600.0, strike=600.0, seconds=3600)
    ohlc = (1.0, 2.0, 0.5, 1.5)
    made: Samples = {
        "market_data_type": [answers.market_data_type(9, 3)],
        "tick_parameters": [answers.tick_parameters(9, spy)],
        "tick_price": [answers.tick_price(9, 1, 255.45, 200, 1), answers.tick_price(9, 1, -1.0, 0, 1)],
        "tick_size": [answers.tick_size(9, 74, 312894)],
        "tick_generic": [answers.tick_generic(9, 49, 0.0)],
        "tick_string": [answers.tick_string(9, 45, "1795021200")],
        "tick_option": [answers.tick_option(9, 13, valued.price, valued, 600.0)],
        "snapshot_end": [answers.snapshot_end(9)],
        "tick_by_tick_last": [answers.tick_by_tick_last(9, kind, 1795021200, 1.5, 2, "IEX") for kind in (1, 2)],
        "tick_by_tick_quote": [answers.tick_by_tick_quote(9, 1795021200, 1.0, 1.1, 3, 4)],
        "tick_by_tick_mid": [answers.tick_by_tick_mid(9, 1795021200, 1.05)],
        "real_time_bar": [answers.real_time_bar(9, 1795021200, ohlc, 10, 1.2, 3)],
    }
    return made
