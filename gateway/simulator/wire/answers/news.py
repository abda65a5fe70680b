"""News and who brings it."""

import datetime as dt
from collections.abc import Iterable

from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import ascii7


def news_providers(providers: Iterable[tuple[str, str]]) -> Fields:
    """Providers as (code, name)."""
    listed = list(providers)
    return [85, len(listed), *(field for provider in listed for field in provider)]


def historical_news(req_id: int, at: dt.datetime, provider: str, article_id: str, headline: str) -> Fields:
    """One headline; its time is UTC, in the form captured."""
    return [86, req_id, f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}.0", provider, article_id, ascii7(headline)]


def historical_news_end(req_id: int, *, has_more: bool) -> Fields:
    return [87, req_id, int(has_more)]


def news_article(req_id: int, text: str) -> Fields:
    """An article; 0 says that it is text and not a document."""
    return [83, req_id, 0, ascii7(text)]


def tick_news(req_id: int, at: dt.datetime, provider: str, article_id: str, headline: str) -> Fields:
    """A headline as it comes, to a market data subscription with generic tick 292."""
    return [84, req_id, int(at.timestamp() * 1000), provider, article_id, ascii7(headline), ""]


def news_bulletin(number: int, kind: int, message: str, exchange: str) -> Fields:
    """A bulletin: kind 1 a plain one, 2 and 3 an exchange that can, or no longer can, be traded on."""
    return [14, 1, number, kind, ascii7(message), exchange]
