"""What expiry, exercise and assignment book."""

import pytest

from gateway.simulator.broker.bookings import Booking, Why
from gateway.simulator.broker.expiry import Wish, assigned_early, at_expiry, exercise
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.instruments import Instrument
from tests.unit.simulator.holdings import future, index_option, made, option
from tests.unit.simulator.rig import NOON

SPY = 756733


def settled(
    instrument: Instrument, quantity: float, worth: float, wish: Wish | None = None
) -> list[tuple[object, ...]]:
    position = Position(instrument.con_id, quantity, 300.0, account="DU1")
    return [_short(booking) for booking in at_expiry(instrument, position, worth, NOON, wish)]


def _short(booking: Booking) -> tuple[object, ...]:
    return booking.why, booking.con_id, booking.shares, booking.price


def wish(instrument: Instrument, quantity: float, *, lapse: bool) -> Wish:
    return Wish("DU1", instrument.con_id, quantity, lapse)


@pytest.mark.parametrize(
    ("right", "quantity", "shares", "price"),
    [("C", 2, 200, 603.0), ("C", -2, -200, 603.0), ("P", 2, -200, 597.0), ("P", -2, 200, 597.0)],
)
def test_stock_is_delivered_at_the_strike_with_the_premium_in_its_price(
    right: str, quantity: float, shares: float, price: float
) -> None:
    held = option(600.0, right)
    why = Why.EXERCISE if quantity > 0 else Why.ASSIGNMENT
    assert settled(held, quantity, 5.0) == [
        (why, held.con_id, -quantity, 3.0),
        (Why.DELIVERY, SPY, shares, price),
    ]


def test_a_cent_in_the_money_is_exercised_and_less_expires() -> None:
    held = option()
    assert [row[0] for row in settled(held, 1, 0.01)] == [Why.EXERCISE, Why.DELIVERY]
    assert settled(held, 1, 0.0) == [(Why.EXPIRY, held.con_id, -1, 0.0)]
    assert settled(held, -1, 0.0) == [(Why.EXPIRY, held.con_id, 1, 0.0)]


def test_index_options_pay_cash() -> None:
    held = index_option()
    assert settled(held, 3, 12.5) == [(Why.SETTLEMENT, held.con_id, -3, 12.5)]
    assert settled(held, -3, 12.5) == [(Why.SETTLEMENT, held.con_id, 3, 12.5)]


def test_futures_pay_their_last_price() -> None:
    assert settled(future(), -2, 6001.25) == [(Why.SETTLEMENT, future().con_id, 2, 6001.25)]


def test_an_option_on_a_future_delivers_one_future() -> None:
    held = made(10, symbol="ES", sec_type="FOP", multiplier=50.0, right="C", strike=6000.0, on=9, settlement="physical")
    assert settled(held, 2, 5.0)[1] == (Why.DELIVERY, 9, 2, 6006.0)


def test_a_holder_may_let_what_is_in_the_money_lapse() -> None:
    held = option()
    assert settled(held, 3, 5.0, wish(held, 3, lapse=True)) == [(Why.EXPIRY, held.con_id, -3, 0.0)]
    some = settled(held, 3, 5.0, wish(held, 1, lapse=True))
    assert some[0][:3] == (Why.EXERCISE, held.con_id, -2)
    assert some[-1] == (Why.EXPIRY, held.con_id, -1, 0.0)


def test_a_holder_may_exercise_what_is_out_of_the_money() -> None:
    held = option()
    rows = settled(held, 3, 0.0, wish(held, 2, lapse=False))
    assert rows[0][:3] == (Why.EXERCISE, held.con_id, -2)
    assert rows[-1] == (Why.EXPIRY, held.con_id, -1, 0.0)


def test_whoever_is_short_has_no_say() -> None:
    held = option()
    assert settled(held, -1, 5.0, wish(held, 1, lapse=True))[0][0] is Why.ASSIGNMENT


def test_exercising_realises_nothing() -> None:
    """The premium comes back with the option and is paid again with the stock."""
    held = option(600.0, "P")
    option_leg, stock_leg = exercise(held, Position(held.con_id, 1, 250.0, account="DU1"), 1, 5.0, NOON)
    money = -(option_leg.shares * option_leg.price * 100 + stock_leg.shares * stock_leg.price)
    assert money == pytest.approx(60_000.0)


def test_assignment_goes_by_lot_and_only_where_nobody_would_wait() -> None:
    assert assigned_early(10, 0.01, 5.0, chance=0.1, draw=0.05) == 5.0
    assert assigned_early(10, 0.01, 5.0, chance=0.1, draw=0.0) == 10.0
    assert assigned_early(10, 0.01, 5.0, chance=0.1, draw=0.1) == 0.0
    assert assigned_early(10, 0.50, 5.0, chance=0.1, draw=0.05) == 0.0
    assert assigned_early(10, 0.01, 0.0, chance=0.1, draw=0.05) == 0.0
