"""Samples of what `wire.answers.session` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import session as answers
from tests.unit.simulator.rig import NOON
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "ManagedAccounts": [answers.ManagedAccounts(("DU9000001",)), answers.ManagedAccounts(("DF1", "DU2", "DU3"))],
        "NextValidId": [answers.NextValidId(1)],
        "Error": [
            answers.Error(-1, 2104, "Market data farm connection is OK:usfarm", NOON),
            answers.Error(5, 201, "Order rejected - reason:umlaut ü, back\\slash", NOON, '{"a":1}'),
        ],
        "CurrentTime": [answers.CurrentTime(NOON)],
    }
    if version >= 167:
        made["UserInfo"] = [answers.UserInfo(9)]
    if version >= 197:
        made["CurrentTimeMillis"] = [answers.CurrentTimeMillis(NOON)]
    return made
