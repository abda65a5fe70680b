"""The market: a path that any moment of can be asked for, quotes around it, and a calendar that never closes."""

import datetime as dt
import math
import statistics
from itertools import pairwise

import pytest

from gateway.simulator.market import options
from gateway.simulator.market.calendar import NEW_YORK, AroundTheClock
from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.market.listings import LISTED
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import STEP_SECONDS, PriceProcess, step_at
from tests.unit.simulator.rig import CALENDAR, CALENDARS, INSTRUMENTS, NOON, SPY, spy_call, stock

STEP = step_at(NOON.timestamp())
[SPY_OPTIONS] = INSTRUMENTS.option_classes(stock(SPY))


def market(seed: int = 1) -> Market:
    return Market(INSTRUMENTS, CALENDARS, seed, 0.6)


def test_the_path_depends_on_nothing_but_seed_and_time() -> None:
    one, other = PriceProcess(7, 600.0, 0.6), PriceProcess(7, 600.0, 0.6)
    forward = [one.price(STEP + n) for n in range(500)]
    backward = [other.price(STEP + n) for n in reversed(range(500))][::-1]
    assert forward == backward
    assert PriceProcess(8, 600.0, 0.6).price(STEP) != forward[0]


@pytest.mark.parametrize("seconds", [1, 60, 600])
def test_it_moves_as_much_as_asked(seconds: int) -> None:
    lag = int(seconds / STEP_SECONDS)
    path = PriceProcess(3, 600.0, 0.6)
    prices = [path.price(STEP + n * lag) for n in range(4000)]
    moves = [math.log(b / a) for a, b in pairwise(prices)]
    yearly = statistics.pstdev(moves) * math.sqrt(options.YEAR_SECONDS / seconds)
    assert yearly == pytest.approx(0.6, rel=0.15)


def test_it_stays_among_the_strikes() -> None:
    path = PriceProcess(1, 600.0, 0.6)
    prices = [path.price(STEP + n * 4801) for n in range(5000)]
    assert min(prices) > 545
    assert max(prices) < 655


def test_quotes_are_sane() -> None:
    traded = market()
    for instrument in (stock(SPY), spy_call(600.0), spy_call(560.0), spy_call(655.0)):
        for step in range(STEP, STEP + 200):
            quote = traded.quote(instrument, step)
            assert quote.ask > max(quote.bid, 0.0)
            assert (quote.bid == -1.0) == (quote.bid_size == 0)
            assert quote.bid == pytest.approx(round(quote.bid, 2))
            assert quote.last > 0
            assert quote.ask_size > 0


def test_an_old_quote_is_what_it_was() -> None:
    traded, fresh = market(), market()
    seen = [traded.quote(stock(SPY), step) for step in range(STEP, STEP + 20)]
    assert [fresh.quote(stock(SPY), step) for step in range(STEP + 19, STEP - 1, -1)][::-1] == seen


def test_bars_hold_together() -> None:
    traded = market()
    bars = [traded.bar(stock(SPY), int(NOON.timestamp()) + 60 * n, 60) for n in range(50)]
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    for before, after in pairwise(bars):
        assert abs(after.open - before.close) < 1.0


def test_options_obey_parity_and_decay() -> None:
    spot, strike, seconds = 600.0, 603.0, 7200.0
    call = options.value(call=True, spot=spot, strike=strike, seconds=seconds)
    put = options.value(call=False, spot=spot, strike=strike, seconds=seconds)
    discount = math.exp(-options.RATE * seconds / options.YEAR_SECONDS)
    assert call.price - put.price == pytest.approx(spot - strike * discount, abs=1e-9)
    assert call.delta - put.delta == pytest.approx(1.0)
    later = options.value(call=True, spot=spot, strike=strike, seconds=seconds - 86.4)
    assert later.price - call.price == pytest.approx(call.theta * 0.001, rel=0.05)
    assert options.value(call=True, spot=605.0, strike=600.0, seconds=0).price == 5.0


def test_settlement_is_the_exercise_value_at_the_close() -> None:
    traded, call = market(), spy_call(590.0)
    closes = INSTRUMENTS.closes_at(call)
    assert closes is not None
    spot = traded.mid(SPY, step_at(closes.timestamp()))
    assert traded.settlement(call) == pytest.approx(max(spot - 590.0, 0.0), abs=0.005)


@pytest.mark.parametrize("start", ["00:00", "18:00", "03:30"])
@pytest.mark.parametrize("day", [dt.date(2026, 11, 18), dt.date(2026, 11, 1), dt.date(2027, 3, 14)])
def test_days_follow_each_other_without_a_gap(start: str, day: dt.date) -> None:
    """Also where the clocks change."""
    calendar = AroundTheClock(dt.time.fromisoformat(start))
    today, tomorrow = calendar.day(day), calendar.day(day + dt.timedelta(days=1))
    assert today.ends == tomorrow.begins
    assert today.begins == today.opens < today.closes <= today.ends
    for moment in (today.opens, today.opens + dt.timedelta(hours=5), today.ends - dt.timedelta(seconds=1)):
        assert AroundTheClock(dt.time.fromisoformat(start)).day_at(moment).date == day


@pytest.mark.parametrize("start", ["00:00", "18:00"])
def test_hours_say_when_options_expire(start: str) -> None:
    """As NautilusTrader reads them: the last segment's closing time on the expiry's date."""
    calendar = AroundTheClock(dt.time.fromisoformat(start))
    closing = calendar.hours(NOON, "US/Eastern").split(";")[-1].split("-")[-1].split(":")[-1]
    today = calendar.day_at(NOON)
    read = dt.datetime.strptime(f"{today.text} {closing}", "%Y%m%d %H%M").replace(tzinfo=NEW_YORK)
    assert read == today.closes


def test_ids_lead_back_to_what_they_name() -> None:
    listed = INSTRUMENTS.find(ContractQuery(symbol="SPY", sec_type="OPT"), NOON)
    assert len({option.con_id for option in listed}) == len(listed)
    for option in listed[::37]:
        assert INSTRUMENTS.by_id(option.con_id) == option
        assert option.con_id < 2**31
    assert INSTRUMENTS.by_id(4711) is None


def test_there_is_an_expiry_today_and_tomorrow() -> None:
    first, second, *_ = INSTRUMENTS.expiries(SPY_OPTIONS, NOON)
    assert (first, second) == (dt.date(2026, 11, 18), dt.date(2026, 11, 19))
    closes = CALENDAR.day(first).closes
    assert INSTRUMENTS.expiries(SPY_OPTIONS, closes)[0] == second


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (ContractQuery(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD"), 1),
        (ContractQuery(symbol="SPY", sec_type="STK", exchange="SMART", primary_exchange="ARCA"), 1),
        (ContractQuery(symbol="SPY", sec_type="STK", exchange="SMART", primary_exchange="NASDAQ"), 0),
        (ContractQuery(con_id=756733), 1),
        (ContractQuery(con_id=756733, exchange="SMART"), 1),
        (ContractQuery(con_id=756733, exchange="NOWHERE"), 0),
        (ContractQuery(con_id=1), 0),
        (ContractQuery(symbol="SPY", sec_type="STK", currency="EUR"), 0),
        (ContractQuery(symbol="XYZ", sec_type="STK", exchange="SMART"), 0),
        (ContractQuery(symbol="SPY", sec_type="OPT", expiry="20261118", exchange="SMART"), 242),
        (ContractQuery(symbol="SPY", sec_type="OPT", expiry="20261118", right="P"), 121),
        (ContractQuery(symbol="SPY", sec_type="OPT", expiry="20261118", right="CALL", strike=600.0), 1),
        (ContractQuery(symbol="SPY", sec_type="OPT", expiry="20261118", strike=600.5), 0),
        (ContractQuery(symbol="SPY", sec_type="OPT", expiry="20261117"), 0),
        (ContractQuery(local_symbol="SPY   261118C00600000", sec_type="OPT", exchange="SMART"), 1),
        (ContractQuery(sec_id_type="ISIN", sec_id="US78462F1030"), 1),
        (ContractQuery(symbol="SPY", sec_type="FUT"), 0),
        (ContractQuery(), 0),
    ],
)
def test_find(query: ContractQuery, count: int) -> None:
    assert len(INSTRUMENTS.find(query, NOON)) == count


def test_expired_options_are_not_listed() -> None:
    call = spy_call()
    tomorrow = NOON + dt.timedelta(days=1)
    assert INSTRUMENTS.find(ContractQuery(con_id=call.con_id), NOON) == [call]
    assert INSTRUMENTS.find(ContractQuery(con_id=call.con_id), tomorrow) == []
    assert INSTRUMENTS.by_id(call.con_id) == call


def test_search() -> None:
    assert [i.symbol for i in INSTRUMENTS.search("sp")] == ["SPY", "SPX", "XSP"]
    assert {i.symbol for i in INSTRUMENTS.search("trust")} == {"SPY", "QQQ"}
    assert INSTRUMENTS.search("") == []
    assert len({p.con_id for p in LISTED}) == len(LISTED)
