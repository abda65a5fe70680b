"""clock-change: do the exchange's clocks change about now?

The exchange keeps its local hours, so in UTC everything moves by an hour: schedules in UTC, windows, a cut-off written
as a time of day. The weeks in which New York has changed and Europe has not are the same trap. Told from three days
before a change until a day and a half after it, for the exchange and, where its name says it, for the gateway's zone.
"""

from datetime import datetime, timedelta, tzinfo

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result
from preflight.trading_day import listed

_BEFORE, _AFTER = timedelta(days=3), timedelta(days=1.5)
_HOUR = timedelta(hours=1)

_LOOK = Remedy(
    "clocks-change",
    "look through what is timed in UTC or by another country's clock: PREFLIGHT_AT, cut-offs, cron jobs",
)


async def ask(site: Site) -> Answer:
    zones: dict[str, tzinfo | None] = {}
    for session in listed(await site.gateway.reference())[:1]:
        zones["the exchange's clock"] = session.opens.tzinfo
    zones["the gateway's clock"] = (await site.gateway.greeting()).time.zone
    changes = [
        f"{whose} ({zone}) {'goes forward' if by > timedelta() else 'goes back'} by "
        f"{abs(by) / _HOUR:g} h on {at.astimezone(zone):%a %Y-%m-%d}"
        for whose, zone in zones.items()
        if zone is not None
        for at, by in _changes(zone, site.now - _AFTER, site.now + _BEFORE)
    ]
    if changes:
        return Answer(Result.WARN, "; ".join(changes), (_LOOK,))
    return Answer(Result.PASS, f"none within {_BEFORE.days} days")


def _changes(zone: tzinfo, since: datetime, until: datetime) -> list[tuple[datetime, timedelta]]:
    """When a zone's offset changes, to the hour, and by how much."""
    found, at = [], since
    while at < until:
        before, after = (moment.astimezone(zone).utcoffset() or timedelta() for moment in (at, at + _HOUR))
        if before != after:
            found.append((at + _HOUR, after - before))
        at += _HOUR
    return found


CHECK = Check("clock-change", "calendar", "clocks as they were and will be", ask, needs=("login",), remedies=(_LOOK,))
