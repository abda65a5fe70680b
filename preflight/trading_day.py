"""The trading day of a liquid instrument by the gateway's own hours. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tws.times import sessions
from tws.values import Definition

_A_MOMENT = timedelta(seconds=1)
"""Midnight belongs to the day that it ends."""
_SHORTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Session:
    """One regular session; its day is that of its close, at the exchange."""

    opens: datetime
    closes: datetime
    shortened: bool
    """Whether it ends early, compared with the other sessions listed."""

    @property
    def day(self) -> date:
        return (self.closes - _A_MOMENT).date()

    @property
    def expiry(self) -> str:
        """What options that expire on its day are listed under: YYYYMMDD."""
        return f"{self.day:%Y%m%d}"

    def is_open(self, now: datetime) -> bool:
        return self.opens <= now < self.closes


def listed(definition: Definition) -> tuple[Session, ...]:
    """The sessions that the gateway lists, in order."""
    found = sorted(sessions(definition.liquid_hours, definition.time_zone))
    usual = max((closes - opens for opens, closes in found), default=timedelta())
    return tuple(Session(opens, closes, closes - opens + _SHORTER <= usual) for opens, closes in found)


def current(found: Sequence[Session], now: datetime) -> Session | None:
    """The session that is open, else the one that today still has or had; None on a day without one."""
    if is_open := [one for one in found if one.is_open(now)]:
        return is_open[0]
    today = [one for one in found if one.day == now.astimezone(one.closes.tzinfo).date()]
    return next((one for one in today if now < one.opens), today[-1] if today else None)


def left(definition: Definition, now: datetime) -> Session | None:
    """The session that is open, or still to come today; None once today has no more."""
    session = current(listed(definition), now)
    return session if session is not None and now < session.closes else None


def following(found: Sequence[Session], now: datetime) -> Session | None:
    """The first session that opens after now."""
    return next((one for one in found if one.opens > now), None)


def first_day(definition: Definition) -> date | None:
    """The first day that the hours speak of, open or closed."""
    first = definition.liquid_hours.split(";")[0]
    end = first.rpartition("-")[2] if "-" in first else first
    try:
        return datetime.strptime(end.partition(":")[0], "%Y%m%d").date()  # noqa: DTZ007 (a day of the exchange)
    except ValueError:
        return None
