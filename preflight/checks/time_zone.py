"""time-zone: is TIME_ZONE the zone that the gateway has?

The image writes TIME_ZONE into jts.ini only where there is none, so a change of it is ignored for as long as the
gateway's settings are kept. Then the gateway tells its times, and restarts, by another clock than the supervisor's
windows. Where the gateway has never been started there is no jts.ini yet.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result

_CHANGE = Remedy(
    "time-zone-kept",
    "set TIME_ZONE in .env to the gateway's zone; or, to change the gateway's, set it in its login window, or "
    "`make down`, remove jts.ini from the volume that is named, and `make up`",
)


async def ask(site: Site) -> Answer:
    wanted = (await site.host.variables())["TIME_ZONE"]
    volume = await site.host.settings_volume()
    if volume.zone is None:
        return Answer(Result.SKIPPED, f"no jts.ini in volume {volume.name}")
    said = f"{volume.zone} in jts.ini of volume {volume.name}"
    if _alike(volume.zone, wanted, site.now):
        return Answer(Result.PASS, said, expected=wanted)
    return Answer(Result.FAIL, said, (_CHANGE,), wanted)


def _alike(one: str, other: str, now: datetime) -> bool:
    """Whether two names are of zones that tell the same time, in winter and in summer."""
    if one == other:
        return True
    try:
        zones = ZoneInfo(one), ZoneInfo(other)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    days = [now + timedelta(days=days) for days in range(0, 365, 7)]
    return all(len({day.astimezone(zone).utcoffset() for zone in zones}) == 1 for day in days)


CHECK = Check("time-zone", "configuration", "TIME_ZONE in force", ask, place=Place.HOST, remedies=(_CHANGE,))
