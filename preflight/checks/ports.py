"""ports: are the ports of this machine that the stack publishes its own?

Another stack, or a TWS on the same machine, may listen on 4002 already: the next `make up` would be refused, and a
client that believes to speak to this gateway speaks to another one.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result

_MOVE = Remedy("port-taken", "stop who listens there, or set these variables to free ports in .env, then `make up`")


async def ask(site: Site) -> Answer:
    taken = await site.host.taken_ports()
    if taken:
        return Answer(Result.FAIL, "; ".join(f"{name}: {who} listens" for name, who in sorted(taken.items())), (_MOVE,))
    return Answer(Result.PASS, "free, or this stack's")


CHECK = Check("ports", "host", "ports of this stack alone", ask, place=Place.HOST, remedies=(_MOVE,))
