"""Samples of what `wire.answers.session` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import session as answers
from tests.unit.simulator.rig import NOON
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "managed_accounts": [answers.managed_accounts(["DU9000001"]), answers.managed_accounts(["DF1", "DU2", "DU3"])],
        "next_valid_id": [answers.next_valid_id(1)],
        "error": [
            answers.error(version, -1, 2104, "Market data farm connection is OK:usfarm", NOON),
            answers.error(version, 5, 201, "Order rejected - reason:umlaut ü, back\\slash", NOON, '{"a":1}'),
        ],
        "current_time": [answers.current_time(NOON)],
    }
    if version >= 167:
        made["user_info"] = [answers.user_info(9)]
    if version >= 197:
        made["current_time_millis"] = [answers.current_time_millis(NOON)]
    return made
