"""The past: bars, ticks, and how far back they go."""

import datetime as dt
from collections.abc import Iterator

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.subscriptions import LiveBars
from gateway.simulator.market.calendar import NEW_YORK, ZONE_ID
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Bar, Quote
from gateway.simulator.market.process import STEP_SECONDS, step_at, uniform
from gateway.simulator.wire.answers import history as answers
from gateway.simulator.wire.requests import history as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.text import Value, cents, plain
from tws import codes

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

BAR_SIZES = {
    "1 secs": 1, "1 sec": 1, "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30,
    "1 min": _MINUTE, "2 mins": 2 * _MINUTE, "3 mins": 3 * _MINUTE, "5 mins": 5 * _MINUTE, "10 mins": 10 * _MINUTE,
    "15 mins": 15 * _MINUTE, "20 mins": 20 * _MINUTE, "30 mins": 30 * _MINUTE, "1 hour": _HOUR, "2 hours": 2 * _HOUR,
    "3 hours": 3 * _HOUR, "4 hours": 4 * _HOUR, "8 hours": 8 * _HOUR, "1 day": _DAY, "1 week": 7 * _DAY,
    "1W": 7 * _DAY, "1 month": 30 * _DAY, "1M": 30 * _DAY,
}  # fmt: skip
_UNITS = {"S": 1, "D": _DAY, "W": 7 * _DAY, "M": 30 * _DAY, "Y": 365 * _DAY}
_KINDS = ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST")
_MAX_BARS = 20_000
_MAX_TICKS = 1000
_PIECE = 100
"""Bars computed before others get their turn."""

_HEAD = dt.datetime(2020, 1, 2, 14, 30, tzinfo=dt.UTC)
"""Where history begins. The path goes on before it, but nobody is told."""


def _refuse(session: Session, req_id: int, why: str) -> None:
    session.error(req_id, codes.HISTORICAL_ERROR, codes.CODES[codes.HISTORICAL_ERROR].text + why)


def _one(session: Session, req_id: int, request: requests.ReqHistoricalData) -> Instrument | None:
    found = session.gateway.instruments.find(request.contract, session.gateway.now())
    if len(found) != 1:
        session.refuse(req_id, codes.NO_SECURITY_DEFINITION)
        return None
    return found[0]


def _duration(text: str) -> int | None:
    """Seconds of `1 D`, `3600 S` and the like."""
    count, _, unit = text.strip().partition(" ")
    if not count.isdigit() or unit.strip().upper() not in _UNITS or int(count) == 0:
        return None
    return int(count) * _UNITS[unit.strip().upper()]


def _end(session: Session, req_id: int, text: str) -> dt.datetime | None:
    """The end of a query: now if left out. Says what is wrong with it."""
    gateway = session.gateway
    if not text:
        return gateway.now()
    read = gateway.writer.read(text)
    if read is None:
        session.error(
            req_id,
            codes.BAD_END_TIME,
            "End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd "
            "hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional.",
        )
        return None
    moment, zoned = read
    if not zoned:
        session.error(
            req_id,
            codes.TIME_ZONE_MISSING,
            "Warning: You submitted request with date-time attributes without explicit time zone. Please switch to "
            "use yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern.",
        )
    return min(moment, gateway.now())


async def _data(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHistoricalData)
    req_id = request.req_id
    if req_id in session.history or req_id in session.live_bars:
        session.error(req_id, codes.PROCESSING_ERROR, "Error processing request.-'bW' : cause - Duplicate ticker id")
        return
    task = session.later(_answer(session, request))
    session.history[req_id] = task
    task.add_done_callback(lambda done: session.history.pop(req_id, None))


async def _answer(session: Session, request: requests.ReqHistoricalData) -> None:
    gateway, req_id = session.gateway, request.req_id
    instrument = _one(session, req_id, request)
    if instrument is None:
        return
    if request.keep_up_to_date and request.end:
        session.error(
            req_id,
            codes.VALIDATION_ERROR,
            "Error validating request.-'bH' : cause - End Date/Time cannot be set for a query that is kept up to date",
        )
        return
    end = _end(session, req_id, request.end)
    if end is None:
        return
    span = _duration(request.duration)
    if span is None:
        session.error(
            req_id,
            codes.VALIDATION_ERROR,
            "Error validating request.-'bH' : cause - Historical data request for durations must be in the form "
            "integer{SPACE}unit (S|D|W|M|Y)",
        )
        return
    what = request.what.upper()
    shortest, longest = gateway.profile.history
    if longest:
        share = uniform(gateway.settings.seed, req_id, gateway.step())
        await gateway.host.sleep(shortest + (longest - shortest) * share)
    if what == "SCHEDULE":
        _schedule(session, request, end, span)
        return
    seconds = BAR_SIZES.get(request.bar_size.strip())
    if seconds is None or what not in _KINDS:
        wrong = "bar size" if seconds is None else "data type"
        session.error(
            req_id,
            codes.VALIDATION_ERROR,
            f"Error validating request.-'bH' : cause - Historical data {wrong} setting is invalid.",
        )
        return
    if span / seconds > _MAX_BARS:
        _refuse(session, req_id, "Time length exceed max.")
        return
    last = end.timestamp()
    first = max(int(last) - span, int(_HEAD.timestamp()))
    rows: list[tuple[Value, ...]] = []
    for number, bar in enumerate(_bars(session, instrument, first, last, seconds), 1):
        rows.append(_row(session, bar, what, seconds, request.date_format))
        if number % _PIECE == 0:
            await gateway.host.sleep(0)
    if not rows:
        _refuse(session, req_id, f"HMDS query returned no data: {instrument.local_symbol}@SMART {what.title()}")
        return
    version = session.version
    opened = gateway.writer.moment(dt.datetime.fromtimestamp(first, dt.UTC), version)
    ended = gateway.writer.moment(end, version)
    session.send(answers.historical_data(version, req_id, opened, ended, rows))
    if version >= 196:
        session.send(answers.historical_data_end(req_id, opened, ended))
    if request.keep_up_to_date:
        session.live_bars[req_id] = LiveBars(req_id, instrument, seconds, request.date_format)


def _bars(session: Session, instrument: Instrument, first: int, last: float, seconds: int) -> Iterator[Bar]:
    """Bars from the one that holds `first` to the one that holds `last`; from a day up they follow exchange days."""
    market = session.gateway.market
    if seconds < _DAY:
        start = first - first % seconds
        while start < last:
            yield market.bar(instrument, start, seconds, last)
            start += seconds
        return
    days = seconds // _DAY
    final = market.calendar.day_at(dt.datetime.fromtimestamp(last - 0.001, dt.UTC)).date
    date = market.calendar.day_at(dt.datetime.fromtimestamp(first, dt.UTC)).date + dt.timedelta(days=1)
    while date <= final:
        opens = market.calendar.day(date).opens
        ends = market.calendar.day(date + dt.timedelta(days=days - 1)).ends
        yield market.bar(instrument, int(opens.timestamp()), int((ends - opens).total_seconds()), last)
        date += dt.timedelta(days=days)


def _date(session: Session, epoch: int, seconds: int, date_format: int) -> str:
    at = dt.datetime.fromtimestamp(epoch, dt.UTC)
    if seconds >= _DAY:
        return session.gateway.calendar.day_at(at).text
    return str(epoch) if date_format == 2 else session.gateway.writer.moment(at, session.version)


def _row(session: Session, bar: Bar, what: str, seconds: int, date_format: int) -> tuple[Value, ...]:
    trades = what in ("TRADES", "ADJUSTED_LAST")
    return (
        _date(session, bar.epoch, seconds, date_format),
        cents(bar.open),
        cents(bar.high),
        cents(bar.low),
        cents(bar.close),
        bar.volume if trades else -1,
        plain(bar.average) if trades else -1,
        bar.count if trades else -1,
    )


def publish_live_bars(session: Session, now: float) -> None:
    """Send the growing bar of every query that is kept up to date, and once more when it is whole."""
    market = session.gateway.market
    for live in session.live_bars.values():
        start = int(now) - int(now) % live.seconds
        if live.seconds >= _DAY:
            start = int(market.calendar.day_at(dt.datetime.fromtimestamp(now, dt.UTC)).opens.timestamp())
        for epoch in {live.sent_at or start, start} if live.sent_at != start else {start}:
            bar = market.bar(live.instrument, epoch, live.seconds, now)
            session.send(
                answers.historical_update(
                    live.req_id,
                    _date(session, epoch, live.seconds, live.date_format),
                    (bar.open, bar.high, bar.low, bar.close),
                    bar.volume,
                    bar.average,
                    bar.count,
                )
            )
        live.sent_at = start


def _schedule(session: Session, request: requests.ReqHistoricalData, end: dt.datetime, span: int) -> None:
    """Trading sessions, local to the exchange."""
    if session.version < 165:
        _refuse(session, request.req_id, "Schedule is not available for this client version")
        return
    calendar = session.gateway.calendar
    last = calendar.day_at(end)
    days = [calendar.day(last.date - dt.timedelta(days=n)) for n in range(max(span // _DAY, 1))][::-1]

    def local(at: dt.datetime) -> str:
        return f"{at.astimezone(NEW_YORK):%Y%m%d-%H:%M:%S}"

    sessions = [(local(day.opens), local(day.closes), day.text) for day in days]
    session.send(answers.historical_schedule(request.req_id, sessions[0][0], sessions[-1][1], ZONE_ID, sessions))


def _cancel_data(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelHistoricalData)
    req_id = request.req_id
    task = session.history.pop(req_id, None)
    if task is not None:
        task.cancel()
        _refuse(session, req_id, f"API historical data query cancelled: {req_id}")
    elif session.live_bars.pop(req_id, None) is None:
        session.error(
            req_id,
            codes.NO_HISTORICAL_QUERY,
            f"{codes.CODES[codes.NO_HISTORICAL_QUERY].text}{req_id}",
        )


# -- ticks -------------------------------------------------------------------------------------------------------------


async def _ticks(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHistoricalTicks)
    gateway, req_id = session.gateway, request.req_id
    found = gateway.instruments.find(request.contract, gateway.now())
    if len(found) != 1:
        session.refuse(req_id, codes.NO_SECURITY_DEFINITION)
        return
    what = request.what.upper()
    if what not in ("TRADES", "BID_ASK", "MIDPOINT") or bool(request.start) == bool(request.end) or request.count < 1:
        session.error(
            req_id,
            10187,
            "Failed to request historical ticks:Give one of start and end, a count, and TRADES, BID_ASK or MIDPOINT",
        )
        return
    moment = _end(session, req_id, request.start or request.end)
    if moment is None:
        return
    now = gateway.step()
    forward = bool(request.start)
    step = step_at(moment.timestamp())
    quotes: list[Quote] = []
    while len(quotes) < min(request.count, _MAX_TICKS) and (step < now if forward else True):
        quote = gateway.market.quote(found[0], step)
        if quote.traded or what != "TRADES":
            quotes.append(quote)
        step += 1 if forward else -1
        if step % _PIECE == 0:
            await gateway.host.sleep(0)
    if not forward:
        quotes.reverse()
    rows = [(int(q.step * STEP_SECONDS), q) for q in quotes]
    if what == "TRADES":
        trades = ((epoch, q.last, q.last_size, "IEX") for epoch, q in rows)
        session.send(answers.historical_ticks_trades(req_id, trades, done=True))
    elif what == "BID_ASK":
        tops = ((epoch, max(q.bid, 0.0), q.ask, q.bid_size, q.ask_size) for epoch, q in rows)
        session.send(answers.historical_ticks_quotes(req_id, tops, done=True))
    else:
        mids = ((epoch, q.mid, 0) for epoch, q in rows)
        session.send(answers.historical_ticks(req_id, mids, done=True))


def _head_timestamp(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHeadTimestamp)
    found = session.gateway.instruments.find(request.contract, session.gateway.now())
    if len(found) != 1:
        session.refuse(request.req_id, codes.NO_SECURITY_DEFINITION)
        return
    at = str(int(_HEAD.timestamp())) if request.date_format == 2 else f"{_HEAD:%Y%m%d-%H:%M:%S}"
    session.send(answers.head_timestamp(request.req_id, at))


def _nothing(session: Session, request: Request) -> None:
    """Head timestamps are answered at once: there is nothing left to cancel."""


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqHistoricalData: _data,
    requests.CancelHistoricalData: _cancel_data,
    requests.ReqHistoricalTicks: _ticks,
    requests.ReqHeadTimestamp: _head_timestamp,
    requests.CancelHeadTimestamp: _nothing,
}
