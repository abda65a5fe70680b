"""Choosing a strike by its delta. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.greeks.data import Greeks


def by_delta(
    values: Iterable[Greeks],
    target: float,
    now_ns: int,
    *,
    call: bool,
    tolerance: float = 0.1,
) -> Greeks | None:
    """Return the option whose delta is nearest to the target, of the nearest expiry, or None.

    `target` has no sign: 0.3 means 0.3 for a call and -0.3 for a put. A delta further off than `tolerance` is not
    what was asked for. Whoever asks has left out what is too old.
    """
    usable = [value for value in values if value.is_call == call and value.expiration_ns > now_ns]
    nearest = min((value.expiration_ns for value in usable), default=0)
    best = min(
        (value for value in usable if value.expiration_ns == nearest),
        key=lambda value: (abs(abs(value.delta) - target), value.strike),
        default=None,
    )
    return best if best is not None and abs(abs(best.delta) - target) <= tolerance else None
