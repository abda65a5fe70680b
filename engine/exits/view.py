"""What HTTP tells of the Keeper. Free of NautilusTrader, which is imported after the server answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Done(StrEnum):
    """What the Keeper has done to one exit or entry."""

    SENT = "sent"
    PRESSED = "pressed"
    RESIZED = "resized"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ExitsSeen:
    """How often each was done since the start, and how long ago the last look was, which was whole."""

    done: tuple[tuple[str, int], ...] = tuple((one.value, 0) for one in Done)
    look_age: float | None = None
