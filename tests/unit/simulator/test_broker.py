"""The broker with its record: money follows fills, options expire, and nothing recorded is lost or repeated."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.broker.orders import Refused, Status
from gateway.simulator.broker.store import Store
from gateway.simulator.errors import StateError
from tests.unit.simulator.rig import AAPL, SPY, HandClock, make_gateway, spy_call, ticket


def run(gateway: Gateway, clock: HandClock, steps: int = 4) -> None:
    for _ in range(steps):
        clock.turn(0.25)
        gateway.broker.step()


def test_money_follows_fills(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, spy_call()
    broker.place(7, 1, ticket(con_id=call.con_id, quantity=2.0))
    run(gateway, clock)
    bought = broker.fills[-1]
    assert broker.position(call.con_id).quantity == 2.0
    assert broker.values().cash == pytest.approx(1_000_000 - 200 * bought.price - 1.3)
    broker.place(7, 2, ticket(con_id=call.con_id, quantity=2.0, action="SELL"))
    run(gateway, clock)
    sold = broker.fills[-1]
    assert sold.realized == pytest.approx(200 * (sold.price - bought.price) - 2.6)
    assert broker.values().cash == pytest.approx(1_000_000 + (sold.realized or 0))
    [flat] = broker.positions()
    assert flat.quantity == 0.0
    assert flat.realized == pytest.approx(sold.realized)


def test_a_price_between_ticks_is_refused(gateway: Gateway) -> None:
    with pytest.raises(Refused, match="minimum price variation"):
        gateway.broker.place(7, 1, ticket(con_id=SPY, order_type="LMT", limit_price=100.005))


def test_what_cannot_be_paid_is_refused(gateway: Gateway) -> None:
    error, status = gateway.broker.place(7, 1, ticket(con_id=SPY, quantity=100_000.0))
    assert error.code == 201
    assert "EQUITY WITH LOAN VALUE" in error.text
    assert status.order.status is Status.INACTIVE
    assert gateway.broker.book.live() == []


def test_a_change_that_cannot_be_paid_leaves_the_order_as_it_was(gateway: Gateway, clock: HandClock) -> None:
    broker = gateway.broker
    limit = ticket(con_id=SPY, order_type="LMT", limit_price=100.0)
    broker.place(7, 1, limit)
    before = broker.book.orders[7, 1]
    with pytest.raises(Refused, match="EQUITY WITH LOAN VALUE"):
        broker.place(7, 1, replace(limit, quantity=100_000.0))
    with pytest.raises(Refused, match="away from the current price"):
        broker.place(7, 1, replace(limit, limit_price=5000.0))
    assert broker.book.orders[7, 1] == before
    broker.place(7, 1, replace(limit, quantity=3.0))
    assert broker.book.orders[7, 1].quantity == 3.0


def test_only_a_brackets_exit_needs_no_funds(gateway: Gateway) -> None:
    broker = gateway.broker
    broker.place(7, 1, ticket(con_id=SPY, quantity=2000.0, order_type="LMT", limit_price=100.0, transmit=False))
    exit_ = ticket(
        con_id=SPY, action="SELL", quantity=2000.0, order_type="LMT", limit_price=900.0, parent_id=1, transmit=False
    )
    assert broker.place(7, 2, exit_) == []
    error, _ = broker.place(7, 3, replace(exit_, quantity=100_000.0))
    assert error.code == 201
    error, _ = broker.place(7, 4, replace(exit_, action="BUY", quantity=100_000.0, limit_price=100.0))
    assert error.code == 201


@pytest.mark.parametrize("price", [0.0, -5.0])
def test_a_stock_costs_something(gateway: Gateway, price: float) -> None:
    with pytest.raises(Refused, match="minimum price variation"):
        gateway.broker.place(7, 1, ticket(con_id=SPY, order_type="LMT", limit_price=price))


@pytest.mark.parametrize(("action", "price"), [("BUY", 100.0), ("SELL", 900.0)])
def test_a_limit_far_from_the_market_is_no_gain(gateway: Gateway, action: str, price: float) -> None:
    limit = ticket(con_id=SPY, action=action, order_type="LMT", limit_price=price, quantity=100_000.0)
    error, _ = gateway.broker.place(7, 1, limit)
    assert error.code == 201
    preview = gateway.broker.preview(limit)
    assert preview.after.equity_with_loan < preview.before.equity_with_loan


def test_options_on_stocks_deliver_at_expiry(gateway: Gateway, clock: HandClock) -> None:
    broker, call = gateway.broker, spy_call(560.0)
    broker.place(7, 1, ticket(con_id=call.con_id))
    run(gateway, clock)
    broker.place(7, 2, ticket(con_id=call.con_id, action="SELL", order_type="LMT", limit_price=200.0, tif="GTC"))
    cash, premium = broker.values().cash, broker.position(call.con_id).average_cost
    closes = gateway.instruments.closes_at(call)
    assert closes is not None
    assert gateway.market.settlement(call) > 0
    clock.turn((closes - clock.now()).total_seconds() + 1)
    broker.step()
    assert broker.position(call.con_id).quantity == 0
    assert broker.position(call.con_id).realized == pytest.approx(0.0)
    assert broker.position(SPY).quantity == 100
    assert broker.position(SPY).average_cost == pytest.approx(560.0 + premium / 100)
    assert broker.values().cash == pytest.approx(cash - 56_000)
    assert broker.book.orders[(7, 2)].status is Status.CANCELLED


def test_the_days_profit_begins_anew(gateway: Gateway, clock: HandClock) -> None:
    broker = gateway.broker
    broker.place(7, 1, ticket(con_id=SPY))
    run(gateway, clock)
    broker.place(7, 2, ticket(con_id=SPY, action="SELL"))
    run(gateway, clock)
    assert len(broker.positions()) == 1
    clock.turn(86400)
    broker.step()
    assert broker.positions() == []
    assert broker.fills_today() == []
    assert len(broker.fills) == len(broker.book.orders) == 2
    clock.turn(3 * 86400)
    broker.step()
    assert len(broker.fills) == len(broker.book.orders) == 0
    assert broker.next_order_id(7) == 3


def test_a_new_process_finds_everything(tmp_path: Path, clock: HandClock) -> None:
    first, store = make_gateway(tmp_path, clock)
    first.broker.place(7, 1, ticket(con_id=SPY, quantity=3.0, order_ref="ref"))
    run(first, clock)
    first.broker.place(
        7, 2, ticket(con_id=SPY, order_type="LMT", limit_price=1.0, tif="GTC", oca_group="g", oca_type=2)
    )
    first.broker.place(7, 3, ticket(con_id=SPY, order_type="LMT", limit_price=1.0, transmit=False))
    book, cash, positions = dict(first.broker.book.orders), first.broker.values().cash, first.broker.positions()
    fills = list(first.broker.fills)
    store.close()
    again, store = make_gateway(tmp_path, clock)
    assert again.broker.book.orders == book
    assert again.broker.values().cash == cash
    assert again.broker.positions() == positions
    assert again.broker.fills == fills
    assert again.broker.next_order_id(7) == 4
    assert again.broker.next_order_id(8) == 1
    assert [order.order_id for order in again.broker.book.working()] == [2]
    again.broker.cancel(7, 2)
    run(again, clock)
    assert again.broker.book.orders[(7, 2)].status is Status.CANCELLED
    store.close()


def test_ids_never_repeat_over_restarts_and_wiped_clocks(tmp_path: Path) -> None:
    seen_fills: list[str] = []
    seen_orders: list[int] = []
    for start in (dt.datetime(2026, 11, 18, 17, tzinfo=dt.UTC), dt.datetime(1970, 1, 2, tzinfo=dt.UTC)) * 2:
        clock = HandClock(start)
        gateway, store = make_gateway(tmp_path, clock)
        for _ in range(3):
            number = gateway.broker.next_order_id(7)
            gateway.broker.place(7, number, ticket(con_id=SPY))
            seen_orders.append(gateway.broker.book.orders[(7, number)].perm_id)
            run(gateway, clock, 1)
            seen_fills.append(gateway.broker.fills[-1].exec_id)
        store.close()
    assert len(set(seen_fills)) == len(seen_fills) == 12
    assert len(set(seen_orders)) == len(seen_orders) == 12


def test_a_wiped_record_begins_elsewhere(tmp_path: Path) -> None:
    prefixes = set()
    for name in ("a", "b", "c"):
        store = Store(tmp_path / name / "broker.sqlite3")
        prefixes.add((store.get("exec_prefix"), store.get("perm_id")))
        store.close()
    assert len(prefixes) == 3


def test_a_record_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "broker.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(StateError, match="remove the file"):
        Store(tmp_path / "broker.sqlite3")


def test_a_record_of_another_version_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "broker.sqlite3")
    store.set("format", "99")
    store.close()
    with pytest.raises(StateError, match="expected record format 3"):
        Store(tmp_path / "broker.sqlite3")


def test_without_a_link_nothing_fills(gateway: Gateway, clock: HandClock) -> None:
    gateway.broker.connected = False
    gateway.broker.place(7, 1, ticket(con_id=SPY))
    run(gateway, clock, 20)
    assert gateway.broker.fills == []
    gateway.broker.connected = True
    run(gateway, clock, 2)
    assert len(gateway.broker.fills) == 1


def test_a_condition_waits_for_an_execution_after_it(gateway: Gateway, clock: HandClock) -> None:
    """One of the same second, but before it, is none."""
    broker = gateway.broker

    def status(order_id: int) -> Status:
        return broker.book.orders[7, order_id].status

    broker.place(7, 1, ticket(con_id=AAPL))
    run(gateway, clock, 2)
    assert status(1) is Status.FILLED
    broker.place(7, 2, ticket(con_id=SPY, conditions=[("5", "a", "STK", "SMART", "AAPL")]))
    run(gateway, clock, 1)
    assert status(2) is Status.PRE_SUBMITTED
    broker.place(7, 3, ticket(con_id=AAPL))
    run(gateway, clock)
    assert status(2) is Status.FILLED
