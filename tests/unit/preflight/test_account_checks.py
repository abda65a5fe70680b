"""The checks on the account: funds, permissions, what is held, and what works."""

from decimal import Decimal
from typing import Any

import pytest

from preflight.check import Answer
from preflight.checks import funds, naked_positions, orders_lasting, orders_left, permissions, positions_left
from preflight.report import Result
from tests.unit.preflight.markets import CLOSED, LATER, definition, look, market
from tests.unit.preflight.told import Told, ask, remedy
from tws.values import AccountValue, Execution, OpenOrder, Position

ACCOUNT = "DUSIM0001"


def values(**changes: str) -> list[AccountValue]:
    told = {"NetLiquidation": "1000000.00", "BuyingPower": "4000000.00", "AccountReady": "true", **changes}
    return [AccountValue(key, value, "USD" if key != "AccountReady" else "") for key, value in told.items() if value]


def held(quantity: int, con_id: int = 1, account: str = ACCOUNT) -> Position:
    return Position(account, con_id, "SPY", "STK", "SPY", Decimal(quantity), 600.0)


def fill(exec_id: str, side: str, quantity: int, account: str = ACCOUNT) -> Execution:
    return Execution(exec_id, account, 1, "SPY", side, Decimal(quantity), 600.0, "20261122-14:31:00", 1)


def order(action: str, quantity: int, **changes: Any) -> OpenOrder:
    plain: dict[str, Any] = {
        **{"order_id": 5, "client_id": 1, "perm_id": 500, "parent_id": 0, "account": ACCOUNT, "con_id": 1},
        **{"local_symbol": "SPY", "action": action, "order_type": "LMT", "quantity": Decimal(quantity)},
        **{"limit_price": 610.0, "stop_price": None, "oca_group": "", "order_ref": "", "status": "Submitted"},
        "time_in_force": "DAY",
    }
    return OpenOrder(**{**plain, **changes})


# -- funds -------------------------------------------------------------------------------------------------------------


async def test_funds_pass_with_something_to_trade_with() -> None:
    answer = await ask(funds.CHECK, Told(values=values()))
    assert answer == Answer(Result.PASS, "net liquidation 1,000,000.00 USD, buying power 4,000,000.00 USD")


@pytest.mark.parametrize("changes", [{"BuyingPower": "0.00"}, {"NetLiquidation": "-5.00"}])
async def test_funds_that_are_out_warn(changes: dict[str, str]) -> None:
    answer = await ask(funds.CHECK, Told(values=values(**changes)))
    assert answer.result is Result.WARN
    assert "margin and cash" in remedy(answer)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"AccountReady": "false"}, "not ready"),
        ({"BuyingPower": ""}, "tells no buying power"),
        ({"NetLiquidation": "n/a"}, "tells no net liquidation"),
    ],
)
async def test_funds_that_are_not_told_warn(changes: dict[str, str], word: str) -> None:
    answer = await ask(funds.CHECK, Told(values=values(**changes)))
    assert answer.result is Result.WARN
    assert word in answer.found


# -- permissions -------------------------------------------------------------------------------------------------------


async def test_permissions_pass_when_nothing_speaks_against() -> None:
    answer = await ask(permissions.CHECK, market())
    assert answer.result is Result.PASS
    assert answer.found == "nothing speaks against SPY, SPY 20261122 600 C; the first order will tell"


async def test_a_security_that_is_not_allowed() -> None:
    answer = await ask(permissions.CHECK, market(looks={"STK": look(), "OPT": look(refusal=203)}))
    assert answer.result is Result.WARN
    assert "SPY 20261122 600 C: 203" in answer.found
    assert "Trading Permissions" in remedy(answer)


async def test_what_nothing_can_be_ordered_of() -> None:
    told = market(known=[definition(order_types=("ALERT",))])
    answer = await ask(permissions.CHECK, told, instruments="SPY")
    assert answer.result is Result.WARN
    assert "no market or limit order of SPY" in answer.found


# -- positions ---------------------------------------------------------------------------------------------------------


async def test_a_flat_account_has_nothing_left_and_nothing_naked() -> None:
    told = Told(held=[held(5, account="DUSIM0002")])
    assert await ask(positions_left.CHECK, told) == Answer(Result.PASS, "the account is flat")
    assert await ask(naked_positions.CHECK, told) == Answer(Result.PASS, "the account is flat")


async def test_positions_of_todays_fills_are_not_left() -> None:
    told = Told(held=[held(5)], filled=[fill("a.1.01", "BOT", 7), fill("b.1.01", "SLD", 2)])
    assert await ask(positions_left.CHECK, told) == Answer(Result.PASS, "1 position, all by today's fills")


@pytest.mark.parametrize(
    ("filled", "left"),
    [
        ([], "5 SPY"),
        ([fill("a.1.01", "SLD", 2)], "7 SPY"),
        ([fill("a.1.01", "BOT", 5, account="DUSIM0002")], "5 SPY"),
        ([fill("a.1.01", "BOT", 5), fill("a.1.02", "BOT", 4)], "1 SPY"),  # a correction
    ],
)
async def test_positions_from_before_today_warn(filled: list[Execution], left: str) -> None:
    answer = await ask(positions_left.CHECK, Told(held=[held(5)], filled=filled))
    assert (answer.result, answer.found) == (Result.WARN, f"held since before today: {left}")


async def test_of_a_fill_and_its_corrections_the_last_counts() -> None:
    corrected = [fill("a.1.01", "BOT", 4), fill("a.1.03", "BOT", 5), fill("a.1.02", "BOT", 3)]
    assert (await ask(positions_left.CHECK, Told(held=[held(5)], filled=corrected))).result is Result.PASS


async def test_a_finding_names_a_few_and_counts_the_rest() -> None:
    answer = await ask(positions_left.CHECK, Told(held=[held(5, con_id=number) for number in range(7)]))
    assert answer.found.endswith("5 SPY and 2 more")


async def test_a_position_with_its_exit_is_not_naked() -> None:
    told = Told(held=[held(5)], working=[order("SELL", 5, oca_group="x"), order("SELL", 5, oca_group="x", perm_id=501)])
    assert (await ask(naked_positions.CHECK, told)).result is Result.PASS


@pytest.mark.parametrize(
    "working",
    [
        [],
        [order("BUY", 5)],
        [order("SELL", 5, status="Inactive")],
        [order("SELL", 3, oca_group="x"), order("SELL", 3, oca_group="x", perm_id=501)],
        [order("SELL", 5, account="DUSIM0002")],
    ],
)
async def test_a_position_without_its_whole_exit_warns(working: list[OpenOrder]) -> None:
    answer = await ask(naked_positions.CHECK, Told(held=[held(5)], working=working))
    assert answer.result is Result.WARN
    assert answer.found.startswith("5 SPY has exits for")


# -- orders ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [orders_left.CHECK, orders_lasting.CHECK])
async def test_no_orders_no_findings(check: Any) -> None:
    assert await ask(check, market(working=[order("BUY", 1, account="DUSIM0002")])) == Answer(
        Result.PASS, "no working order"
    )


@pytest.mark.parametrize("hours", [LATER, CLOSED])
async def test_orders_before_the_session_are_left_over(hours: str) -> None:
    answer = await ask(orders_left.CHECK, market(hours, working=[order("BUY", 3)]))
    assert (answer.result, answer.found) == (Result.WARN, "outside the session of SPY: BUY 3 SPY LMT DAY of client 1")


async def test_orders_in_the_session_tell_nothing_of_their_age() -> None:
    assert (await ask(orders_left.CHECK, market(working=[order("BUY", 3)]))).result is Result.PASS


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"time_in_force": "DAY"}, Result.PASS),
        ({"time_in_force": "GTC"}, Result.WARN),
        ({"time_in_force": "GTD", "good_till": "20261122 22:00:00 UTC"}, Result.PASS),
        ({"time_in_force": "GTD", "good_till": "20261123 22:00:00 UTC"}, Result.WARN),
    ],
)
async def test_orders_that_outlast_the_day_warn(changes: dict[str, str], result: Result) -> None:
    assert (await ask(orders_lasting.CHECK, Told(working=[order("BUY", 3, **changes)]))).result is result


@pytest.mark.parametrize("check", [orders_left.CHECK, orders_lasting.CHECK, naked_positions.CHECK])
async def test_a_read_only_api_lists_no_orders(check: Any) -> None:
    answer = await ask(check, market(held=[held(5)], refuses=True))
    assert answer.result is Result.SKIPPED
    assert "read-only" in answer.found
