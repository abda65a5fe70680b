"""Samples of what `wire.answers.history` makes."""

from typing import Any

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import history as answers
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    rows: list[tuple[Any, ...]] = [("20261118-17:00:00", "1.00", "2.00", "0.50", "1.50", 10, "1.2", 3)] * 2
    ohlc = ("1.00", "2.00", "0.50", "1.50")
    made: Samples = {
        "historical_data": [
            answers.historical_data(version, 9, "20261118-16:00:00", "20261118-17:00:00", rows),
        ],
        "historical_update": [answers.historical_update(9, "1795021200", ohlc, 10, 1.2, 3)],
        "head_timestamp": [answers.head_timestamp(9, "20200102-14:30:00")],
        "historical_ticks": [answers.historical_ticks(9, [(1795021200, 1.05)], done=True)],
        "historical_ticks_quotes": [
            answers.historical_ticks_quotes(9, [(1795021200, "1.00", "1.10", 3, 4)], done=False)
        ],
        "historical_ticks_trades": [answers.historical_ticks_trades(9, [(1795021200, "1.00", 3, "IEX")], done=True)],
        "histogram": [answers.histogram(9, [(254.2, 100), (254.21, 7)]), answers.histogram(9, [])],
    }
    if version >= 165:
        day = ("20260312-09:30:00", "20260312-16:00:00", "20260312")
        made["historical_schedule"] = [answers.historical_schedule(9, day[0], day[1], "US/Eastern", [day, day])]
    if version >= 196:
        made["historical_data_end"] = [answers.historical_data_end(9, "20261118-16:00:00", "x")]
    return made
