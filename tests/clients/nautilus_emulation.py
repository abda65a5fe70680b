"""A NautilusTrader node whose brackets are emulated: `… nautilus_emulation PORT DATE plain|mended [REDIS_PORT]`.

It buys near calls under four brackets, waits until nothing moves any more, leaves all as it is, and prints one JSON
line. Where something is held already, it sends nothing and tells which emulated orders it has found. `plain` leaves the
adapter as it is.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersInstrumentProviderConfig
from nautilus_trader.cache.config import CacheConfig
from nautilus_trader.config import DatabaseConfig
from nautilus_trader.model.enums import OptionKind, OrderSide, OrderType, TriggerType
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

from engine.orders import Oca, Role, ib_tags
from engine.private import send_children_alone
from tests.clients.nautilus_node import make_node, run

PORT, EXPIRY, HOW = int(sys.argv[1]), sys.argv[2], sys.argv[3]
REDIS = int(sys.argv[4]) if len(sys.argv) > 4 else None
BOUND = dt.timedelta(seconds=25)
SPY = InstrumentId.from_str("SPY.ARCA")
MOVING = {"SUBMITTED", "ACCEPTED", "PENDING_CANCEL"}
CASES = {
    "rests": {"emulation_trigger": TriggerType.BID_ASK},
    "triggers": {"emulation_trigger": TriggerType.BID_ASK},
    "mark": {"emulation_trigger": TriggerType.MARK_PRICE},
    "limit entry": {"emulation_trigger": TriggerType.BID_ASK, "entry_order_type": OrderType.LIMIT},
}


class Emulated(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """One bracket a case, each on a call of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, Any] = {}
        self.calls: list[Any] = []
        self.found: list[Any] = []
        self.second_life = False
        self.still: Any = None
        self.looks = 0

    def on_start(self) -> None:
        self.found = self.cache.orders_emulated()
        self.second_life = bool(self.cache.positions_open())
        self.subscribe_quote_ticks(SPY)
        self.clock.set_timer("look", dt.timedelta(milliseconds=200), callback=self.look)
        self.clock.set_time_alert("bound", self.clock.utc_now() + BOUND, lambda event: node.stop())

    def look(self, event: Any) -> None:
        spy = self.cache.quote_tick(SPY)
        if spy is None:
            return
        if self.second_life:
            node.stop()
        elif not self.calls:
            near = [one for one in self.cache.instruments() if getattr(one, "option_kind", None) == OptionKind.CALL]
            near.sort(key=lambda one: abs(float(one.strike_price) - float(spy.bid_price)))
            self.calls = near[: len(CASES)]
            for call in self.calls:
                self.subscribe_quote_ticks(call.id)
        elif not self.made and all(self.cache.quote_tick(call.id) for call in self.calls):
            for call, (name, fields) in zip(self.calls, CASES.items(), strict=True):
                self.buy(name, call, fields)
        elif self.made:
            self.end_when_still()

    def buy(self, name: str, call: Any, fields: dict[str, Any]) -> None:
        bid = float(self.cache.quote_tick(call.id).bid_price)
        tags = ib_tags(Role.TAKE_PROFIT, oca=Oca(f"WK-{name}"))
        # A profit that is already there is taken at once.
        profit = 0.05 if name == "triggers" else bid + 5
        bracket = self.order_factory.bracket(
            instrument_id=call.id,
            order_side=OrderSide.BUY,
            quantity=Quantity.from_int(1),
            entry_price=call.make_price(0.01) if name == "limit entry" else None,
            tp_price=call.make_price(profit),
            tp_post_only=False,
            tp_tags=tags,
            sl_trigger_price=call.make_price(0.01),
            sl_tags=tags,
            **fields,
        )
        entry, stop, profit_order = bracket.orders
        # By their ids: the emulator puts another order in the place of one that it releases.
        self.made[name] = {
            "entry": entry.client_order_id,
            "stop": stop.client_order_id,
            "take-profit": profit_order.client_order_id,
        }
        self.submit_order_list(bracket)

    def end_when_still(self) -> None:
        now = self.told()
        moving = [status for parts in now.values() for _, status in parts.values() if status in MOVING]
        self.looks = self.looks + 1 if now == self.still else 0
        self.still = now
        # An order that the adapter could not send stays submitted for ever.
        if self.looks >= (15 if moving else 2):
            node.stop()

    def told(self) -> dict[str, Any]:
        return {
            name: {part: [id_.value, self.cache.order(id_).status_string()] for part, id_ in parts.items()}
            for name, parts in self.made.items()
        }

    def on_stop(self) -> None:
        held = {str(position.instrument_id): float(position.signed_qty) for position in self.cache.positions_open()}
        found = {order.client_order_id.value: order.status_string() for order in self.found}
        print(json.dumps({"found": found, "orders": self.told(), "held": held}))


if HOW == "mended":
    send_children_alone()
option = {"build_options_chain": True, "lastTradeDateOrContractMonth": EXPIRY}
provider = InteractiveBrokersInstrumentProviderConfig(
    load_contracts=frozenset(
        [IBContract(secType="STK", symbol="SPY", exchange="SMART", primaryExchange="ARCA", **option)]
    )
)
memory = CacheConfig(database=DatabaseConfig(type="redis", host="127.0.0.1", port=REDIS)) if REDIS else None
node = make_node(PORT, provider, cache=memory)
run(node, Emulated())
