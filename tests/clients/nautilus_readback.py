"""A NautilusTrader node without a cache that finds orders at the broker: `… nautilus_readback PORT DATE kept|plain`.

It prints one JSON line: each open order's type, time in force and OCA group, and what it would send for it now. Before
that it changes the price of three. `plain` leaves the adapter as it is.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.model.enums import OrderStatus, OrderType, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

from engine import orders
from engine.private import keep_order_terms
from tests.clients.nautilus_node import make_node, run, two_stocks_and_a_chain

PORT, EXPIRY, HOW = int(sys.argv[1]), sys.argv[2], sys.argv[3]
BOUND = dt.timedelta(seconds=20)
QQQ = InstrumentId.from_str("QQQ.NASDAQ")


class Finds(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Changes the limits that wait for QQQ, and ends when the broker has taken that."""

    def on_start(self) -> None:
        self.changed = [
            order
            for order in self.cache.orders_open(instrument_id=QQQ)
            if order.order_type == OrderType.LIMIT and order.status == OrderStatus.ACCEPTED
        ]
        self.before = {order.client_order_id: float(order.price) for order in self.changed}
        for order in self.changed:
            self.modify_order(order, price=self.cache.instrument(QQQ).make_price(float(order.price) - 1))
        self.clock.set_timer("look", dt.timedelta(milliseconds=100), callback=self.look)
        self.clock.set_time_alert("bound", self.clock.utc_now() + BOUND, lambda event: node.stop())

    def look(self, event: Any) -> None:
        if all(float(order.price) < self.before[order.client_order_id] for order in self.changed):
            node.stop()

    def on_stop(self) -> None:
        told = {}
        for order in self.cache.orders_open():
            group = orders.oca_of(order)
            told[order.client_order_id.value] = {
                "type": order.type_string(),
                "tif": TimeInForce(order.time_in_force).name,
                "oca": [group.group, int(group.type)] if group else None,
                "role": orders.role_of(order),
                "changed": order in self.changed,
            }
        print(json.dumps(told))


if HOW == "kept":
    keep_order_terms()
node = make_node(PORT, two_stocks_and_a_chain(EXPIRY))
run(node, Finds())
