"""A NautilusTrader node that leaves positions through their OCA groups: `… nautilus_groups PORT DATE`.

It buys six near calls, gives each its exits, and leaves: by a partly filled take-profit under each OCA type, by a
changed price, by a closing order, and wrongly, by cancelling one member. One JSON line tells what became of each.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersInstrumentProviderConfig
from nautilus_trader.model.enums import OptionKind, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

from engine import orders
from engine.orders import Oca, OcaType, Role
from tests.clients.nautilus_node import make_node, run

PORT, EXPIRY = int(sys.argv[1]), sys.argv[2]
BOUND = dt.timedelta(seconds=40)
SPY = InstrumentId.from_str("SPY.ARCA")
# More than is bid for at once.
MANY = 300
MARKETABLE = 0.01
CASES = {"1": MANY, "2": MANY, "3": MANY, "change": 1, "join": 1, "cancel": 1}


class Leaves(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """One position a case."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[str, Any] = {}
        self.bought = False
        self.oca: dict[str, Oca] = {}
        self.group: dict[str, dict[str, Any]] = {}
        self.uncovered: dict[str, float] = dict.fromkeys(CASES, 0.0)
        self.shrunk: dict[str, int] = dict.fromkeys(CASES, 0)
        self.least: dict[str, float] = dict.fromkeys(CASES, 0.0)

    def on_start(self) -> None:
        self.subscribe_quote_ticks(SPY)
        self.clock.set_timer("look", dt.timedelta(milliseconds=100), callback=self.look)
        self.clock.set_time_alert("bound", self.clock.utc_now() + BOUND, lambda event: node.stop())

    def look(self, event: Any) -> None:
        spy = self.cache.quote_tick(SPY)
        if spy is None:
            return
        if not self.calls:
            near = [one for one in self.cache.instruments() if getattr(one, "option_kind", None) == OptionKind.CALL]
            near.sort(key=lambda one: abs(float(one.strike_price) - float(spy.bid_price)))
            self.calls = dict(zip(CASES, near, strict=False))
            for call in self.calls.values():
                self.subscribe_quote_ticks(call.id)
        elif not self.bought and all(self.cache.quote_tick(call.id) for call in self.calls.values()):
            self.bought = True
            for name, call in self.calls.items():
                self.submit_order(
                    self.order_factory.market(
                        call.id, OrderSide.BUY, Quantity.from_int(CASES[name]), time_in_force=TimeInForce.DAY
                    )
                )
        elif self.bought:
            for name in CASES:
                self.act(name)
            if len(self.group) == len(CASES) and all(self.over(name) for name in CASES):
                node.stop()

    def act(self, name: str) -> None:
        call = self.calls[name].id
        held = self.held(name)
        if name not in self.group:
            if held == CASES[name]:
                self.arm(name, call, held)
            return
        group = self.group[name]
        if not all(order.is_open for order in group.values()) or len(group) > 3:
            return
        profit = group[Role.TAKE_PROFIT]
        if name == "join":
            group[Role.CLOSE_NOW] = orders.closing_order(self, call, held, self.oca[name])
            self.submit_order(group[Role.CLOSE_NOW])
        elif name == "cancel" and not profit.is_pending_cancel:
            self.cancel_order(profit)
        elif name != "cancel" and not profit.is_pending_update and float(profit.price) > MARKETABLE:
            self.modify_order(profit, price=self.calls[name].make_price(MARKETABLE))

    def arm(self, name: str, call: InstrumentId, held: float) -> None:
        kind = OcaType(int(name)) if name.isdigit() else OcaType.REDUCE
        self.oca[name] = orders.new_group(self, kind)
        bid = float(self.cache.quote_tick(call).bid_price)
        made = orders.exit_group(self, call, held, take_profit=bid + 50, stop=0.01, oca=self.oca[name])
        self.group[name] = {str(orders.role_of(order)): order for order in made}
        for order in made:
            self.submit_order(order)

    def on_order_event(self, event: Any) -> None:
        for name, group in self.group.items():
            stop = group[Role.STOP]
            if event.client_order_id != stop.client_order_id:
                continue
            left = float(group[Role.TAKE_PROFIT].leaves_qty)
            if type(event).__name__ == "OrderCanceled" and group[Role.TAKE_PROFIT].is_open:
                self.uncovered[name] = left
            if type(event).__name__ == "OrderUpdated" and float(stop.quantity) < CASES[name]:
                self.shrunk[name] += 1
        for name in self.calls:
            self.least[name] = min(self.least[name], self.held(name))

    def held(self, name: str) -> float:
        open_ones = self.cache.positions_open(instrument_id=self.calls[name].id)
        return float(sum(position.signed_qty for position in open_ones))

    def over(self, name: str) -> bool:
        return all(order.is_closed for order in self.group[name].values())

    def on_stop(self) -> None:
        told = {
            name: {
                "ends": {role: order.status_string() for role, order in self.group.get(name, {}).items()},
                "held": self.held(name) if self.calls else None,
                "least": self.least[name],
                "uncovered": self.uncovered[name],
                "shrunk": self.shrunk[name],
            }
            for name in CASES
        }
        print(json.dumps(told))


option = {"build_options_chain": True, "lastTradeDateOrContractMonth": EXPIRY}
provider = InteractiveBrokersInstrumentProviderConfig(
    load_contracts=frozenset(
        [IBContract(secType="STK", symbol="SPY", exchange="SMART", primaryExchange="ARCA", **option)]
    )
)
node = make_node(PORT, provider)
run(node, Leaves())
