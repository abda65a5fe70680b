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
        "contract_details": [
            answers.contract_details(version, 9, instrument, "SMART", *hours) for instrument in one_of_each()
        ],
        "bond_details": [answers.bond_details(version, 9, found, bond, "SMART", *hours) for found, bond in bonds],
        "contract_details_end": [answers.contract_details_end(9)],
        "symbol_samples": [
            answers.symbol_samples(version, 9, [(spy, ["OPT"]), (stock(AAPL), []), *((b, []) for b, _ in bonds)]),
            answers.symbol_samples(version, 9, []),
        ],
        "option_parameters": [answers.option_parameters(9, "SMART", spy, name, "100", expiries, strikes)],
        "option_parameters_end": [answers.option_parameters_end(9)],
        "market_rule": [answers.market_rule(26, ((0.0, 0.01), (3.0, 0.05)))],
        "smart_components": [
            answers.smart_components(9, SMART_COMPONENTS),
            answers.smart_components(9, ()),
        ],
        "depth_exchanges": [answers.depth_exchanges(DEPTH_EXCHANGES)],
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
