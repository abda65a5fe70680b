"""A node that meets every hole of the adapter on the wire: `python -m tests.clients.nautilus_wire PORT CONTROL how`.

`how` is `cured`, with the engine's wire around the adapter's client, or `plain`, without it. Prints one JSON line.
"""

import asyncio
import datetime as dt
import json
import sys
from functools import partial
from typing import Any

import httpx
from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import (
    IBMarketDataTypeEnum,
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import IB_CLIENTS
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

from engine.clock import SystemClock
from engine.errors import SnapshotRefused
from engine.wire.wire import Wire
from tests.clients.nautilus_node import make_node, run

PORT, CONTROL, HOW = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
SPY = InstrumentId.from_str("SPY.ARCA")
EURO = IBContract(secType="CASH", symbol="EUR", currency="USD", exchange="IDEALPRO")
LOOK_SECONDS = 0.1
# How long a good end is waited for; whoever has the cures is there sooner.
PATIENCE = 4.0
BURST = 80


class Holes(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """First quotes and a fill, then lines, bars, and an order in a crowd of requests."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Any] = {"quotes": 0, "codes": [], "filled": False, "accepted": False, "answers": 0}
        self.until = 0.0
        self.bars: set[int] = set()

    def on_start(self) -> None:
        [self.client] = IB_CLIENTS.values()
        self.eclient = self.client._eclient
        self.spy = self.cache.instrument(SPY)
        self.contract = IBContract(**self.spy.info["contract"])
        self.hear()
        self.subscribe_quote_ticks(SPY)
        self.bought = self.order_factory.market(SPY, OrderSide.BUY, Quantity.from_int(1))
        self.submit_order(self.bought)
        self.begin(self.first)

    def begin(self, step: Any) -> None:
        self.until = self.now() + PATIENCE
        self.clock.set_timer(step.__name__, dt.timedelta(seconds=LOOK_SECONDS), callback=step)

    def now(self) -> float:
        return float(self.clock.timestamp())

    def hear(self) -> None:
        wrapper, error = self.eclient.wrapper, self.client.process_error

        async def heard(*, error_code: int, **rest: Any) -> None:
            self.seen["codes"].append(error_code)
            await error(error_code=error_code, **rest)

        self.client.process_error = heard
        wrapper.historicalDataEnd = lambda req_id, *_: self.bars.add(req_id)
        wrapper.marketRule = lambda *_: self.seen.update(answers=self.seen["answers"] + 1)

    def on_quote_tick(self, quote: Any) -> None:
        self.seen["quotes"] += 1

    def on_order_filled(self, event: Any) -> None:
        self.seen["filled"] = True

    def on_order_accepted(self, event: Any) -> None:
        if event.client_order_id != self.bought.client_order_id:
            self.seen |= {"accepted": True, "answers_before": self.seen["answers"]}

    def first(self, event: Any) -> None:
        if (self.seen["quotes"] and self.seen["filled"]) or self.now() > self.until:
            self.clock.cancel_timers()
            self.unsubscribe_quote_ticks(SPY)
            self.ask_for_bars()
            self.pay()
            for _ in range(BURST):
                self.eclient.reqMarketRule(26)
            price = self.spy.make_price(1)
            self.submit_order(self.order_factory.limit(SPY, OrderSide.BUY, Quantity.from_int(1), price))
            self.begin(self.second)

    def ask_for_bars(self) -> None:
        for number in range(6):
            ask = partial(self.eclient.reqHistoricalData, 900 + number, EURO, "", f"{60 + number * 5} S")
            ask("5 secs", "MIDPOINT", 0, 2, False, [])

    def pay(self) -> None:
        try:
            self.eclient.reqMktData(950, self.contract, "", True, True, [])
        except SnapshotRefused as error:
            self.seen["refused"] = str(error)

    def second(self, event: Any) -> None:
        if self.good() or self.now() > self.until:
            self.seen |= {"lines": lines(), "bars": len(self.bars), "connected": self.client.is_ready}
            self.clock.cancel_timers()
            node.stop()

    def good(self) -> bool:
        return self.seen["accepted"] and self.seen["answers"] == BURST and len(self.bars) == 6 and lines() == 0


def lines() -> int:
    """The market data lines that are in use at the stand-in."""
    text = httpx.get(f"http://127.0.0.1:{CONTROL}/metrics", trust_env=False).text
    [line] = [line for line in text.splitlines() if line.startswith("watchkeeper_simulator_market_lines ")]
    return int(float(line.split()[1]))


provider = InteractiveBrokersInstrumentProviderConfig(
    load_contracts=frozenset([IBContract(secType="STK", symbol="SPY", exchange="SMART", primaryExchange="ARCA")])
)
node = make_node(PORT, provider, log_level="OFF", market_data_type=IBMarketDataTypeEnum.DELAYED)
loop = node.get_event_loop()
kernel = node.kernel
client = InteractiveBrokersClient(
    loop=loop, msgbus=kernel.msgbus, cache=kernel.cache, clock=kernel.clock, port=PORT, client_id=1
)
IB_CLIENTS[("127.0.0.1", PORT, 1)] = client
asyncio.set_event_loop(loop)
if HOW == "cured":
    wire = Wire(client, loop, SystemClock())
client.start()
strategy = Holes()
run(node, strategy)
print(json.dumps(strategy.seen))
