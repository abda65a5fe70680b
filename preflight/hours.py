"""The session of an instrument that matters now, by the gateway's own hours. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tws.times import sessions
from tws.values import Definition

_A_MOMENT = timedelta(seconds=1)
"""Midnight belongs to the day that it ends."""


@dataclass(frozen=True, slots=True)
class Today:
    """The regular session that is open, or the next one of this day at the exchange."""

    opens: datetime
    closes: datetime

    @property
    def date(self) -> str:
        """YYYYMMDD of the exchange's day, in which the session ends: it may begin on the evening before."""
        return f"{self.closes - _A_MOMENT:%Y%m%d}"

    def is_open(self, now: datetime) -> bool:
        return self.opens <= now < self.closes


def today(definition: Definition, now: datetime) -> Today | None:
    """None: the exchange is closed today, or its session is over."""
    for opens, closes in sorted(sessions(definition.liquid_hours, definition.time_zone)):
        if now < closes:
            same_day = opens.date() == now.astimezone(opens.tzinfo).date()
            return Today(opens, closes) if opens <= now or same_day else None
    return None
