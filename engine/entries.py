"""May a strategy open something new? Whoever holds entries can say no, a halt does, and the engine's own state may."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class EntryGate:
    """What everything that may refuse an order is asked of. Plain assignments, from any thread.

    `held` is the word of the supervisor or the operator and comes and goes. `halted` stays until the operator lifts
    it. `trading` and `settled` are written by the node's loop at each look: `trading` is true in the state TRADING
    alone, `settled` while the books are the broker's on the present session. `stopping` is set once and for good.
    `refusals` counts what the gate refused.
    """

    held: bool = False
    reason: str = ""
    halted: bool = False
    halt_reason: str = ""
    trading: bool = False
    settled: bool = False
    stopping: bool = False
    refusals: int = 0

    def hold(self, held: bool, reason: str) -> None:
        """Hold new entries, or let them go again."""
        self.held = held
        self.reason = reason if held else ""

    def halt(self, halted: bool, reason: str) -> None:
        """Halt, or lift the halt."""
        self.halted = halted
        self.halt_reason = reason if halted else ""

    @property
    def shut(self) -> bool:
        """Whether strategies may change nothing any more but give up entries that have not filled."""
        return self.halted or self.stopping

    def closed_because(self) -> str | None:
        """Return why no position may be opened now, or None when one may."""
        if self.stopping:
            return "the engine is stopping"
        if self.halted:
            return f"halted: {self.halt_reason or 'no reason given'}"
        if self.held:
            return f"entries are held: {self.reason or 'no reason given'}"
        if not self.trading:
            return "entries are held: the engine is not trading"
        return None

    def open(self) -> bool:
        """Return True when a new position may be opened."""
        return self.closed_because() is None
