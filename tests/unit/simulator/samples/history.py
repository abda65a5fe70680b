"""Samples of what `wire.answers.history` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import history as answers
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    bar = ("20261118-17:00:00", "1.00", "2.00", "0.50", "1.50", 10.5, "1.2", 3)
    made: Samples = {
        "HistoricalData": [
            answers.HistoricalData(9, "20261118-16:00:00", "20261118-17:00:00", (bar, bar)),
            answers.HistoricalData(9, "", "", (("20261118", "1", "1", "1", "1", -1, "-1", -1),)),
        ],
        "HistoricalUpdate": [answers.HistoricalUpdate(9, bar)],
        "HeadTimestamp": [answers.HeadTimestamp(9, "20200102-14:30:00")],
        "HistoricalTicks": [answers.HistoricalTicks(9, ((1795021200, 1.05),), done=True)],
        "HistoricalTicksQuotes": [answers.HistoricalTicksQuotes(9, ((1795021200, "1.00", "1.10", 3, 4),), done=False)],
        "HistoricalTicksTrades": [answers.HistoricalTicksTrades(9, ((1795021200, "1.00", 3, "IEX"),), done=True)],
        "Histogram": [answers.Histogram(9, ((254.2, 100), (254.21, 7))), answers.Histogram(9, ())],
    }
    if version >= 165:
        day = ("20260312-09:30:00", "20260312-16:00:00", "20260312")
        made["HistoricalSchedule"] = [answers.HistoricalSchedule(9, day[0], day[1], "US/Eastern", (day, day))]
    if version >= 196:
        made["HistoricalDataEnd"] = [answers.HistoricalDataEnd(9, "20261118-16:00:00", "x")]
    return made
