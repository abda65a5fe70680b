"""When our books are compared with the broker's while nothing is wrong, and what a difference is worth. Pure.

What is on its way is a difference, too, for a moment: only one that is still the same some seconds later is one. What a
reconciliation did not cure is not reconciled for again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

CONFIRM_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of one session. `every` is in seconds, and 0 means never.

    `seen` is the difference at the last look, and `tried` one for which the books were reconciled.
    """

    every: float
    due_at: float = 0.0
    seen: str = ""
    tried: str = ""

    def due(self, now: float) -> bool:
        """Whether to look now."""
        return self.every > 0 and now >= self.due_at

    def after(self, difference: str, now: float) -> tuple[Checks, bool]:
        """Return the checks after a look that found this difference, and whether to reconcile now."""
        if not difference:
            return Checks(self.every, now + self.every), False
        again = difference == self.seen
        if again and difference != self.tried:
            return replace(self, due_at=now + CONFIRM_SECONDS, tried=difference), True
        wait = self.every if again else min(self.every, CONFIRM_SECONDS)
        return replace(self, due_at=now + wait, seen=difference), False
