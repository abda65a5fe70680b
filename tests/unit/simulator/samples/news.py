"""Samples of what `wire.answers.news` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.wire.answers import news as answers
from tests.unit.simulator.rig import NOON
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    made: Samples = {
        "NewsProviders": [answers.NewsProviders((("BRFG", "Briefing.com General Market Columns"),))],
        "HistoricalNews": [answers.HistoricalNews(9, NOON, "BRFG", "BRFG$1-2", "Ümläut, back\\slash")],
        "HistoricalNewsEnd": [answers.HistoricalNewsEnd(9, has_more=more) for more in (False, True)],
        "NewsArticle": [answers.NewsArticle(9, "line\nline")],
        "TickNews": [answers.TickNews(9, NOON, "BRFG", "BRFG$1-2", "Ümläut, back\\slash")],
        "NewsBulletin": [answers.NewsBulletin(7, 1, "message", "NASDAQ")],
    }
    return made
