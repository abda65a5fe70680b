"""Samples of what `wire.answers.config` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.configuration import CAP_PRICE_ENABLED, DEFAULTS
from gateway.simulator.wire.answers import config as answers
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {}
    if version >= 219:
        question = answers.Question(131, "title", "words", "yes", True)
        settings = {path: value for path, value in DEFAULTS.items() if path != CAP_PRICE_ENABLED}
        made["ConfigResponse"] = [answers.ConfigResponse(9, settings, (question,))]
    if version >= 221:
        warned = answers.Warned(131, "title", "words")
        changed = ("configuration.api.settings.readOnlyApi",)
        made["UpdateConfigResponse"] = [
            answers.UpdateConfigResponse(9, "success", "words", changed, warnings=(warned,)),
            answers.UpdateConfigResponse(9, "error", "words", errors=changed),
        ]
    return made
