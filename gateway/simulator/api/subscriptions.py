"""What one session has asked to be kept informed of."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.simulator.api.tape import Subscription
from gateway.simulator.market.instruments import Instrument

if TYPE_CHECKING:
    import asyncio


@dataclass(slots=True)
class Line:
    """A streaming market data subscription."""

    instrument: Instrument
    parts: list[Subscription]
    """Quotes, and each generic tick."""
    begun: bool = False
    """Whether anything has been told; nothing is while the data farm is away."""


@dataclass(slots=True)
class LiveBars:
    """A keepUpToDate history query: its last bar is sent again as it grows."""

    req_id: int
    instrument: Instrument
    seconds: int
    date_format: int
    sent_at: int = 0


@dataclass(slots=True)
class AccountQuery:
    """An account summary: its tags and what was sent last."""

    req_id: int
    tags: tuple[str, ...]
    sent: dict[tuple[str, str], str] = field(default_factory=dict)
    sent_at: float = 0.0


class Subscriptions:
    """All of a session's subscriptions, by request id."""

    def __init__(self) -> None:
        self.market: dict[int, Line] = {}
        self.tick_by_tick: dict[int, Subscription] = {}
        self.real_time_bars: dict[int, Subscription] = {}
        self.depth: dict[int, Subscription] = {}
        self.live_bars: dict[int, LiveBars] = {}
        self.history: dict[int, asyncio.Task[None]] = {}
        self.summaries: dict[int, AccountQuery] = {}
        self.positions = False
        self.positions_multi: set[int] = set()
        self.updates = False
        self.updates_multi: set[int] = set()
        self.pnl: set[int] = set()
        self.pnl_single: dict[int, int] = {}
        self.groups: dict[int, int] = {}
        """Display groups it watches."""
        self.changed_contracts: set[int] = set()
        """Contracts whose position moved since the subscribers were last told."""

    @property
    def lines(self) -> int:
        """Market data lines this session uses."""
        return len(self.market) + len(self.tick_by_tick) + len(self.real_time_bars)

    def account_changed(self, con_ids: set[int]) -> None:
        """Note that positions moved; they are reported at the next step."""
        self.changed_contracts |= con_ids

    def drop_market_data(self) -> None:
        """Forget everything that ticks (a 1101 means that it must be asked for again)."""
        self.market.clear()
        self.tick_by_tick.clear()
        self.real_time_bars.clear()
        self.depth.clear()
        self.live_bars.clear()
