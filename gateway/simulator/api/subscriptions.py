"""What one session has asked to be kept informed of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.simulator.api.account_subscriptions import AccountSubscriptions
from gateway.simulator.api.tape import Subscription
from gateway.simulator.market.instruments import Instrument

if TYPE_CHECKING:
    import asyncio
    import datetime as dt
    from collections.abc import Iterator

    from gateway.simulator.history.checks import BarQuery
    from gateway.simulator.research.scans import Limits
    from gateway.simulator.wire.answers.answer import Answer


@dataclass(slots=True)
class Line:
    """A streaming market data subscription."""

    req_id: int
    instrument: Instrument
    parts: list[Subscription]
    """Quotes, and each generic tick."""
    begun: bool = False
    """Whether anything has been told; nothing is while the data farm is away."""
    providers: tuple[str, ...] = ()
    """Whose headlines are wanted too; all, where it has `news_until` and names none."""
    news_until: "dt.datetime | None" = None
    """Headlines up to here have been sent; None: none are wanted."""


@dataclass(slots=True)
class LiveBars:
    """A keepUpToDate history query: its last bar is sent again as it grows."""

    req_id: int
    instrument: Instrument
    query: "BarQuery"
    date_format: int
    running: "tuple[dt.datetime, dt.datetime] | None" = None
    """Start and end of the bar that was sent last."""


@dataclass(slots=True)
class Scan:
    """A running scan: what is scanned for, and the contracts that led when it was sent last."""

    req_id: int
    instrument: str
    location: str
    code: str
    limits: "Limits"
    rows: int
    sent: list[int] | None = None
    made_at: float = 0.0
    """Seconds since 1970."""


class Subscriptions:
    """All of a session's subscriptions, by request id."""

    def __init__(self) -> None:
        self.binds = False
        """Whether orders entered by hand are given to this session (client 0)."""
        self.market: dict[int, Line] = {}
        self.tick_by_tick: dict[int, Subscription] = {}
        self.real_time_bars: dict[int, Subscription] = {}
        self.depth: dict[int, Subscription] = {}
        self.live_bars: dict[int, LiveBars] = {}
        self.scans: dict[int, Scan] = {}
        self.bulletins_since: dt.datetime | None = None
        """Bulletins up to here have been sent; None: not subscribed."""
        self.history: dict[int, asyncio.Task[None]] = {}
        self.past_ticks: dict[int, asyncio.Task[None]] = {}
        self.long_answers: set[tuple[int, Iterator[Answer]]] = set()
        """Descriptions of many contracts that are still being sent."""
        self.accounts = AccountSubscriptions()
        self.groups: dict[int, int] = {}
        """Display groups it watches."""

    @property
    def lines(self) -> int:
        """Market data lines this session uses."""
        return len(self.market) + len(self.tick_by_tick) + len(self.real_time_bars)

    @property
    def _ticking(self) -> "tuple[dict[int, Line] | dict[int, Subscription] | dict[int, LiveBars], ...]":
        return self.market, self.tick_by_tick, self.real_time_bars, self.depth, self.live_bars

    def line_ids(self) -> list[int]:
        """Request ids of everything that ticks."""
        return [req_id for kind in self._ticking for req_id in kind]

    def contract_id(self, req_id: int) -> int | None:
        """The contract that a market data request is about, None if there is no such request."""
        for kind in self._ticking:
            if req_id in kind:
                return kind[req_id].instrument.con_id
        return None

    def forget_line(self, req_id: int) -> None:
        """Forget one market data subscription, of whatever kind, which the gateway has ended."""
        for kind in self._ticking:
            kind.pop(req_id, None)

    def drop_market_data(self) -> None:
        """Forget everything that ticks (a 1101 means that it must be asked for again)."""
        for kind in self._ticking:
            kind.clear()
