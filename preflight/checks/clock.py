"""clock: does somebody keep this machine's clock right?

The kernel knows whether its clock is steered (by NTP or by the host of a virtual machine), and how far off it can be
at most. A clock that nobody keeps drifts by seconds a day: expiries, cut-offs and windows then come too late. How far
it is from the gateway's own clock is another check's question.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

MAX_ERROR_SECONDS = 1.0

_KEEP = Remedy(
    "clock-not-kept", "start time synchronisation on this machine: `timedatectl set-ntp true`, or chrony, or ntpd"
)


async def ask(site: Site) -> Answer:
    found = await site.host.timekeeping()
    said = f"at most {found.max_error_seconds:.3f} s off, probably {found.estimated_error_seconds:.3f} s"
    if not found.synchronised:
        return Answer(Result.WARN, f"nobody keeps it; {said}", (_KEEP,))
    if found.max_error_seconds > MAX_ERROR_SECONDS:
        return Answer(Result.WARN, said, (_KEEP,))
    return Answer(Result.PASS, said)


CHECK = Check("clock", "host", f"a clock kept within {MAX_ERROR_SECONDS:g} s", ask, remedies=(_KEEP,))
