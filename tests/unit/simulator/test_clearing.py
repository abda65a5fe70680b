"""Exercise, lapse and assignment through the broker: what is said, what moves, and that it is on record."""

import datetime as dt
from pathlib import Path

import pytest

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.broker.bookings import Why
from gateway.simulator.broker.expiry import Wish
from gateway.simulator.broker.orders import Event, Refused, Said, Status
from gateway.simulator.market.instruments import ContractQuery, Instrument
from tests.unit.simulator.rig import SPY, HandClock, make_gateway, spy_call, ticket

DAY = dt.timedelta(days=1)


def option(gateway: Gateway, clock: HandClock, strike: float, right: str = "C", days: int = 0) -> Instrument:
    expiry = f"{(gateway.market.calendar.day_at(clock.now()).date + days * DAY):%Y%m%d}"
    query = ContractQuery(symbol="SPY", sec_type="OPT", expiry=expiry, strike=strike, right=right)
    [found] = gateway.instruments.find(query, clock.now())
    return found


def trade(gateway: Gateway, clock: HandClock, held: Instrument, quantity: float) -> None:
    """Buy, or sell where it is negative, at the market."""
    broker = gateway.broker
    side = "BUY" if quantity > 0 else "SELL"
    number = broker.next_order_id(7)
    broker.place(7, number, ticket(con_id=held.con_id, quantity=abs(quantity), action=side))
    for _ in range(40):
        clock.turn(0.25)
        broker.step()
        if broker.book.orders[(7, number)].status is Status.FILLED:
            return
    raise AssertionError("not filled")


def wish(clock: HandClock, held: Instrument, quantity: float = 1.0, *, lapse: bool = False) -> Wish:
    return Wish("DUSIM0001", held.con_id, quantity, lapse, client_id=7, order_id=99, placed_at=clock.now())


def close_of_day(gateway: Gateway, clock: HandClock, held: Instrument) -> list[Event]:
    closes = gateway.market.closes(held, clock.now())
    clock.turn((closes - clock.now()).total_seconds() + 0.5)
    return gateway.broker.step()


def test_an_exercise_is_an_order_until_the_day_is_over(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, option(gateway, clock, 560.0, days=5)
    trade(gateway, clock, call, 2)
    preset, placed = broker.exercise(wish(clock, call), override=False)
    assert (preset.said, preset.code, preset.order.order_id) == (Said.ERROR, 10349, 99)
    assert (placed.said, placed.order.status, placed.order.ticket.order_type) == (
        Said.PAIR,
        Status.PRE_SUBMITTED,
        "LMT",
    )
    assert broker.position(SPY).quantity == 0
    [done] = close_of_day(gateway, clock, call)
    assert (done.order.order_id, done.order.status, done.order.filled) == (99, Status.FILLED, 1.0)
    assert broker.position(call.con_id).quantity == 1
    assert broker.position(SPY).quantity == 100
    assert [booking.why for booking in broker.clearing.all] == [Why.EXERCISE, Why.DELIVERY]
    assert broker.clearing.wishes == {}


def test_what_is_out_of_the_money_needs_the_override(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, option(gateway, clock, 655.0, days=5)
    trade(gateway, clock, call, 1)
    with pytest.raises(Refused) as refused:
        broker.exercise(wish(clock, call), override=False)
    assert refused.value.code == 322
    assert refused.value.text == "Error processing request.Exercise ignored because option is not in-the-money."
    assert broker.exercise(wish(clock, call), override=True)


def test_what_cannot_be_exercised(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, option(gateway, clock, 560.0)
    with pytest.raises(Refused, match="more than what is held"):
        broker.exercise(wish(clock, call), override=True)
    trade(gateway, clock, call, 1)
    with pytest.raises(Refused, match="more than what is held"):
        broker.exercise(wish(clock, call, 2.0), override=True)
    with pytest.raises(Refused, match="Lapse ignored"):
        broker.exercise(wish(clock, call, lapse=True), override=False)
    spy = gateway.instrument(SPY)
    trade(gateway, clock, spy, 1)
    with pytest.raises(Refused, match="options only"):
        broker.exercise(wish(clock, spy), override=True)


def test_a_lapse_goes_against_the_automatic_exercise(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, option(gateway, clock, 560.0)
    trade(gateway, clock, call, 1)
    cash = broker.values().cash
    broker.exercise(wish(clock, call, lapse=True), override=True)
    [done] = close_of_day(gateway, clock, call)
    assert done.order.status is Status.FILLED
    assert broker.position(SPY).quantity == 0
    assert broker.position(call.con_id).quantity == 0
    assert broker.position(call.con_id).realized < 0
    assert broker.values().cash == pytest.approx(cash)


def test_a_cancelled_exercise_says_so_as_captured(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, option(gateway, clock, 560.0, days=5)
    trade(gateway, clock, call, 1)
    broker.exercise(wish(clock, call), override=False)
    events = broker.cancel_all(7)
    assert [(event.said, event.code) for event in events] == [(Said.ERROR, 322), (Said.STATUS, 0), (Said.ERROR, 202)]
    assert events[0].text == "Error processing request.Exercise/Lapse failed due to server rejection."
    close_of_day(gateway, clock, call)
    assert broker.position(SPY).quantity == 0
    broker.exercise(wish(clock, call), override=False)
    assert [event.code for event in broker.cancel(7, 99)] == [322, 0, 202]


def test_a_short_that_expires_in_the_money_is_assigned(gateway: Gateway, clock: HandClock) -> None:
    broker, put = gateway.broker, option(gateway, clock, 640.0, "P")
    trade(gateway, clock, put, -1)
    close_of_day(gateway, clock, put)
    assert broker.position(put.con_id).quantity == 0
    assert broker.position(SPY).quantity == 100
    assert broker.clearing.all[0].why is Why.ASSIGNMENT


@pytest.mark.parametrize(("chance", "assigned"), [("1", True), ("0", False)])
def test_a_short_without_time_value_may_be_assigned_overnight(
    tmp_path: Path, clock: HandClock, chance: str, assigned: bool
) -> None:
    gateway, store = make_gateway(tmp_path, clock, SIM_ASSIGNMENT=chance)
    broker = gateway.broker
    broker.step()
    put = option(gateway, clock, 655.0, "P", days=2)
    trade(gateway, clock, put, -3)
    midnight = gateway.market.calendar.day_at(clock.now()).ends
    clock.turn((midnight - clock.now()).total_seconds() + 0.5)
    broker.step()
    left = broker.position(put.con_id).quantity
    assert (left > -3) is assigned
    assert broker.position(SPY).quantity == 100 * (3 + left)
    assert all(booking.why in (Why.ASSIGNMENT, Why.DELIVERY) for booking in broker.clearing.all)
    store.close()


def test_wishes_and_bookings_outlive_the_process(tmp_path: Path, clock: HandClock) -> None:
    first, store = make_gateway(tmp_path, clock)
    call = option(first, clock, 560.0, days=5)
    trade(first, clock, call, 1)
    asked = wish(clock, call)
    first.broker.exercise(asked, override=False)
    store.close()
    second, store = make_gateway(tmp_path, clock)
    [kept] = second.broker.clearing.wishes.values()
    assert (kept.account, kept.con_id, kept.quantity, kept.order_id) == ("DUSIM0001", call.con_id, 1.0, 99)
    close_of_day(second, clock, call)
    assert second.broker.position(SPY).quantity == 100
    store.close()
    third, store = make_gateway(tmp_path, clock)
    assert third.broker.clearing.all == second.broker.clearing.all
    assert third.broker.clearing.wishes == {}
    assert third.broker.position(SPY).quantity == 100
    store.close()


def test_an_option_that_is_worth_nothing_expires(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, spy_call(655.0)
    trade(gateway, clock, call, 1)
    paid = broker.position(call.con_id).average_cost
    close_of_day(gateway, clock, call)
    assert broker.position(call.con_id).realized == pytest.approx(-paid)
    assert [booking.why for booking in broker.clearing.all] == [Why.EXPIRY]
