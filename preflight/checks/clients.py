"""clients: is there room for the engine among the gateway's clients?

A gateway takes 32 clients and ends the connection of the next without a word. The API tells nobody how many there
are: the gateway's container counts the connections to the program's port once a minute, and the supervisor passes that
on. A connection that has not yet named a client id is counted, too.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.errors import NotSeen
from preflight.report import Result

_ROOM_FOR = 32
_NEAR = 28
"""An engine wanders over up to five ids while its old sessions die."""

_CLOSE = Remedy(
    "clients-near-limit",
    "close clients that nobody needs; sessions that were left behind end with the gateway's restart",
)


async def ask(site: Site) -> Answer:
    clients = (await site.house.supervision()).gateway.clients
    if clients is None:
        raise NotSeen("the gateway's container has not counted its clients yet, or cannot")
    near = clients >= _NEAR
    return Answer(Result.WARN if near else Result.PASS, f"{clients} of {_ROOM_FOR}", (_CLOSE,) if near else ())


CHECK = Check("clients", "gateway", f"fewer than {_NEAR} of {_ROOM_FOR} clients", ask, remedies=(_CLOSE,))
