"""Samples of what `wire.answers.news` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import news as answers
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "news_providers": [answers.news_providers()],
    }
    return made
