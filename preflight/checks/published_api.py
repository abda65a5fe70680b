"""published-api: can only this machine reach the gateway's port?

The API has no login: whoever reaches the port may trade. It is published on the loopback address, but engines older
than 28.0 forward to it what a neighbour on the same network sends there by a route of his own (moby/moby#45610).
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result

SINCE = 28

_CLOSE = Remedy(
    "api-reachable",
    f"set PUBLISH_API=off in .env if nothing outside the stack needs the port; or update Docker Engine to {SINCE}; or "
    "drop new connections from the network card (eth0 here) to the stack's addresses, at each boot: "
    "`iptables -I DOCKER-USER -i eth0 -d SUBNET_PREFIX.0/25 -m conntrack --ctstate NEW -j DROP`",
)


async def ask(site: Site) -> Answer:
    variables = await site.host.variables()
    if variables["MODE"] == "sim":
        return Answer(Result.SKIPPED, "no broker behind it in SIM")
    if "publish-api" not in variables["COMPOSE_FILE"]:
        return Answer(Result.PASS, "not published")
    engine = (await site.host.docker()).engine
    major = engine.partition(".")[0]
    if not major.isdigit():
        return Answer(Result.SKIPPED, "Docker's version is unknown")
    said = f"on the loopback address, by Docker {engine}"
    if int(major) < SINCE:
        return Answer(Result.WARN, said, (_CLOSE,))
    return Answer(Result.PASS, said)


CHECK = Check(
    "published-api",
    "host",
    f"the API not published, or by Docker {SINCE} or newer",
    ask,
    place=Place.HOST,
    remedies=(_CLOSE,),
)
