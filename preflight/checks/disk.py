"""disk: is there room to write?

The journal, the login ledger, Redis and Prometheus write to the same disk as Docker's images and logs. When it is full
the supervisor may no longer restart anything, since it writes down what it does before it does it.
What quotas a volume of another driver has cannot be seen.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

SHARE = 0.1
BYTES = 2 * 2**30

_FREE = Remedy(
    "disk-low", "make room: `docker system df` shows what Docker holds, `docker image prune` removes unused images"
)


async def ask(site: Site) -> Answer:
    found = await site.host.disk()
    if found.share >= SHARE and found.free >= BYTES:
        return Answer(Result.PASS, str(found))
    return Answer(Result.WARN, str(found), (_FREE,))


CHECK = Check("disk", "host", f"{SHARE:.0%} and {BYTES / 2**30:.0f} GiB of the disk free", ask, remedies=(_FREE,))
