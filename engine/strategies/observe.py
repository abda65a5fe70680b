"""The actor that every node runs: it keeps one quote subscribed, so that a silent feed can be noticed at all."""

from __future__ import annotations

from nautilus_trader.common.actor import Actor

from engine.instruments import UNDERLYING


class Pulse(Actor):  # type: ignore[misc]
    """Subscribes the underlying's quotes. Trades nothing."""

    def on_start(self) -> None:
        """Subscribe once the trader starts."""
        self.subscribe_quote_ticks(UNDERLYING)
