"""Samples of what `wire.answers.news` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import news as answers
from tests.unit.simulator.rig import NOON
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "news_providers": [answers.news_providers([("BRFG", "Briefing.com General Market Columns")])],
        "historical_news": [answers.historical_news(9, NOON, "BRFG", "BRFG$1-2", "Ümläut, back\\slash")],
        "historical_news_end": [answers.historical_news_end(9, has_more=more) for more in (False, True)],
        "news_article": [answers.news_article(9, "line\nline")],
        "tick_news": [answers.tick_news(9, NOON, "BRFG", "BRFG$1-2", "headline")],
        "news_bulletin": [answers.news_bulletin(7, 1, "message", "NASDAQ")],
    }
    return made
