"""Samples of what `wire.answers.display_groups` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import display_groups as answers
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "DisplayGroupList": [answers.DisplayGroupList(9, (1, 2, 3, 4, 5, 6, 7))],
        "DisplayGroupUpdated": [
            answers.DisplayGroupUpdated(9, "none"),
            answers.DisplayGroupUpdated(9, "756733@SMART"),
        ],
    }
    return made
