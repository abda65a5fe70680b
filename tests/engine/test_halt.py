"""Halted and stopping, with a strategy that knows nothing of it: it buys at every turn, and closes all at the end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.rig import OPERATOR, TOKEN, Engine
from tests.stand_in import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.engine.rig import Supervisor
    from tests.stand_in import StandIn

TICKS = "watchkeeper_engine_ticks_total"
STRANGER = """
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

SPY = InstrumentId.from_str("SPY.ARCX")


class Stranger(Strategy):
    def on_start(self):
        self.turns = 0
        self.subscribe_quote_ticks(SPY)

    def on_quote_tick(self, tick):
        self.turns += 1
        if self.turns % 5 == 0:
            self.submit_order(self.order_factory.market(SPY, OrderSide.BUY, self.size))

    def on_position_opened(self, event):
        low = self.cache.instrument(SPY).make_price(float(self.cache.quote_tick(SPY).bid_price) * 0.9)
        self.submit_order(self.order_factory.stop_market(SPY, OrderSide.SELL, self.size, low))
        self.submit_order(self.order_factory.limit(SPY, OrderSide.BUY, self.size, low))

    def on_stop(self):
        self.cancel_all_orders(SPY)
        self.close_all_positions(SPY)

    @property
    def size(self):
        return self.cache.instrument(SPY).make_qty(1)
"""


@pytest.fixture
def bought(tmp_path: Path, gateway: StandIn, supervisor: Supervisor) -> Iterator[Engine]:
    """The engine with the stranger, once it has bought and has its stop and another entry at the broker."""
    (tmp_path / "stranger.py").write_text(STRANGER)
    own = {"STRATEGY": "stranger:Stranger", "STRATEGY_PATH": str(tmp_path)}
    gateway.start()
    gateway.up()
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **own)) as engine:
        engine.start()
        wait_for(lambda: resting(gateway) == {("STP", "SELL"), ("LMT", "BUY")}, 60, engine.tail)
        yield engine


def orders(gateway: StandIn) -> list[Any]:
    return list(gateway.book()["orders"])


def resting(gateway: StandIn) -> set[tuple[str, str]]:
    working = ("PreSubmitted", "Submitted")
    return {(order["order_type"], order["action"]) for order in orders(gateway) if order["status"] in working}


def test_no_order_after_halt_and_exits_stay_also_when_it_stops(bought: Engine, gateway: StandIn) -> None:
    assert bought.post("/api/v1/halt", {"reason": "a test"}, "nobody's").status_code == 401
    answer = bought.post("/api/v1/halt", {"reason": "a test"}, OPERATOR).json()
    assert answer["halted"] is True
    assert answer["entries_cancelled"] >= 1
    # Whatever was on its way before the answer has arrived; what the broker makes of it may take its time.
    placed = len(orders(gateway))
    looked = bought.metric(TICKS)
    wait_for(lambda: bought.metric(TICKS) > looked + 60, 60, bought.tail)
    assert len(orders(gateway)) == placed
    assert bought.metric("watchkeeper_engine_orders_refused_total") > 5
    assert resting(gateway) == {("STP", "SELL")}
    status = bought.status()
    assert (status["halted"], status["phase"], status["state"]) == (True, "degraded", "TRADING")
    assert bought.post("/api/v1/halt", {"halt": False}, TOKEN).status_code == 403
    assert bought.post("/api/v1/halt", {"halt": False}, OPERATOR).status_code == 200
    wait_for(lambda: len(orders(gateway)) > placed, 60, bought.tail)
    code, _ = bought.terminate(20)
    assert code == 0
    assert resting(gateway) >= {("STP", "SELL")}
    sold = [order for order in orders(gateway) if order["action"] == "SELL"]
    assert {order["order_type"] for order in sold} == {"STP"}, "it closed nothing on its way out"
