"""What the order book sees of the world around it: quotes, trading hours, the account's cushion, other fills."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Touch:
    """The part of a quote that orders are matched against. Prices in dollars a share."""

    bid: float
    ask: float
    bid_size: float
    """0 where nobody bids."""
    ask_size: float
    last: float
    is_option: bool
    traded: bool = False
    """Whether somebody traded in this very step."""
    volume: float = 0.0
    """Traded since the day began."""
    tick: float = 0.01
    """The smallest price increment here."""
    regular: bool = True
    """Whether the regular session is on."""
    extended: bool = False
    """Whether one of the sessions around it is."""

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2 if self.bid_size else self.ask / 2

    def on_tick(self, price: float) -> float:
        """The price, on the nearest increment."""
        return round(round(price / self.tick) * self.tick, 8)


@dataclass(frozen=True, slots=True)
class Hours:
    """Where a moment lies among a contract's sessions; all moments are aware UTC."""

    regular: bool = True
    extended: bool = False
    opens: dt.datetime | None = None
    """Start of the regular session that is on, or of the next one."""
    closes: dt.datetime | None = None
    """End of that session; None where there is none."""
    trades: dt.datetime | None = None
    """When it next trades at all: now, or as the next regular or extended session starts."""
    next_opens: dt.datetime | None = None
    """Start of the session after that one."""
    day_ends: dt.datetime | None = None
    """When day orders end that may trade outside regular hours."""
    expires: dt.datetime | None = None
    """When the contract itself ends."""


class Sight(Protocol):
    """Answers about one moment."""

    def touch(self, con_id: int) -> Touch | None:
        """The current quote, None where there is no market."""

    def previous_close(self, con_id: int) -> float:
        """Where the session before ended."""

    def cushion(self, account: str) -> float:
        """Excess liquidity as a percentage of net liquidation value."""

    def executed(self, sec_type: str, exchange: str, symbol: str, since: dt.datetime) -> bool:
        """Whether anything of that kind was filled since then."""
