"""A NautilusTrader node that sends every order its adapter knows: `python -m tests.clients.nautilus_orders PORT DATE`.

None of those that can rest is near the market. It leaves them at the broker and prints one JSON line: each order's
client order id and its last event, by name.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.model.enums import OptionKind, OrderSide, OrderStatus, TimeInForce, TrailingOffsetType, TriggerType
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

from engine import orders
from engine.orders import Oca, OcaType, Role, conditions, ib_tags
from tests.clients.nautilus_node import make_node, run, two_stocks_and_a_chain

PORT, EXPIRY = int(sys.argv[1]), sys.argv[2]
BOUND = dt.timedelta(seconds=40)
FAR = 50.0
SPY, QQQ = InstrumentId.from_str("SPY.ARCA"), InstrumentId.from_str("QQQ.NASDAQ")
SENT = {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.RELEASED}
LATER = dt.datetime(2030, 12, 31, 22, tzinfo=dt.UTC)
DAY, GTC, GTD, IOC, FOK = (getattr(TimeInForce, name) for name in ("DAY", "GTC", "GTD", "IOC", "FOK"))
OPEN, CLOSE = TimeInForce.AT_THE_OPEN, TimeInForce.AT_THE_CLOSE


class Everything(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Sends them once quotes of both shares and of the option are there."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, Any] = {}
        self.call: Any = None

    def on_start(self) -> None:
        self.subscribe_quote_ticks(SPY)
        self.subscribe_quote_ticks(QQQ)
        self.clock.set_timer("look", dt.timedelta(milliseconds=100), callback=self.look)
        self.clock.set_time_alert("bound", self.clock.utc_now() + BOUND, lambda event: node.stop())

    def look(self, event: Any) -> None:
        spy, qqq = self.cache.quote_tick(SPY), self.cache.quote_tick(QQQ)
        if spy is None or qqq is None:
            return
        if self.call is None:
            calls = [one for one in self.cache.instruments() if getattr(one, "option_kind", None) == OptionKind.CALL]
            self.call = min(calls, key=lambda one: abs(float(one.strike_price) - float(spy.bid_price)))
            self.subscribe_quote_ticks(self.call.id)
        call = self.cache.quote_tick(self.call.id)
        if call is None:
            return
        if not self.made:
            self.types(float(spy.bid_price))
            self.waiting(float(qqq.bid_price))
            for order in self.made.values():
                self.submit_order(order)
            self.bracket(float(call.bid_price))
        elif not any(order.status in SENT for order in self.made.values()):
            node.stop()

    def types(self, bid: float) -> None:
        """Every type, and every time in force on at least one of them. Buys and sells take turns: 20 are the limit."""
        make, one = self.order_factory, Quantity.from_int(1)
        low, high, higher = bid - FAR, bid + FAR, bid + FAR + 5

        def price(value: float) -> Any:
            return self.cache.instrument(SPY).make_price(value)

        buys = {"instrument_id": SPY, "order_side": OrderSide.BUY, "quantity": one}
        sells = buys | {"order_side": OrderSide.SELL}
        until = {"time_in_force": GTD, "expire_time": LATER}
        fixed = {"trailing_offset_type": TrailingOffsetType.PRICE}
        share = {"trailing_offset_type": TrailingOffsetType.BASIS_POINTS}
        self.made = {
            "MKT DAY": make.market(**buys, time_in_force=DAY),
            "MKT GTC": make.market(**sells, time_in_force=GTC),
            "MKT IOC": make.market(**buys, time_in_force=IOC),
            "MKT FOK": make.market(**sells, time_in_force=FOK),
            "MKT OPG": make.market(**buys, time_in_force=OPEN),
            "MOC": make.market(**sells, time_in_force=CLOSE),
            "LMT DAY": make.limit(**buys, price=price(low), time_in_force=DAY),
            "LMT GTC": make.limit(**sells, price=price(high), time_in_force=GTC),
            "LMT GTD": make.limit(**buys, price=price(low), **until),
            "LMT IOC": make.limit(**sells, price=price(high), time_in_force=IOC),
            "LMT FOK": make.limit(**buys, price=price(low), time_in_force=FOK),
            "LMT OPG": make.limit(**sells, price=price(high), time_in_force=OPEN),
            "LOC": make.limit(**buys, price=price(low), time_in_force=CLOSE),
            "STP DAY": make.stop_market(**sells, trigger_price=price(low), time_in_force=DAY),
            "STP GTC": make.stop_market(**buys, trigger_price=price(high), time_in_force=GTC),
            "STP GTD": make.stop_market(**sells, trigger_price=price(low), **until),
            "STP LMT DAY": make.stop_limit(**buys, trigger_price=price(high), price=price(higher), time_in_force=DAY),
            "MIT DAY": make.market_if_touched(**sells, trigger_price=price(high), time_in_force=DAY),
            "LIT DAY": make.limit_if_touched(
                **sells, trigger_price=price(high), price=price(higher), time_in_force=DAY
            ),
            "MTL DAY": make.market_to_limit(**buys, time_in_force=DAY),
            "TRAIL DAY": make.trailing_stop_market(
                **sells,
                trigger_price=price(low),
                trailing_offset=FAR,
                trigger_type=TriggerType.LAST_PRICE,
                time_in_force=DAY,
                **fixed,
            ),
            "TRAIL GTC": make.trailing_stop_market(
                **buys, trigger_price=price(high), trailing_offset=1000, time_in_force=GTC, **share
            ),
            "TRAIL LIMIT DAY": make.trailing_stop_limit(
                **sells,
                price=price(low - 1),
                trigger_price=price(low),
                limit_offset=1,
                trailing_offset=FAR,
                time_in_force=DAY,
                **fixed,
            ),
        }

    def waiting(self, bid: float) -> None:
        """Orders that the tags alone describe: conditions, OCA groups, good-after times."""
        spy = int(self.cache.instrument(SPY).info["contract"]["conId"])
        never = self.clock.utc_now() + dt.timedelta(days=300)
        several = [
            conditions.price(spy, 1.0, above=False, trigger_method=2, otherwise=True),
            conditions.volume(spy, 10**9),
            conditions.time(never),
        ]
        held: dict[str, list[dict[str, Any]]] = {
            "price": [conditions.price(spy, 1.0, above=False)],
            "time": [conditions.time(never)],
            "margin": [conditions.margin(1, above=False)],
            "execution": [conditions.execution("IBM")],
            "volume": [conditions.volume(spy, 10**9)],
            "percent change": [conditions.percent_change(spy, 1000.0, above=True)],
            "several": several,
        }
        for name, rows in held.items():
            self.limit(f"condition {name}", OrderSide.BUY, bid - FAR, ib_tags(Role.ENTRY, conditions=rows))
        cancels = ib_tags(Role.ENTRY, conditions=held["time"], cancel_when_met=True)
        self.limit("cancelled by a condition", OrderSide.BUY, bid - FAR, cancels)
        self.limit("good after", OrderSide.BUY, bid - FAR, ib_tags(Role.ENTRY, good_after=LATER))
        self.limit("outside rth", OrderSide.BUY, bid - FAR, ib_tags(Role.ENTRY, outside_rth=True))
        for kind in OcaType:
            tags = ib_tags(Role.TAKE_PROFIT, oca=Oca(f"WK-{PORT}-{kind}", kind))
            self.limit(f"oca {kind} near", OrderSide.SELL, bid + FAR, tags)
            self.limit(f"oca {kind} far", OrderSide.SELL, bid + FAR + 1, tags)

    def limit(self, name: str, side: OrderSide, price: float, tags: list[str]) -> None:
        self.made[name] = self.order_factory.limit(
            instrument_id=QQQ,
            order_side=side,
            quantity=Quantity.from_int(1),
            price=self.cache.instrument(QQQ).make_price(price),
            time_in_force=DAY,
            tags=tags,
        )

    def bracket(self, bid: float) -> None:
        """One of our own, whose entry rests far below the market."""
        made = orders.bracket(
            self, self.call.id, OrderSide.BUY, 2, entry=0.01, take_profit=bid + 5, stop=0.02, oca_type=OcaType.REDUCE
        )
        names = [orders.role_of(order) for order in made.orders]
        self.made |= {f"bracket {name}": order for name, order in zip(names, made.orders, strict=True)}
        self.submit_order_list(made)

    def on_stop(self) -> None:
        told = {name: (order.client_order_id.value, str(order.last_event)) for name, order in self.made.items()}
        print(json.dumps(told))


node = make_node(PORT, two_stocks_and_a_chain(EXPIRY))
run(node, Everything())
