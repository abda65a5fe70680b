"""A NautilusTrader node that loads SPY's options by the adapter's own means: `… nautilus_chain PORT DATE|MIN:MAX`.

It prints one JSON line: how many options of each expiry it has loaded.
"""

import datetime as dt
import json
import sys
from collections import Counter
from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersInstrumentProviderConfig
from nautilus_trader.trading.strategy import Strategy

from tests.clients.nautilus_node import make_node, run

PORT, WHICH = int(sys.argv[1]), sys.argv[-1]


class Count(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Looks at what is loaded, and ends."""

    def on_start(self) -> None:
        days = [
            one.info["contract"]["lastTradeDateOrContractMonth"]
            for one in self.cache.instruments()
            if hasattr(one, "strike_price")
        ]
        print(json.dumps(Counter(days)))
        self.clock.set_time_alert("end", self.clock.utc_now() + dt.timedelta(milliseconds=100), self.end)

    def end(self, event: Any) -> None:
        node.stop()


first, _, last = WHICH.partition(":")
days = {"min_expiry_days": int(first), "max_expiry_days": int(last)} if last else {}
named = {} if last else {"lastTradeDateOrContractMonth": WHICH}
share = {"secType": "STK", "symbol": "SPY", "exchange": "SMART", "primaryExchange": "ARCA"}
provider = InteractiveBrokersInstrumentProviderConfig(
    load_contracts=frozenset([IBContract(**share, build_options_chain=True, **days, **named)])
)
node = make_node(PORT, provider, trades=False)
run(node, Count())
