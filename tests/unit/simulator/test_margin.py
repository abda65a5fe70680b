"""Margin by account type, against sums worked out by hand from the published rules."""

import datetime as dt
from collections.abc import Sequence

import pytest

from gateway.simulator.broker.account import value
from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.margin import cash_account, portfolio, reg_t, scan
from gateway.simulator.broker.margin.kinds import AccountType
from gateway.simulator.broker.margin.requirement import Requirement, of_account
from tests.unit.simulator.holdings import DAY, future, held, index_option, made, option, share

LATER = DAY + dt.timedelta(days=28)


def required(kind: AccountType, holdings: Sequence[Holding], **balances: float) -> Requirement:
    return of_account(kind, holdings, balances, "USD")


# -- Regulation T ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantity", "initial", "maintenance"), [(100, 30_000, 15_000), (-100, 30_000, 18_000)])
def test_stock(quantity: float, initial: float, maintenance: float) -> None:
    assert reg_t.of_securities([held(share(), quantity, 600.0)]) == (initial, maintenance)


def test_a_long_option_is_paid_for_and_asks_no_more() -> None:
    assert reg_t.of_securities([held(option(), 5, 10.0)]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("right", "strike", "price", "a_unit"),
    [
        ("C", 600.0, 10.0, 10.0 + 120.0),
        ("C", 630.0, 2.0, 2.0 + 120.0 - 30.0),
        ("C", 700.0, 0.1, 0.1 + 60.0),  # at the least a tenth of the underlying
        ("P", 500.0, 0.2, 0.2 + 50.0),  # of the strike for a put
        ("P", 620.0, 22.0, 22.0 + 120.0),
    ],
)
def test_a_naked_short(right: str, strike: float, price: float, a_unit: float) -> None:
    needed, kept = reg_t.of_securities([held(option(strike, right), -2, price)])
    assert needed == kept == pytest.approx(200 * a_unit)


def test_an_index_option_asks_15_per_cent() -> None:
    short = held(index_option(6000.0), -1, 50.0, spot=6000.0)
    assert reg_t.of_securities([short])[0] == pytest.approx(100 * (50.0 + 900.0))


def test_stock_covers_calls_sold() -> None:
    stock, calls = held(share(), 250, 600.0), held(option(610.0), -3, 5.0)
    alone, _ = reg_t.of_securities([stock])
    together, _ = reg_t.of_securities([stock, calls])
    assert together - alone == pytest.approx(100 * (5.0 + 120.0 - 10.0))


def test_a_credit_spread_asks_its_width() -> None:
    spread = [held(option(610.0), -2, 5.0), held(option(615.0), 2, 4.0)]
    assert reg_t.of_securities(spread)[0] == pytest.approx(1000.0)
    puts = [held(option(590.0, "P"), -1, 5.0), held(option(580.0, "P"), 1, 4.0)]
    assert reg_t.of_securities(puts)[0] == pytest.approx(1000.0)


def test_a_debit_spread_asks_nothing() -> None:
    assert reg_t.of_securities([held(option(605.0), 1, 7.0), held(option(610.0), -1, 5.0)])[0] == 0.0


def test_a_long_that_expires_first_covers_nothing() -> None:
    calendar = [held(option(610.0, expiry=LATER), -1, 9.0), held(option(610.0), 1, 5.0)]
    assert reg_t.of_securities(calendar)[0] == pytest.approx(100 * (9.0 + 120.0 - 10.0))
    diagonal = [held(option(610.0), -1, 5.0), held(option(610.0, expiry=LATER), 1, 9.0)]
    assert reg_t.of_securities(diagonal)[0] == 0.0


def test_a_far_wing_is_no_dearer_than_no_wing() -> None:
    short = held(option(600.0), -1, 10.0)
    alone = reg_t.of_securities([short])[0]
    assert reg_t.of_securities([short, held(option(900.0), 1, 0.01)])[0] == alone


# -- portfolio margin --------------------------------------------------------------------------------------------------


def test_stock_is_stressed_by_15_per_cent() -> None:
    assert portfolio.of_securities([held(share(), 100, 600.0)]) == pytest.approx(9000.0)
    assert portfolio.of_securities([held(share(), -100, 600.0)]) == pytest.approx(9000.0)


def test_a_hedge_lowers_the_requirement() -> None:
    stock, put = held(share(), 100, 600.0), held(option(600.0, "P"), 1, 11.5)
    assert portfolio.of_securities([stock, put]) < 0.3 * portfolio.of_securities([stock])


def test_a_box_asks_the_least_a_contract() -> None:
    """Nothing can be lost, so what is left is $37.50 for each of the four contracts."""
    box = [
        held(option(600.0), 1, 10.0),
        held(option(610.0), -1, 6.0),
        held(option(600.0, "P"), -1, 9.0),
        held(option(610.0, "P"), 1, 14.0),
    ]
    assert portfolio.of_securities(box) == pytest.approx(4 * 37.5)


def test_an_index_is_stressed_less_than_a_stock() -> None:
    on_index = held(index_option(6000.0), -1, 70.0, spot=6000.0)
    on_stock = held(option(6000.0, on=5), -1, 70.0, spot=6000.0)
    assert portfolio.of_securities([on_index]) < 0.6 * portfolio.of_securities([on_stock])


def test_rising_volatility_hurts_a_short_straddle() -> None:
    straddle = [held(option(600.0), -1, 12.0), held(option(600.0, "P"), -1, 11.0)]
    still = scan.worst(straddle, 0.15, 0.15, 0.0)
    assert scan.worst(straddle, 0.15, 0.15, 0.15) > still


def test_underlyings_are_not_netted() -> None:
    one, other = held(share(1), 100, 600.0), held(share(2), -100, 600.0)
    assert portfolio.of_securities([one, other]) == pytest.approx(18_000.0)


def test_initial_is_a_tenth_more() -> None:
    needed = required("portfolio", [held(share(), 100, 600.0)], USD=0.0)
    assert needed.initial == pytest.approx(1.1 * needed.maintenance)


# -- futures, forex and the rest ---------------------------------------------------------------------------------------


def test_futures_are_scanned_whatever_the_account() -> None:
    es = held(future(), 2, 6000.0, spot=6000.0)
    for kind in ("cash", "reg-t", "portfolio"):
        needed = required(kind, [es], USD=0.0)
        assert needed.maintenance == pytest.approx(2 * 50 * 6000.0 * 0.06)
        assert needed.initial == pytest.approx(1.1 * needed.maintenance)


def test_a_future_covers_its_option() -> None:
    call = held(
        made(10, symbol="ES", sec_type="FOP", multiplier=50.0, right="C", strike=6000.0, on=9), -1, 80.0, spot=6000.0
    )
    alone = scan.of_derivatives([call])
    assert scan.of_derivatives([call, held(future(), 1, 6000.0, spot=6000.0)]) < alone


def test_what_is_owed_in_another_currency_is_margined() -> None:
    assert required("reg-t", [], USD=10_000.0, EUR=-4000.0).initial == pytest.approx(100.0)
    assert required("reg-t", [], USD=-10_000.0, EUR=4000.0).initial == 0.0


def test_cfds_and_metals() -> None:
    cfd = held(made(3, sec_type="CFD"), -10, 100.0)
    gold = held(made(4, sec_type="CMDTY"), 1, 4000.0)
    assert required("reg-t", [cfd, gold], USD=0.0).initial == pytest.approx(200.0 + 200.0)


def test_crypto_is_paid_in_full() -> None:
    coin = held(made(5, sec_type="CRYPTO"), 0.5, 90_000.0)
    for kind in ("reg-t", "portfolio"):
        assert required(kind, [coin], USD=0.0).maintenance == pytest.approx(45_000.0)


# -- cash accounts -----------------------------------------------------------------------------------------------------


def test_a_cash_account_secures_its_puts() -> None:
    assert cash_account.of_securities([held(option(590.0, "P"), -2, 5.0)]) == pytest.approx(118_000.0)


def test_a_cash_account_may_sell_calls_on_its_stock_and_no_others() -> None:
    stock, call = held(share(), 100, 600.0), held(option(610.0), -1, 5.0)
    assert not cash_account.is_short([stock, call])
    assert cash_account.is_short([call])
    assert cash_account.is_short([held(share(), -1, 600.0)])
    assert not cash_account.is_short([held(option(610.0), 1, 5.0)])


# -- the account -------------------------------------------------------------------------------------------------------


def test_the_account_adds_up() -> None:
    holdings = [
        held(share(), 10, 600.0, cost=590.0),
        held(option(620.0), 2, 2.0, cost=150.0),
        held(option(580.0, "P"), -1, 2.5, cost=300.0),
        held(future(), 1, 6010.0, cost=300_000.0, spot=6010.0),
    ]
    total = value("reg-t", {"USD": 50_000.0}, holdings)
    assert total.net_liquidation == pytest.approx(50_000 + 6000 + 400 - 250 + 500)
    assert total.unrealized == pytest.approx(100 + 100 + 50 + 500)
    assert total.futures_pnl == pytest.approx(500)
    assert total.gross == pytest.approx(6000 + 400 + 250 + 300_500)
    # Options are no collateral; what a short one is worth is part of its requirement.
    assert total.equity_with_loan == pytest.approx(50_000 + 500 + 6000)


@pytest.mark.parametrize(("kind", "equity"), [("cash", 10_000.0), ("reg-t", 70_000.0), ("portfolio", 71_000.0)])
def test_what_may_be_borrowed_against(kind: AccountType, equity: float) -> None:
    holdings = [held(share(), 100, 600.0), held(option(), 1, 10.0)]
    assert value(kind, {"USD": 10_000.0}, holdings).equity_with_loan == pytest.approx(equity)


def test_buying_power() -> None:
    rich = value("reg-t", {"USD": 100_000.0}, [])
    assert rich.buying_power(100_000.0) == pytest.approx(400_000.0)
    assert rich.buying_power(80_000.0) == pytest.approx(320_000.0)  # by yesterday's equity, if that was less
    assert value("reg-t", {"USD": 20_000.0}, []).buying_power(20_000.0) == pytest.approx(40_000.0)
    assert value("cash", {"USD": 100_000.0}, []).buying_power(100_000.0) == pytest.approx(100_000.0)


def test_forex_is_money_and_not_a_position_too() -> None:
    euro = held(made(6, symbol="EUR", sec_type="CASH"), 1000, 1.2, cost=1.1)
    total = value("reg-t", {"USD": 8900.0, "EUR": 1200.0}, [euro])
    assert total.net_liquidation == pytest.approx(10_100.0)
    assert total.unrealized == pytest.approx(100.0)
