"""Samples of what `wire.answers.contracts` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.market.instruments import ContractQuery, Instrument
from gateway.simulator.market.venues import DEPTH_EXCHANGES, SMART_COMPONENTS
from gateway.simulator.wire.answers import contracts as answers
from tests.unit.simulator.rig import AAPL, CALENDAR, INSTRUMENTS, NOON, SPY, spy_call, stock
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    spy = stock(SPY)
    [(_, name, expiries)] = INSTRUMENTS.chains(spy, NOON)
    strikes = INSTRUMENTS.strikes(INSTRUMENTS.option_classes(spy)[0])
    bonds = [(found, found.product.bond) for found in INSTRUMENTS.listed() if found.product.bond]
    hours = CALENDAR.hours(NOON, "US/Eastern"), CALENDAR.liquid_hours(NOON, "US/Eastern")
    made: Samples = {
        "ContractDetails": [answers.ContractDetails(9, instrument, "SMART", *hours) for instrument in one_of_each()],
        "BondDetails": [answers.BondDetails(9, found, bond, "SMART", *hours) for found, bond in bonds],
        "ContractDetailsEnd": [answers.ContractDetailsEnd(9)],
        "SymbolSamples": [
            answers.SymbolSamples(9, ((spy, ("OPT",)), (stock(AAPL), ()), *((found, ()) for found, _ in bonds))),
            answers.SymbolSamples(9, ()),
        ],
        "OptionParameters": [answers.OptionParameters(9, "SMART", spy, name, "100", tuple(expiries), tuple(strikes))],
        "OptionParametersEnd": [answers.OptionParametersEnd(9)],
        "MarketRule": [answers.MarketRule(26, ((0.0, 0.01), (3.0, 0.05)))],
        "SmartComponents": [answers.SmartComponents(9, SMART_COMPONENTS), answers.SmartComponents(9, ())],
        "DepthExchanges": [answers.DepthExchanges(DEPTH_EXCHANGES)],
    }
    return made


def one_of_each() -> list[Instrument]:
    """An instrument of every kind that message 10 describes."""
    queries = (
        ContractQuery(symbol="ES", sec_type="FUT+CONTFUT"),
        ContractQuery(symbol="ES", sec_type="FOP", expiry="20261218", strike=6000.0, right="C"),
        ContractQuery(symbol="SPX", sec_type="OPT", expiry="202612", strike=6000.0, right="P"),
    )
    listed = [found for found in INSTRUMENTS.listed() if not found.product.bond]
    return [*listed, spy_call(), *(found for query in queries for found in INSTRUMENTS.find(query, NOON))]
