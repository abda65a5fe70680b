"""Samples of what `wire.answers.display_groups` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import display_groups as answers
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "display_group_list": [answers.display_group_list(9, range(1, 8))],
        "display_group_updated": [
            answers.display_group_updated(9, "none"),
            answers.display_group_updated(9, "756733@SMART"),
        ],
    }
    return made
