"""IBKR's published fixed prices, order by order."""

from dataclasses import replace

import pytest

from gateway.simulator.broker.commissions import of_fill, of_order
from tests.unit.simulator.holdings import future, made, option, share


@pytest.mark.parametrize(
    ("quantity", "price", "cost"),
    [
        (100, 250.0, 1.0),
        (1000, 250.0, 5.0),
        (1, 257.95, 1.0),
        (1, 20.0, 0.2),  # never more than 1 % of the value
        (10_000, 0.10, 10.0),
    ],
)
def test_stocks(quantity: float, price: float, cost: float) -> None:
    assert of_order(share(), quantity, price) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("quantity", "price", "cost"),
    [(1, 2.0, 1.0), (2, 2.0, 1.3), (10, 0.09, 5.0), (10, 0.04, 2.5), (100, 0.10, 65.0)],
)
def test_options_cost_less_where_the_premium_is_small(quantity: float, price: float, cost: float) -> None:
    assert of_order(option(), quantity, price) == pytest.approx(cost)


def test_futures_have_no_least() -> None:
    assert of_order(future(), 1, 6000.0) == pytest.approx(0.85)
    micro = made(symbol="MES", sec_type="FUT", multiplier=5.0)
    assert of_order(micro, 4, 6000.0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("sec_type", "quantity", "price", "multiplier", "cost"),
    [
        ("CASH", 20_000, 1.15, 1.0, 2.0),
        ("CASH", 1_000_000, 1.15, 1.0, 23.0),
        ("CRYPTO", 0.1, 95_000.0, 1.0, 17.1),
        ("CRYPTO", 0.001, 95_000.0, 1.0, 0.95),
        ("BOND", 5, 100.0, 10.0, 5.0),
        ("BOND", 20, 100.0, 10.0, 12.5),
        ("CFD", 100, 250.0, 1.0, 1.0),
        ("CMDTY", 10, 4000.0, 1.0, 2.0),
    ],
)
def test_the_rest(sec_type: str, quantity: float, price: float, multiplier: float, cost: float) -> None:
    assert of_order(made(sec_type=sec_type, multiplier=multiplier), quantity, price) == pytest.approx(cost)


def test_a_dollar_minimum_is_charged_in_the_instruments_currency() -> None:
    yen = made(symbol="USD", sec_type="CASH", currency="JPY")
    assert of_order(yen, 1000, 152.0, rate=1 / 152) == pytest.approx(304.0)


def test_a_fill_pays_what_the_order_owes_beyond_its_earlier_fills() -> None:
    assert of_fill(share(), 50, 250.0, 0.0) == 1.0
    assert of_fill(share(), 100, 250.0, 1.0) == 0.0
    assert of_fill(share(), 400, 250.0, 1.0) == pytest.approx(1.0)


def test_a_treasury_costs_less_than_a_company() -> None:
    treasury = replace(made(symbol="US-T", sec_type="BOND", multiplier=10.0))
    assert of_order(treasury, 1000, 100.0) == pytest.approx(20.0)
