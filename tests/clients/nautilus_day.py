"""A NautilusTrader node that meets all the rest: `python -m tests.clients.nautilus_day PORT`. Prints one JSON line.

Instruments of every class it knows, data of every kind it subscribes to, every order type it sends; then a lost link,
which somebody else brings about. It stops when quotes come again after that, or after a bound.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    IB_CLIENTS,
)
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType, OrderSide, OrderStatus, TimeInForce, TrailingOffsetType
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

from tests.clients.nautilus_node import make_node, run

PORT = int(sys.argv[1])
BOUND = dt.timedelta(seconds=90)
DONE = {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED}
CONTRACTS = [
    IBContract(secType="STK", symbol="SPY", exchange="SMART", primaryExchange="ARCA"),
    IBContract(secType="IND", symbol="SPX", exchange="CBOE"),
    IBContract(secType="CONTFUT", symbol="ES", exchange="CME"),
    IBContract(secType="CASH", symbol="EUR", currency="USD", exchange="IDEALPRO"),
    IBContract(secType="CRYPTO", symbol="BTC", currency="USD", exchange="PAXOS"),
]


class Day(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Subscribes to everything, sends one order of each type, and cancels what rests."""

    def __init__(self) -> None:
        super().__init__()
        self.mine: dict[str, Any] = {}
        self.seen: dict[str, Any] = {"quotes": 0, "trades": 0, "bars": 0, "books": 0, "history": 0}
        self.seen |= {"lost": False, "resumed": False}
        self.before = 0

    def on_start(self) -> None:
        self.seen["instruments"] = sorted(type(one).__name__ for one in self.cache.instruments())
        [self.spy] = [one for one in self.cache.instruments() if str(one.id.symbol) == "SPY"]
        self.subscribe_quote_ticks(self.spy.id)
        self.subscribe_trade_ticks(self.spy.id)
        self.subscribe_bars(BarType.from_str(f"{self.spy.id}-5-SECOND-LAST-EXTERNAL"))
        self.subscribe_order_book_deltas(self.spy.id, BookType.L2_MBP, depth=5)
        start = self.clock.utc_now() - dt.timedelta(hours=2)
        self.request_bars(BarType.from_str(f"{self.spy.id}-1-MINUTE-LAST-EXTERNAL"), start=start)
        self.clock.set_timer("look", dt.timedelta(milliseconds=250), callback=self.look)
        self.clock.set_time_alert("bound", self.clock.utc_now() + BOUND, lambda event: node.stop())

    def on_quote_tick(self, quote: Any) -> None:
        self.seen["quotes"] += 1
        if not self.mine:
            self.place(float(quote.bid_price), float(quote.ask_price))

    def on_trade_tick(self, tick: Any) -> None:
        self.seen["trades"] += 1

    def on_bar(self, bar: Any) -> None:
        self.seen["bars"] += 1

    def on_order_book_deltas(self, deltas: Any) -> None:
        self.seen["books"] += 1

    def on_historical_data(self, data: Any) -> None:
        self.seen["history"] += 1

    def place(self, bid: float, ask: float) -> None:
        def price(value: float) -> Any:
            return self.spy.make_price(round(value, 2))

        plain = {"instrument_id": self.spy.id, "order_side": OrderSide.BUY, "quantity": Quantity.from_int(1)}
        make, through, far = self.order_factory, price(bid - 2), price(ask + 5)
        trail = {"trailing_offset_type": TrailingOffsetType.PRICE}
        expires = self.clock.utc_now() + dt.timedelta(days=2)
        self.mine = {
            "market": make.market(**plain),
            "limit": make.limit(**plain, price=far),
            "stop": make.stop_market(**plain, trigger_price=through),
            "stop limit": make.stop_limit(**plain, trigger_price=through, price=far),
            "if touched": make.market_if_touched(**plain, trigger_price=far),
            "limit if touched": make.limit_if_touched(**plain, trigger_price=far, price=far),
            "trailing": make.trailing_stop_market(**plain, trigger_price=through, trailing_offset=1, **trail),
            "immediate": make.limit(**plain, price=through, time_in_force=TimeInForce.IOC),
            "until a day": make.limit(
                **plain, price=price(bid - 50), time_in_force=TimeInForce.GTD, expire_time=expires
            ),
            "rests": make.limit(**plain, price=price(bid - 50)),
            "on the close": make.market(**plain, time_in_force=TimeInForce.AT_THE_CLOSE),
        }
        self.rests = {self.mine[name] for name in ("until a day", "rests", "on the close")}
        for order in self.mine.values():
            self.submit_order(order)

    def look(self, event: Any) -> None:
        for order in list(self.rests):
            if order.status == OrderStatus.ACCEPTED:
                self.rests.discard(order)
                if order is self.mine["rests"]:
                    self.modify_order(order, price=self.spy.make_price(float(order.price) - 1))
                self.cancel_order(order)
        ready = self.link().is_ready
        if not ready:
            self.seen["lost"] = True
            self.before = self.seen["quotes"]
        complete = self.mine and all(order.status in DONE for order in self.mine.values()) and self.seen["bars"]
        if complete and ready and self.seen["lost"] and self.seen["quotes"] > self.before:
            self.seen["resumed"] = True
            node.stop()

    def link(self) -> Any:
        """The adapter's connection."""
        return next(iter(IB_CLIENTS.values()))

    def on_stop(self) -> None:
        self.seen |= {
            "orders": {name: order.status_string() for name, order in self.mine.items()},
            "reader_alive": not self.link()._internal_msg_queue_processor_task.done(),
        }


provider = InteractiveBrokersInstrumentProviderConfig(load_contracts=frozenset(CONTRACTS))
node = make_node(PORT, provider, use_regular_trading_hours=False)
strategy = Day()
run(node, strategy)
print(json.dumps(strategy.seen))
