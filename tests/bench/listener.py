"""A strategy as users write them, that only notes when each quote reaches it. Knows nothing of our engine."""

import time
from array import array
from pathlib import Path

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy


class ListenerConfig(StrategyConfig, frozen=True):  # type: ignore[misc, call-arg]
    """`path`: where the notes go when the engine stops."""

    path: str


class Listener(Strategy):  # type: ignore[misc]
    """Pairs of bid size and monotonic nanoseconds, for the bench to match with what it has sent."""

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__(config)
        self._path = Path(config.path)
        self._notes = array("q")

    def on_start(self) -> None:
        """Listen to the underlying."""
        self.subscribe_quote_ticks(InstrumentId.from_str("SPY.ARCX"))

    def on_quote_tick(self, tick: QuoteTick) -> None:
        """Note it."""
        self._notes.append(int(tick.bid_size))
        self._notes.append(time.monotonic_ns())

    def on_stop(self) -> None:
        """Write the notes."""
        self._path.write_bytes(self._notes.tobytes())
