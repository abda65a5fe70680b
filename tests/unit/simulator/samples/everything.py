"""Samples of every message the stand-in can send. A test sees to it that none is missing."""

from gateway.simulator.broker.broker import Broker
from tests.unit.simulator.samples import (
    accounts,
    config,
    contracts,
    display_groups,
    history,
    market_data,
    news,
    orders,
    research,
    session,
)
from tests.unit.simulator.samples.sample import Samples

_ROOMS = (session, contracts, market_data, history, accounts, config, orders, news, display_groups, research)


def every_answer(version: int, broker: Broker) -> Samples:
    """All of them, as they are at a server version."""
    return {name: frames for room in _ROOMS for name, frames in room.samples(version, broker).items()}
