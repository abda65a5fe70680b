"""Is the market open, by the hours that the gateway itself lists? Pure."""

from collections.abc import Sequence
from datetime import datetime

type Hours = Sequence[tuple[datetime, datetime]]
"""Beginning and end of the regular sessions of the next days."""


def is_open(hours: Hours, now: datetime) -> bool | None:
    """None where nobody can tell: no hours were listed yet, or the last ones are over."""
    if any(opens <= now < closes for opens, closes in hours):
        return True
    return False if any(now < opens for opens, _ in hours) else None
