"""Exits that fail, each seen by the real adapter at the stand-in: refused, missed, not to be moved; and a half day."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

from gateway.simulator.market.sessions import CALENDARS
from supervisor.drill.report import agree
from tests.clients.drivers import Ibapi
from tests.engine.rig import LATEST, OPERATOR, Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

# The first buys one call and leaves it to the Keeper; the second also buys another, with a stop that is reached at once
# and cannot fill.
STRATEGY = """
import asyncio

from nautilus_trader.adapters.interactive_brokers.common import IBOrderTags
from nautilus_trader.model.enums import OptionKind, OrderSide, TimeInForce
from nautilus_trader.trading.strategy import Strategy


class Careless(Strategy):
    def on_start(self):
        self.later(self.look)

    def later(self, call, *args):
        asyncio.get_running_loop().call_later(1, call, *args)

    def look(self):
        calls = [i for i in self.cache.instruments() if getattr(i, "option_kind", None) == OptionKind.CALL]
        if len(calls) < 20:
            self.later(self.look)
            return
        first = min(i.expiration_ns for i in calls)
        # Deep in the money: a price half above the present one is far away.
        self.trade(sorted((i for i in calls if i.expiration_ns == first), key=lambda i: i.strike_price))

    def trade(self, calls):
        self.buy(calls[0].id)

    def buy(self, name):
        size = self.cache.instrument(name).make_qty(2)
        self.submit_order(self.order_factory.market(name, OrderSide.BUY, size, time_in_force=TimeInForce.DAY))

    def on_order_denied(self, event):
        self.later(self.buy, event.instrument_id)


class Clumsy(Careless):
    def trade(self, calls):
        self.clumsy, self.bought = calls[1], False
        self.subscribe_quote_ticks(self.clumsy.id)
        self.buy(calls[0].id)

    def on_quote_tick(self, quote):
        if not self.bought and float(quote.bid_price) > 0:
            self.bought = True
            self.buy(self.clumsy.id)

    def on_order_filled(self, event):
        if event.instrument_id != self.clumsy.id or event.order_side != OrderSide.BUY or self.has_exits():
            return
        call, bid = self.clumsy, float(self.cache.quote_tick(self.clumsy.id).bid_price)
        common = dict(
            quantity=call.make_qty(2),
            time_in_force=TimeInForce.DAY,
            reduce_only=True,
            tags=[IBOrderTags(ocaGroup="CLUMSY", ocaType=2).value],
        )
        sell = (call.id, OrderSide.SELL)
        self.submit_order(
            self.order_factory.stop_limit(
                *sell, price=call.make_price(bid * 1.5), trigger_price=call.make_price(bid + 1), **common
            )
        )
        self.submit_order(self.order_factory.limit(*sell, price=call.make_price(bid * 2), **common))

    def has_exits(self):
        return any(order.side == OrderSide.SELL for order in self.cache.orders(instrument_id=self.clumsy.id))
"""


@contextlib.contextmanager
def running(folder: Path, supervisor: Supervisor, name: str, module: str = "engine", **world: str) -> Any:
    (folder / "mine.py").write_text(STRATEGY)
    own = {"STRATEGY": f"mine:{name}", "STRATEGY_PATH": str(folder), "AHEAD": str(folder / "ahead")}
    with (
        contextlib.closing(StandIn(folder, SIM_SERVER_VERSION=LATEST, SIM_VOLATILITY="0.001", **world)) as gateway,
        contextlib.closing(Engine(folder, gateway, supervisor.url, module=module, **own)) as engine,
    ):
        gateway.start()
        gateway.up()
        engine.start()
        yield gateway, engine


def sells(gateway: StandIn, group: str | None = None) -> list[Any]:
    found = [order for order in gateway.book()["orders"] if order["action"] == "SELL"]
    return [order for order in found if group is None or order["oca_group"] == group]


def armed(gateway: StandIn, strangers: str = "") -> list[Any] | None:
    """A whole set of exits in one group that rests, beside those of the group of strangers."""
    found = [o for o in sells(gateway) if o["status"] in ("PreSubmitted", "Submitted") and o["oca_group"] != strangers]
    whole = sorted((order["order_type"], order["quantity"]) for order in found) == [("LMT", 2), ("MKT", 2), ("STP", 2)]
    return found if whole and len({order["oca_group"] for order in found}) == 1 else None


def sold(orders: list[Any]) -> float:
    return float(sum(order["filled"] for order in orders))


def act(engine: Engine, name: str) -> float:
    return engine.metric(f'watchkeeper_engine_exit_acts_total{{act="{name}"}}')


def test_a_missed_stop_a_refused_exit_and_a_refused_change(tmp_path: Path, supervisor: Supervisor) -> None:
    with running(tmp_path, supervisor, "Clumsy") as (gateway, engine):

        def told() -> object:
            return gateway.book(), engine.tail(60)

        # Missed: the market stands at the stop, and the stop does not fill. The profit of its group is moved, or where
        # the broker has not taken that yet, one order more joins the group.
        wait_for(lambda: sold(sells(gateway, "CLUMSY")) == 2, 90, told)
        first = wait_for(lambda: armed(gateway, "CLUMSY"), 30, told)
        wait_for(lambda: len(gateway.book()["positions"]) == 1, 20, told)
        filled = [order["order_type"] for order in sells(gateway, "CLUMSY") if order["status"] == "Filled"]
        assert filled in (["LMT"], ["MKT"])
        assert act(engine, "sent") >= 3
        assert engine.metric("watchkeeper_engine_exits_look_age_seconds") < 5

        # Refused: all exits are gone while the engine is away, and no new one is taken.
        os.kill(engine.pid, signal.SIGSTOP)
        hand = Ibapi()
        hand.start(gateway.api_port, 70)
        hand.ask("reqGlobalCancel")
        wait_for(lambda: not armed(gateway), 20, gateway.book)
        hand.stop()
        gateway.fault("refused-orders", which="closing")
        os.kill(engine.pid, signal.SIGCONT)
        wait_for(lambda: engine.status()["refused_orders"], 30, told)
        wait_for(lambda: engine.metric("watchkeeper_engine_positions_without_exit") == 1, 10, told)
        assert not armed(gateway)
        gateway.cure("refused-orders")
        second = wait_for(lambda: armed(gateway), 40, told)
        assert {o["oca_group"] for o in second} != {o["oca_group"] for o in first}
        assert sold(second) == 0

        # Not to be moved: the broker refuses the change, and the exits rest on as they were.
        wait_for(lambda: engine.status()["positions"] and len(engine.status()["positions"][0]["exits"]) == 3, 20, told)
        gateway.fault("read-only")
        before = act(engine, "pressed")
        answer = engine.post("/api/v1/flatten", {"reason": "a test"}, OPERATOR)
        assert answer.status_code == 200, answer.text
        wait_for(lambda: act(engine, "pressed") > before, 20, told)
        wait_for(lambda: "read-only" in engine.log.read_text(errors="replace").lower(), 10, told)
        assert {o["perm_id"] for o in armed(gateway) or ()} == {o["perm_id"] for o in second}
        gateway.cure("read-only")
        wait_for(lambda: not gateway.book()["positions"], 60, told)
        wait_for(lambda: agree(gateway.book(), engine.status()), 20, told)
        assert sold(sells(gateway)) == 4, "each position once"
        assert sold(sells(gateway, second[0]["oca_group"])) == 2, "through its own group"


# A Friday after Thanksgiving: stocks close at 13:00 in New York, and the cut-off is at 12:55.
HALF_DAY = datetime(2026, 11, 27, 17, 40, tzinfo=UTC)
OPEN = ((14, 30), (18, 0))


def keep_sessions(folder: Path) -> None:
    """Spare the stand-in the seconds in which it would reckon the sessions of years."""
    folder.mkdir()
    half = ["2026-11-27", *(int(HALF_DAY.replace(hour=hour, minute=minute).timestamp()) for hour, minute in OPEN)]
    kept = {"version": metadata.version("exchange_calendars"), "first": "2026-01-01", "last": "2029-12-31"}
    (folder / "sessions.json").write_text(json.dumps({**kept, "sessions": {name: [half] for name in CALENDARS}}))


def test_on_a_half_day_the_cut_off_is_earlier(tmp_path: Path, supervisor: Supervisor) -> None:
    ahead = tmp_path / "ahead"
    ahead.write_text(str((HALF_DAY - datetime.now(UTC)).total_seconds()))
    keep_sessions(tmp_path / "gateway-state")
    world = {"SIM_CALENDAR": "XNYS", "SIM_START": HALF_DAY.isoformat()}
    with running(tmp_path, supervisor, "Careless", "tests.engine.moved", **world) as (gateway, engine):

        def told() -> object:
            return gateway.book(), engine.tail(60)

        def move_to(hour: int, minute: int, second: int) -> None:
            now = datetime.fromisoformat(gateway.get("/api/v1/time")["now"])
            by = (HALF_DAY.replace(hour=hour, minute=minute, second=second) - now).total_seconds()
            gateway.post("/api/v1/time", {"advance": by})
            later = ahead.with_suffix(".new")
            later.write_text(str(float(ahead.read_text()) + by))
            later.replace(ahead)  # The engine may read at any moment.

        exits = wait_for(lambda: armed(gateway), 90, told)
        last = next(order for order in exits if order["order_type"] == "MKT")
        assert datetime.fromisoformat(last["good_after"]) == HALF_DAY.replace(hour=17, minute=55, second=30)
        # Well before the cut-off, so that a busy machine does not reach it while the engine looks at its watch.
        move_to(17, 54, 0)
        seen = engine.metric("watchkeeper_engine_ticks_total")
        wait_for(lambda: engine.metric("watchkeeper_engine_ticks_total") > seen + 5, 40, told)
        assert armed(gateway), "not before"
        move_to(17, 55, 1)
        wait_for(lambda: not gateway.book()["positions"], 25, told)
        ended = {order["order_type"]: order["status"] for order in sells(gateway)}
        assert ended == {"LMT": "Filled", "STP": "Cancelled", "MKT": "Cancelled"}
