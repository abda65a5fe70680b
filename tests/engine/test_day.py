"""The end of an option's life: closed at the cut-off. The next day's chain: `test_chain`."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.engine.rig import LATEST, Engine
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.rig import Supervisor

CUT_OFF = timedelta(minutes=5)

# Exits so far away that what closes the position is the clock: an option loses cents in its last minutes in any market.
STRATEGY = """
from datetime import timedelta

from nautilus_trader.model.enums import OptionKind, OrderSide
from nautilus_trader.trading.strategy import Strategy

from engine.orders import bracket


class Patient(Strategy):
    def on_start(self):
        self.bought = False
        self.clock.set_timer("look", timedelta(seconds=0.5), callback=lambda _: self.look())

    def look(self):
        calls = [one for one in self.cache.instruments() if getattr(one, "option_kind", None) == OptionKind.CALL]
        if len(calls) >= 10:
            self.clock.cancel_timer("look")
            calls.sort(key=lambda one: one.strike_price)
            self.subscribe_quote_ticks(calls[len(calls) // 4].id)

    def on_stop(self):
        self.clock.cancel_timers()

    def on_quote_tick(self, quote):
        if not self.bought and quote.bid_price > 1:
            self.bought = True
            prices = {"take_profit": float(quote.ask_price) * 2, "stop": 0.01}
            self.submit_order_list(bracket(self, quote.instrument_id, OrderSide.BUY, 1, **prices))
"""


def roll() -> datetime:
    """The next full minute in New York whose cut-off leaves 45 to 105 s for a first trade."""
    at = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")) + CUT_OFF + timedelta(seconds=105)
    at = at.replace(second=0, microsecond=0)
    # A day that ends at midnight stops its options a minute earlier.
    return at + timedelta(minutes=1) if (at.hour, at.minute) == (0, 0) else at


def test_flattened_at_the_cut_off_and_nothing_of_tomorrow_is_bought(tmp_path: Path, supervisor: Supervisor) -> None:
    ends = roll()
    (tmp_path / "patient.py").write_text(STRATEGY)
    own = {"STRATEGY": "patient:Patient", "STRATEGY_PATH": str(tmp_path)}
    world = {"SIM_SERVER_VERSION": LATEST, "SIM_DAY_START": f"{ends:%H:%M}", "SIM_VOLATILITY": "0.001"}
    with (
        contextlib.closing(StandIn(tmp_path, **world)) as gateway,
        contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **own)) as engine,
    ):
        gateway.start()
        gateway.up()
        engine.start()
        engine.reach("TRADING", 40)
        today = f"{ends:%y%m%d}C"

        def orders(of_today: bool, action: str) -> list[Any]:
            found = [o for o in gateway.book()["orders"] if o["action"] == action]
            return [o for o in found if (today in o["local_symbol"]) is of_today]

        wait_for(lambda: orders(True, "BUY"), 40, engine.tail)
        assert ends - datetime.now(UTC) > CUT_OFF

        def closing() -> list[Any]:
            return [o for o in orders(True, "SELL") if o["status"] == "Filled"]

        wait_for(closing, 170, lambda: (engine.status(), gateway.book()))
        assert ends - CUT_OFF <= datetime.now(UTC) < ends
        # The take-profit, moved to where it fills; nothing was sent beside the group, and the last resort slept on.
        exits = orders(True, "SELL")
        assert [o["order_type"] for o in exits if o["status"] == "Filled"] == ["LMT"]
        assert sorted(o["order_type"] for o in exits if o["status"] == "Cancelled") == ["MKT", "STP"]
        assert len({o["oca_group"] for o in exits}) == 1
        assert all(today not in p["local_symbol"] for p in gateway.book()["positions"] if p["quantity"])
        assert not orders(False, "BUY"), "what expires tomorrow is not bought today"
