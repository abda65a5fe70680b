"""What a market says of an instrument at one moment."""

from dataclasses import dataclass

from gateway.simulator.market.process import STEP_SECONDS


@dataclass(frozen=True, slots=True)
class Quote:
    """The book's top and the last trade at one grid step. Prices in the instrument's currency; sizes in shares or
    contracts, fractions of one for crypto."""

    step: int
    bid: float
    """-1 where nobody bids, as the gateway writes it; its size is then 0."""
    ask: float
    """-1 where nobody offers: on an index."""
    bid_size: float
    ask_size: float
    last: float
    """The last trade; the level of an index; the middle where trades are not published."""
    last_size: float
    traded: bool
    """Whether `last` happened in this very step."""
    volume: float
    """Traded since the day began."""
    underlying: float
    """Mid of the underlying; of the instrument itself where it is on nothing."""
    traded_at: int
    """The step of the last trade."""

    @property
    def mid(self) -> float:
        """Halfway between bid and ask; the last price where nobody offers."""
        if self.ask_size <= 0:
            return self.last
        return ((self.bid if self.bid_size > 0 else 0.0) + self.ask) / 2

    @property
    def epoch(self) -> float:
        """When the step began, seconds since 1970."""
        return self.step * STEP_SECONDS
