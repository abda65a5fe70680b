"""Positions, cost and profit, by hand-made sums."""

from pathlib import Path

import pytest

from gateway.simulator.broker.ledger import Ledger
from gateway.simulator.broker.positions import Position, trade
from gateway.simulator.broker.store import Store
from tests.unit.simulator.rig import SPY, stock


def test_average_cost_carries_the_commission() -> None:
    bought, gained = trade(Position(1), 2, 2.0, 100, 1.3)
    assert gained is None
    assert bought.average_cost == pytest.approx(200.65)
    more, _ = trade(bought, 1, 3.0, 100, 1.0)
    assert more.average_cost == pytest.approx((2 * 200.65 + 301.0) / 3)


def test_closing_realizes_and_leaves_the_cost_alone() -> None:
    bought, _ = trade(Position(1), 2, 2.0, 100, 1.3)
    half, gained = trade(bought, -1, 2.5, 100, 1.0)
    assert gained == pytest.approx(250.0 - 1.0 - 200.65)
    assert half.average_cost == bought.average_cost
    flat, rest = trade(half, -1, 1.0, 100, 1.0)
    assert (flat.quantity, flat.average_cost) == (0.0, 0.0)
    assert flat.realized == pytest.approx((gained or 0) + (rest or 0))


def test_shorts_mirror_longs() -> None:
    sold, gained = trade(Position(1), -2, 2.0, 100, 1.3)
    assert gained is None
    assert sold.average_cost == pytest.approx(199.35)
    _, back = trade(sold, 2, 1.5, 100, 1.3)
    assert back == pytest.approx(2 * 199.35 - 300.0 - 1.3)


def test_turning_around_closes_first_and_opens_the_rest() -> None:
    bought, _ = trade(Position(1), 1, 2.0, 100, 1.0)
    turned, gained = trade(bought, -3, 3.0, 100, 3.0)
    assert gained == pytest.approx(300.0 - 1.0 - 201.0)
    assert turned.quantity == -2
    assert turned.average_cost == pytest.approx((600.0 - 2.0) / 2)


def test_the_days_profit_starts_from_what_it_was_worth() -> None:
    carried = Position(1, 2, 200.0, day_basis=450.0)
    sold, _ = trade(carried, -1, 2.5, 100, 1.0)
    assert sold.day_basis == pytest.approx(450.0 - 250.0 + 1.0)


def test_what_was_closed_today_shows_whatever_it_gained(tmp_path: Path) -> None:
    ledger = Ledger(["A"], 1000.0)
    ledger.book("A", "", stock(), 5.0, 100.0, 0.0)
    assert ledger.book("A", "", stock(), -5.0, 100.0, 0.0) == 0.0
    [flat] = ledger.positions("A")
    assert (flat.quantity, flat.realized, flat.day_basis) == (0.0, 0.0, 0.0)
    store = Store(tmp_path / "broker.sqlite3")
    store.save(positions=[flat])
    again = Ledger(["A"], 1000.0)
    again.restore(store.positions(), [])
    store.close()
    assert again.positions("A") == [flat]
    ledger.begin_day(flat, 0.0)
    assert ledger.positions("A") == []
    assert ledger.position("A", SPY).traded is False
