"""May the strategy open something new? Two parties can say no: whoever holds entries, and the engine's own state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class EntryGate:
    """Exits never ask this gate.

    `held` is the word of the supervisor or the operator (plain assignments, from any thread); `trading` is
    written by the node's loop at each look, and is true in the state TRADING alone.
    """

    held: bool = False
    reason: str = ""
    trading: bool = False

    def hold(self, held: bool, reason: str) -> None:
        """Hold new entries, or let them go again."""
        self.held = held
        self.reason = reason if held else ""

    def open(self) -> bool:
        """Return True when a new position may be opened."""
        return self.trading and not self.held
