"""Positions, cost, profit and margin, by hand-made sums."""

import pytest

from gateway.simulator.broker.account import Holding, commission, value
from gateway.simulator.broker.positions import Position, trade


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


@pytest.mark.parametrize(
    ("option", "cumulative", "charged", "cost"),
    [(True, 1, 0, 1.0), (True, 2, 0, 1.3), (True, 2, 1.0, 0.3), (False, 100, 0, 1.0), (False, 1000, 0, 5.0)],
)
def test_commission(option: bool, cumulative: float, charged: float, cost: float) -> None:
    assert commission(option, cumulative, charged) == pytest.approx(cost)


def test_the_account_adds_up() -> None:
    stock = Holding(Position(1, 10, 99.0), 1, 100.0, 100.0, is_option=False)
    call = Holding(Position(2, 2, 150.0, realized=5.0), 100, 2.0, 600.0, is_option=True)
    short = Holding(Position(3, -1, 300.0), 100, 2.5, 600.0, is_option=True)
    total = value(1000.0, [stock, call, short])
    assert total.net_liquidation == pytest.approx(1000 + 1000 + 400 - 250)
    assert total.unrealized == pytest.approx(10 + 100 + 50)
    assert total.realized == 5.0
    assert total.initial_margin == pytest.approx(500 + 100 * (2.5 + 120))
    assert total.gross == pytest.approx(1650)
