"""Samples of what `wire.answers.research` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.research import scans
from gateway.simulator.wire.answers import research as answers
from tests.unit.simulator.rig import AAPL, SPY, spy_call, stock
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "ScannerParameters": [answers.ScannerParameters(scans.parameters())],
        "ScannerData": [answers.ScannerData(9, (stock(SPY), stock(AAPL), spy_call())), answers.ScannerData(9, ())],
        "FundamentalData": [answers.FundamentalData(9, "<ReportSnapshot><CoIDs/></ReportSnapshot>")],
        "SoftDollarTiers": [answers.SoftDollarTiers(9, ()), answers.SoftDollarTiers(9, (("a", "1", "A"),))],
    }
    return made
