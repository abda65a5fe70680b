"""One moment of the market and of the accounts, as the order book sees it."""

import datetime as dt
from collections.abc import Callable, Sequence

from gateway.simulator.broker.orders import Fill
from gateway.simulator.broker.sight import Hours, Touch
from gateway.simulator.market.calendar import Phase
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at


def hours(market: Market, instrument: Instrument, now: dt.datetime) -> Hours:
    """Where `now` lies among an instrument's sessions."""
    calendar = market.instruments.calendar(instrument)
    day = calendar.day_at(now)
    closes = market.closes(instrument, now)
    phase = day.phase(now)
    last = day if now < day.trading[-1][1] else calendar.day_at(day.ends)
    return Hours(
        regular=phase is Phase.REGULAR,
        extended=phase is Phase.EXTENDED,
        opens=market.next_open(instrument, now),
        trades=now if phase is not Phase.CLOSED else next(start for start, _ in last.trading if start > now),
        closes=closes,
        next_opens=market.next_open(instrument, closes),
        day_ends=last.trading[-1][1],
        expires=expires(market, instrument),
    )


def expires(market: Market, instrument: Instrument) -> dt.datetime | None:
    """When a contract ends; a combination with the first of its legs."""
    parts = [market.instruments.by_id(leg.con_id) for leg in instrument.legs] or [instrument]
    ends = [market.instruments.closes_at(part) for part in parts if part is not None]
    return min((end for end in ends if end is not None), default=None)


class View:
    """Answers what it is asked about one moment; every contract is looked up once."""

    def __init__(
        self,
        market: Market,
        now: dt.datetime,
        instrument: Callable[[int], Instrument],
        cushion: Callable[[str], float],
        fills: Sequence[Fill],
    ) -> None:
        """`cushion(account)` is excess liquidity as a percentage; `fills` are the executions that are remembered."""
        self._market = market
        self._now = now
        self._step = step_at(now.timestamp())
        self._instrument = instrument
        self._fills = fills
        self.cushion = cushion
        self._touches: dict[int, Touch | None] = {}

    def touch(self, con_id: int) -> Touch | None:
        """The quote of an instrument that has not expired."""
        if con_id not in self._touches:
            self._touches[con_id] = self._make(self._instrument(con_id))
        return self._touches[con_id]

    def previous_close(self, con_id: int) -> float:
        """Where the session before ended."""
        return self._market.previous_close(self._instrument(con_id), self._step)

    def executed(self, sec_type: str, exchange: str, symbol: str, since: dt.datetime) -> bool:
        """Whether a contract of that kind was filled since then; SMART is every exchange, an empty text anything."""
        return any(
            fill.at >= since
            and exchange in ("", "SMART", "*", fill.exchange)
            and (found := self._instrument(fill.con_id)).symbol == symbol
            and sec_type in ("", "*", found.sec_type)
            for fill in self._fills
        )

    def _make(self, instrument: Instrument) -> Touch | None:
        ends = expires(self._market, instrument)
        if ends is not None and ends <= self._now:
            return None
        quote = self._market.quote(instrument, self._step)
        phase = self._market.phase(instrument, self._now)
        return Touch(
            bid=quote.bid,
            ask=quote.ask,
            bid_size=quote.bid_size,
            ask_size=quote.ask_size if quote.ask > 0 or instrument.legs else 0.0,
            last=quote.last,
            is_option=instrument.is_option,
            traded=quote.traded,
            volume=quote.volume,
            tick=instrument.min_tick,
            regular=phase is Phase.REGULAR,
            extended=phase is Phase.EXTENDED,
        )
