"""Headlines that are a pure function of (seed, time): every hour each provider has something to say, or has not.

An article is named by what makes it, so that its text can be made again from its name alone.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.simulator.market.process import uniform

PROVIDERS = (
    ("BRFG", "Briefing.com General Market Columns"),
    ("BRFUPDN", "Briefing.com Analyst Actions"),
    ("DJNL", "Dow Jones Newsletters"),
)
"""The three that every account has (captured)."""

KEPT_DAYS = 30
"""How far back a gateway's headlines go (measured by users: about a month)."""

_CODES = tuple(code for code, _ in PROVIDERS)
_SLOT_SECONDS = 3600
_CHANCE = 0.2
_SAID = {
    "BRFG": ("trades with the market", "leads its sector", "in focus ahead of the close", "sees unusual activity"),
    "BRFUPDN": ("target raised", "upgraded to Buy", "downgraded to Neutral", "coverage initiated"),
    "DJNL": ("What investors ask about it now", "Options traders take positions", "The week ahead", "A second look"),
}


@dataclass(frozen=True, slots=True)
class Article:
    """One piece of news about one instrument."""

    provider: str
    con_id: int
    slot: int
    """Hours since 1970."""
    at: dt.datetime
    symbol: str
    said: str

    @property
    def article_id(self) -> str:
        """As a gateway names it: the provider, a dollar sign, and something of the provider's own."""
        return f"{self.provider}${self.con_id:x}-{self.slot:x}"

    @property
    def headline(self) -> str:
        """With the provider's marks in front (language, weights), as the gateway passes them on."""
        return f"{{A:800015:L:en:K:n/a:C:0.9}}{self.symbol}: {self.said}"

    @property
    def text(self) -> str:
        """The whole of it."""
        return (
            f"{self.symbol}: {self.said}\n{self.at:%Y-%m-%d %H:%M} UTC\n"
            f"This text was written by a simulator. Nothing happened to {self.symbol}."
        )


def article(seed: int, provider: str, con_id: int, symbol: str, slot: int) -> Article | None:
    """What a provider wrote about an instrument in an hour, if anything."""
    if provider not in _CODES:
        return None
    number = _CODES.index(provider)
    if uniform(seed, con_id, slot, 50 + number) >= _CHANCE:
        return None
    second = int(uniform(seed, con_id, slot, 60 + number) * _SLOT_SECONDS)
    lines = _SAID[provider]
    said = lines[int(uniform(seed, con_id, slot, 70 + number) * len(lines))]
    at = dt.datetime.fromtimestamp(slot * _SLOT_SECONDS + second, dt.UTC)
    return Article(provider, con_id, slot, at, symbol, said)


def between(
    seed: int, con_id: int, symbol: str, providers: Sequence[str], after: dt.datetime, until: dt.datetime
) -> Iterator[Article]:
    """Articles later than `after` and not later than `until`, newest first."""
    newest, oldest = (int(moment.timestamp()) // _SLOT_SECONDS for moment in (until, after))
    for slot in range(newest, oldest - 1, -1):
        written = [found for code in providers if (found := article(seed, code, con_id, symbol, slot)) is not None]
        yield from sorted(
            (found for found in written if after < found.at <= until), key=lambda found: found.at, reverse=True
        )


def named(article_id: str) -> tuple[str, int, int] | None:
    """Provider, contract id and hour that an article's name says; None if it is no such name."""
    provider, _, rest = article_id.partition("$")
    con_id, _, slot = rest.partition("-")
    try:
        return provider, int(con_id, 16), int(slot, 16)
    except ValueError:
        return None
