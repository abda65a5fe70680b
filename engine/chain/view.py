"""What HTTP tells of the chain. Free of NautilusTrader, which is imported after the server answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChainView:
    """What is told of the chain. `missing` says why there is none of today, and is empty when there is one."""

    underlying: str
    date: str | None = None
    listed: int = 0
    wanted: int = 0
    loaded: int = 0
    near_seconds: float | None = None
    load_seconds: float | None = None
    missing: str = ""
