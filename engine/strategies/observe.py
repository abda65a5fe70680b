"""The actor that every node runs: it keeps one quote subscribed, so that a silent feed can be noticed at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nautilus_trader.common.actor import Actor

if TYPE_CHECKING:
    from engine.instruments import Underlying


class Pulse(Actor):  # type: ignore[misc]
    """Subscribes the underlying's quotes, or an index's values. Trades nothing."""

    def __init__(self, underlying: Underlying) -> None:
        """Take what is to be watched."""
        super().__init__()
        self._underlying = underlying

    def on_start(self) -> None:
        """Subscribe once the trader starts."""
        if self._underlying.is_index:
            self.subscribe_index_prices(self._underlying.instrument_id)
        else:
            self.subscribe_quote_ticks(self._underlying.instrument_id)
