"""Samples of what `wire.answers.research` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.research import scans
from gateway.simulator.wire.answers import research as answers
from tests.unit.simulator.rig import AAPL, SPY, spy_call, stock
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "scanner_parameters": [answers.scanner_parameters(scans.parameters())],
        "scanner_data": [answers.scanner_data(9, [stock(SPY), stock(AAPL), spy_call()]), answers.scanner_data(9, [])],
        "fundamental_data": [answers.fundamental_data(9, "<ReportSnapshot><CoIDs/></ReportSnapshot>")],
        "soft_dollar_tiers": [answers.soft_dollar_tiers(9, []), answers.soft_dollar_tiers(9, [("a", "1", "A")])],
    }
    return made
