"""start-api: does the gateway take a client, with an id that is free?

After the handshake a client names its id, and a gateway that is ready answers with its accounts and the next order
id. A handshake alone proves neither. The preflight's ids are 910 to 919; one that is taken is another preflight, or
one that left its session behind. The engine's ids (1 to 5) are not tried: a try would take the id from an engine that
is just coming back.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_LEFT_BEHIND = Remedy(
    "preflight-ids-taken",
    "see who holds them: other preflights end by themselves; a session that stays after them ends with the gateway's "
    "restart (`make status` names the clients of this house)",
)
_MANY = 3


async def ask(site: Site) -> Answer:
    opening = await site.gateway.opening()
    found = f"client id {opening.client_id} in {opening.seconds * 1000:.0f} ms, next order id {opening.next_order_id}"
    if not opening.taken:
        return Answer(Result.PASS, found)
    found += f"; taken: {', '.join(map(str, opening.taken))}"
    crowded = len(opening.taken) >= _MANY
    return Answer(Result.WARN if crowded else Result.PASS, found, (_LEFT_BEHIND,) if crowded else ())


CHECK = Check(
    "start-api",
    "gateway",
    "accounts and a next order id under a free client id",
    ask,
    needs=("port",),
    vital=True,
    remedies=(_LEFT_BEHIND,),
)
