"""News and who brings it."""

from gateway.simulator.wire.answers.fields import Fields


def news_providers() -> Fields:
    return [85, 0]
