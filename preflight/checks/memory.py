"""memory: is there room for a gateway that grows?

A gateway's heap grows over days up to what it may. Where the machine has no memory left, its kernel ends whichever
program is biggest, and that is the gateway or the engine. What a container may take by its own limit is not asked here.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

SHARE = 0.05
BYTES = 512 * 2**20

_FREE = Remedy("memory-low", "end what is not needed (`docker stats` shows who takes how much), or add memory")


async def ask(site: Site) -> Answer:
    found = await site.host.memory()
    if found.share >= SHARE and found.free >= BYTES:
        return Answer(Result.PASS, str(found))
    return Answer(Result.WARN, str(found), (_FREE,))


CHECK = Check("memory", "host", f"{SHARE:.0%} and {BYTES / 2**20:.0f} MiB of memory free", ask, remedies=(_FREE,))
