"""A NautilusTrader node that trades one bracket and reports: `python -m tests.clients.nautilus_session PORT`.

Prints one JSON line.

A process of its own, since a TradingNode owns its process's logging and event loop.
"""

import datetime as dt
import json
import sys
from typing import Any
from zoneinfo import ZoneInfo

from nautilus_trader.adapters.interactive_brokers.common import IBContract, IBOrderTags
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    IB_CLIENTS,
)
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType, OptionKind, OrderSide, OrderType
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Currency, Quantity
from nautilus_trader.trading.strategy import Strategy

from tests.clients.nautilus_node import NAME, make_node, run

PORT, EXPIRY = int(sys.argv[1]), sys.argv[2]


class OneBracket(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Buys a near call with a bracket whose exits share an OCA group; ends when it is flat again."""

    def __init__(self) -> None:
        super().__init__()
        self.call: Any = None
        self.sent = False
        self.seen: dict[str, Any] = {"events": [], "bars": 0, "trades": 0, "levels": 0}

    def on_start(self) -> None:
        [self.spy] = [i for i in self.cache.instruments() if not hasattr(i, "strike_price")]
        self.calls = [i for i in self.cache.instruments() if getattr(i, "option_kind", None) == OptionKind.CALL]
        self.seen |= {"spy": str(self.spy.id), "calls": len(self.calls)}
        self.subscribe_quote_ticks(self.spy.id)
        self.subscribe_trade_ticks(self.spy.id)
        self.subscribe_order_book_deltas(self.spy.id, book_type=BookType.L2_MBP, depth=20)
        self.subscribe_bars(BarType.from_str(f"{self.spy.id}-1-MINUTE-LAST-EXTERNAL"))

    def on_bar(self, bar: Any) -> None:
        self.seen["bars"] += 1

    def on_order_book_deltas(self, deltas: Any) -> None:
        self.seen["levels"] = max(self.seen["levels"], len(deltas.deltas) - 1)  # the first empties the book

    def on_trade_tick(self, tick: Any) -> None:
        self.seen["trades"] += 1

    def on_quote_tick(self, quote: Any) -> None:
        if self.call is None and quote.instrument_id == self.spy.id:
            self.call = min(self.calls, key=lambda i: abs(float(i.strike_price) - float(quote.bid_price)))
            self.seen |= {"call": str(self.call.raw_symbol), "expires": self.call.expiration_ns // 10**9}
            self.subscribe_quote_ticks(self.call.id)
        elif self.call is not None and quote.instrument_id == self.call.id and not self.sent:
            self.sent = True
            tags = [IBOrderTags(ocaGroup="exits", ocaType=1).value]
            self.submit_order_list(
                self.order_factory.bracket(
                    instrument_id=self.call.id,
                    order_side=OrderSide.BUY,
                    quantity=Quantity.from_int(1),
                    entry_order_type=OrderType.LIMIT,
                    entry_price=self.call.make_price(float(quote.ask_price) + 0.3),
                    tp_price=self.call.make_price(float(quote.bid_price) + 0.05),
                    sl_trigger_price=self.call.make_price(max(float(quote.bid_price) - 0.05, 0.01)),
                    tp_post_only=False,
                    tp_tags=tags,
                    sl_tags=tags,
                )
            )

    def on_event(self, event: Any) -> None:
        name = type(event).__name__
        if name.startswith(("Order", "Position")):
            self.seen["events"].append(name)
        if name == "PositionClosed":
            self.seen["profit"] = event.realized_pnl.as_double()
        if self.sent and self.seen["events"].count("OrderCanceled") and "PositionClosed" in self.seen["events"]:
            self.clock.set_time_alert("end", self.clock.utc_now() + dt.timedelta(seconds=1), self.finish)

    def finish(self, event: Any) -> None:
        account = self.portfolio.account(Venue(NAME))
        balance = account.balance_total(Currency.from_str("USD")) if account else None
        client = next(iter(IB_CLIENTS.values()))
        self.seen |= {
            "open_orders": len(self.cache.orders_open()),
            "open_positions": len(self.cache.positions_open()),
            "filled": sorted(str(o.client_order_id) for o in self.cache.orders_closed() if o.status.name == "FILLED"),
            "balance": balance.as_double() if balance else None,
            "reader_alive": not client._internal_msg_queue_processor_task.done(),
        }
        node.stop()


provider = InteractiveBrokersInstrumentProviderConfig(
    load_contracts=frozenset(
        [
            IBContract(
                secType="STK",
                symbol="SPY",
                exchange="SMART",
                primaryExchange="ARCA",
                build_options_chain=True,
                lastTradeDateOrContractMonth=EXPIRY,
            )
        ]
    )
)
node = make_node(PORT, provider)
strategy = OneBracket()
run(node, strategy)
strategy.seen["now"] = dt.datetime.now(ZoneInfo("UTC")).timestamp()
print(json.dumps(strategy.seen))
