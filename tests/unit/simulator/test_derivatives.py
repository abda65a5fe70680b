"""What expires: rules of the exchanges against dates they published, ids that lead back, prices that hang together."""

import datetime as dt
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.market.derivatives import Derivatives, bag_id
from gateway.simulator.market.families import FAMILIES, OPTION_CLASSES
from gateway.simulator.market.instruments import ContractQuery, Instrument, Instruments, Leg
from gateway.simulator.market.listings import LISTED, SPX, SPY, VIX
from gateway.simulator.market.market import Market
from gateway.simulator.market.options import YEAR_SECONDS
from gateway.simulator.market.process import step_at
from gateway.simulator.market.surface import Surface
from tests.unit.simulator.rig import CALENDARS, INSTRUMENTS, NOON, spy_call, stock

STEP = step_at(NOON.timestamp())
MADE = Derivatives(CALENDARS)
MARKET = Market(INSTRUMENTS, CALENDARS, 1, 0.6)


def find(**said: object) -> list[Instrument]:
    return INSTRUMENTS.find(ContractQuery(**said), NOON)  # type: ignore[arg-type]


@given(
    st.sampled_from(range(len(OPTION_CLASSES))),
    st.dates(dt.date(2020, 1, 1), dt.date(2042, 6, 1)),
    st.integers(1, 0xFFF),
    st.sampled_from("CP"),
)
def test_an_options_id_leads_back_to_it(number: int, expiry: dt.date, units: int, right: str) -> None:
    made = MADE.option(number, expiry, units * OPTION_CLASSES[number].strike_unit, right)
    assert 0 < made.con_id < 2**31
    read = INSTRUMENTS.by_id(made.con_id)
    assert read is not None
    assert (read.expiry, read.strike, read.right) == (made.expiry, made.strike, made.right)
    assert (read.local_symbol, read.trading_class, read.on) == (made.local_symbol, made.trading_class, made.on)


@given(st.sampled_from(range(len(FAMILIES))), st.integers(2020, 2060), st.integers(1, 12))
def test_a_futures_id_leads_back_to_it(number: int, year: int, month: int) -> None:
    if month not in FAMILIES[number].cycle:
        return
    made = MADE.future(number, year, month)
    assert made.con_id < 2**31
    read = INSTRUMENTS.by_id(made.con_id)
    assert read is not None
    assert (read.local_symbol, read.expiry, read.contract_month) == (
        made.local_symbol, made.expiry, f"{year}{month:02d}",
    )  # fmt: skip


@given(st.integers(-(2**33), 2**33))
def test_any_number_may_be_asked_for(con_id: int) -> None:
    found = INSTRUMENTS.by_id(con_id)
    assert found is None or found.con_id == con_id


def test_what_is_listed_is_not_in_the_way_of_what_is_computed() -> None:
    assert all(MADE.by_id(product.con_id) is None for product in LISTED)


@pytest.mark.parametrize(
    ("symbol", "month", "local_symbol", "last"),
    [
        ("ES", "202612", "ESZ6", "20261218"),
        ("NQ", "202703", "NQH7", "20270319"),
        ("MES", "202706", "MESM7", "20270618"),
        ("CL", "202612", "CLZ6", "20261120"),
        ("GC", "202612", "GCZ6", "20261229"),
    ],
)
def test_futures_end_when_the_exchange_says(symbol: str, month: str, local_symbol: str, last: str) -> None:
    [found] = find(symbol=symbol, sec_type="FUT", expiry=month)
    assert (found.local_symbol, found.expiry_text) == (local_symbol, last)
    assert find(symbol=symbol, sec_type="FUT", expiry=last) == [found]
    assert find(local_symbol=local_symbol, sec_type="FUT") == [found]


def test_the_continuous_future_is_the_first_month_and_takes_no_orders() -> None:
    [continuous] = find(symbol="ES", sec_type="CONTFUT")
    first = find(symbol="ES", sec_type="FUT")[0]
    assert (continuous.con_id, continuous.sec_type, continuous.tradable) == (first.con_id, "CONTFUT", False)
    assert first.tradable
    assert len(find(symbol="ES", sec_type="FUT+CONTFUT")) == 6


def test_expired_futures_are_found_if_asked_for() -> None:
    assert find(local_symbol="ESU6", sec_type="FUT") == []
    [expired] = find(local_symbol="ESU6", sec_type="FUT", include_expired=True)
    assert expired.expiry_text == "20260918"


def test_futures_cost_their_spot_and_its_carry() -> None:
    spot = MARKET.mid(SPX, STEP)
    near, *_, far = find(symbol="ES", sec_type="FUT")
    assert spot < MARKET.mid(near.con_id, STEP) < MARKET.mid(far.con_id, STEP)
    closes = INSTRUMENTS.closes_at(near)
    assert closes is not None
    years = (closes - NOON).total_seconds() / YEAR_SECONDS
    assert MARKET.mid(near.con_id, STEP) == pytest.approx(spot * math.exp(0.028 * years))
    assert MARKET.settlement(near) == pytest.approx(MARKET.mid(SPX, step_at(closes.timestamp())), abs=0.01)


def test_options_on_futures_are_on_the_month_that_outlives_them() -> None:
    weekly = find(symbol="ES", sec_type="FOP", expiry="20261211", strike=6000.0, right="C")
    assert [(o.trading_class, o.local_symbol) for o in weekly] == [("EW2", "EW2Z6 C6000")]
    assert INSTRUMENTS.underlying(weekly[0]).local_symbol == "ESZ6"
    later = find(symbol="ES", sec_type="FOP", expiry="20270115", strike=6000.0, right="C")
    assert INSTRUMENTS.underlying(later[0]).local_symbol == "ESH7"
    quote = MARKET.quote(weekly[0], STEP)
    assert quote.underlying == MARKET.mid(weekly[0].underlying_id, STEP)


def test_index_options_come_in_two_classes_on_the_same_friday() -> None:
    """So that a contract without a trading class can be ambiguous."""
    found = find(symbol="SPX", sec_type="OPT", expiry="202612", strike=6000.0, right="P")
    assert {option.trading_class for option in found} == {"SPX", "SPXW"}
    assert all(option.settlement == "cash" and not option.american for option in found)


def test_the_vix_class_ends_before_its_wednesday() -> None:
    [option] = find(symbol="VIX", sec_type="OPT", expiry="202612", strike=18.0, right="C")
    assert (option.expiry_text, f"{option.settles:%Y%m%d}") == ("20261215", "20261216")


@pytest.mark.parametrize("right", ["C", "P"])
@pytest.mark.parametrize("expiry", ["20261118", "20261120", "20261218", "20270618"])
def test_a_chain_has_no_free_lunch(right: str, expiry: str) -> None:
    """Prices fall (calls) or rise (puts) with the strike, and are convex in it."""
    chain = find(symbol="SPY", sec_type="OPT", expiry=expiry, right=right)
    prices = [MARKET.valuation(option, STEP).price for option in chain]
    steps = [b - a for a, b in pairwise(prices)]
    assert all(-1.0001 <= step <= 1e-9 if right == "C" else -1e-9 <= step <= 1.0001 for step in steps)
    assert all(after - before > -2e-3 for before, after in pairwise(steps))


def test_the_surface_is_skewed_rises_with_time_and_differs_by_seed() -> None:
    surface = Surface(1, SPY, 0.18, 600.0)
    month = 30 / 365
    assert surface.volatility(600.0, 560.0, month) > surface.volatility(600.0, 600.0, month)
    assert surface.volatility(600.0, 600.0, 1.0) > surface.volatility(600.0, 600.0, 1 / 365)
    assert surface.volatility(600.0, 600.0, month) > surface.volatility(630.0, 630.0, month)
    assert surface.volatility(600.0, 560.0, month) != Surface(2, SPY, 0.18, 600.0).volatility(600.0, 560.0, month)
    assert Surface(1, SPY, 0.18, 600.0).volatility(600.0, 1.0, 1e-9) < 1.0


def test_the_vix_goes_with_its_options() -> None:
    moments = [STEP + n * 40_000 for n in range(40)]
    levels = [(MARKET.mid(VIX, step), MARKET.implied_volatility(stock(SPX), step)) for step in moments]
    ratios = [vix / implied for vix, implied in levels]
    assert max(ratios) == pytest.approx(min(ratios), rel=0.02)


def test_an_american_option_is_worth_what_it_can_be_exercised_for() -> None:
    [put] = find(symbol="SPY", sec_type="OPT", expiry="20270618", strike=660.0, right="P")
    assert put.american
    assert MARKET.valuation(put, STEP).price >= 660.0 - MARKET.mid(SPY, STEP)


def test_a_combination_costs_what_its_legs_cost() -> None:
    lower, upper = spy_call(600.0), spy_call(605.0)
    legs = (Leg(lower.con_id, 1, buys=True), Leg(upper.con_id, 1, buys=False))
    [spread] = find(symbol="SPY", sec_type="BAG", currency="USD", exchange="SMART", legs=legs)
    assert (spread.con_id, spread.multiplier, spread.trading_class) == (bag_id(legs), 100.0, "COMB")
    quote, low, high = (MARKET.quote(instrument, STEP) for instrument in (spread, lower, upper))
    assert quote.bid == pytest.approx(low.bid - high.ask)
    assert quote.ask == pytest.approx(low.ask - high.bid)
    assert quote.ask_size == min(low.ask_size, high.bid_size)
    assert low.mid - high.mid == pytest.approx(quote.mid, abs=0.011)
    assert INSTRUMENTS.by_id(spread.con_id) == spread
    assert Instruments(CALENDARS).by_id(spread.con_id) is None, "known once it was named"


def test_a_buy_write_is_priced_a_share() -> None:
    call = spy_call(605.0)
    legs = (Leg(SPY, 100, buys=True), Leg(call.con_id, 1, buys=False))
    [covered] = find(symbol="SPY", sec_type="BAG", legs=legs)
    expected = MARKET.quote(stock(SPY), STEP).bid - MARKET.quote(call, STEP).ask
    assert MARKET.quote(covered, STEP).bid == pytest.approx(expected)


@pytest.mark.parametrize("legs", [(), (Leg(4711, 1, buys=True),), (Leg(SPX, 1, buys=True),)])
def test_combinations_of_what_cannot_be_traded_are_not_found(legs: tuple[Leg, ...]) -> None:
    assert find(symbol="SPY", sec_type="BAG", legs=legs) == []
