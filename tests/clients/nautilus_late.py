"""A NautilusTrader node that wants delayed quotes of SPY: `python nautilus_late.py PORT`.

Prints its warnings, and one JSON line once its reader has ended or a minute is over.
"""

import datetime as dt
import json
import sys
from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import (
    IBMarketDataTypeEnum,
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import IB_CLIENTS, InteractiveBrokersLiveDataClientFactory
from nautilus_trader.config import LoggingConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

PORT = int(sys.argv[1])
NAME = "INTERACTIVE_BROKERS"


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
node = TradingNode(
    TradingNodeConfig(
        trader_id="TEST-001",
        logging=LoggingConfig(log_level="WARNING", log_colors=False),
        data_clients={
            NAME: InteractiveBrokersDataClientConfig(
                ibg_host="127.0.0.1",
                ibg_port=PORT,
                ibg_client_id=1,
                instrument_provider=provider,
                market_data_type=IBMarketDataTypeEnum.DELAYED,
            )
        },
        timeout_post_stop=1,
    )
)
strategy = Late()
node.trader.add_strategy(strategy)
node.add_data_client_factory(NAME, InteractiveBrokersLiveDataClientFactory)
node.build()
node.run()
node.dispose()
print(json.dumps(strategy.seen))
