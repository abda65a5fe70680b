"""What the reference strategy should do next. Pure: it sees a picture of the books and names one step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """The books of today's options. Seconds; `busy` while anything is held or ordered, whoever ordered it."""

    busy: bool = False
    resting: float = 0.0
    may_enter: bool = False
    target_quoted: bool = False
    settled: bool = True


def enters(view: View) -> bool:
    """Tell whether to open a position now. One at a time; its exits are the Keeper's, not ours."""
    return view.settled and view.may_enter and view.target_quoted and not view.busy and view.resting <= 0


def exit_prices(bid: float, ask: float, tick: float) -> tuple[float, float]:
    """Return (take profit, stop) about 5 % of the price away, at least two ticks, both on the tick grid."""
    distance = max(2 * tick, 0.05 * (bid + ask) / 2)
    profit = round((ask + distance) / tick) * tick
    stop = max(tick, round((bid - distance) / tick) * tick)
    return round(profit, 6), round(stop, 6)
