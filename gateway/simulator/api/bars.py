"""Historical bars, and those that are kept up to date."""

import datetime as dt
from collections.abc import Iterable
from functools import partial

from gateway.simulator.api import refusals
from gateway.simulator.api.session import Session
from gateway.simulator.api.subscriptions import LiveBars
from gateway.simulator.history import depth, derived, series, sessions
from gateway.simulator.history.checks import WITH_VOLUME, BarQuery
from gateway.simulator.history.series import Dated, Make
from gateway.simulator.market import bars
from gateway.simulator.market.bars import SIDES, Bar
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.process import step_at
from gateway.simulator.wire.answers import history as answers
from gateway.simulator.wire.requests import history as requests
from gateway.simulator.wire.text import plain
from tws import codes

_MOST_BARS = 20_000
"""In one answer (assumed; a gateway's own limit depends on the service's load)."""
_PIECE = 20
"""Bars made before others get their turn."""


def maker(session: Session, instrument: Instrument, what: str) -> Make | None:
    """What makes the bars of that kind; None where the instrument has none."""
    market = session.gateway.market
    if what in WITH_VOLUME:
        if instrument.product.quoted and not instrument.trades:
            return None
        return partial(bars.of_trades, market.quote, instrument)
    if what in SIDES:
        if not instrument.quoted:
            return None
        return lambda begin, end: bars.of_sides(market.quote, instrument, begin, end, what)
    seed = session.gateway.settings.seed
    if what == "YIELD_BID_ASK":
        bid, ask = (derived.series(market, instrument, f"YIELD_{side}", seed) for side in ("BID", "ASK"))
        return partial(bars.of_both, bid, ask) if bid and ask else None
    values = derived.series(market, instrument, what, seed)
    return partial(bars.of_values, values) if values else None


def make_of_days(session: Session, instrument: Instrument, what: str, make: Make) -> Make:
    """The same for whole days, which are remembered."""
    gateway = session.gateway
    return series.cached(make, gateway.day_bars, (instrument.con_id, what), gateway.step())


def begins(session: Session, instrument: Instrument) -> dt.datetime:
    """When the past of an instrument begins."""
    instruments = session.gateway.instruments
    own = instruments.data.get(instrument.con_id)
    return depth.begins(instruments.calendar(instrument), instrument, own.times[0] if own else None)


def ends(session: Session, instrument: Instrument, wanted: dt.datetime) -> dt.datetime:
    """The end of a query, or of what there is where an instrument has expired before it."""
    expired = session.gateway.instruments.closes_at(instrument)
    return min(wanted, expired) if expired else wanted


async def send(
    session: Session, request: requests.ReqHistoricalData, instrument: Instrument, query: BarQuery, end: dt.datetime
) -> None:
    """Answer a query for bars that ends at `end` (in the zone it was written in, not in the future)."""
    gateway, req_id = session.gateway, request.req_id
    barred = refusals.not_permitted_at_all(session, instrument)
    if barred:
        refusals.no_history(session, req_id, barred)
        return
    make = maker(session, instrument, query.what)
    if make is None:
        refusals.no_history(session, req_id, _none(instrument, query))
        return
    if not query.size.intraday:
        make = make_of_days(session, instrument, query.what, make)
    calendar = gateway.instruments.calendar(instrument)
    asked = sessions.start_of(calendar, end, query.duration, regular=query.regular)
    first = max(asked, begins(session, instrument))
    if query.size.intraday and (end - first).total_seconds() / query.size.seconds > _MOST_BARS:
        refusals.no_history(session, req_id, "Time length exceed max.")
        return
    last = ends(session, instrument, end)
    found = series.bars(calendar, query.size, make, first, last, regular=query.regular) if first < last else iter(())
    rows = await _rows(session, instrument, query, found, request.date_format)
    if not rows:
        refusals.no_history(session, req_id, _nothing(instrument, request.contract.exchange, query.what))
        return
    version = session.version
    opened = gateway.writer.moment(query.duration.before(end), version, instrument.zone)
    ended = gateway.writer.moment(end, version, instrument.zone)
    session.send(answers.HistoricalData(req_id, opened, ended, tuple(rows)))
    if version >= answers.ENDS_APART:
        session.send(answers.HistoricalDataEnd(req_id, opened, ended))
    if request.keep_up_to_date:
        session.live_bars[req_id] = LiveBars(req_id, instrument, query, request.date_format)


async def _rows(
    session: Session, instrument: Instrument, query: BarQuery, found: Iterable[Dated | None], date_format: int
) -> list[answers.Row]:
    """The bars as they are sent. Making them takes its time, in which others get their turn."""
    rows: list[answers.Row] = []
    for number, dated in enumerate(found, 1):
        if dated is not None:
            rows.append(_row(session, instrument, query, dated, date_format))
        if number % _PIECE == 0:
            await session.gateway.host.sleep(0)
    return rows


def _none(instrument: Instrument, query: BarQuery) -> str:
    """How the service says that an instrument has no such data."""
    exchange = instrument.exchanges.split(",")[0]
    return f"No historical market data for {instrument.symbol}/{instrument.sec_type}@{exchange} {query.what.title()}"


def _nothing(instrument: Instrument, exchange: str, what: str) -> str:
    return f"HMDS query returned no data: {instrument.local_symbol}@{exchange or 'SMART'} {what.capitalize()}"


def _date(session: Session, instrument: Instrument, query: BarQuery, dated: Dated, date_format: int) -> str:
    if not query.size.intraday:
        return f"{dated.date:%Y%m%d}"
    if date_format == 2:
        return str(dated.bar.epoch)
    at = dt.datetime.fromtimestamp(dated.bar.epoch, dt.UTC)
    text = session.gateway.writer.moment(at, session.version, instrument.zone)
    return text[4:] if date_format == 3 else text


def _prices(instrument: Instrument, query: BarQuery, bar: Bar) -> tuple[str, str, str, str]:
    values = (bar.open, bar.high, bar.low, bar.close)
    if query.what in WITH_VOLUME:
        opened, high, low, close = (f"{value:.{instrument.decimals}f}" for value in values)
    else:
        opened, high, low, close = map(plain, values)
    return opened, high, low, close


def _row(session: Session, instrument: Instrument, query: BarQuery, dated: Dated, date_format: int) -> answers.Row:
    bar = dated.bar
    return (
        _date(session, instrument, query, dated, date_format),
        *_prices(instrument, query, bar),
        bar.volume,
        plain(bar.average),
        bar.count,
    )


# -- kept up to date ---------------------------------------------------------------------------------------------------


def publish_live_bars(session: Session, now: float) -> None:
    """Send the growing bar of every query that is kept up to date, and once more when it is whole."""
    gateway = session.gateway
    at = dt.datetime.fromtimestamp(now, dt.UTC)
    for live in session.live_bars.values():
        calendar = gateway.instruments.calendar(live.instrument)
        running = series.current(calendar, live.query.size, at, regular=live.query.regular)
        if live.running is not None and live.running != running:
            _send_live(session, live, *live.running)
        live.running = running
        if running is not None:
            _send_live(session, live, running[0], min(running[1], at))


def _send_live(session: Session, live: LiveBars, begin: dt.datetime, end: dt.datetime) -> None:
    gateway, query = session.gateway, live.query
    make = maker(session, live.instrument, query.what)
    first, beyond = step_at(begin.timestamp()), step_at(end.timestamp())
    if make is None or beyond <= first:
        return
    made = make(first, beyond)
    if made is None:
        return
    day = gateway.instruments.calendar(live.instrument).day_at(end - dt.timedelta(microseconds=1))
    row = _row(session, live.instrument, query, Dated(made, day.date), live.date_format)
    session.send(answers.HistoricalUpdate(live.req_id, row))


def lose_live_bars(session: Session) -> None:
    """The link to the history service is gone, and with it all that is kept up to date."""
    lost = list(session.live_bars)
    session.live_bars.clear()
    for req_id in lost:
        session.refuse(req_id, codes.LIVE_BARS_FAILED)
