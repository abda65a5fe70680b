"""Which options, which day: the choices, and the loading against a provider that only remembers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from nautilus_trader.model.enums import OptionKind
from nautilus_trader.model.identifiers import InstrumentId

from engine.hours import CUT_OFF
from engine.instruments import (
    UNDERLYING,
    Chain,
    Listed,
    candidate_dates,
    near_money_call,
    strikes_around,
)

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def listed(strike: float, expires: datetime, call: bool = True) -> Listed:
    return Listed(
        InstrumentId.from_str(f"{strike:g}{'C' if call else 'P'}{expires:%d%H%M}.ARCX"), strike, call, expires
    )


def test_strikes_begin_with_the_nearest() -> None:
    assert strikes_around(598.7) == [599, 598, 600, 597, 601]
    assert strikes_around(600.0, width=1) == [600, 599, 601]


def test_today_is_a_candidate_and_so_is_a_yesterday_that_may_still_trade() -> None:
    dates = ["20261130", "20261123", "20261122", "20261121", "20261124"]
    assert candidate_dates(dates, NOON) == ["20261122", "20261123", "20261124", "20261130"]


def test_the_nearest_expiry_wins_until_the_cut_off_and_then_the_next() -> None:
    today, tomorrow = NOON + timedelta(hours=3), NOON + timedelta(hours=27)
    options = [listed(600, today), listed(601, today), listed(600, today, call=False), listed(600, tomorrow)]
    assert near_money_call(options, 600.2, NOON) == options[0]
    assert near_money_call(options, 600.8, NOON) == options[1]
    assert near_money_call(options, 600.2, today - CUT_OFF - timedelta(seconds=1)) == options[0]
    assert near_money_call(options, 600.2, today - CUT_OFF) == options[3]
    assert near_money_call(options, 600.2, tomorrow) is None


class World:
    """An adapter's provider and client over a tiny exchange: every date expires at 21:00 UTC."""

    def __init__(self, dates: list[str]) -> None:
        self.dates = dates
        self.asked: list[tuple[str, float, str]] = []
        self.instruments: dict[Any, Any] = {}
        self.time = NOON
        self.is_ready = True
        self.mid = 600.2
        self.contract = {UNDERLYING: "SPY"}

    def now(self) -> datetime:
        return self.time

    def instrument(self, instrument_id: Any) -> Any:
        return self.instruments.get(instrument_id)

    def quote_tick(self, _: Any) -> Any:
        return SimpleNamespace(bid_price=self.mid - 0.01, ask_price=self.mid + 0.01)

    async def get_option_chains(self, _: Any) -> Any:
        return [("SMART", set(self.dates)), ("AMEX", {"20200101"})]

    async def load_with_return_async(self, contract: Any) -> list[Any] | None:
        date = contract.lastTradeDateOrContractMonth
        self.asked.append((date, contract.strike, contract.right))
        expires = datetime.strptime(date + "2100", "%Y%m%d%H%M").replace(tzinfo=UTC)
        name = InstrumentId.from_str(f"{date}{contract.right}{contract.strike:g}.ARCX")
        self.instruments[name] = SimpleNamespace(
            id=name,
            strike_price=contract.strike,
            option_kind=OptionKind.CALL if contract.right == "C" else OptionKind.PUT,
            expiration_ns=int(expires.timestamp() * 1e9),
        )
        return [name]


def chain(world: World) -> Chain:
    return Chain(world, world, world, world)  # type: ignore[arg-type]


async def test_only_strikes_around_the_money_are_asked_for_and_each_once() -> None:
    world = World(["20261123", "20261124"])
    kept = chain(world)
    await kept.ensure()
    await kept.ensure()
    assert len(world.asked) == len(set(world.asked)) == 10
    assert {date for date, _, _ in world.asked} == {"20261123"}
    assert str(kept.call()) == "20261123C600.ARCX"


async def test_the_price_moves_and_the_strikes_follow() -> None:
    world = World(["20261123"])
    kept = chain(world)
    await kept.ensure()
    world.mid = 607.9
    assert kept.call() is None
    await kept.ensure()
    assert str(kept.call()) == "20261123C608.ARCX"


async def test_over_the_roll_of_the_day_the_next_chain_is_loaded() -> None:
    world = World(["20261123", "20261124"])
    kept = chain(world)
    await kept.ensure()
    world.time = datetime(2026, 11, 23, 20, 55, tzinfo=UTC)
    assert kept.call() is None
    await kept.ensure()
    assert str(kept.call()) == "20261124C600.ARCX"


async def test_new_dates_are_learnt_though_the_stack_was_never_restarted() -> None:
    world = World(["20261123"])
    kept = chain(world)
    await kept.ensure()
    world.dates = ["20261124"]
    world.time += timedelta(hours=12)
    await kept.ensure()
    assert str(kept.call()) == "20261124C600.ARCX"


async def test_nothing_is_asked_without_a_session() -> None:
    world = World(["20261123"])
    world.is_ready = False
    await chain(world).ensure()
    assert world.asked == []
