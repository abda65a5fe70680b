"""Windows of maintenance, and the weekly end of a login: which hold now, and what comes next. Pure, but for `load`.

A window opens when the clock on its zone's wall first shows `from` or later, and closes when that clock last shows
earlier than `to`. So a clock that is put forward over `from` opens it at the change, and one that is put back inside a
window leaves it open for the hour that comes twice.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from preflight.restart_time import restart_time
from supervisor.errors import SettingsRefused

Region = Literal["na", "eu", "apac"]
OURS = Path(__file__).with_name("windows.toml")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_NEW_YORK = ZoneInfo("America/New_York")
_REGIONS: Final[dict[Region, ZoneInfo]] = {
    "na": _NEW_YORK,
    "eu": ZoneInfo("Europe/Zurich"),
    "apac": ZoneInfo("Asia/Hong_Kong"),
}
_TOKEN_DAY, _TOKEN_TIME = DAYS.index("sun"), time(1)

_A_TIME_AND_ZONE = re.compile(r"^(?:([a-z]{3}) )?([01]\d|2[0-3]):([0-5]\d) (\S+)$", re.IGNORECASE)
PLANNED_RESTART = timedelta(minutes=5)
"""How long the gateway's own daily restart may take: a minute and a half, and as much again twice."""


def zone(name: str) -> ZoneInfo:
    """An IANA zone by name.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"expected an IANA zone such as America/New_York, found {name!r}") from error


def _clock(text: object) -> object:
    """`23:45` as a time. Seconds and offsets have no place in a window."""
    if not (isinstance(text, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text)):
        raise ValueError(f"expected a time such as 23:45, found {text!r}")
    return time.fromisoformat(text)


def _day(text: object) -> object:
    if text not in DAYS:
        raise ValueError(f"expected a day such as mon, found {text!r}")
    return DAYS.index(str(text))


_Clock = Annotated[time, BeforeValidator(_clock)]
_Zone = Annotated[ZoneInfo, BeforeValidator(zone)]
_Weekday = Annotated[int, BeforeValidator(_day)]


class Window(BaseModel):
    """Hours that come back on some days of the week.

    Attributes:
        days: weekdays on which it opens, Monday is 0; none: never.
        valid_from: the first day on which it may open.
        planned: the gateway's own doing, such as its daily restart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    zone: _Zone
    days: frozenset[_Weekday]
    opens: _Clock = Field(alias="from")
    closes: _Clock = Field(alias="to")
    regions: frozenset[Region] = frozenset({"na", "eu", "apac"})
    valid_from: date = date.min
    source: str = ""
    read_on: date | None = None
    planned: bool = False

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.opens == self.closes:
            raise ValueError(f"expected from and to to differ, found {self.opens:%H:%M} twice")
        return self


@dataclass(frozen=True, slots=True)
class Span:
    """One time that a window is open, in UTC."""

    name: str
    opens: datetime
    closes: datetime
    planned: bool = False


# -- what is open, and what comes next ---------------------------------------------------------------------------------


def open_windows(windows: Iterable[Window], wall_now: datetime) -> tuple[Span, ...]:
    """The windows that are open at `wall_now` (aware), the one that stays open longest first."""
    now = wall_now.astimezone(UTC)
    found = [span for window in windows for span in _spans(window, now, 1, 0) if span.opens <= now < span.closes]
    return tuple(sorted(found, key=lambda span: (-span.closes.timestamp(), span.name)))


def next_opening(windows: Iterable[Window], wall_now: datetime) -> Span | None:
    """The first window to open after `wall_now`, or None where there is none in eight days."""
    now = wall_now.astimezone(UTC)
    found = [span for window in windows for span in _spans(window, now, 0, 8) if span.opens > now]
    return min(found, key=lambda span: (span.opens, span.name), default=None)


def _spans(window: Window, now: datetime, before: int, after: int) -> Iterable[Span]:
    """The times that `window` opens on days around the one that its zone's calendar shows."""
    today = now.astimezone(window.zone).date()
    for offset in range(-before, after + 1):
        day = today + timedelta(days=offset)
        if day.weekday() not in window.days or day < window.valid_from:
            continue
        end = day if window.closes > window.opens else day + timedelta(days=1)
        span = Span(
            window.name,
            _instant(datetime.combine(day, window.opens), window.zone, last=False),
            _instant(datetime.combine(end, window.closes), window.zone, last=True),
            window.planned,
        )
        if span.opens < span.closes:  # else a clock put forward has swallowed it
            yield span


def _instant(shown: datetime, where: ZoneInfo, *, last: bool) -> datetime:
    """When the clock on the wall shows `shown`: the first or the last time, or the change that skips it."""
    found = shown.replace(tzinfo=where, fold=int(last)).astimezone(UTC)
    if _shown(found, where) == shown:
        return found
    # Skipped: the two readings of it lie on either side of the change.
    start, end = sorted(shown.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1))
    minutes = range(int((end - start) / timedelta(minutes=1)))
    return start + timedelta(minutes=1) * bisect_left(
        minutes, True, key=lambda minute: _shown(start + timedelta(minutes=minute), where) >= shown
    )


def _shown(instant: datetime, where: ZoneInfo) -> datetime:
    return instant.astimezone(where).replace(tzinfo=None, fold=0)


# -- the weekly token --------------------------------------------------------------------------------------------------


def token_expiry(after: datetime) -> datetime:
    """When a login next needs its second factor again: the first Sunday, 01:00 in New York, after `after`. UTC."""
    return _next(_TOKEN_DAY, _TOKEN_TIME, _NEW_YORK, after)


def token_ended(before: datetime) -> datetime:
    """When that last was, at or before `before`. UTC."""
    # A week back is at most two ends away, and never none.
    ended = token_expiry(before - timedelta(days=8))
    while (later := token_expiry(ended)) <= before:
        ended = later
    return ended


@dataclass(frozen=True, slots=True)
class Reauth:
    """REAUTH_AT: when one push may be sent after the token has ended. `day` None: on whichever day is first."""

    day: int | None
    at: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sun 17:00 Europe/Berlin` or `17:00 Europe/Berlin`.

        Raises:
            SettingsRefused: it is not of that form, or there is no such zone.
        """
        match = _A_TIME_AND_ZONE.match(text.strip())
        if match is None or (match[1] and match[1].lower() not in DAYS):
            raise SettingsRefused(f"REAUTH_AT: expected such as 'sun 17:00 America/New_York', found {text!r}")
        try:
            where = zone(match[4])
        except ValueError as error:
            raise SettingsRefused(f"REAUTH_AT: {error}") from error
        day = DAYS.index(match[1].lower()) if match[1] else None
        return cls(day, time(int(match[2]), int(match[3])), where)

    def first(self, after: datetime) -> datetime:
        """The first such moment after `after`, UTC."""
        return _next(self.day, self.at, self.zone, after)


def _next(day: int | None, at: time, where: ZoneInfo, after: datetime) -> datetime:
    """The first moment after `after` at which the clock of `where` shows `at`, on that weekday or any."""
    today = after.astimezone(where).date()
    for offset in range(9):
        date_ = today + timedelta(days=offset)
        if day is None or date_.weekday() == day:
            instant = _instant(datetime.combine(date_, at), where, last=False)
            if instant > after:
                return instant
    raise AssertionError("every weekday comes within nine days")


# -- all of it at one moment -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the calendar says at one moment. The token's times are None where its end does not matter."""

    open: tuple[Span, ...] = ()
    next: Span | None = None
    token_ended_at: datetime | None = None
    token_expires_at: datetime | None = None
    reauth_at: datetime | None = None


def calendar(windows: Iterable[Window], *, token: bool, reauth: Reauth | None, wall_now: datetime) -> Calendar:
    """Everything that the time of day says. `reauth_at` is the first one since the token last ended."""
    windows = tuple(windows)
    ended = token_ended(wall_now) if token else None
    return Calendar(
        open_windows(windows, wall_now),
        next_opening(windows, wall_now),
        ended,
        token_expiry(wall_now) if token else None,
        reauth.first(ended) if reauth is not None and ended is not None else None,
    )


# -- loading -----------------------------------------------------------------------------------------------------------


def planned_restart(text: str, zone_name: str) -> Window:
    """The window of the gateway's own daily restart, from IBC's AUTO_RESTART_TIME (`11:45 PM`) and its zone.

    Raises:
        SettingsRefused: either cannot be read.
    """
    at = restart_time(text)
    if at is None:
        raise SettingsRefused(f"AUTO_RESTART_TIME: expected a time such as 11:45 PM or 09:30 AM, found {text!r}")
    opens = datetime.combine(date(2000, 1, 1), at)
    try:
        return Window.model_validate(
            {
                "name": "auto-restart",
                "zone": zone_name,
                "days": list(DAYS),
                "from": f"{opens:%H:%M}",
                "to": f"{opens + PLANNED_RESTART:%H:%M}",
                "planned": True,
            }
        )
    except ValidationError as error:
        raise SettingsRefused(f"TIME_ZONE: {_first_message(error)}") from error


def nightly_restart(region: Region, zone_name: str) -> str:
    """When a gateway of `zone_name` restarts itself, as IBC wants it: at 23:45 of the region in summer.

    That is 22:45 there in winter where the two zones' clocks do not change together. The other way about it would be
    00:45 in summer, when IBKR's own reset may keep it from coming back.

    Raises:
        SettingsRefused: there is no such zone.
    """
    try:
        shown = datetime(2026, 7, 1, 23, 45, tzinfo=_REGIONS[region]).astimezone(zone(zone_name))
    except ValueError as error:
        raise SettingsRefused(f"TIME_ZONE: {error}") from error
    return f"{shown:%I:%M} {'AM' if shown.hour < 12 else 'PM'}"


def load(region: Region | None, own: Path | None = None) -> tuple[Window, ...]:
    """The windows of an account's region (None: IBKR's do not matter), with the user's own on top.

    Raises:
        SettingsRefused: a file cannot be read, or says what cannot be.
    """
    ours = parse(OURS.read_text(), "supervisor/windows.toml")
    theirs: Sequence[Window] = ()
    if own is not None:
        try:
            theirs = parse(own.read_text(), str(own))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsRefused(f"WINDOWS_FILE: expected a readable file, found {error}") from error
    by_name = {window.name: window for window in (*(ours if region else ()), *theirs)}
    return tuple(window for window in by_name.values() if region is None or region in window.regions)


def parse(text: str, where: str) -> tuple[Window, ...]:
    """Read a file of windows.

    Raises:
        SettingsRefused: every fault found, one a line, each with the window's name.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(f"{where}: expected TOML, found an error: {error}") from error
    rows = content.get("window")
    if set(content) != {"window"} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SettingsRefused(f"{where}: expected [[window]] tables and nothing else, found {', '.join(content)}")
    faults: list[str] = []
    windows: dict[str, Window] = {}
    for number, row in enumerate(rows, 1):
        name = str(row.get("name") or f"number {number}")
        try:
            window = Window.model_validate(row)
        except ValidationError as error:
            faults.append(f"{where}: window {name}: {_first_message(error)}")
            continue
        if window.name in windows:
            faults.append(f"{where}: expected each name once, found {window.name} twice")
        windows[window.name] = window
    if faults:
        raise SettingsRefused("\n".join(faults))
    return tuple(windows.values())


def _first_message(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    found = "" if first["type"] in ("missing", "value_error") else f", found {first['input']!r}"
    return f"{key + ': ' if key else ''}{first['msg'].removeprefix('Value error, ')}{found}"
