"""A NautilusTrader node that places six orders before the open of November 29, 2024, and reports what became of them:
`python -m tests.clients.nautilus_hours PORT`. Prints one JSON line once all of them are over.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract, IBOrderTags
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    IB_CLIENTS,
)
from nautilus_trader.core.datetime import unix_nanos_to_dt
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

from tests.clients.nautilus_node import make_node, run

PORT = int(sys.argv[1])
SPY, FUTURE = "SPY.ARCA", "ESZ4.CME"


class AllHours(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Orders for the open, for now, for the close, and such as only end."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.seen: dict[str, Any] = {"bars": [], "events": {}, "expires": {}}

    def on_start(self) -> None:
        for instrument in self.cache.instruments():
            expires = getattr(instrument, "expiration_ns", 0)
            self.seen["expires"][str(instrument.id)] = str(unix_nanos_to_dt(expires)) if expires else ""
        self.request_bars(
            BarType.from_str(f"{SPY}-1-HOUR-LAST-EXTERNAL"),
            start=dt.datetime(2024, 11, 27, tzinfo=dt.UTC),
            end=dt.datetime(2024, 11, 29, 14, 29, tzinfo=dt.UTC),
            callback=self.place,
        )

    def on_historical_data(self, data: Any) -> None:
        self.seen["bars"].append(str(unix_nanos_to_dt(data.ts_init)))

    def place(self, request: Any) -> None:
        outside = [IBOrderTags(outsideRth=True).value]
        self.market("open", SPY)
        self.limit("early", SPY, 700, outside)
        self.market("close", SPY, TimeInForce.AT_THE_CLOSE)
        self.limit("day", SPY, 400)
        self.market("future", FUTURE)
        self.limit("future day", FUTURE, 4000)

    def market(self, name: str, symbol: str, time_in_force: TimeInForce = TimeInForce.DAY) -> None:
        order = self.order_factory.market(
            InstrumentId.from_str(symbol), OrderSide.BUY, Quantity.from_int(1), time_in_force=time_in_force
        )
        self.names[str(order.client_order_id)] = name
        self.submit_order(order)

    def limit(self, name: str, symbol: str, price: float, tags: list[str] | None = None) -> None:
        instrument = self.cache.instrument(InstrumentId.from_str(symbol))
        order = self.order_factory.limit(
            instrument.id,
            OrderSide.BUY,
            Quantity.from_int(1),
            instrument.make_price(price),
            time_in_force=TimeInForce.DAY,
            tags=tags,
        )
        self.names[str(order.client_order_id)] = name
        self.submit_order(order)

    def on_order_event(self, event: Any) -> None:
        name = self.names[str(event.client_order_id)]
        told = self.seen["events"].setdefault(name, [])
        kind = type(event).__name__
        told.append([kind, str(unix_nanos_to_dt(event.ts_event))] if kind == "OrderFilled" else [kind])
        if len(self.cache.orders_closed()) == 6:
            client = next(iter(IB_CLIENTS.values()))
            self.seen["reader_alive"] = not client._internal_msg_queue_processor_task.done()
            self.seen["positions"] = {str(p.instrument_id): p.quantity.as_double() for p in self.cache.positions_open()}
            node.stop()


stock = IBContract(secType="STK", symbol="SPY", exchange="SMART", primaryExchange="ARCA")
future = IBContract(secType="FUT", symbol="ES", exchange="CME", lastTradeDateOrContractMonth="20241220")
call = IBContract(
    secType="OPT",
    symbol="SPX",
    exchange="SMART",
    lastTradeDateOrContractMonth="20241129",
    strike=6000.0,
    right="C",
    tradingClass="SPXW",
)
provider = InteractiveBrokersInstrumentProviderConfig(load_contracts=frozenset([stock, future, call]))
node = make_node(PORT, provider)
strategy = AllHours()
run(node, strategy)
print(json.dumps(strategy.seen))
