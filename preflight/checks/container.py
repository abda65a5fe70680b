"""container: since when does the gateway's container run, and how often had it to be restarted?

A gateway that was restarted many times answers between its deaths, and each restart may cost a login. The supervisor
tells, from Docker; without it nobody does. Restarts that Docker made by itself are counted since somebody last started
the container; those that the supervisor may still make are its budget's. Restarts before that are in `make incidents`.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_MANY = 3

_WHY = Remedy("gateway-restarted-often", "find out why before the open: `make incidents`, then `make logs`")


async def ask(site: Site) -> Answer:
    gateway = (await site.house.supervision()).gateway
    if gateway.container is None:
        return Answer(Result.SKIPPED, f"the supervisor sees no container of the gateway that runs ({gateway.state})")
    restarts, left = gateway.container.restarts, gateway.restarts_left
    hours = (site.now - gateway.container.started_at).total_seconds() / 3600
    found = f"up {hours:.1f} h, since {gateway.container.started_at:%Y-%m-%d %H:%M} UTC; {restarts} restarts by Docker"
    if left is not None:
        found += f", {left} left to the supervisor"
    tired = restarts >= _MANY or left == 0
    return Answer(Result.WARN if tired else Result.PASS, found, (_WHY,) if tired else ())


CHECK = Check("container", "gateway", "a container that stays up", ask, remedies=(_WHY,))
