"""inside: does the gateway answer inside its container as it does from here?

What a client dials is a forwarder (socat) before the program's own port. The container makes a handshake with the
program itself every two seconds and leaves the result in the mailbox, which the supervisor reads. Where both disagree,
the one thing between them is to blame; where both fail, the program is. An answer inside may be some seconds old.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result
from tws.errors import TwsError

_BETWEEN = Remedy(
    "forwarder-broken",
    "the gateway itself is well: what leads to it is not (the forwarder in its container, or the network between); "
    "`make status` shows whether the supervisor calls it half-open",
)
_ELSEWHERE = Remedy(
    "inside-disagrees",
    "ask again in ten seconds; if it stays, something else than this gateway may answer: check GATEWAY_HOST and "
    "GATEWAY_PORT, and look at `make logs`",
)
_PROGRAM = Remedy(
    "program-dead", "the gateway's program is to blame, not the way to it: `make status` shows what is done about it"
)


async def ask(site: Site) -> Answer:
    inside = (await site.house.supervision()).gateway.inside
    if inside is None:
        return Answer(Result.SKIPPED, "the gateway's container tells nothing of the inside (its mailbox is not read)")
    well = inside.result == "answered"
    said = f"inside, {max(0.0, (site.now - inside.at).total_seconds()):.0f} s ago: {inside.result}"
    if inside.detail:
        said += f" ({inside.detail})"
    try:
        greeting = await site.gateway.greeting()
    except TwsError as error:
        outside = f"from here: {error}"
        if well:
            return Answer(Result.FAIL, f"{said}; {outside}", (_BETWEEN,))
        return Answer(Result.SKIPPED, f"neither answers. {said}; {outside}", (_PROGRAM,))
    outside = f"from here: server version {greeting.server_version}"
    return Answer(Result.PASS if well else Result.WARN, f"{said}; {outside}", () if well else (_ELSEWHERE,))


CHECK = Check(
    "inside",
    "gateway",
    "the same answer inside its container as from here",
    ask,
    remedies=(_BETWEEN, _ELSEWHERE, _PROGRAM),
)
