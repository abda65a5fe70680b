"""A NautilusTrader node that wants delayed quotes of SPY: `python -m tests.clients.nautilus_late PORT`.

Prints its warnings, and one JSON line once its reader has ended or a minute is over.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import (
    IBMarketDataTypeEnum,
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import IB_CLIENTS
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

from tests.clients.nautilus_node import make_node, run

PORT = int(sys.argv[1])


class Late(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Counts quotes and watches the reader."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Any] = {"quotes": 0}
        self.looks = 0

    def on_start(self) -> None:
        self.subscribe_quote_ticks(InstrumentId.from_str("SPY.ARCA"))
        self.clock.set_timer("look", dt.timedelta(seconds=0.1), callback=self.look)

    def on_quote_tick(self, quote: Any) -> None:
        self.seen["quotes"] += 1

    def look(self, event: Any) -> None:
        client = next(iter(IB_CLIENTS.values()))
        self.looks += 1
        dead = client._internal_msg_queue_processor_task.done()
        if dead or self.looks > 600:
            self.seen |= {"reader_alive": not dead, "connected": client._eclient.isConnected()}
            self.clock.cancel_timers()
            node.stop()


provider = InteractiveBrokersInstrumentProviderConfig(
    load_contracts=frozenset([IBContract(secType="STK", symbol="SPY", exchange="SMART", primaryExchange="ARCA")])
)
node = make_node(PORT, provider, trades=False, log_level="WARNING", market_data_type=IBMarketDataTypeEnum.DELAYED)
strategy = Late()
run(node, strategy)
print(json.dumps(strategy.seen))
