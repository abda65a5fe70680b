"""auto-restart: can IBC read AUTO_RESTART_TIME?

IBC takes `11:45 PM` and nothing else: two digits each, capitals, no zone. What it cannot read it only logs, and the
gateway restarts at the hour that it had, which may be in the session.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result
from preflight.restart_time import restart_time

_WRITE = Remedy("auto-restart-time", "write it as 11:45 PM or 09:30 AM, in the zone of TIME_ZONE, then `make up`")


async def ask(site: Site) -> Answer:
    text = (await site.host.variables()).get("AUTO_RESTART_TIME", "")
    if not text:
        return Answer(Result.SKIPPED, "not set: the gateway keeps its own hour")
    if restart_time(text) is None:
        return Answer(Result.FAIL, f"{text!r}, which IBC ignores", (_WRITE,))
    return Answer(Result.PASS, text)


CHECK = Check("auto-restart", "configuration", "a time such as 11:45 PM", ask, place=Place.HOST, remedies=(_WRITE,))
