"""Samples of what `wire.answers.contracts` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import contracts as answers
from tests.unit.simulator.rig import AAPL, CALENDAR, INSTRUMENTS, NOON, SPY, spy_call, stock
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    call, spy, aapl = spy_call(), stock(SPY), stock(AAPL)
    [listed] = INSTRUMENTS.option_classes(spy)
    expiries, strikes = INSTRUMENTS.expiries(listed, NOON), INSTRUMENTS.strikes(listed)
    made: Samples = {
        "contract_details": [
            answers.contract_details(version, 9, instrument, "SMART", CALENDAR.hours(NOON), CALENDAR.liquid_hours(NOON))
            for instrument in (spy, aapl, call)
        ],
        "contract_details_end": [answers.contract_details_end(9)],
        "symbol_samples": [
            answers.symbol_samples(version, 9, [(spy, ["OPT"]), (aapl, [])]),
            answers.symbol_samples(version, 9, []),
        ],
        "option_parameters": [answers.option_parameters(9, "SMART", spy, listed, expiries, strikes)],
        "option_parameters_end": [answers.option_parameters_end(9)],
        "market_rule": [answers.market_rule(26, ((0.0, 0.01), (3.0, 0.05)))],
    }
    return made
