"""session: is today a session, is it a short one, and how long until the open or the close?

By the hours that the gateway lists for SPY, which know of a day of mourning before any calendar does. A session is
short where it ends half an hour earlier than another of the days listed. A day without a session stops no engine:
futures and other exchanges have days of their own.
"""

from datetime import UTC, datetime, timedelta

from preflight.check import Answer, Check, Remedy, Site
from preflight.errors import NotSeen
from preflight.report import Result
from preflight.trading_day import Session, current, following, listed

_CLOSING = timedelta(minutes=30)

_CLOSED = Remedy("no-session", "nothing to do if nothing is to be traded today; strategies that expect a session wait")
_SHORT = Remedy("short-session", "bring forward whatever is timed by the usual close: cut-offs, exits, expiries")
_LATE = Remedy("close-is-near", "let the engine only wind down what it has, or wait for the next session")


async def ask(site: Site) -> Answer:
    found = listed(await site.gateway.reference())
    if not found:
        raise NotSeen("the gateway lists no hours that can be read")
    now, today = site.now, current(found, site.now)
    if today is None or now >= today.closes:
        over = "today's is over" if today else f"none on {now.astimezone(found[0].closes.tzinfo):%A, %Y-%m-%d}"
        upcoming = following(found, now)
        more = f"; the next opens in {_minutes(upcoming.opens - now)}, {_clock(upcoming.opens)}" if upcoming else ""
        return Answer(Result.PASS if today else Result.WARN, over + more, () if today else (_CLOSED,))
    return _today(today, now)


def _today(today: Session, now: datetime) -> Answer:
    if now < today.opens:
        told = f"opens in {_minutes(today.opens - now)}, {_clock(today.opens)}, and closes {_clock(today.closes)}"
    else:
        told = f"open, closes in {_minutes(today.closes - now)}, {_clock(today.closes)}"
    remedies: tuple[Remedy, ...] = (_SHORT,) if today.shortened else ()
    if today.shortened:
        told += "; shorter than other days"
    if today.opens <= now and today.closes - now <= _CLOSING:
        remedies += (_LATE,)
    return Answer(Result.WARN if remedies else Result.PASS, told, remedies)


def _minutes(time: timedelta) -> str:
    minutes = round(time / timedelta(minutes=1))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _clock(moment: datetime) -> str:
    return f"{moment:%a %H:%M} {moment.tzinfo} ({moment.astimezone(UTC):%H:%M} UTC)"


CHECK = Check("session", "calendar", "a full session today", ask, needs=("login",), remedies=(_CLOSED, _SHORT, _LATE))
