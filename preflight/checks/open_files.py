"""open-files: may the gateway open enough files, and does it hold on to too many?

Gateways have been seen to leak file descriptors for days, and a JVM that has none left dies with "unable to allocate
file descriptor table". Its container counts them once a minute: those of the process that has most.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

ENOUGH = 10_000
"""What the gateway's containers are given; a SIM stack's gateway needs no more than any container has."""
ENOUGH_IN_SIM = 1_024
SHARE = 0.8
STALE_SECONDS = 180.0

_RAISE = Remedy(
    "open-files-limit", "give the gateway's container ulimits.nofile of 10000, as compose/ibkr.yaml does, and `make up`"
)
_RESTART = Remedy(
    "open-files-used", "plan a restart of the gateway outside the session: it leaks, and dies when none are left"
)


async def ask(site: Site) -> Answer:
    found = await site.host.open_files()
    age = site.now.timestamp() - found.at
    if age > STALE_SECONDS:
        return Answer(Result.SKIPPED, f"the gateway's container last counted {age:.0f} s ago")
    said = f"{found.open} open, {found.limit} allowed"
    if found.open > SHARE * found.limit:
        return Answer(Result.WARN, said, (_RESTART,))
    if found.limit < (ENOUGH_IN_SIM if site.settings.mode == "sim" else ENOUGH):
        return Answer(Result.WARN, said, (_RAISE,))
    return Answer(Result.PASS, said)


CHECK = Check(
    "open-files", "host", f"{ENOUGH} allowed, under {SHARE:.0%} of them open", ask, remedies=(_RAISE, _RESTART)
)
