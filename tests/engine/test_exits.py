"""The Keeper, with the real adapter: a strategy that knows of no exits, exits that vanish, a kill, and a flatten."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from engine.hours import CUT_OFF
from supervisor.drill.report import agree
from tests.clients.drivers import Ibapi
from tests.engine.rig import LATEST, OPERATOR, Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Buys two of the first call that it finds, once, and never thinks of a way out.
STRATEGY = """
from datetime import timedelta

from nautilus_trader.model.enums import OptionKind, OrderSide, TimeInForce
from nautilus_trader.trading.strategy import Strategy


class Careless(Strategy):
    def on_start(self):
        self.bought = False
        self.clock.set_timer("look", timedelta(seconds=1), callback=lambda _: self.look())

    def look(self):
        calls = [i for i in self.cache.instruments() if getattr(i, "option_kind", None) == OptionKind.CALL]
        if self.bought or self.cache.positions() or not calls:
            return
        self.bought = True
        call = sorted(calls, key=lambda i: i.expiration_ns)[0]
        self.submit_order(
            self.order_factory.market(call.id, OrderSide.BUY, call.make_qty(2), time_in_force=TimeInForce.DAY)
        )

    def on_stop(self):
        self.clock.cancel_timers()
"""


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[StandIn]:
    """A market so calm that no exit is reached by itself."""
    with contextlib.closing(StandIn(tmp_path, SIM_SERVER_VERSION=LATEST, SIM_VOLATILITY="0.001")) as made:
        yield made


def sells(gateway: StandIn) -> list[Any]:
    return [order for order in gateway.book()["orders"] if order["action"] == "SELL"]


def resting(gateway: StandIn) -> list[Any]:
    return [order for order in sells(gateway) if order["status"] in ("PreSubmitted", "Submitted")]


def armed(gateway: StandIn) -> list[Any] | None:
    """The whole set of exits, all in one group and each for all that is held."""
    found = resting(gateway)
    held = sum(position["quantity"] for position in gateway.book()["positions"])
    whole = sorted(order["order_type"] for order in found) == ["LMT", "MKT", "STP"]
    one = len({order["oca_group"] for order in found}) == 1
    return found if held == 2 and whole and one and {order["quantity"] for order in found} == {held} else None


def flatten(engine: Engine, gateway: StandIn, group: str) -> None:
    """Flattened through that group alone, once, and known to be so on both sides."""
    answer = engine.post("/api/v1/flatten", {"reason": "a test"}, OPERATOR)
    assert answer.status_code == 200, answer.text
    wait_for(lambda: not gateway.book()["positions"], 30, lambda: (gateway.book(), engine.tail(60)))
    wait_for(lambda: agree(gateway.book(), engine.status()), 20, lambda: (gateway.book(), engine.status()))
    ended = [order for order in sells(gateway) if order["oca_group"] == group]
    assert sum(order["filled"] for order in ended) == 2
    assert {order["status"] for order in ended} == {"Filled", "Cancelled"}
    assert not resting(gateway)
    assert sum(order["filled"] for order in sells(gateway)) % 2 == 0


def test_a_careless_strategy_is_kept_armed_and_flattened_once(
    tmp_path: Path, calm: StandIn, supervisor: Supervisor
) -> None:
    (tmp_path / "careless.py").write_text(STRATEGY)
    own = {"STRATEGY": "careless:Careless", "STRATEGY_PATH": str(tmp_path)}
    with contextlib.closing(Engine(tmp_path, calm, supervisor.url, **own)) as engine:
        calm.start()
        calm.up()
        engine.start()
        first = wait_for(lambda: armed(calm), 60, lambda: (calm.book(), engine.tail(60)))
        assert {order["oca_type"] for order in first} == {2}

        # Somebody cancels everything: the position is naked, and armed anew.
        hand = Ibapi()
        hand.start(calm.api_port, 70)
        hand.ask("reqGlobalCancel")
        wait_for(lambda: not {o["perm_id"] for o in resting(calm)} & {o["perm_id"] for o in first}, 20, calm.book)
        hand.stop()
        second = wait_for(lambda: armed(calm), 20, lambda: (calm.book(), engine.tail(60)))
        assert {order["oca_group"] for order in second} != {order["oca_group"] for order in first}
        flatten(engine, calm, second[0]["oca_group"])

        # It buys again. Killed with its exits resting, and without a memory, the engine finds them at the broker,
        # leaves them alone, and closes through their group.
        engine.kill()
        engine.start()
        third = wait_for(lambda: armed(calm), 60, lambda: (calm.book(), engine.tail(60)))
        sent = len(sells(calm))
        engine.kill()
        engine.start()
        engine.reach("TRADING", 60)
        wait_for(lambda: engine.status()["positions"], 20, engine.tail)
        seen = engine.metric("watchkeeper_engine_ticks_total")
        wait_for(lambda: engine.metric("watchkeeper_engine_ticks_total") > seen + 20, 60, engine.tail)
        assert len(sells(calm)) == sent
        flatten(engine, calm, third[0]["oca_group"])


def test_with_the_engine_dead_the_broker_closes_it_thirty_seconds_after_the_cut_off(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    # A day that ends soon, but not before the engine has bought.
    ends = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")) + CUT_OFF + timedelta(minutes=5)
    world = {"SIM_SERVER_VERSION": LATEST, "SIM_VOLATILITY": "0.001", "SIM_DAY_START": f"{ends:%H:%M}"}
    (tmp_path / "careless.py").write_text(STRATEGY)
    own = {"STRATEGY": "careless:Careless", "STRATEGY_PATH": str(tmp_path)}
    with (
        contextlib.closing(StandIn(tmp_path, **world)) as gateway,
        contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **own)) as engine,
    ):
        gateway.start()
        gateway.up()
        engine.start()
        exits = wait_for(lambda: armed(gateway), 60, lambda: (gateway.book(), engine.tail(60)))
        engine.kill()
        last = next(order for order in exits if order["order_type"] == "MKT")

        def wakes_in() -> float:
            now = datetime.fromisoformat(gateway.get("/api/v1/time")["now"])
            return (datetime.fromisoformat(last["good_after"]) - now).total_seconds()

        gateway.post("/api/v1/time", {"advance": wakes_in() - 15})
        assert armed(gateway), "it sleeps until then"
        assert wakes_in() > 0
        gateway.post("/api/v1/time", {"advance": wakes_in() + 1})
        wait_for(lambda: not gateway.book()["positions"], 20, gateway.book)
        ended = {order["order_type"]: order["status"] for order in sells(gateway)}
        assert ended == {"MKT": "Filled", "LMT": "Cancelled", "STP": "Cancelled"}
