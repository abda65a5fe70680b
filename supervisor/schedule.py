"""PREFLIGHT_AT: when the preflight is asked by itself, on the days on which the exchange holds a session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from supervisor.errors import SettingsRefused
from supervisor.windows import Reauth
from tws.clock import Clock

_LONGEST_NAP = 30.0
"""A wall clock may be set, and a machine may sleep: what is due is worked out anew this often."""
_LATEST = timedelta(minutes=10)
"""Beyond it a moment is missed, not late: nobody expects the morning's preflight at noon."""


@dataclass(frozen=True, slots=True)
class Daily:
    """A time of day on some clock's wall."""

    moment: Reauth

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `08:10 America/Chicago`.

        Raises:
            SettingsRefused: it is not of that form, or there is no such zone.
        """
        problem = f"PREFLIGHT_AT: expected such as '08:10 America/Chicago', found {text!r}"
        try:
            moment = Reauth.parse(text)
        except SettingsRefused as error:
            raise SettingsRefused(problem) from error
        if moment.day is not None:
            raise SettingsRefused(f"{problem}; every day with a session is meant")
        return cls(moment)

    def first(self, after: datetime) -> datetime:
        """The first such moment after `after`, UTC."""
        return self.moment.first(after)

    def is_workday(self, moment: datetime) -> bool:
        """Whether that is Monday to Friday where its clock hangs."""
        return moment.astimezone(self.moment.zone).weekday() < 5


async def keep(
    daily: Daily,
    has_session: Callable[[datetime], Awaitable[bool | None]],
    due: Callable[[], Awaitable[None]],
    clock: Clock,
) -> None:
    """Call `due` at every such moment of a day with a session, until cancelled.

    `has_session` is asked at the moment itself. Where it does not know (None), Monday to Friday are such days.
    """
    seen = clock.now()
    while True:
        moment, now = daily.first(seen), clock.now()
        seen = now
        if now < moment:
            await clock.sleep(min((moment - now).total_seconds(), _LONGEST_NAP))
            continue
        if now - moment > _LATEST:
            continue
        known = await has_session(moment)
        if known if known is not None else daily.is_workday(moment):
            await due()
