"""What the wire has done, in numbers for metrics and status. Light, since it is needed before Nautilus is loaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """One reading."""

    waiting: int = 0
    delayed_messages: int = 0
    delayed_ticks: int = 0
    repaired_times: int = 0
    unbooked_fills: int = 0
