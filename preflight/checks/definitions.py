"""definitions: are the gateway's contract definitions from today?

A gateway loads them when it starts, which is why it restarts once a day: one that missed it lacks what was listed since
and may list what has expired. The hours it tells begin with the day they are from; when it last started is told by the
supervisor, from Docker and from the login in the gateway's log. Whether a certain contract is among them is `chain`'s
question.
"""

from datetime import timedelta

from preflight.check import Answer, Check, Remedy, Site
from preflight.errors import NotSeen
from preflight.report import Result
from preflight.trading_day import first_day, listed

_A_DAY = timedelta(hours=25)
"""With an hour for the restart itself, and for clocks that change."""

_RESTART = Remedy(
    "definitions-old",
    "have the gateway restart itself outside the session: set AUTO_RESTART_TIME in .env; for today, do it by hand "
    "before the open if nothing is held",
)


async def ask(site: Site) -> Answer:
    reference = await site.gateway.reference()
    first, found = first_day(reference), listed(reference)
    if found and first is not None and first < site.now.astimezone(found[0].opens.tzinfo).date():
        return Answer(Result.WARN, f"hours begin with {first}, which is over", (_RESTART,))
    hours = f"hours begin with {first}" if first is not None else "no hours to look at"
    try:
        gateway = (await site.house.supervision()).gateway
    except NotSeen as reason:
        return Answer(Result.PASS, f"{hours}; when it last started is not known ({reason})")
    starts = [gateway.container.started_at] if gateway.container else []
    starts += [gateway.login.since] if gateway.login.since else []
    if not starts:
        return Answer(Result.PASS, f"{hours}; when it last started is not known")
    age = site.now - max(starts)
    told = f"{hours}; last started {age / timedelta(hours=1):.0f} h ago"
    return Answer(Result.WARN, told, (_RESTART,)) if age > _A_DAY else Answer(Result.PASS, told)


CHECK = Check("definitions", "calendar", "definitions loaded within a day", ask, needs=("login",), remedies=(_RESTART,))
