"""When the calendar has a say: the daily restart, the cold restart of Sunday, the end of the week's token."""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.ibc_settings import sunday_time, time_of
from gateway.simulator.jvm import Jvm
from gateway.simulator.login_state import Exit, Phase
from gateway.simulator.market.calendar import NEW_YORK
from gateway.simulator.narrate import CLOSES

_SUNDAY = 6
_WEEK_ENDS = dt.time(1, 0)
"""Sunday, New York time: IBKR's documentation of auto restart."""

type _End = Literal["restart", "logoff", "cold"]


def next_daily(now: dt.datetime, at: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The next moment, in UTC, at which a wall clock of that zone shows `at`."""
    return _next(now, at, zone, 1)


def next_sunday(now: dt.datetime, at: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The next Sunday at that time of day in that zone, in UTC."""
    today = now.astimezone(zone)
    ahead = (_SUNDAY - today.weekday()) % 7
    return _next(now, at, zone, 7, ahead)


def token_end(now: dt.datetime) -> dt.datetime:
    """Until when the token of a login made now is good."""
    return next_sunday(now, _WEEK_ENDS, NEW_YORK)


def _next(now: dt.datetime, at: dt.time, zone: dt.tzinfo, days: int, ahead: int = 0) -> dt.datetime:
    day = now.astimezone(zone).date() + dt.timedelta(days=ahead)
    moment = dt.datetime.combine(day, at, zone).astimezone(dt.UTC)
    if moment <= now:
        moment = dt.datetime.combine(day + dt.timedelta(days=days), at, zone).astimezone(dt.UTC)
    return moment


class Nights:
    """Ends the process of the moment at the times that IBC's settings, or an earlier RESTART, name."""

    def __init__(self, gateway: Gateway, jvm: Jvm, say: Callable[[str], None]) -> None:
        """`say` writes to IBC's log."""
        self._gateway = gateway
        self._jvm = jvm
        self._say = say
        self._zone = ZoneInfo(gateway.settings.time_zone)
        self._work: asyncio.Task[None] | None = None
        gateway.configuration.when_changed(self._changed)

    def start(self) -> None:
        """Begin to watch the calendar, or begin again with another time."""
        if self._work is not None:
            self._work.cancel()
        self._work = asyncio.get_running_loop().create_task(self._watch())

    def _changed(self) -> None:
        if self._work is not None:
            self.start()

    def carry(self, text: str) -> None:
        """The time that a RESTART set stays set: from now on the gateway restarts at it every day."""
        self._gateway.configuration.restart_daily(text)

    async def close(self) -> None:
        """Watch no longer."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _watch(self) -> None:
        """While there is anything to wait for."""
        now = self._gateway.now()
        while due := self._due(now):
            moment, what = min(due)
            await self._gateway.clock.sleep((moment - self._gateway.now()).total_seconds())
            if self._jvm.phase is Phase.SERVING:
                self._end(what)
            now = max(moment, self._gateway.now())

    def _end(self, what: _End) -> None:
        match what:
            case "restart":
                self._jvm.restart(self._gateway.host.monotonic())
            case "cold":
                self._say(CLOSES)
                self._jvm.end(Exit(0, cold=True))
            case "logoff":
                self._jvm.end(Exit(0))

    def _due(self, now: dt.datetime) -> list[tuple[dt.datetime, _End]]:
        settings, configuration = self._gateway.settings, self._gateway.configuration
        due: list[tuple[dt.datetime, _End]] = []
        if (restart := time_of(configuration.auto_restart_time)) is not None:
            due.append((next_daily(now, restart, self._zone), "restart"))
        elif (logoff := time_of(configuration.auto_logoff_time)) is not None:
            due.append((next_daily(now, logoff, self._zone), "logoff"))
        if (cold := sunday_time(settings.cold_restart_time)) is not None:
            due.append((next_sunday(now, cold, self._zone), "cold"))
        return due
