"""Exchanges that close: sessions from the package's own process, phases, hours as texts, prices that stand still.

November 26, 2026 is Thanksgiving; the day after it is a half day.
"""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.simulator.errors import SettingsError
from gateway.simulator.market import sessions
from gateway.simulator.market.calendar import NEW_YORK, Calendar, Phase
from gateway.simulator.market.exchange import ExchangeDays
from gateway.simulator.market.hours import every_day, exchanges
from gateway.simulator.market.instruments import ContractQuery, Instrument, Instruments
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at
from tests.unit.simulator.rig import NOON

WEDNESDAY, HALF_DAY = dt.date(2026, 11, 25), dt.date(2026, 11, 27)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("state") / "sessions.json"
    sessions.load(path, NOON)
    return path


@pytest.fixture(scope="module")
def calendars(kept: Path) -> Mapping[str, Calendar]:
    return exchanges(sessions.load(kept, NOON))


@pytest.fixture(scope="module")
def market(calendars: Mapping[str, Calendar]) -> Market:
    return Market(Instruments(calendars), calendars, 1, 0.6)


def at(date: dt.date, clock: str) -> dt.datetime:
    return dt.datetime.combine(date, dt.time.fromisoformat(clock), NEW_YORK).astimezone(dt.UTC)


def one(market: Market, **said: str) -> Instrument:
    return market.instruments.find(ContractQuery(**said), NOON)[0]  # type: ignore[arg-type]


def spy(market: Market) -> Instrument:
    return one(market, symbol="SPY", sec_type="STK")


@pytest.mark.parametrize(
    ("date", "clock", "phase"),
    [
        (WEDNESDAY, "03:59:59", Phase.CLOSED),
        (WEDNESDAY, "04:00", Phase.EXTENDED),
        (WEDNESDAY, "09:29:59", Phase.EXTENDED),
        (WEDNESDAY, "09:30", Phase.REGULAR),
        (WEDNESDAY, "15:59:59", Phase.REGULAR),
        (WEDNESDAY, "16:00", Phase.EXTENDED),
        (WEDNESDAY, "20:00", Phase.CLOSED),
        (dt.date(2026, 11, 26), "12:00", Phase.CLOSED),
        (HALF_DAY, "12:59:59", Phase.REGULAR),
        (HALF_DAY, "13:00", Phase.EXTENDED),
        (HALF_DAY, "17:00", Phase.CLOSED),
        (dt.date(2026, 11, 28), "12:00", Phase.CLOSED),
        (dt.date(2026, 3, 6), "09:30", Phase.REGULAR),
        (dt.date(2026, 3, 9), "09:30", Phase.REGULAR),
        (dt.date(2031, 7, 9), "09:30", Phase.REGULAR),
    ],
)
def test_stocks(market: Market, date: dt.date, clock: str, phase: Phase) -> None:
    """Also across the change of clocks, and beyond the years that the package covers."""
    assert market.phase(spy(market), at(date, clock)) is phase


@pytest.mark.parametrize(
    ("said", "open_at", "closed_at"),
    [
        ({"symbol": "SPY", "sec_type": "OPT"}, ["09:30", "16:14"], ["09:29", "16:15"]),
        ({"symbol": "AAPL", "sec_type": "OPT"}, ["09:30", "15:59"], ["09:29", "16:00"]),
        ({"symbol": "SPX", "sec_type": "OPT"}, ["00:01", "09:24", "09:30", "16:59", "20:15"], ["09:25", "17:00"]),
        ({"symbol": "ES", "sec_type": "FUT"}, ["00:01", "16:59", "18:00"], ["17:00", "17:59"]),
        ({"symbol": "EUR", "sec_type": "CASH"}, ["00:01", "16:59", "17:15"], ["17:00", "17:14"]),
        ({"symbol": "BTC", "sec_type": "CRYPTO"}, ["00:00", "12:00", "23:59"], []),
        ({"symbol": "VIX", "sec_type": "IND"}, ["09:30", "15:59"], ["09:29", "16:00"]),
    ],
)
def test_others(market: Market, said: dict[str, str], open_at: list[str], closed_at: list[str]) -> None:
    tuesday = dt.date(2026, 11, 17)
    instrument = one(market, **said)
    assert {clock for clock in open_at if market.phase(instrument, at(tuesday, clock)) is Phase.CLOSED} == set()
    assert {clock for clock in closed_at if market.phase(instrument, at(tuesday, clock)) is not Phase.CLOSED} == set()


def test_weekends(market: Market) -> None:
    saturday, sunday = dt.date(2026, 11, 21), dt.date(2026, 11, 22)
    euro, future = one(market, symbol="EUR", sec_type="CASH"), one(market, symbol="ES", sec_type="FUT")
    for instrument in (euro, future):
        assert market.phase(instrument, at(saturday, "12:00")) is Phase.CLOSED
        assert market.phase(instrument, at(sunday, "17:00")) is Phase.CLOSED
        assert market.phase(instrument, at(sunday, "18:00")) is Phase.REGULAR
    assert market.phase(one(market, symbol="BTC", sec_type="CRYPTO"), at(sunday, "12:00")) is Phase.REGULAR


def test_next_open_and_close(market: Market) -> None:
    stock = spy(market)
    assert market.next_open(stock, at(WEDNESDAY, "12:00")) == at(WEDNESDAY, "12:00")
    assert market.next_open(stock, at(WEDNESDAY, "08:00")) == at(WEDNESDAY, "09:30")
    assert market.next_open(stock, at(WEDNESDAY, "18:00")) == at(HALF_DAY, "09:30")
    assert market.next_open(stock, at(WEDNESDAY, "23:00")) == at(HALF_DAY, "09:30")
    assert market.closes(stock, at(WEDNESDAY, "12:00")) == at(WEDNESDAY, "16:00")
    assert market.closes(stock, at(WEDNESDAY, "18:00")) == at(HALF_DAY, "13:00")
    assert market.closes(stock, at(HALF_DAY, "08:00")) == at(HALF_DAY, "13:00")


def test_hours_are_written_as_captured(calendars: Mapping[str, Calendar]) -> None:
    """The form of the captured contract details: six dates, closed ones named."""
    sunday = at(dt.date(2026, 11, 22), "10:00")
    stocks, futures, zone = calendars["stock"], calendars["future"], "US/Eastern"
    assert stocks.hours(sunday, zone) == (
        "20261122:CLOSED;20261123:0400-20261123:2000;20261124:0400-20261124:2000;20261125:0400-20261125:2000;"
        "20261126:CLOSED;20261127:0400-20261127:1700"
    )
    assert stocks.liquid_hours(sunday, zone).endswith(";20261126:CLOSED;20261127:0930-20261127:1300")
    assert futures.hours(sunday, zone).startswith("20261122:CLOSED;20261122:1800-20261123:1700;")
    assert futures.liquid_hours(sunday, zone).startswith("20261122:CLOSED;20261123:0930-20261123:1600;")


def test_hours_in_another_zone(calendars: Mapping[str, Calendar]) -> None:
    """Also which day is today is the zone's own affair."""
    futures, options, zone = calendars["future"], calendars["index option"], "US/Central"
    sunday, after_midnight = at(dt.date(2026, 11, 22), "10:00"), at(WEDNESDAY, "00:30")
    assert futures.hours(sunday, zone).startswith("20261122:CLOSED;20261122:1700-20261123:1600;")
    assert futures.liquid_hours(sunday, zone).startswith("20261122:CLOSED;20261123:0830-20261123:1500;")
    assert options.hours(after_midnight, "US/Eastern").startswith("20261124:2015-20261125:0925,20261125:0930-")
    assert options.hours(after_midnight, zone).startswith("20261123:1915-20261124:0825,20261124:0830-")


def test_days_follow_each_other(calendars: Mapping[str, Calendar]) -> None:
    for calendar in calendars.values():
        day = calendar.day_at(NOON)
        for _ in range(300):
            following = calendar.day_at(day.ends)
            assert following.begins == day.ends
            assert following.date > day.date
            edges = [edge for span in following.trading for edge in span]
            assert edges == sorted(edges)
            assert following.begins <= edges[0] <= following.opens < following.closes <= edges[-1] <= following.ends
            day = following


def test_prices_stand_still_while_it_is_closed(market: Market) -> None:
    stock = spy(market)
    last = market.quote(stock, step_at(at(HALF_DAY, "17:00").timestamp()) - 1)
    for moment in (at(HALF_DAY, "17:00"), at(dt.date(2026, 11, 29), "12:00"), at(dt.date(2026, 11, 30), "03:59")):
        still = market.quote(stock, step_at(moment.timestamp()))
        assert (still.bid, still.ask, still.last, still.volume) == (last.bid, last.ask, last.last, last.volume)
        assert (still.bid_size, still.ask_size, still.traded) == (last.bid_size, last.ask_size, False)
    opened = market.quote(stock, step_at(at(dt.date(2026, 11, 30), "04:10").timestamp()))
    assert opened.bid != last.bid
    assert 0 < opened.volume < last.volume


def test_it_is_thin_outside_regular_hours(market: Market) -> None:
    def spreads(clock: str) -> float:
        first = step_at(at(WEDNESDAY, clock).timestamp())
        quotes = [market.quote(spy(market), first + n) for n in range(200)]
        return sum(quote.ask - quote.bid for quote in quotes)

    assert spreads("08:00") > 2 * spreads("12:00")
    trades = [
        sum(market.quote(spy(market), step_at(at(WEDNESDAY, clock).timestamp()) + n).traded for n in range(400))
        for clock in ("08:00", "12:00")
    ]
    assert trades[0] * 3 < trades[1]


def test_expiries_keep_to_trading_days(market: Market) -> None:
    [spy_options] = market.instruments.option_classes(spy(market))
    days = market.instruments.expiries(spy_options, NOON)
    assert days[:8] == [dt.date(2026, 11, day) for day in (18, 19, 20, 23, 24, 25, 27, 30)]
    assert dt.date(2026, 12, 24) in days, "Christmas is a Friday"
    after_close = at(dt.date(2026, 11, 18), "16:20")
    assert market.instruments.expiries(spy_options, after_close)[0] == dt.date(2026, 11, 19)


def test_options_on_the_opening_settle_the_morning_after(market: Market) -> None:
    classes = {c.trading_class: c for c in market.instruments.option_classes(one(market, symbol="SPX", sec_type="IND"))}
    assert dt.date(2026, 12, 17) in market.instruments.expiries(classes["SPX"], NOON)
    query = ContractQuery(
        symbol="SPX", sec_type="OPT", trading_class="SPX", expiry="20261217", strike=6000.0, right="C"
    )
    [option] = market.instruments.find(query, NOON)
    assert option.settles == dt.date(2026, 12, 18)
    assert market.instruments.closes_at(option) == at(dt.date(2026, 12, 17), "16:15")
    assert market.instruments.settles_at(option) == at(dt.date(2026, 12, 18), "09:30")
    opening = market.mid(option.underlying_id, step_at(at(dt.date(2026, 12, 18), "09:30").timestamp()))
    assert market.settlement(option) == pytest.approx(max(opening - 6000.0, 0.0), abs=0.005)


def test_options_on_the_closing_end_with_it(market: Market) -> None:
    query = ContractQuery(symbol="SPX", sec_type="OPT", trading_class="SPXW", expiry="20261118", strike=6000.0)
    call, _ = market.instruments.find(query, NOON)
    assert market.instruments.closes_at(call) == market.instruments.settles_at(call) == at(NOON.date(), "16:00")
    assert market.instruments.find(query, at(NOON.date(), "16:01")) == []


def test_the_sessions_are_computed_once(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_compute", lambda path, now: pytest.fail("computed again"))
    assert sessions.load(kept, NOON)["XNYS"][HALF_DAY][1] == at(HALF_DAY, "13:00").timestamp()


@pytest.mark.parametrize("spoilt", ["{", "{}", None, "another version"])
def test_a_file_of_no_use_is_made_again(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str | None
) -> None:
    path = tmp_path / "sessions.json"
    if spoilt == "another version":
        path.write_text(json.dumps(json.loads(kept.read_text()) | {"version": "0"}))
    elif spoilt is not None:
        path.write_text(spoilt)
    monkeypatch.setattr(sessions, "_compute", lambda path, now: path.write_text(kept.read_text()))
    assert sessions.load(path, NOON)["XNYS"]


def test_without_the_package_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(SettingsError, match="SIM_CALENDAR: expected the package exchange_calendars"):
        sessions.load(tmp_path / "sessions.json", NOON)


def test_beyond_the_sessions_every_weekday_is_one() -> None:
    days = ExchangeDays({}, lambda date, opens, closes: ((opens, closes), (opens, closes), ((opens, closes),)), (
        dt.time(9, 30), dt.time(16, 0),
    ))  # fmt: skip
    assert [days.is_day(dt.date(2026, 11, day)) for day in (20, 21, 22, 23)] == [True, False, False, True]
    assert days.day(dt.date(2026, 11, 21)).date == dt.date(2026, 11, 23)


def test_a_session_of_every_day_is_a_whole_day() -> None:
    calendars = every_day(dt.time(14, 0), dt.time(14, 20))
    short = Market(Instruments(calendars), calendars, 1, 0.6)
    sunday = dt.date(2026, 11, 22)
    day = calendars["option"].day_at(at(sunday, "13:00"))
    phases = {clock: day.phase(at(sunday, clock)) for clock in ("13:59", "14:00", "14:19", "14:20")}
    assert list(phases.values()) == [Phase.CLOSED, Phase.REGULAR, Phase.REGULAR, Phase.CLOSED]
    assert calendars["stock"].hours(at(sunday, "13:00"), "US/Eastern", 2) == (
        "20261122:1400-20261122:1420;20261123:1400-20261123:1420"
    )
    before, after = (
        short.instruments.find(
            ContractQuery(symbol="SPY", sec_type="OPT", exchange="SMART", expiry="20261122", right="C"),
            at(sunday, clock),
        )
        for clock in ("14:10", "14:20")
    )
    assert before
    assert not after, "expired at the close"
